//! A wire between a client and a server that a test can hurt: small buffers, odd pieces, pauses, cuts in mid-frame.

#![allow(dead_code)] // each test program uses its own part

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
    time::sleep,
};

/// What the wire does to what it carries.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Of all randomness here.
    pub seed: u64,
    /// Socket buffers on both sides, in bytes (the system doubles it and has a minimum of its own).
    pub buffers: u32,
    /// A piece that is handed on has between 1 and so many bytes.
    pub piece: usize,
    /// A pause of up to 3 ms after one piece in so many; 0 is never.
    pub pause_one_in: u32,
    /// A connection is cut, wherever its frames are, after between 1 and so many bytes; 0 is never.
    pub cut_within: u64,
    /// Of the cuts one in so many is a hold instead: open, but nothing is carried any more; 0 is never.
    pub hold_one_in: u32,
}

pub struct Proxy {
    pub address: SocketAddr,
    faults: Arc<Mutex<Faults>>,
    _running: JoinSet<()>,
}

impl Proxy {
    pub async fn before(server: SocketAddr, faults: Faults) -> Self {
        let socket = small(faults.buffers);
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let faults = Arc::new(Mutex::new(faults));
        let mut running = JoinSet::new();
        running.spawn(accept(listener, server, Arc::clone(&faults)));
        Self { address, faults, _running: running }
    }

    /// Connections that begin from now on are carried as they are.
    pub fn repair(&self) {
        let mut faults = self.faults.lock().unwrap();
        (faults.cut_within, faults.pause_one_in) = (0, 0);
    }
}

fn small(buffers: u32) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(buffers).unwrap();
    socket.set_send_buffer_size(buffers).unwrap();
    socket
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Arc<Mutex<Faults>>) {
    let mut connections = JoinSet::new();
    for number in 0_u64.. {
        let (client, _) = listener.accept().await.unwrap();
        let now = *faults.lock().unwrap();
        connections.spawn(async move {
            // A server that is not there is a connection that ends at once.
            if let Ok(server) = small(now.buffers).connect(server).await {
                carry(client, server, now, number).await;
            }
        });
    }
}

/// Carries both ways; the first cut ends both, a hold leaves both open and silent.
async fn carry(client: TcpStream, server: TcpStream, faults: Faults, number: u64) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let mut random = SmallRng::seed_from_u64(faults.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let (up, down) = (SmallRng::from_rng(&mut random), SmallRng::from_rng(&mut random));
    let mut allowed = || if faults.cut_within == 0 { u64::MAX } else { random.random_range(1..=faults.cut_within) };
    let (allowed_up, allowed_down) = (allowed(), allowed());
    let hold = faults.hold_one_in > 0 && faults.cut_within > 0 && random.random_ratio(1, faults.hold_one_in);
    tokio::select! {
        () = pump(from_client, to_server, faults, up, allowed_up) => {}
        () = pump(from_server, to_client, faults, down, allowed_down) => {}
    }
    if hold {
        std::future::pending::<()>().await;
    }
}

async fn pump<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    mut read: R,
    mut write: W,
    faults: Faults,
    mut random: SmallRng,
    mut allowed: u64,
) {
    let mut piece = vec![0; faults.piece];
    while allowed > 0 {
        let most = random.random_range(1..=faults.piece).min(usize::try_from(allowed).unwrap_or(usize::MAX));
        let count = match read.read(&mut piece[..most]).await {
            Ok(0) | Err(_) => return,
            Ok(count) => count,
        };
        if write.write_all(&piece[..count]).await.is_err() {
            return;
        }
        allowed -= count as u64;
        if faults.pause_one_in > 0 && random.random_ratio(1, faults.pause_one_in) {
            sleep(Duration::from_micros(random.random_range(0..3000))).await;
        }
    }
}
