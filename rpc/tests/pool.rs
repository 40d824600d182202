//! The pool: who gets a connection, in what order, for how long, and what happens when there is none.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{
    Client, Running, client_of,
    peer::{self, Peer},
    soon, within,
};
use teller_rpc::{CallError, Executed, Status};
use tokio::{net::TcpListener, task::JoinSet};

#[tokio::test]
async fn calls_share_one_connection_until_it_is_full() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 2;
        config.max_in_flight = 3;
    });
    let mut calls = JoinSet::new();
    for (number, connections) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let client = Client::new(handle.clone());
        calls.spawn(async move { client.hold(&soon(), &number).await });
        assert_eq!(server.starts.recv().await, Some(number));
        assert_eq!(handle.figures().connections, connections, "after {number}");
    }
    server.strings.gate.add_permits(5);
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    assert_eq!(handle.figures().in_flight, 0);
}

#[tokio::test]
async fn exclusive_connections_carry_one_call_each() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 3;
        config.max_in_flight = 1;
        config.max_idle_connections = 1;
    });
    let mut calls = JoinSet::new();
    for number in 1..=3 {
        let client = Client::new(handle.clone());
        calls.spawn(async move { client.hold(&soon(), &number).await });
        server.starts.recv().await.unwrap();
        assert_eq!(handle.figures().connections, number as usize);
    }
    server.strings.gate.add_permits(3);
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    // Back to the idle limit, without a call lost on the way.
    while handle.figures().connections > 1 {
        tokio::task::yield_now().await;
    }
    Client::new(handle).echo(&soon(), &"still".to_string()).await.unwrap();
}

#[tokio::test]
async fn who_waits_first_is_served_first() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 1;
        config.max_in_flight = 1;
    });
    let mut calls = JoinSet::new();
    for number in 0..10 {
        let client = Client::new(handle.clone());
        calls.spawn(async move { client.hold(&soon(), &number).await });
        while handle.figures().waiting + handle.figures().in_flight < number as usize + 1 {
            tokio::task::yield_now().await;
        }
    }
    for number in 0..10 {
        assert_eq!(server.starts.recv().await, Some(number));
        server.strings.gate.add_permits(1);
    }
}

#[tokio::test]
async fn who_waits_in_the_queue_gives_up_at_the_deadline_and_leaves_no_gap() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 1;
        config.max_in_flight = 1;
    });
    let client = Client::new(handle.clone());
    let holder = tokio::spawn({
        let client = client.clone();
        async move { client.hold(&soon(), &1).await }
    });
    server.starts.recv().await.unwrap();
    let error = client.echo(&within(30), &String::new()).await.unwrap_err();
    assert!(matches!(error, CallError::DeadlineExceeded { executed: Executed::No }), "{error:?}");
    let patient = tokio::spawn({
        let client = client.clone();
        async move { client.echo(&soon(), &"served".to_string()).await }
    });
    while handle.figures().waiting < 1 {
        tokio::task::yield_now().await;
    }
    server.strings.gate.add_permits(1);
    assert_eq!(holder.await.unwrap().unwrap(), 1);
    assert_eq!(patient.await.unwrap().unwrap(), "served");
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 1;
        config.max_in_flight = 1;
        config.max_waiting = 1;
    });
    let client = Client::new(handle.clone());
    let mut calls = JoinSet::new();
    for number in 0..2 {
        let client = client.clone();
        calls.spawn(async move { client.hold(&soon(), &number).await });
        while handle.figures().waiting + handle.figures().in_flight < number as usize + 1 {
            tokio::task::yield_now().await;
        }
        if number == 0 {
            server.starts.recv().await.unwrap();
        }
    }
    let error = client.echo(&soon(), &String::new()).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable(_)), "{error:?}");
    assert_eq!(error.executed(), Executed::No);
}

