//! A client against servers that break each rule, callers that leave at any moment, and both ends on wires that hardly
//! carry anything.

#![allow(clippy::unwrap_used)]

#[path = "support/proxy.rs"]
mod proxy;
mod support;

use std::{future::poll_fn, task::Poll, time::Duration};

use proxy::{Faults, Proxy};
use support::{
    Client, Running, client_of,
    peer::{
        self, BYTES, CANCEL, ECHO, GOAWAY, HELLO, PING, PONG, PROOF, Peer, REQUEST, RESPONSE, Raw, WELCOME, frame,
        greeting, proof, request, table,
    },
    soon, within,
};
use teller_rpc::{CallError, Client as Handle, ClientConfig, Context, Executed, Status};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::{JoinHandle, JoinSet, yield_now},
    time::{Instant, sleep},
};

/// A client whose only backend is the listener, and gives up on it at once.
async fn lonely(change: impl FnOnce(&mut ClientConfig)) -> (TcpListener, Handle) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let handle = client_of(&[listener.local_addr().unwrap()], |config| {
        config.patience = Duration::ZERO;
        change(config);
    });
    (listener, handle)
}

async fn admitted(listener: &TcpListener) -> Peer {
    let (stream, _) = listener.accept().await.unwrap();
    Peer::admit(stream, &table(&[("echo", true), ("hold", false)])).await
}

fn hold(handle: &Handle, number: u32) -> JoinHandle<Result<u32, CallError>> {
    let client = Client::new(handle.clone());
    tokio::spawn(async move { client.hold(&soon(), &number).await })
}

#[tokio::test]
async fn a_server_that_breaks_a_rule_is_left_and_its_call_is_of_unknown_outcome() {
    let (listener, handle) = lonely(|config| {
        config.max_frame_bytes = 4096;
        config.frame_timeout = Duration::from_millis(50);
    })
    .await;
    let cases = [
        ("over the limit", frame(RESPONSE, 0, 0, 0, &[0; 4097]), Status::FRAME_TOO_LARGE),
        ("four gigabytes", [&[0xff; 4][..], &[RESPONSE, 0, 0, 0, 0, 0, 0, 0]].concat(), Status::FRAME_TOO_LARGE),
        ("unknown kind", frame(0, 0, 0, 0, b""), Status::PROTOCOL),
        ("unknown flag", frame(RESPONSE, 2, 0, 0, b""), Status::PROTOCOL),
        ("a request", request(ECHO, 0, 1000, &[0]), Status::PROTOCOL),
        ("a cancel", frame(CANCEL, 0, 0, 0, b""), Status::PROTOCOL),
        ("a welcome again", frame(WELCOME, 0, 0, 0, &[0; 32]), Status::PROTOCOL),
        ("half a header", vec![0; 11], Status::TIMED_OUT),
        ("half a frame", frame(RESPONSE, 0, 0, 0, &[0; 99])[..50].to_vec(), Status::TIMED_OUT),
    ];
    for (name, bytes, reason) in cases {
        let call = hold(&handle, 1);
        let mut peer = admitted(&listener).await;
        peer.read().await.unwrap();
        peer.send(&bytes).await;
        assert_eq!(peer.end().await, Some(reason), "{name}");
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Lost { executed: Executed::Unknown, .. }), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_such_message_fails_its_call_alone() {
    let (listener, handle) = lonely(|_| {}).await;
    let first = hold(&handle, 1);
    let mut peer = admitted(&listener).await;
    let mut call = Some(first);
    let cases: [(&str, &[u8]); 4] = [
        ("empty", b""),
        ("cut", &[0xfb, 1]),
        ("one byte too many", &[1, 0]),
        ("too wide", &[0xfd, 0, 0, 0, 0, 1, 0, 0, 0]),
    ];
    for (name, payload) in cases {
        let call = call.take().unwrap_or_else(|| hold(&handle, 1));
        let asked = peer.read().await.unwrap();
        peer.send(&frame(RESPONSE, 0, 0, asked.id, payload)).await;
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Decode(_)), "{name}: {error:?}");
        assert_eq!(error.executed(), Executed::Yes, "{name}");
    }
    let call = hold(&handle, 9);
    let asked = peer.read().await.unwrap();
    peer.send(&frame(RESPONSE, 0, 0, asked.id, &[9])).await;
    assert_eq!(call.await.unwrap().unwrap(), 9);
    assert_eq!((handle.figures().connections, handle.figures().stray_answers), (1, 0));
}

