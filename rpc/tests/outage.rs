//! Servers that stop, crash, refuse and come back, and what their callers notice of it.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use support::{
    Client, Running, client_of,
    peer::{self, Peer},
    soon, within,
};
use teller_rpc::{CallError, Client as Handle, Executed, Status};
use tokio::{net::TcpListener, task::JoinSet, time::Instant};

/// Callers that call until they are told to stop; each failed call is counted.
struct Load {
    callers: JoinSet<usize>,
    over: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
}

impl Load {
    fn start(handle: &Handle) -> Self {
        let (over, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut callers = JoinSet::new();
        for _ in 0..32 {
            let (client, over, calls) = (Client::new(handle.clone()), Arc::clone(&over), Arc::clone(&calls));
            callers.spawn(async move {
                let mut failed = 0;
                while !over.load(Ordering::SeqCst) {
                    failed += usize::from(client.echo(&soon(), &"x".to_string()).await.is_err());
                    calls.fetch_add(1, Ordering::SeqCst);
                }
                failed
            });
        }
        Self { callers, over, calls }
    }

    async fn more(&self, count: usize) {
        let goal = self.calls.load(Ordering::SeqCst) + count;
        while self.calls.load(Ordering::SeqCst) < goal {
            tokio::task::yield_now().await;
        }
    }

    async fn failed(mut self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        let mut failed = 0;
        while let Some(caller) = self.callers.join_next().await {
            failed += caller.unwrap();
        }
        failed
    }
}

#[tokio::test]
async fn a_drain_under_load_loses_no_call_when_another_backend_is_up() {
    let (first, second) = (Running::start().await, Running::start().await);
    let handle = client_of(&[first.address, second.address], |_| {});
    let load = Load::start(&handle);
    load.more(500).await;
    let start = Instant::now();
    assert_eq!(first.stop().await.unwrap().cancelled, 0);
    assert!(start.elapsed() < Duration::from_secs(2), "clients closed as they were told: {:?}", start.elapsed());
    load.more(500).await;
    assert_eq!(load.failed().await, 0);
}

#[tokio::test]
async fn a_restart_under_load_loses_no_call_within_the_callers_patience() {
    let server = Running::start().await;
    let handle = server.client_with(|config| config.patience = Duration::from_secs(3));
    let load = Load::start(&handle);
    load.more(500).await;
    let address = server.address;
    server.stop().await.unwrap();
    let _again = Running::at(address, |_| {}).await;
    load.more(500).await;
    assert_eq!(load.failed().await, 0);
}

#[tokio::test]
async fn a_drain_lets_the_running_call_finish_and_executes_no_later_one() {
    let mut server = Running::start().await;
    let client = Client::new(server.client());
    let running = tokio::spawn(async move { client.hold(&soon(), &1).await });
    server.starts.recv().await.unwrap();
    let mut peer = Peer::welcome(server.address).await;
    let (strings, address) = (server.strings.clone(), server.address);
    let drained = server.stop();
    let goaway = peer.read().await.unwrap();
    assert_eq!((goaway.kind, goaway.code), (peer::GOAWAY, Status::DRAINING));
    let runs = strings.runs.load(Ordering::SeqCst);
    peer.send(&peer::request(peer::ECHO, 1, 5000, &[0])).await;
    let answer = peer.read().await.unwrap();
    assert_eq!((answer.flags, answer.code), (1, Status::DRAINING));
    assert_eq!(strings.runs.load(Ordering::SeqCst), runs);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the listener is closed at once");
    drop(peer);
    strings.gate.add_permits(1);
    assert_eq!(running.await.unwrap().unwrap(), 1);
    assert_eq!(drained.await.unwrap().cancelled, 0);
}

#[tokio::test]
async fn what_outlives_the_grace_is_cancelled_and_told_so() {
    let mut server = Running::with(|config| config.grace = Duration::from_millis(50)).await;
    let client = Client::new(server.client());
    let call = tokio::spawn(async move { client.hold(&soon(), &1).await });
    server.starts.recv().await.unwrap();
    assert_eq!(server.stop().await.unwrap().cancelled, 1);
    match call.await.unwrap().unwrap_err() {
        CallError::Status { status, executed: Executed::Unknown } => assert_eq!(status.code, Status::CANCELLED),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_crash_with_a_call_sent_is_an_unknown_outcome() {
    let mut server = Running::start().await;
    let client = Client::new(server.client_with(|config| config.patience = Duration::ZERO));
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.hold(&soon(), &1).await }
    });
    server.starts.recv().await.unwrap();
    let strings = server.strings.clone();
    server.crash().await;
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Lost { executed: Executed::Unknown, .. }), "{error:?}");
    // Its handler is not left running for nobody.
    strings.on_drop.notified().await;
}

#[tokio::test]
async fn an_idempotent_call_lost_after_sending_is_sent_again_and_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(client_of(&[listener.local_addr().unwrap()], |_| {}));
    let server = tokio::spawn(async move {
        let table = peer::table(&[("echo", true), ("hold", false)]);
        let (stream, _) = listener.accept().await.unwrap();
        let mut first = Peer::admit(stream, &table).await;
        let lost = first.read().await.unwrap();
        drop(first);
        let (stream, _) = listener.accept().await.unwrap();
        let mut second = Peer::admit(stream, &table).await;
        let again = second.read().await.unwrap();
        second.send(&peer::frame(peer::RESPONSE, 0, 0, again.id, &again.body[8..])).await;
        // The next one is not idempotent: it must not come again.
        second.read().await.unwrap();
        drop(second);
        let third = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        (lost.flags, again.flags, third.is_ok())
    });
    assert_eq!(client.echo(&soon(), &"twice".to_string()).await.unwrap(), "twice");
    let error = client.hold(&soon(), &1).await.unwrap_err();
    assert!(matches!(error, CallError::Lost { executed: Executed::Unknown, .. }), "{error:?}");
    assert_eq!(server.await.unwrap(), (0, 2, false));
}

