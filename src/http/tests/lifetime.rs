//! Connections: kept, too many, aborted, drained.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::fake::{Fake, Mood};
use super::wire::{USER, cookie, get, post};
use super::{Rig, Wire};
use crate::api::Backend;
use crate::config::Config;
use crate::http::accept::{Accept, Drained, take};
use crate::http::front::Front;

fn profile() -> String {
    get(&format!("{USER}/get_user_info"), &cookie())
}

#[tokio::test]
async fn one_connection_takes_many_requests_also_at_once() {
    let rig = Rig::start().await;
    let mut wire = rig.connect().await;
    for _ in 0..3 {
        assert_eq!(wire.ask(profile()).await.code(), "7");
    }
    let credentials = b"username=alice&password=secret";
    let sign_in = post(&format!("{USER}/signin"), "", "application/x-www-form-urlencoded", credentials);
    wire.send([profile().as_bytes(), &sign_in, profile().as_bytes()].concat()).await;
    for expected in ["Ali", "", "Ali"] {
        let answer = wire.answer().await.expect("an answer");
        assert_eq!(answer.json()["data"]["nickname"].as_str().unwrap_or_default(), expected);
    }
    let last = wire.ask(get("/livez", "connection: close\r\n")).await;
    assert_eq!(last.header("connection"), "close");
    wire.closed().await;
}

#[tokio::test]
async fn beyond_the_limit_a_connection_is_told_so_and_closed() {
    let rig = Rig::with(|config| config.http.max_connections = 2).await;
    let (mut first, mut second) = (rig.connect().await, rig.connect().await);
    assert_eq!(first.ask(get("/livez", "")).await.status, 200);
    assert_eq!(second.ask(get("/livez", "")).await.status, 200);
    let mut third = rig.connect().await;
    let answer = third.answer().await.expect("an answer without a question");
    assert_eq!((answer.status, answer.header("retry-after"), answer.header("connection")), (503, "1", "close"));
    third.closed().await;

    drop(first);
    // Its place is free as soon as the server has noticed.
    let began = Instant::now();
    while rig.get("/livez").await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(10), "the place is not given back");
        tokio::task::yield_now().await;
    }
}

/// Fails to accept in each of these ways first.
struct Failing {
    errors: VecDeque<io::Error>,
    listener: TcpListener,
}

impl Accept for Failing {
    async fn accept(&mut self) -> io::Result<TcpStream> {
        match self.errors.pop_front() {
            Some(error) => Err(error),
            None => Accept::accept(&mut self.listener).await,
        }
    }
}

#[tokio::test]
async fn no_error_ends_the_accept_loop() {
    let errors = [libc::EMFILE, libc::ENFILE, libc::ECONNABORTED, libc::ENOMEM, libc::EPROTO, libc::ECONNRESET];
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let listener = Failing { errors: errors.map(io::Error::from_raw_os_error).into(), listener };
    let backend = Arc::new(Fake::default());
    let front = Arc::new(Front::new(&Config::default(), Backend::new(backend.client())));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(take(listener, front, async move {
        let _ = stopped.await;
    }));
    assert_eq!(Wire::connect(address).await.ask(get("/livez", "")).await.status, 200);
    drop(stop);
    assert_eq!(serving.await.expect("no panic"), Drained { cut: 0 });
}

#[tokio::test]
async fn clients_that_leave_harm_nobody() {
    let rig = Rig::start().await;
    rig.backend.becomes(Mood::Waits);
    let requests = [
        profile().into_bytes(),
        post(&format!("{USER}/update_nickname"), &cookie(), "application/json", br#"{"nickname":"Ali"}"#),
        get("/readyz", "").into_bytes(),
    ];
    for round in 0..300 {
        let mut wire = rig.connect().await;
        let request = &requests[round % requests.len()];
        // Whole requests, which reach the backend, and such as end in the head or the body.
        let sent = if round % 2 == 0 { request.len() } else { request.len() * (round % 100) / 100 };
        wire.send(&request[..sent]).await;
        if sent == request.len() {
            rig.backend.begun.notified().await;
        }
    }
    rig.backend.becomes(Mood::Works);
    let mut wire = rig.connect().await;
    for _ in 0..10 {
        assert_eq!(wire.ask(profile()).await.json()["data"]["nickname"], "Ali", "one's own answer, and no other's");
    }
    drop(wire);
    assert_eq!(rig.stop().await, Drained { cut: 0 }, "no connection is left behind");
}

#[tokio::test]
async fn a_stop_lets_running_requests_finish_and_closes_the_rest() {
    let rig = Rig::start().await;
    let (mut idle, mut fresh) = (rig.connect().await, rig.connect().await);
    assert_eq!(idle.ask(get("/livez", "")).await.status, 200);
    rig.backend.becomes(Mood::Waits);
    let mut busy = rig.connect().await;
    busy.send(profile()).await;
    rig.backend.begun.notified().await;

    let Rig { address, backend, front, stop, drained } = rig;
    stop.send(()).expect("it runs");
    idle.closed().await;
    fresh.closed().await;
    assert!(TcpStream::connect(address).await.is_err(), "no more connections are taken");
    assert!(front.is_stopping() && !drained.is_finished());
    backend.gate.add_permits(1);
    let answer = busy.answer().await.expect("what was running is answered");
    assert_eq!((answer.code().as_str(), answer.header("connection")), ("7", "close"));
    busy.closed().await;
    assert_eq!(drained.await.expect("no panic"), Drained { cut: 0 });
}

#[tokio::test]
async fn a_request_that_meets_a_stop_on_its_way_is_answered() {
    let rig = Rig::start().await;
    let mut wire = rig.connect().await;
    assert_eq!(wire.ask(profile()).await.header("connection"), "");
    let Rig { front, stop, drained, .. } = rig;
    stop.send(()).expect("it runs");
    while !front.is_stopping() {
        tokio::task::yield_now().await;
    }
    let answer = wire.ask(profile()).await;
    assert_eq!((answer.code().as_str(), answer.header("connection")), ("7", "close"));
    wire.closed().await;
    assert_eq!(drained.await.expect("no panic"), Drained { cut: 0 });
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_it_is_told() {
    let rig = Rig::with(|config| config.http.drain_ms = 100).await;
    rig.backend.becomes(Mood::Waits);
    let mut busy = rig.connect().await;
    busy.send(profile()).await;
    rig.backend.begun.notified().await;
    let began = Instant::now();
    assert_eq!(rig.stop().await, Drained { cut: 1 });
    assert!(began.elapsed() >= Duration::from_millis(100) && began.elapsed() < Duration::from_secs(4));
    assert!(busy.answer().await.is_none(), "it is cut");
}

#[tokio::test]
async fn while_it_stops_it_is_not_ready() {
    let rig = Rig::start().await;
    rig.front.stop();
    assert_eq!(rig.get("/readyz").await.status, 503);
    assert_eq!(rig.get("/livez").await.status, 200);
}
