//! A way to a server that breaks once: what holds a marker is passed on, its answer is not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Listens, and passes bytes both ways to `server`, until a client sends `marker`: that is passed on, and when the server has
/// answered both sides are closed. Later connections are left alone. Ends with the runtime.
pub struct Cut {
    /// Where to connect to.
    pub address: SocketAddr,
    happened: Arc<AtomicBool>,
}

impl Cut {
    /// Starts listening.
    pub async fn between(server: String, marker: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let happened = Arc::new(AtomicBool::new(false));
        let state = Arc::clone(&happened);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("the server listens");
                tokio::spawn(pass(client, server, marker, Arc::clone(&state)));
            }
        });
        Self { address, happened }
    }

    /// Whether a connection was cut.
    pub fn happened(&self) -> bool {
        self.happened.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, marker: &[u8], happened: Arc<AtomicBool>) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    let mut cut = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(size @ 1..) = read else { return };
                let found = up[..size].windows(marker.len()).any(|window| window == marker);
                cut |= found && !happened.swap(found, Ordering::SeqCst);
                if server.write_all(&up[..size]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(size @ 1..) = read else { return };
                if cut || client.write_all(&down[..size]).await.is_err() {
                    return;
                }
            }
        }
    }
}