#[tokio::test]
async fn a_server_whose_hello_is_wrong_gets_no_request() {
    let good = |hello: &Raw, challenge: &[u8]| proof(&support::SECRET, "server", &hello.body, challenge);
    type Wrong = fn(&mut Vec<u8>, &mut Vec<u8>);
    let cases: [(&str, Wrong); 8] = [
        ("another version", |challenge, _| challenge[8] = 2),
        ("another codec", |challenge, _| challenge[10] = 2),
        ("no calls", |challenge, _| challenge[16..20].fill(0)),
        ("a challenge of no bytes", |challenge, _| challenge.clear()),
        ("a welcome of no bytes", |_, welcome| welcome.clear()),
        ("half a proof", |_, welcome| welcome.truncate(16)),
        ("half a table", |_, welcome| welcome.truncate(welcome.len() - 1)),
        ("a table over its limit", |_, welcome| welcome.resize(65_569, 0)),
    ];
    for (name, wrong) in cases {
        let (listener, handle) = lonely(|_| {}).await;
        let call = hold(&handle, 1);
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer(stream);
        let hello = peer.read().await.unwrap();
        assert_eq!(hello.kind, HELLO);
        let mut challenge = greeting(1, 1);
        let mut welcome = [good(&hello, &challenge), table(&[("hold", false)])].concat();
        wrong(&mut challenge, &mut welcome);
        peer.send(&frame(peer::CHALLENGE, 0, 0, 0, &challenge)).await;
        if peer.read().await.is_some_and(|proof| proof.kind == PROOF) {
            peer.send(&frame(WELCOME, 0, 0, 0, &welcome)).await;
        }
        assert_eq!(peer.read().await, None, "{name}");
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Unavailable(_)), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn the_answer_to_a_cancelled_call_reaches_nobody() {
    let (listener, handle) = lonely(|_| {}).await;
    let cancelled = hold(&handle, 1);
    let mut peer = admitted(&listener).await;
    let first = peer.read().await.unwrap();
    cancelled.abort();
    assert_eq!(peer.read().await.map(|frame| (frame.kind, frame.id)), Some((CANCEL, first.id)));
    // The next one comes while the first one's answer is owed, the one after that in its place.
    let second = hold(&handle, 2);
    let asked = peer.read().await.unwrap();
    assert_ne!(asked.id, first.id);
    let late = frame(RESPONSE, 0, 0, first.id, &[1]);
    peer.send(&[&late[..], &frame(RESPONSE, 0, 0, asked.id, &[2])].concat()).await;
    assert_eq!(second.await.unwrap().unwrap(), 2);
    for number in 3..6 {
        let next = hold(&handle, number);
        let asked = peer.read().await.unwrap();
        assert_ne!(asked.id, first.id);
        peer.send(&[&late[..], &frame(RESPONSE, 0, 0, asked.id, &[number as u8])].concat()).await;
        assert_eq!(next.await.unwrap().unwrap(), number);
    }
    assert_eq!((handle.figures().stray_answers, handle.figures().in_flight), (3, 0));
}

#[tokio::test]
async fn an_answer_is_delivered_whatever_ends_its_connection_right_after() {
    let ends = [
        ("the end of the stream", vec![]),
        ("no frame", vec![0; 64]),
        ("half a frame", vec![9; 5]),
        ("goaway", frame(GOAWAY, 0, Status::DRAINING, 0, b"")),
    ];
    for (name, end) in ends {
        for _ in 0..20 {
            let (listener, handle) = lonely(|_| {}).await;
            let call = hold(&handle, 7);
            let mut peer = admitted(&listener).await;
            let asked = peer.read().await.unwrap();
            peer.send(&[&frame(RESPONSE, 0, 0, asked.id, &[7]), &end[..]].concat()).await;
            drop(peer);
            assert_eq!(call.await.unwrap().unwrap(), 7, "{name}");
        }
    }
}

#[tokio::test]
async fn pings_are_no_breach_while_a_large_request_is_on_its_way() {
    let (listener, handle) = lonely(|config| {
        config.outbox_bytes = 1;
        config.max_frame_bytes = 9 << 20;
    })
    .await;
    let client = Client::new(handle.clone());
    let text = "x".repeat(1 << 19);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let (client, text) = (client.clone(), text.clone());
            tokio::spawn(async move { client.echo(&soon(), &text).await.map(|answer| answer == text) })
        })
        .collect();
    let mut peer = admitted(&listener).await;
    // A thousand pings to a client that has more to write than its outbox holds.
    peer.send(&frame(PING, 0, 0, 0, b"").repeat(1000)).await;
    let (mut answered, mut pongs) = (0, 0);
    while answered < 8 {
        let came = peer.read().await.unwrap();
        match came.kind {
            REQUEST => {
                peer.send(&frame(RESPONSE, 0, 0, came.id, &came.body[8..])).await;
                answered += 1;
            }
            kind => {
                assert_eq!(kind, PONG);
                pongs += 1;
            }
        }
    }
    assert!(pongs <= 1000);
    for call in calls {
        assert!(call.await.unwrap().unwrap());
    }
}

