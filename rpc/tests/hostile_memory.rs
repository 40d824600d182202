//! What hostile peers can make a server hold, measured on a server in a process of its own: the most it ever had in
//! memory. Linux only, where the system says so.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use support::{
    Client, Running, client_of,
    peer::{BYTES, HELLO, HOLD, PING, Peer, REQUEST, frame, greeting, request},
    soon,
};
use teller_rpc::Status;
use tokio::{net::TcpSocket, sync::Mutex, time::Instant};

/// One test at a time: a thousand connections are most of what a process may have open.
static ALONE: Mutex<()> = Mutex::const_new(());

const CONNECTIONS: usize = 1000;
const WAITING_BYTES: usize = 16 << 20;

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "the_server_of_these_tests", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| line.unwrap().split_once("listening on ").map(|halves| halves.1.to_owned()));
        Self { process, address: line.unwrap().parse().unwrap() }
    }

    /// The most that it has had in memory so far.
    fn peak(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }

    async fn still_serves(&self) {
        let client = Client::new(client_of(&[self.address], |_| {}));
        assert_eq!(client.echo(&soon(), &"fine".to_string()).await.unwrap(), "fine");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "the process that the others measure; they start it"]
fn the_server_of_these_tests() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(Running::with(|config| {
        config.max_waiting_bytes = WAITING_BYTES;
        // However slow the machine: none of the silent peers is pinged, or given up.
        config.keepalive = Duration::from_secs(60);
    }));
    println!("listening on {}", server.address);
    // Ends with the test that started it, whatever ends that.
    let _ = std::io::stdin().read(&mut [0]);
}

#[tokio::test]
async fn a_thousand_connections_that_claim_four_gigabytes_each_leave_memory_as_it_was() {
    let _alone = ALONE.lock().await;
    let server = Server::start();
    let mut peers = vec![];
    for _ in 0..CONNECTIONS {
        peers.push(Peer::connect(server.address).await);
    }
    let mut before = server.peak();
    for peer in &mut peers {
        peer.send(&[0xff, 0xff, 0xff, 0xff, HELLO, 0, 0, 0, 0, 0, 0, 0]).await;
    }
    for mut peer in peers {
        assert_eq!(peer.end().await, None);
    }
    assert_growth(&server, &mut before, 16 << 20, "four gigabytes before the hello");

    let mut peers = vec![];
    for _ in 0..CONNECTIONS {
        peers.push(Peer::welcome(server.address).await);
    }
    assert_growth(&server, &mut before, 64 << 20, "a thousand welcomes");
    // As much as is allowed, of which little ever comes: four gigabytes over all of them.
    let claim = ((4_u32 << 20).to_le_bytes(), [REQUEST, 0, 0, 0, 1, 0, 0, 0]);
    for peer in &mut peers {
        peer.send(&[&claim.0[..], &claim.1, &[0; 100]].concat()).await;
    }
    server.still_serves().await;
    assert_growth(&server, &mut before, 32 << 20, "four megabytes on each of a thousand");
    drop(peers);

    let mut peers = vec![];
    for _ in 0..CONNECTIONS {
        peers.push(Peer::welcome(server.address).await);
    }
    for peer in &mut peers {
        peer.send(&[0xff, 0xff, 0xff, 0xff, REQUEST, 0, 0, 0, 1, 0, 0, 0]).await;
    }
    for mut peer in peers {
        assert_eq!(peer.end().await, Some(Status::FRAME_TOO_LARGE));
    }
    assert_growth(&server, &mut before, 16 << 20, "four gigabytes on each of a thousand");
    server.still_serves().await;
}

fn assert_growth(server: &Server, before: &mut usize, limit: usize, name: &str) {
    let peak = server.peak();
    // The system counts in steps: the peak may seem to fall by a few pages.
    let growth = peak.saturating_sub(*before);
    println!("{name}: {} KiB more, {} KiB in all", growth >> 10, peak >> 10);
    assert!(growth < limit, "{name}: {growth} bytes more");
    *before = peak;
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_a_bounded_part_of_the_server_and_slows_nobody() {
    let _alone = ALONE.lock().await;
    let server = Server::start();
    server.still_serves().await;
    let before = server.peak();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut slow = Peer(socket.connect(server.address).await.unwrap());
    slow.prove(greeting(1, 1)).await;
    // A thousand answers of nearly a megabyte each, all started before the first of them is done.
    let asked: Vec<u8> = (0..1000).flat_map(|id| request(BYTES, id, 60_000, &[0xfc, 0, 0, 15, 0])).collect();
    slow.send(&asked).await;

    let other = Client::new(client_of(&[server.address], |_| {}));
    let start = Instant::now();
    let mut slowest = Duration::ZERO;
    for number in 0..500 {
        let begin = Instant::now();
        other.echo(&soon(), &number.to_string()).await.unwrap();
        slowest = slowest.max(begin.elapsed());
    }
    println!("500 calls of another client: {:?}, the slowest {slowest:?}", start.elapsed());
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");

    // Now it reads: each request has exactly one answer, and what was held is what was sent.
    let (mut answered, mut whole, mut dropped) = (vec![false; 1000], 0, 0);
    for _ in 0..1000 {
        let answer = slow.read().await.unwrap();
        assert!(!std::mem::replace(&mut answered[answer.id as usize], true), "{} was answered twice", answer.id);
        match answer.code {
            Status::OK => whole += 1,
            code => {
                assert_eq!((code, answer.flags), (Status::RESPONSE_TOO_LARGE, 0));
                dropped += 1;
            }
        }
    }
    let growth = server.peak() - before;
    println!("{whole} whole answers, {dropped} dropped, {} KiB more", growth >> 10);
    assert!(dropped > 0 && whole >= WAITING_BYTES >> 20);
    // What waits, its half-empty buffers, the two of the outbox, and what the handlers have in hand.
    assert!(growth < 2 * WAITING_BYTES + (32 << 20), "{growth} bytes more");
    server.still_serves().await;
}

#[tokio::test]
async fn refusals_and_pongs_for_a_client_that_does_not_read_do_not_gather() {
    let _alone = ALONE.lock().await;
    let server = Server::start();
    server.still_serves().await;
    let before = server.peak();
    type One = fn(u32) -> Vec<u8>;
    let floods: [(&str, One); 4] = [
        ("pings", |id| frame(PING, 0, 0, id, &[0; 64])),
        ("unknown methods", |id| request(99, id, 1000, b"")),
        ("calls over the credit", |id| request(HOLD, id, 60_000, &[1])),
        ("bad payloads", |id| request(BYTES, id, 60_000, b"")),
    ];
    for (name, one) in floods {
        let mut peer = Peer::welcome(server.address).await;
        if name == "calls over the credit" {
            let credit: Vec<u8> = (1 << 30..(1 << 30) + 1024).flat_map(one).collect();
            peer.send(&credit).await;
        }
        // As long as it is taken: what the sockets hold between the two, and what the server takes in.
        let mut sent = 0;
        let write = async {
            // Each with an id of its own: one that runs may not come again.
            for hundred in 0.. {
                let flood: Vec<u8> = (hundred * 100..hundred * 100 + 100).flat_map(one).collect();
                peer.send(&flood).await;
                sent += flood.len();
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(500), write).await;
        println!("{name}: {} MiB were taken", sent >> 20);
        server.still_serves().await;
    }
    let growth = server.peak() - before;
    println!("{} KiB more", growth >> 10);
    assert!(growth < 32 << 20, "{growth} bytes more");
}