#[tokio::test]
async fn a_rejected_call_is_tried_three_times_and_was_never_executed() {
    let mut server = Running::with(|config| config.max_in_flight = 1).await;
    let handle = server.client();
    let client = Client::new(handle.clone());
    let holder = tokio::spawn({
        let client = client.clone();
        async move { client.hold(&soon(), &1).await }
    });
    server.starts.recv().await.unwrap();
    let runs = server.strings.runs.load(Ordering::SeqCst);
    let error = client.echo(&soon(), &String::new()).await.unwrap_err();
    assert!(matches!(&error, CallError::Rejected(status) if status.code == Status::REJECTED), "{error:?}");
    assert_eq!((error.executed(), handle.figures().retried), (Executed::No, 2));
    assert_eq!(server.strings.runs.load(Ordering::SeqCst), runs);
    server.strings.gate.add_permits(1);
    holder.await.unwrap().unwrap();
    client.echo(&soon(), &String::new()).await.unwrap();
}

#[tokio::test]
async fn an_outage_is_waited_out_for_a_while_and_then_fails_at_once() {
    let server = Running::start().await;
    let address = server.address;
    let handle = server.client_with(|config| config.patience = Duration::from_millis(100));
    let client = Client::new(handle.clone());
    client.echo(&soon(), &String::new()).await.unwrap();
    server.crash().await;
    // Waits for its patience, not for its deadline.
    let start = Instant::now();
    let error = client.echo(&soon(), &String::new()).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(error.executed(), Executed::No, "{error:?}");
    let start = Instant::now();
    let error = client.echo(&soon(), &String::new()).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable(_)), "{error:?}");
    assert!(start.elapsed() < Duration::from_millis(50), "{:?}", start.elapsed());
    assert_eq!(handle.figures().resting_backends, 1);
    // Back by itself, without a call to ask for it.
    let _again = Running::at(address, |_| {}).await;
    while handle.figures().resting_backends > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(client.echo(&within(1000), &"back".to_string()).await.unwrap(), "back");
}

#[tokio::test]
async fn a_backend_that_is_down_costs_no_call_while_another_is_up() {
    let down = Running::start().await;
    let (up, gone) = (Running::start().await, down.address);
    down.crash().await;
    let handle = client_of(&[gone, up.address], |_| {});
    let client = Client::new(handle.clone());
    for number in 0..100 {
        client.echo(&within(1000), &number.to_string()).await.unwrap();
    }
    assert_eq!(up.strings.runs.load(Ordering::SeqCst), 100);
    assert_eq!(handle.figures().resting_backends, 1);
}

#[tokio::test]
async fn two_backends_share_the_load() {
    let (mut first, mut second) = (Running::start().await, Running::start().await);
    let handle = client_of(&[first.address, second.address], |_| {});
    let client = Client::new(handle.clone());
    let mut held = JoinSet::new();
    for number in 0..200_u32 {
        let client = client.clone();
        held.spawn(async move { client.hold(&soon(), &number).await });
    }
    for _ in 0..200 {
        tokio::select! {
            Some(_) = first.starts.recv() => {}
            Some(_) = second.starts.recv() => {}
        }
    }
    let (one, two) = (first.strings.runs.load(Ordering::SeqCst), second.strings.runs.load(Ordering::SeqCst));
    assert!(one.abs_diff(two) <= 40, "two of two are always compared: {one} and {two}");
    first.strings.gate.add_permits(one);
    second.strings.gate.add_permits(two);
    while let Some(call) = held.join_next().await {
        call.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_frozen_server_is_given_up_and_its_calls_end_by_their_deadlines() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let handle = client_of(&[listener.local_addr().unwrap()], |config| config.keepalive = Duration::from_millis(50));
    let client = Client::new(handle.clone());
    let frozen = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let _silent = Peer::admit(stream, &peer::table(&[("echo", true), ("hold", false)])).await;
        std::future::pending::<()>().await;
    });
    let error = client.hold(&within(20), &1).await.unwrap_err();
    assert!(matches!(error, CallError::DeadlineExceeded { .. }), "{error:?}");
    let start = Instant::now();
    let error = client.hold(&soon(), &2).await.unwrap_err();
    assert!(matches!(error, CallError::Lost { executed: Executed::Unknown, .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(handle.figures().in_flight, 0);
    frozen.abort();
}

#[tokio::test]
async fn answers_to_nobody_are_dropped_and_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let handle = client_of(&[listener.local_addr().unwrap()], |_| {});
    let client = Client::new(handle.clone());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer::admit(stream, &peer::table(&[("echo", true)])).await;
        for _ in 0..2 {
            let call = peer.read().await.unwrap();
            let right = peer::frame(peer::RESPONSE, 0, 0, call.id, &call.body[8..]);
            let late =
                peer::frame(peer::RESPONSE, 0, 0, call.id.wrapping_add(1 << 16), &[5, b'w', b'r', b'o', b'n', b'g']);
            peer.send(&[&late[..], &right, &right, &late].concat()).await;
        }
        peer.read().await
    });
    assert_eq!(client.echo(&soon(), &"one".to_string()).await.unwrap(), "one");
    assert_eq!(client.echo(&soon(), &"two".to_string()).await.unwrap(), "two");
    while handle.figures().stray_answers < 6 {
        tokio::task::yield_now().await;
    }
    drop((client, handle));
    assert_eq!(server.await.unwrap(), None);
}