#[tokio::test]
async fn the_time_in_which_a_server_does_not_read_does_not_count_against_a_frame() {
    let limit = Duration::from_millis(500);
    let server = Running::with(|config| {
        config.outbox_bytes = 1;
        config.frame_timeout = limit;
    })
    .await;
    let mut peer = Peer::small(server.address).await;
    let asked: Vec<u8> = (0..16).flat_map(|id| request(BYTES, id, 60_000, &[0xfc, 0, 0, 15, 0])).collect();
    let long = request(ECHO, 99, 60_000, &[&[0xfb, 0, 2][..], &[b'x'; 512]].concat());
    peer.send(&[&asked[..], &long[..20]].concat()).await;
    // A piece more, now that the answers block: the server stops reading with the frame begun.
    sleep(limit / 5).await;
    peer.send(&long[20..30]).await;
    sleep(limit * 2).await;
    for _ in 0..16 {
        assert_eq!(peer.read().await.map(|answer| answer.code), Some(Status::OK));
    }
    peer.send(&long[30..]).await;
    assert_eq!(peer.read().await.map(|answer| (answer.id, answer.code)), Some((99, Status::OK)));
}

#[tokio::test]
async fn no_text_is_over_what_the_client_accepts() {
    let server = Running::start().await;
    let mut peer = Peer::connect(server.address).await;
    let mut hello = greeting(1, 1);
    hello[12..16].copy_from_slice(&64_u32.to_le_bytes());
    peer.prove(hello).await;
    let cases = [
        request(99, 1, 5000, &[0]),
        // What is wrong with this text takes a longer one to say.
        request(ECHO, 1, 5000, &[1, 0xff]),
        request(ECHO, 1, 0, &[0]),
        request(BYTES, 1, 5000, &[200]),
        request(2, 1, 5000, &[]),
    ];
    for bytes in cases {
        peer.send(&bytes).await;
        let answer = peer.read().await.unwrap();
        assert!(answer.code != 0 && answer.body.len() <= 64, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_megabytes_both_ways_pass_through_buffers_of_four_kilobytes() {
    let server = Running::with(|config| {
        config.max_frame_bytes = 9 << 20;
        config.outbox_bytes = 4 << 10;
    })
    .await;
    let faults = Faults { seed: 0, buffers: 4096, piece: 4096, pause_one_in: 0, cut_within: 0, hold_one_in: 0 };
    let proxy = Proxy::before(server.address, faults).await;
    let handle = client_of(&[proxy.address], |config| {
        config.max_connections = 1;
        config.max_frame_bytes = 9 << 20;
        config.outbox_bytes = 4 << 10;
    });
    let mut calls = JoinSet::new();
    for letter in ["a", "b", "c"] {
        let client = Client::new(handle.clone());
        calls.spawn(async move {
            let text = letter.repeat(8 << 20);
            let context = Context::with_timeout(Duration::from_secs(60));
            assert!(client.echo(&context, &text).await.unwrap() == text);
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    assert_eq!(handle.figures().connections, 1);
}

/// Polls `call` as a task would, and drops it after so many polls if it has not ended by then.
async fn dropped_after<F: Future>(polls: usize, call: F) -> Option<F::Output> {
    let mut call = Box::pin(call);
    let mut left = polls;
    poll_fn(move |task| match call.as_mut().poll(task) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            left -= 1;
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

/// Nothing is left of a call that was dropped, and the client works on.
async fn unharmed(handle: &Handle, name: &str) {
    let text = format!("after {name}");
    assert_eq!(Client::new(handle.clone()).echo(&soon(), &text).await.unwrap(), text);
    let start = Instant::now();
    while handle.figures().in_flight + handle.figures().waiting > 0 {
        assert!(start.elapsed() < Duration::from_secs(2), "{name}: {:?}", handle.figures());
        yield_now().await;
    }
    assert_eq!(handle.figures().stray_answers, 0, "{name}");
}

#[tokio::test]
async fn a_caller_dropped_at_its_first_second_and_every_later_poll_leaves_nothing_behind() {
    let mut server = Running::start().await;
    let large = "x".repeat(3 << 20);
    for polls in 1.. {
        // The first call of a client: it waits for the dial, then for the answer.
        let handle = server.client();
        let fresh = dropped_after(polls, Client::new(handle.clone()).echo(&soon(), &large)).await;
        unharmed(&handle, "dial").await;

        // The only slot is taken: it waits in the queue, gets the slot, and waits for the answer.
        let handle = server.client_with(|config| (config.max_connections, config.max_in_flight) = (1, 1));
        let holder = hold(&handle, 0);
        server.starts.recv().await.unwrap();
        let gate = server.strings.gate.clone();
        let open = async {
            yield_now().await;
            gate.add_permits(1);
        };
        let client = Client::new(handle.clone());
        let context = soon();
        let (queued, ()) = tokio::join!(dropped_after(polls, client.echo(&context, &large)), open);
        holder.await.unwrap().unwrap();
        unharmed(&handle, "queue").await;

        // The outbox is full: it waits for room, and for the answer.
        let handle = server.client_with(|config| (config.max_connections, config.outbox_bytes) = (1, 1));
        let client = Client::new(handle.clone());
        client.echo(&soon(), &String::new()).await.unwrap();
        let (first, second) = (soon(), soon());
        let (before, blocked) =
            tokio::join!(client.echo(&first, &large), dropped_after(polls, client.echo(&second, &large)));
        assert!(before.unwrap() == large);
        unharmed(&handle, "room").await;

        if fresh.is_some() && queued.is_some() && blocked.is_some() {
            assert!(polls > 2, "every one of them has waited twice at least");
            return;
        }
        assert!(polls < 20, "a call that is not dropped ends");
    }
}

#[tokio::test]
async fn a_server_gone_at_any_byte_of_its_answer_leaves_an_unknown_outcome() {
    let answer = |id| frame(RESPONSE, 0, 0, id, &[7]);
    for end in 0..=answer(0).len() {
        let (listener, handle) = lonely(|_| {}).await;
        let call = hold(&handle, 7);
        let mut peer = admitted(&listener).await;
        let asked = peer.read().await.unwrap();
        peer.send(&answer(asked.id)[..end]).await;
        drop(peer);
        match call.await.unwrap() {
            Ok(7) => assert_eq!(end, answer(0).len()),
            Err(CallError::Lost { executed: Executed::Unknown, .. }) => assert!(end < answer(0).len()),
            other => panic!("{end} bytes: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_queue_is_first_in_first_out_around_those_that_left_it() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| (config.max_connections, config.max_in_flight) = (1, 1));
    let mut calls = JoinSet::new();
    for number in 0..12_u32 {
        let client = Client::new(handle.clone());
        // Every third has a deadline that passes in the queue, and every other third is dropped there.
        let context = if number % 3 == 1 { within(60) } else { soon() };
        let task = calls.spawn(async move { client.hold(&context, &number).await.map_err(|error| (number, error)) });
        while handle.figures().waiting + handle.figures().in_flight
            < 1 + (number - number / 3 - u32::from(number % 3 == 2)) as usize
        {
            yield_now().await;
        }
        if number % 3 == 2 {
            yield_now().await;
            task.abort();
        }
    }
    let mut timed_out = vec![];
    let mut aborted = 0;
    while timed_out.len() < 4 || aborted < 4 {
        match calls.join_next().await.unwrap() {
            Ok(Err((number, CallError::DeadlineExceeded { executed: Executed::No }))) => timed_out.push(number),
            Err(error) if error.is_cancelled() => aborted += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(timed_out, [1, 4, 7, 10]);
    for number in [0, 3, 6, 9] {
        assert_eq!(server.starts.recv().await, Some(number));
        server.strings.gate.add_permits(1);
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
}

/// A connection that hardly buffers anything on this side.
impl Peer {
    async fn small(address: std::net::SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut peer = Self(socket.connect(address).await.unwrap());
        peer.prove(greeting(1, 1)).await;
        peer
    }
}
