//! What is too slow, and what is not.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Rig;
use super::fake::Mood;
use super::wire::{USER, cookie, get, post, request};
use crate::config::Config;

// Far enough apart for a busy machine.
const HEAD_MS: u64 = 500;
const BODY_MS: u64 = 400;
const IDLE_MS: u64 = 1500;

fn short(config: &mut Config) {
    config.http.header_timeout_ms = HEAD_MS;
    config.http.body_timeout_ms = BODY_MS;
    config.http.idle_timeout_ms = IDLE_MS;
}

/// Checks that what began at `began` took `expected` milliseconds and little more than the machine's own delays.
#[track_caller]
fn took(began: Instant, expected: u64) {
    let (took, expected) = (began.elapsed(), Duration::from_millis(expected));
    assert!(took >= expected && took < expected + Duration::from_secs(3), "{took:?} instead of {expected:?}");
}

#[tokio::test]
async fn a_head_that_stalls_or_trickles_is_answered_408_and_cut() {
    let rig = Rig::with(short).await;
    let began = Instant::now();
    let mut stalled = rig.connect().await;
    let answer = stalled.ask("GET /livez HTTP/1.1\r\n").await;
    took(began, HEAD_MS);
    assert_eq!((answer.status, answer.header("connection")), (408, "close"));
    stalled.closed().await;

    let mut trickling = rig.connect().await;
    trickling.send("GET /livez HTTP/1.1\r\nx: ").await;
    assert_eq!(trickling.trickle().await.status, 408);
}

#[tokio::test]
async fn a_second_head_has_as_long_as_the_first() {
    let rig = Rig::with(short).await;
    let mut wire = rig.connect().await;
    let slow = get("/livez", "");
    let (first, rest) = slow.split_at(10);
    for _ in 0..3 {
        wire.send(first).await;
        sleep(Duration::from_millis(HEAD_MS / 2)).await;
        assert_eq!(wire.ask(rest).await.status, 200);
    }
    // Two in one packet, the second in part.
    wire.send(slow.clone() + first).await;
    assert_eq!(wire.answer().await.map(|answer| answer.status), Some(200));
    assert_eq!(wire.ask(rest).await.status, 200);
}

#[tokio::test]
async fn a_quiet_connection_is_closed_after_the_idle_time_and_not_before() {
    let rig = Rig::with(short).await;
    let began = Instant::now();
    rig.connect().await.closed().await;
    took(began, IDLE_MS);

    let mut used = rig.connect().await;
    for _ in 0..3 {
        assert_eq!(used.ask(get("/livez", "")).await.status, 200);
        // Longer than a head may take, shorter than a rest.
        sleep(Duration::from_millis(HEAD_MS * 5 / 4)).await;
    }
    let began = Instant::now();
    assert_eq!(used.ask(get("/livez", "")).await.status, 200);
    used.closed().await;
    took(began, IDLE_MS);
}

#[tokio::test]
async fn a_body_that_stalls_or_trickles_is_answered_408() {
    let rig = Rig::with(short).await;
    let calls = [("update_nickname", "application/json"), ("update_profile_pic", "multipart/form-data; boundary=edge")];
    for (call, content_type) in calls {
        let lines = format!("{}content-type: {content_type}\r\ncontent-length: 60000\r\n", cookie());
        let head = request("POST", &format!("{USER}/{call}"), &lines);
        let began = Instant::now();
        let mut stalled = rig.connect().await;
        let answer = stalled.ask(format!("{head}{{")).await;
        took(began, BODY_MS);
        assert_eq!((answer.status, answer.code().as_str(), answer.header("connection")), (408, "6", "close"), "{call}");

        let mut trickling = rig.connect().await;
        trickling.send(head).await;
        assert_eq!(trickling.trickle().await.status, 408, "{call}");
    }
}

#[tokio::test]
async fn a_large_body_that_keeps_coming_has_longer() {
    let rig = Rig::with(short).await;
    let piece = "p".repeat(16 * 1024);
    let pieces = 8;
    let (begin, end) = ("--edge\r\ncontent-disposition: form-data; name=\"profilePic\"\r\n\r\n", "\r\n--edge--\r\n");
    let length = begin.len() + piece.len() * pieces + end.len();
    let lines = format!("{}content-type: multipart/form-data; boundary=edge\r\ncontent-length: {length}\r\n", cookie());
    let mut wire = rig.connect().await;
    wire.send(request("POST", &format!("{USER}/update_profile_pic"), &lines) + begin).await;
    for _ in 0..pieces {
        wire.send(&piece).await;
        sleep(Duration::from_millis(BODY_MS / 2)).await;
    }
    assert_eq!(wire.ask(end).await.code(), "7");
}

#[tokio::test]
async fn a_slow_backend_is_not_a_slow_client() {
    let patient = |config: &mut Config| {
        short(config);
        (config.http.request_timeout_ms, config.rpc.request_timeout_ms) = (60_000, 60_000);
    };
    let rig = Rig::with(patient).await;
    rig.backend.becomes(Mood::Waits);
    let mut wire = rig.connect().await;
    wire.send(get(&format!("{USER}/get_user_info"), &cookie())).await;
    rig.backend.begun.notified().await;
    sleep(Duration::from_millis(IDLE_MS + HEAD_MS)).await;
    rig.backend.gate.add_permits(1);
    assert_eq!(wire.answer().await.expect("an answer").code(), "7");
}

#[tokio::test]
async fn a_batch_has_longer_for_each_further_transfer() {
    let config = |config: &mut Config| {
        (config.http.request_timeout_ms, config.rpc.request_timeout_ms) = (60_000, 50_000);
        config.ledger.transfer_timeout_us = 40_000_000;
    };
    let rig = Rig::with(config).await;
    let order = r#"{"from_account_id":1,"to_account_id":2,"amount":"1.00","currency":"CNY"}"#;
    for (transfers, least, most) in [(1, 40, 50), (3, 120, 130)] {
        let batch = format!(r#"{{"transfers":[{}]}}"#, vec![order; transfers].join(","));
        rig.ask(post("/v1/transfers/batch", &cookie(), "application/json", batch.as_bytes())).await;
        let seen = rig.backend.seen().pop().expect("the backend was asked");
        let remaining = seen.remaining.as_secs();
        assert_eq!(seen.method, "batch");
        assert!((least..=most).contains(&remaining), "{transfers}: {remaining} s");
    }
}

#[tokio::test]
async fn slow_clients_do_not_slow_others() {
    let rig = Rig::start().await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut wire = rig.connect().await;
        wire.send("POST /api/entrytask/user/signin HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{").await;
        slow.push(wire);
    }
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(rig.get("/livez").await.status, 200);
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
