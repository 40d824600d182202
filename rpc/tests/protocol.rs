//! The server against peers that break each rule of the protocol, and against one that keeps them, byte by byte.

#![allow(clippy::unwrap_used)]

mod support;

use std::{net::SocketAddr, sync::atomic::Ordering, time::Duration};

use support::{
    Client, Running,
    peer::{
        BYTES, CANCEL, CHALLENGE, ECHO, GOAWAY, HELLO, HOLD, PING, PONG, PROOF, Peer, REQUEST, RESPONSE, frame,
        greeting, proof, request,
    },
    soon,
};
use teller_rpc::Status;
use tokio::{io::AsyncWriteExt, task::JoinSet};

async fn still_serves(server: &Running) {
    let client = Client::new(server.client());
    assert_eq!(client.echo(&soon(), &"fine".to_string()).await.unwrap(), "fine");
}

#[tokio::test]
async fn a_call_is_these_bytes() {
    let server = Running::start().await;
    let mut peer = Peer::welcome(server.address).await;
    let call = [14, 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0xd0, 7, 0, 0, 5, b'a', b'l', b'i', b'c', b'e'];
    peer.send(&call).await;
    let answer = peer.read().await.unwrap();
    assert_eq!((answer.kind, answer.flags, answer.code, answer.id), (RESPONSE, 0, 0, 7));
    assert_eq!(answer.body, [5, b'a', b'l', b'i', b'c', b'e']);
}

