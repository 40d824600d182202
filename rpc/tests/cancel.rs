//! A caller that goes away: the handler ends, the permit comes back when it has, and the connection serves on.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    future::Future,
    pin::pin,
    sync::atomic::Ordering,
    task::{Context as Task, Waker},
};

use support::{Client, Running, registry, soon, strings, within};
use teller_rpc::{CallError, Client as Handle, Executed};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_dropped_call_sends_cancel_and_the_connection_lives() {
    let mut server = Running::start().await;
    let handle = server.client();
    let client = Client::new(handle.clone());
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.hold(&soon(), &1).await }
    });
    server.starts.recv().await.unwrap();
    call.abort();
    server.strings.on_drop.notified().await;
    assert_eq!(server.strings.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(client.echo(&soon(), &"on the same".to_string()).await.unwrap(), "on the same");
    assert_eq!(handle.figures().connections, 1);
    assert_eq!(handle.figures().in_flight, 0);
}

#[tokio::test]
async fn a_deadline_that_passes_cancels_the_handler() {
    let mut server = Running::start().await;
    let client = Client::new(server.client());
    let error = client.hold(&within(50), &1).await.unwrap_err();
    assert!(matches!(error, CallError::DeadlineExceeded { executed: Executed::Unknown }), "{error:?}");
    server.starts.recv().await.unwrap();
    server.strings.on_drop.notified().await;
}

#[tokio::test]
async fn in_process_a_dropped_call_ends_its_handler_too() {
    let (strings, mut starts) = strings();
    let client = Client::new(Handle::in_process(registry(&strings)));
    let call = tokio::spawn(async move { client.hold(&soon(), &1).await });
    starts.recv().await.unwrap();
    call.abort();
    strings.on_drop.notified().await;
}

#[tokio::test]
async fn a_cancelled_call_keeps_its_exclusive_connection_until_the_server_has_let_go() {
    let mut server = Running::start().await;
    let handle = server.client_with(|config| {
        config.max_connections = 1;
        config.max_in_flight = 1;
    });
    let client = Client::new(handle.clone());
    for number in 0..50 {
        let context = soon();
        let mut call = Box::pin(client.hold(&context, &number));
        tokio::select! {
            _ = &mut call => panic!("nobody opened the gate"),
            started = server.starts.recv() => assert_eq!(started, Some(number)),
        }
        drop(call);
        // Waits in the queue until the answer to the cancel has freed the only slot; is never REJECTED.
        assert_eq!(client.echo(&soon(), &number.to_string()).await.unwrap(), number.to_string());
    }
    assert_eq!((handle.figures().connections, handle.figures().stray_answers), (1, 0));
}

#[tokio::test]
async fn a_call_dropped_after_any_number_of_polls_does_no_harm() {
    let server = Running::start().await;
    let handle = server.client_with(|config| config.max_in_flight = 4);
    let client = Client::new(handle.clone());
    for polls in 0..40 {
        {
            let (context, text) = (soon(), "dropped".to_string());
            let mut call = pin!(client.echo(&context, &text));
            for _ in 0..polls % 8 {
                if call.as_mut().poll(&mut Task::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(client.echo(&soon(), &polls.to_string()).await.unwrap(), polls.to_string());
    }
    assert_eq!(handle.figures().stray_answers, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_ever_reaches_another_caller() {
    let server = Running::start().await;
    let handle = server.client_with(|config| config.max_in_flight = 16);
    let mut callers = JoinSet::new();
    for caller in 0..64_u32 {
        let client = Client::new(handle.clone());
        callers.spawn(async move {
            for number in 0..300_u32 {
                let text = format!("{caller}/{number}");
                let (context, call) = (soon(), client.clone());
                if number % 5 == 0 {
                    let dropped = tokio::spawn(async move { call.echo(&context, &text).await });
                    tokio::task::yield_now().await;
                    dropped.abort();
                } else {
                    assert_eq!(client.echo(&context, &text).await.unwrap(), text);
                }
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    assert_eq!(handle.figures().stray_answers, 0);
}