#[tokio::test]
async fn many_calls_at_once_dial_one_connection_at_a_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let handle = client_of(&[listener.local_addr().unwrap()], |config| config.max_connections = 8);
    for _ in 0..50 {
        let client = Client::new(handle.clone());
        tokio::spawn(async move { client.echo(&soon(), &String::new()).await });
    }
    while handle.figures().waiting < 50 {
        tokio::task::yield_now().await;
    }
    let (first, _) = listener.accept().await.unwrap();
    // The hello of the first is not answered: nobody else may be on the way.
    let second = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(second.is_err(), "a second connection was dialled");
    let _served = Peer::admit(first, &peer::table(&[("echo", true)])).await;
    while handle.figures().in_flight < 50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(handle.figures().connections, 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_an_old_one_replaced() {
    let server = Running::start().await;
    let idle = server.client_with(|config| {
        config.keepalive = Duration::from_millis(20);
        config.idle_timeout = Duration::from_millis(40);
    });
    Client::new(idle.clone()).echo(&soon(), &String::new()).await.unwrap();
    while idle.figures().connections > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Client::new(idle).echo(&soon(), &String::new()).await.unwrap();

    let mut server = Running::start().await;
    let old = server.client_with(|config| {
        config.keepalive = Duration::from_millis(20);
        config.max_age = Duration::from_millis(40);
    });
    let client = Client::new(old.clone());
    let held = tokio::spawn({
        let client = client.clone();
        async move { client.hold(&soon(), &1).await }
    });
    server.starts.recv().await.unwrap();
    // The call keeps the old connection open while the new one takes over.
    while old.figures().connections < 2 {
        client.echo(&soon(), &String::new()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.strings.gate.add_permits(1);
    assert_eq!(held.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_closed_client_finishes_its_calls_and_takes_no_more() {
    let mut server = Running::start().await;
    let handle = server.client();
    let client = Client::new(handle.clone());
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.hold(&soon(), &1).await }
    });
    server.starts.recv().await.unwrap();
    let close = tokio::spawn({
        let handle = handle.clone();
        async move { handle.close().await }
    });
    while client.echo(&soon(), &String::new()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!close.is_finished());
    server.strings.gate.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap(), 1);
    close.await.unwrap();
    assert_eq!(handle.figures().connections, 0);
}

#[tokio::test]
async fn what_the_server_does_not_have_is_said_from_its_table() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(client_of(&[listener.local_addr().unwrap()], |_| {}));
    let _peer = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer::admit(stream, &peer::table(&[("echo", true)])).await;
        assert_eq!(peer.read().await, None, "nothing may be sent for a method that is not there");
    });
    let error = client.hold(&soon(), &1).await.unwrap_err();
    assert!(matches!(error, CallError::UnknownMethod { service: "test", method: "hold" }), "{error:?}");
    let server = Running::start().await;
    let other = other::Client::new(server.client());
    let error = other.ask(&soon(), &()).await.unwrap_err();
    assert!(matches!(error, CallError::UnknownService("other")), "{error:?}");
}

mod other {
    teller_rpc::service! {
        /// Not served.
        pub service "other" {
            /// Never answered.
            fn ask(()) -> ();
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_is_an_unavailable_backend_with_its_reason() {
    let server = Running::start().await;
    let client = Client::new(server.client_with(|config| {
        config.secret = teller_rpc::Secret::new(*b"another sixteen!").unwrap();
        config.patience = Duration::ZERO;
    }));
    match client.echo(&soon(), &String::new()).await.unwrap_err() {
        CallError::Unavailable(reason) => {
            assert!(reason.contains(&format!("status {}", Status::UNAUTHENTICATED)), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_cannot_prove_the_secret_gets_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let impostor = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer(stream);
        peer.read().await.unwrap();
        peer.send(&peer::frame(peer::CHALLENGE, 0, 0, 0, &peer::greeting(1, 1))).await;
        let proof = peer.read().await.unwrap().body;
        // The best it can do: the client's own proof sent back.
        let welcome = [&proof[..], &peer::table(&[("echo", true)])].concat();
        peer.send(&peer::frame(peer::WELCOME, 0, 0, 0, &welcome)).await;
        peer.read().await
    });
    let client = Client::new(client_of(&[address], |config| config.patience = Duration::ZERO));
    assert!(client.echo(&soon(), &"secret".to_string()).await.is_err());
    assert_eq!(impostor.await.unwrap(), None);
}