#[tokio::test]
async fn a_byte_at_a_time_is_as_good_as_all_at_once() {
    let server = Running::start().await;
    let mut peer = Peer::welcome(server.address).await;
    peer.0.set_nodelay(true).unwrap();
    for byte in request(ECHO, 1, 5000, &[2, b'h', b'i']) {
        peer.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(peer.read().await.unwrap().body, [2, b'h', b'i']);
}

#[tokio::test]
async fn a_wrong_secret_is_told_so_and_shown_nothing() {
    let server = Running::start().await;
    let mut peer = Peer::connect(server.address).await;
    let hello = greeting(1, 1);
    peer.send(&frame(HELLO, 0, 0, 0, &hello)).await;
    let challenge = peer.read().await.unwrap();
    let wrong = proof(b"another sixteen!", "client", &hello, &challenge.body);
    peer.send(&[frame(PROOF, 0, 0, 0, &wrong), request(ECHO, 1, 5000, &[0])].concat()).await;
    let answer = peer.read().await.unwrap();
    assert_eq!((answer.kind, answer.code), (GOAWAY, Status::UNAUTHENTICATED));
    assert_eq!(peer.read().await, None);
    assert_eq!(server.strings.runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_proof_of_another_connection_is_worth_nothing() {
    let server = Running::start().await;
    let hello = greeting(1, 1);
    let mut first = Peer::connect(server.address).await;
    first.send(&frame(HELLO, 0, 0, 0, &hello)).await;
    let challenge = first.read().await.unwrap();
    let good = frame(PROOF, 0, 0, 0, &proof(&support::SECRET, "client", &hello, &challenge.body));
    let mut second = Peer::connect(server.address).await;
    second.send(&frame(HELLO, 0, 0, 0, &hello)).await;
    assert_eq!(second.read().await.unwrap().kind, CHALLENGE);
    second.send(&good).await;
    assert_eq!(second.end().await, Some(Status::UNAUTHENTICATED));
}

#[tokio::test]
async fn each_wrong_hello_has_its_own_reason() {
    let server = Running::start().await;
    let mut cut = greeting(1, 1);
    cut.pop();
    let cases = [
        (frame(HELLO, 0, 0, 0, &greeting(2, 1)), Some(Status::UNSUPPORTED_VERSION)),
        (frame(HELLO, 0, 0, 0, &greeting(1, 2)), Some(Status::UNSUPPORTED_CODEC)),
        (frame(PROOF, 0, 0, 0, &[0; 32]), Some(Status::PROTOCOL)),
        (request(ECHO, 1, 5000, &[0]), Some(Status::PROTOCOL)),
        (frame(HELLO, 0, 0, 0, &cut), None),
        (frame(HELLO, 0, 0, 0, &[0; 1025]), None),
        (b"GET / HTTP/1.1\r\nHost: teller\r\n\r\n".to_vec(), None),
        (vec![0xff; 64], None),
        (vec![0; 64], None),
    ];
    for (bytes, reason) in cases {
        let mut peer = Peer::connect(server.address).await;
        peer.send(&bytes).await;
        assert_eq!(peer.end().await, reason, "{bytes:?}");
    }
    assert_eq!(server.strings.runs.load(Ordering::SeqCst), 0);
    still_serves(&server).await;
}

#[tokio::test]
async fn a_hello_that_stalls_is_cut_in_time() {
    let server = Running::with(|config| config.hello_timeout = Duration::from_millis(50)).await;
    let mut silent = Peer::connect(server.address).await;
    assert_eq!(silent.end().await, None);
    let mut half = Peer::connect(server.address).await;
    half.send(&frame(HELLO, 0, 0, 0, &greeting(1, 1))[..30]).await;
    assert_eq!(half.end().await, None);
    let mut unproven = Peer::connect(server.address).await;
    unproven.send(&frame(HELLO, 0, 0, 0, &greeting(1, 1))).await;
    assert_eq!(unproven.end().await, None);
}

#[tokio::test]
async fn each_breach_after_the_hello_ends_its_connection_alone() {
    let server = Running::with(|config| config.max_frame_bytes = 4096).await;
    let cases = [
        ("over the limit", [&4097_u32.to_le_bytes()[..], &[REQUEST, 0, 0, 0, 0, 0, 0, 0]].concat(), 37),
        ("four gigabytes", [&u32::MAX.to_le_bytes()[..], &[REQUEST, 0, 0, 0, 0, 0, 0, 0]].concat(), 37),
        ("unknown kind", frame(11, 0, 0, 0, b""), 36),
        ("unknown flag", frame(REQUEST, 4, 0, 0, &[0; 8]), 36),
        ("a hello again", frame(HELLO, 0, 0, 0, &greeting(1, 1)), 36),
        ("a response", frame(RESPONSE, 0, 0, 1, b""), 36),
        ("zero length", frame(REQUEST, 0, 0, 1, b""), 36),
        ("no room for the trace", frame(REQUEST, 1, 0, 1, &[0; 32]), 36),
        ("one id twice", [request(HOLD, 3, 5000, &[1]), request(HOLD, 3, 5000, &[1])].concat(), 36),
    ];
    let mut bystander = Peer::welcome(server.address).await;
    for (name, bytes, reason) in cases {
        let mut peer = Peer::welcome(server.address).await;
        peer.send(&bytes).await;
        assert_eq!(peer.end().await, Some(reason), "{name}");
    }
    bystander.send(&request(ECHO, 1, 5000, &[1, b'x'])).await;
    assert_eq!(bystander.read().await.unwrap().body, [1, b'x']);
}

#[tokio::test]
async fn half_a_frame_is_waited_for_no_longer_than_the_limit() {
    let server = Running::with(|config| config.frame_timeout = Duration::from_millis(50)).await;
    let mut peer = Peer::welcome(server.address).await;
    peer.send(&request(ECHO, 1, 5000, &[1, b'x'])[..20]).await;
    assert_eq!(peer.end().await, Some(Status::TIMED_OUT));
}

#[tokio::test]
async fn wrong_numbers_and_payloads_are_answered_and_executed_nowhere() {
    let server = Running::start().await;
    let mut peer = Peer::welcome(server.address).await;
    let service = |number: u16| {
        let mut body = number.to_le_bytes().to_vec();
        body.extend([0, 0, 0xd0, 7, 0, 0, 0]);
        frame(REQUEST, 0, 0, 9, &body)
    };
    let cases = [
        ("service", service(1), Status::UNKNOWN_SERVICE),
        ("service", service(u16::MAX), Status::UNKNOWN_SERVICE),
        ("method", request(99, 9, 5000, &[0]), Status::UNKNOWN_METHOD),
        ("trailing byte", request(ECHO, 9, 5000, &[1, b'x', 0]), Status::INVALID_REQUEST),
        ("cut", request(ECHO, 9, 5000, &[2, b'x']), Status::INVALID_REQUEST),
        ("an exabyte", request(ECHO, 9, 5000, &[0xfd, 0, 0, 0, 0, 0, 0, 0, 16]), Status::INVALID_REQUEST),
        ("not UTF-8", request(ECHO, 9, 5000, &[1, 0xff]), Status::INVALID_REQUEST),
        ("no time", request(ECHO, 9, 0, &[1, b'x']), Status::DEADLINE_EXCEEDED),
    ];
    for (name, bytes, code) in cases {
        peer.send(&bytes).await;
        let answer = peer.read().await.unwrap();
        assert_eq!((answer.kind, answer.flags, answer.code, answer.id), (RESPONSE, 1, code, 9), "{name}");
    }
    assert_eq!(server.strings.runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_cancelled_request_is_still_answered_once() {
    let mut server = Running::start().await;
    let mut peer = Peer::welcome(server.address).await;
    peer.send(&request(HOLD, 3, 5000, &[1])).await;
    server.starts.recv().await.unwrap();
    peer.send(&frame(CANCEL, 0, 0, 3, b"")).await;
    let answer = peer.read().await.unwrap();
    assert_eq!((answer.kind, answer.flags, answer.code, answer.id), (RESPONSE, 0, Status::CANCELLED, 3));
    assert_eq!(server.strings.dropped.load(Ordering::SeqCst), 1);
    // Twice, and for a call that never was: nothing happens.
    peer.send(&[frame(CANCEL, 0, 0, 3, b""), frame(CANCEL, 0, 0, 4, b"")].concat()).await;
    peer.send(&request(ECHO, 3, 5000, &[1, b'x'])).await;
    assert_eq!(peer.read().await.unwrap().body, [1, b'x']);
}

#[tokio::test]
async fn a_flood_of_cancels_is_told_to_go_away() {
    let server = Running::with(|config| config.max_cancels = 100).await;
    let mut peer = Peer::welcome(server.address).await;
    for id in 0..101 {
        peer.send(&[request(HOLD, id, 5000, &[1]), frame(CANCEL, 0, 0, id, b"")].concat()).await;
    }
    assert_eq!(peer.end().await, Some(Status::CANCEL_FLOOD));
    still_serves(&server).await;
}

#[tokio::test]
async fn a_ping_is_answered_with_its_id() {
    let server = Running::start().await;
    let mut peer = Peer::welcome(server.address).await;
    peer.send(&frame(PING, 0, 0, 77, b"ignored")).await;
    let pong = peer.read().await.unwrap();
    assert_eq!((pong.kind, pong.id, pong.body.len()), (PONG, 77, 0));
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_given_up() {
    let server = Running::with(|config| config.keepalive = Duration::from_millis(30)).await;
    let mut peer = Peer::welcome(server.address).await;
    assert_eq!(peer.read().await.unwrap().kind, PING);
    assert_eq!(peer.end().await, None);
}

#[tokio::test]
async fn a_reader_that_never_reads_is_not_read_from_and_is_given_up() {
    let server = Running::with(|config| {
        config.outbox_bytes = 64 << 10;
        config.keepalive = Duration::from_millis(100);
    })
    .await;
    let mut slow = Peer::welcome(server.address).await;
    // 256 answers of nearly 1 MiB are asked for; the server must not gather them.
    let ask: Vec<u8> = (0..256).flat_map(|id| request(BYTES, id, 60_000, &[0xfc, 0, 0, 15, 0])).collect();
    slow.send(&ask).await;
    still_serves(&server).await;
    // What this side still sends fills the sockets' buffers and no more, until the connection is given up.
    let pings = frame(PING, 0, 0, 0, b"").repeat(1000);
    let mut sent = 0;
    while let Ok(count) = slow.0.write(&pings).await {
        sent += count;
        assert!(sent < 64 << 20, "{sent} bytes were read from a peer that does not read");
    }
    let mut read = 0;
    while let Some(answer) = slow.read().await {
        read += answer.body.len();
    }
    assert!(read < 64 << 20, "{read} bytes of answers had gathered");
}

#[tokio::test]
async fn over_its_credit_a_connection_is_rejected_and_nothing_executed() {
    let mut server = Running::with(|config| config.max_in_flight_per_connection = 2).await;
    let mut peer = Peer::welcome(server.address).await;
    peer.send(&[request(HOLD, 1, 5000, &[1]), request(HOLD, 2, 5000, &[2]), request(HOLD, 3, 5000, &[3])].concat())
        .await;
    let answer = peer.read().await.unwrap();
    assert_eq!((answer.flags, answer.code, answer.id), (1, Status::REJECTED, 3));
    assert_eq!((server.starts.recv().await, server.starts.recv().await), (Some(1), Some(2)));
    server.strings.gate.add_permits(2);
    assert_eq!(peer.read().await.unwrap().code, Status::OK);
    peer.send(&request(ECHO, 3, 5000, &[1, b'x'])).await;
    assert_eq!(peer.read().await.unwrap().code, Status::OK);
}

#[tokio::test]
async fn a_thousand_claims_of_four_gigabytes_leave_the_server_as_it_was() {
    let server = Running::start().await;
    for _ in 0..5 {
        let mut claims = JoinSet::new();
        for _ in 0..100 {
            claims.spawn(claim(server.address));
        }
        while let Some(claim) = claims.join_next().await {
            claim.unwrap();
        }
    }
    still_serves(&server).await;
}

/// One claim before the hello and one after it.
async fn claim(address: SocketAddr) {
    let mut before = Peer::connect(address).await;
    before.send(&[0xff, 0xff, 0xff, 0xff, HELLO, 0, 0, 0, 0, 0, 0, 0]).await;
    assert_eq!(before.end().await, None);
    let mut after = Peer::welcome(address).await;
    after.send(&[0xff, 0xff, 0xff, 0xff, REQUEST, 0, 0, 0, 0, 0, 0, 0]).await;
    assert_eq!(after.end().await, Some(Status::FRAME_TOO_LARGE));
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let server = Running::with(|config| config.max_connections = 1).await;
    let first = Peer::welcome(server.address).await;
    let mut second = Peer::connect(server.address).await;
    assert_eq!(second.end().await, Some(Status::TOO_MANY_CONNECTIONS));
    drop(first);
    // The place is free as soon as the server has seen the end of the first.
    loop {
        let mut third = Peer::connect(server.address).await;
        if third.0.write_all(&frame(HELLO, 0, 0, 0, &greeting(1, 1))).await.is_ok()
            && third.read().await.is_some_and(|answer| answer.kind == CHALLENGE)
        {
            break;
        }
    }
}
