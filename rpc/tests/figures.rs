//! What clients and servers say of themselves: their figures, and the table of what is served.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Client, Running, client_of, registry, soon, strings, within};
use teller_rpc::{CallError, Client as Handle, Executed, Method, MethodVisitor};
use tokio::task::JoinSet;

#[tokio::test]
async fn both_ends_of_a_connection_count_the_same() {
    let server = Running::start().await;
    let handle = server.client_with(|config| config.max_connections = 1);
    let client = Client::new(handle.clone());
    for _ in 0..10 {
        client.echo(&soon(), &"ten times".to_string()).await.unwrap();
    }
    let ([ours], [theirs]) = (&handle.connections()[..], &server.watch.connections()[..]) else {
        panic!("one connection each: {:?} and {:?}", handle.connections(), server.watch.connections());
    };
    assert_eq!(ours.peer, server.address);
    let (ours, theirs) = (ours.figures, theirs.figures);
    assert_eq!((ours.frames_written, ours.frames_read), (10, 10));
    assert_eq!((ours.frames_written, ours.bytes_written), (theirs.frames_read, theirs.bytes_read));
    assert_eq!((ours.frames_read, ours.bytes_read), (theirs.frames_written, theirs.bytes_written));
    // A header, a head of 8 bytes (or none), and the text with its length.
    assert_eq!((ours.bytes_written, ours.bytes_read), (10 * (12 + 8 + 10), 10 * (12 + 10)));
    assert_eq!((ours.frames_per_write(), ours.in_flight, theirs.in_flight), (1.0, 0, 0));
    assert_eq!((handle.figures(), server.watch.figures()), (ours, theirs));
}

#[tokio::test]
async fn what_runs_and_what_waits_are_told_apart() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 1;
        config.max_in_flight = 2;
    });
    let mut calls = JoinSet::new();
    for number in 0..5 {
        let client = Client::new(handle.clone());
        calls.spawn(async move { client.hold(&soon(), &number).await });
    }
    for _ in 0..2 {
        server.starts.recv().await.unwrap();
    }
    let (ours, theirs) = (handle.figures(), server.watch.figures());
    assert_eq!((ours.in_flight, ours.waiting, theirs.in_flight), (2, 3, 2));
    server.strings.gate.add_permits(5);
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    let (ours, theirs) = (handle.figures(), server.watch.figures());
    assert_eq!((ours.in_flight, ours.waiting, theirs.in_flight), (0, 0, 0));
}

#[tokio::test]
async fn many_callers_share_a_write() {
    let server = Running::start().await;
    let handle = server.client_with(|config| config.max_connections = 1);
    let client = Client::new(handle.clone());
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let client = client.clone();
        calls.spawn(async move {
            for _ in 0..20 {
                client.echo(&soon(), &"x".to_string()).await.unwrap();
            }
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    let (ours, theirs) = (handle.figures(), server.watch.figures());
    assert!(ours.frames_per_write() > 8.0 && theirs.frames_per_write() > 8.0, "{ours:?} {theirs:?}");
}

#[tokio::test]
async fn a_rejected_call_and_its_retries_are_counted_on_both_sides() {
    let mut server = Running::with(|config| config.max_in_flight = 1).await;
    let handle = server.client();
    let client = Client::new(handle.clone());
    let holder = tokio::spawn({
        let client = client.clone();
        async move { client.hold(&soon(), &1).await }
    });
    server.starts.recv().await.unwrap();
    assert!(matches!(client.echo(&soon(), &String::new()).await, Err(CallError::Rejected(_))));
    for figures in [handle.figures(), server.watch.figures(), handle.connections()[0].figures] {
        assert_eq!((figures.rejected, figures.retried), (3, 2), "{figures:?}");
    }
    server.strings.gate.add_permits(1);
    holder.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_counted_stays_when_the_connection_has_ended() {
    let server = Running::start().await;
    let handle = server.client();
    let client = Client::new(handle.clone());
    client.echo(&soon(), &"counted".to_string()).await.unwrap();
    let before = (handle.figures(), server.watch.figures());
    handle.close().await;
    while server.watch.figures().connections > 0 {
        tokio::task::yield_now().await;
    }
    let after = (handle.figures(), server.watch.figures());
    assert_eq!((after.0.connections, handle.connections().len(), server.watch.connections().len()), (0, 0, 0));
    assert_eq!(after.0.bytes_written, before.0.bytes_written);
    assert_eq!(after.1.bytes_written, before.1.bytes_written);
    assert_eq!((after.0.frames_read, after.1.frames_read), (1, 1));
}

#[tokio::test]
async fn describe_tells_the_servers_table() {
    let server = Running::start().await;
    let table = server.client().describe(&soon()).await.unwrap();
    assert_eq!(table, registry(&strings().0).table());
    assert_eq!(table.services[0].name, "test");
    let echo = &table.services[0].methods[0];
    assert_eq!((echo.name.as_str(), echo.idempotent), ("echo", true));
    assert_eq!(Handle::in_process(registry(&strings().0)).describe(&soon()).await.unwrap(), table);
}

#[tokio::test]
async fn describe_holds_nothing_back_and_fails_as_a_call_does() {
    let server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 1;
        config.max_in_flight = 1;
    });
    for _ in 0..3 {
        handle.describe(&soon()).await.unwrap();
    }
    assert_eq!(handle.figures().in_flight, 0);
    let gone = server.address;
    server.crash().await;
    let error = client_of(&[gone], |_| {}).describe(&within(200)).await.unwrap_err();
    assert_eq!(error.executed(), Executed::No, "{error:?}");
}

#[test]
fn a_method_is_found_by_its_name_with_its_types() {
    struct Names;
    impl MethodVisitor for Names {
        type Output = (&'static str, &'static str, bool, &'static str);
        fn visit<M: Method>(self) -> Self::Output {
            (M::SERVICE, M::NAME, M::IDEMPOTENT, std::any::type_name::<M::Request>())
        }
    }
    assert_eq!(support::visit("bytes", Names), Some(("test", "bytes", true, "u32")));
    assert_eq!(support::visit("nothing", Names), None);
}
