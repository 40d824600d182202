//! A call and its answer: what a caller gets, in each way a call can end.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{Client, Running, registry, soon, strings, within};
use teller_rpc::{CallError, Client as Handle, Context, Executed, Status, Trace};
use tokio::time::Instant;

/// Runs a story over TCP and again in process: the rules are the same.
async fn both<F: AsyncFn(Handle)>(story: F) {
    let server = Running::start().await;
    story(server.client()).await;
    story(Handle::in_process(registry(&strings().0))).await;
}

#[tokio::test]
async fn a_request_is_answered() {
    both(async |handle| {
        let client = Client::new(handle);
        assert_eq!(client.echo(&soon(), &"hello".to_string()).await.unwrap(), "hello");
        assert_eq!(client.bytes(&soon(), &1_000_000).await.unwrap().len(), 1_000_000);
    })
    .await;
}

#[tokio::test]
async fn a_panic_answers_internal_and_the_next_call_works() {
    both(async |handle| {
        let client = Client::new(handle);
        match client.panic(&soon(), &()).await.unwrap_err() {
            CallError::Status { status, executed: Executed::Yes } => assert_eq!(status.code, Status::INTERNAL),
            other => panic!("{other:?}"),
        }
        assert_eq!(client.echo(&soon(), &"still here".to_string()).await.unwrap(), "still here");
    })
    .await;
}

#[tokio::test]
async fn a_status_arrives_as_the_handler_gave_it() {
    both(async |handle| {
        let client = Client::new(handle);
        for (given, received) in [(256, 256), (u16::MAX, u16::MAX), (Status::OK, Status::INTERNAL)] {
            match client.fail(&soon(), &given).await.unwrap_err() {
                CallError::Status { status, executed: Executed::Yes } => {
                    assert_eq!(status, Status::new(received, "as the test wants"));
                }
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn deadline_and_trace_arrive_with_the_call() {
    both(async |handle| {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace: Trace = text.parse().unwrap();
        let client = Client::new(handle);
        let (left, traced, retry) = client.context(&within(1500).with_trace(trace), &()).await.unwrap();
        assert!((1000..=1500).contains(&left), "{left} ms");
        assert_eq!((traced.as_deref(), retry), (Some(text), false));
        assert_eq!(client.context(&Context::default(), &()).await.unwrap().1, None);
    })
    .await;
}

#[tokio::test]
async fn a_deadline_ends_the_call_in_time() {
    both(async |handle| {
        let client = Client::new(handle);
        let start = Instant::now();
        let error = client.hold(&within(50), &1).await.unwrap_err();
        assert!(matches!(error, CallError::DeadlineExceeded { executed: Executed::Unknown }), "{error:?}");
        let took = start.elapsed();
        assert!((50..500).contains(&took.as_millis()), "{took:?}");
    })
    .await;
}

#[tokio::test]
async fn a_deadline_already_past_sends_nothing() {
    both(async |handle| {
        let error = Client::new(handle).echo(&Context::with_timeout(Duration::ZERO), &String::new()).await;
        assert_eq!(error.unwrap_err().executed(), Executed::No);
    })
    .await;
}

#[tokio::test]
async fn a_frame_over_a_limit_harms_only_its_call() {
    let server = Running::with(|config| config.max_frame_bytes = 1000).await;
    let client = Client::new(server.client_with(|config| config.max_frame_bytes = 2000));
    match client.echo(&soon(), &"x".repeat(2000)).await.unwrap_err() {
        error @ CallError::TooLarge { limit: 1000, .. } => assert_eq!(error.executed(), Executed::No),
        other => panic!("{other:?}"),
    }
    match client.bytes(&soon(), &2000).await.unwrap_err() {
        CallError::Status { status, executed: Executed::Yes } => assert_eq!(status.code, Status::RESPONSE_TOO_LARGE),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.bytes(&soon(), &1900).await.unwrap().len(), 1900);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_megabytes_both_ways_at_once_do_not_lock_up() {
    let server = Running::with(|config| {
        config.max_frame_bytes = 9 << 20;
        config.outbox_bytes = 64 << 10;
    })
    .await;
    let client = Client::new(server.client_with(|config| {
        config.max_connections = 1;
        config.max_frame_bytes = 9 << 20;
        config.outbox_bytes = 64 << 10;
    }));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        calls.spawn(async move {
            let text = "x".repeat(8 << 20);
            let context = Context::with_timeout(Duration::from_secs(60));
            assert!(client.echo(&context, &text).await.unwrap() == text);
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
}
