//! Each limit, and one more.

use super::Rig;
use super::wire::{USER, cookie, get, post, request};
use crate::config::Config;

const JSON: &str = "application/json";

fn small(config: &mut Config) {
    config.http.max_target_bytes = 300;
    config.http.max_head_bytes = 1000;
    config.http.max_headers = 20;
    config.http.max_body_bytes = 500;
    config.picture.max_upload_bytes = 2000;
}

/// A GET whose head has exactly `bytes`.
fn head(bytes: usize) -> String {
    let empty = get("/livez", "x: \r\n").len();
    get("/livez", &format!("x: {}\r\n", "a".repeat(bytes - empty)))
}

fn target(bytes: usize) -> String {
    get(&format!("/livez?{}", "a".repeat(bytes - "/livez?".len())), "")
}

/// A request with `count` headers.
fn headers(count: usize) -> String {
    let more: String = (1..count).map(|n| format!("x-{n}: 1\r\n")).collect();
    get("/livez", &more)
}

/// A nickname in a JSON body of exactly `bytes`.
fn nickname(bytes: usize) -> String {
    let body = r#"{"nickname":"Ali"}"#;
    format!("{}{body}", " ".repeat(bytes - body.len()))
}

fn fields(bytes: usize) -> Vec<u8> {
    post(&format!("{USER}/update_nickname"), &cookie(), JSON, nickname(bytes).as_bytes())
}

/// The head of a body in chunks, which does not say how long it is.
fn chunked_head() -> String {
    let lines = format!("{}content-type: {JSON}\r\ntransfer-encoding: chunked\r\n", cookie());
    request("POST", &format!("{USER}/update_nickname"), &lines)
}

fn chunked(bytes: usize) -> Vec<u8> {
    let body = nickname(bytes);
    let (first, rest) = body.split_at(100);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n", first.len(), rest.len());
    (chunked_head() + &chunks).into_bytes()
}

fn upload(bytes: usize) -> Vec<u8> {
    let file = "p".repeat(bytes);
    let body = format!("--edge\r\ncontent-disposition: form-data; name=\"profilePic\"\r\n\r\n{file}\r\n--edge--\r\n");
    let path = format!("{USER}/update_profile_pic");
    post(&path, &cookie(), "multipart/form-data; boundary=edge", body.as_bytes())
}

#[tokio::test]
async fn at_its_limit_a_request_is_served_and_one_byte_beyond_it_is_refused() {
    let rig = Rig::with(small).await;
    let cases: [(&str, Vec<u8>, Vec<u8>, u16); 6] = [
        ("target", target(300).into(), target(301).into(), 414),
        ("head", head(1000).into(), head(1001).into(), 431),
        ("headers", headers(20).into(), headers(21).into(), 431),
        ("fields", fields(500), fields(501), 413),
        ("chunked fields", chunked(500), chunked(501), 413),
        ("upload", upload(2000), upload(2001), 413),
    ];
    for (what, within, beyond, status) in cases {
        let answer = rig.ask(within).await;
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        let answer = rig.ask(beyond).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{what}: {answer:?}");
        assert!(answer.header("content-type").starts_with("application/"), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn who_uploads_too_much_is_told_how_much_a_picture_may_have() {
    let rig = Rig::with(small).await;
    let beyond_the_wrapping = 2000 + 64 * 1024;
    for bytes in [2001, beyond_the_wrapping] {
        let answer = rig.ask(upload(bytes)).await;
        assert_eq!((answer.status, answer.code().as_str()), (413, "6"));
        assert_eq!(answer.header("x-error-detail"), "body: must be at most 2000 bytes", "{bytes}");
    }
}

#[tokio::test]
async fn more_headers_than_hyper_reads_cheaply_are_a_setting_too() {
    let rig = Rig::with(|config| config.http.max_headers = 150).await;
    assert_eq!(rig.ask(headers(150)).await.status, 200);
    assert_eq!(rig.ask(headers(151)).await.status, 431);
    let rig = Rig::start().await;
    assert_eq!(rig.ask(headers(100)).await.status, 200);
    assert_eq!(rig.ask(headers(101)).await.status, 431);
}

#[tokio::test]
async fn far_beyond_a_limit_all_is_taken_and_the_answer_arrives() {
    let rig = Rig::start().await;
    let cases: [(&str, Vec<u8>, u16); 5] = [
        ("a target of 20 KB", target(20_000).into(), 414),
        ("a target of 200 KB", target(200_000).into(), 414),
        ("a head of 200 KB", head(200_000).into(), 431),
        ("a body of 3 MB", fields(3_000_000), 413),
        ("an upload of 9 MB", upload(9_000_000), 413),
    ];
    for (what, request, status) in cases {
        let mut wire = rig.connect().await;
        // Most clients look for an answer only when they have sent all, and never when that fails.
        wire.send_all(request).await.expect(what);
        let answer = wire.answer().await.expect(what);
        assert_eq!((answer.status, answer.header("connection")), (status, "close"), "{what}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors"), "{what}");
        wire.closed().await;
    }
    assert!(rig.backend.seen().iter().all(|seen| seen.method == "profile"), "nothing was passed on");
}

#[tokio::test]
async fn who_asks_before_sending_is_told_at_once() {
    let rig = Rig::start().await;
    let expecting = |length: usize| {
        let lines = format!("{}content-type: {JSON}\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n", cookie());
        request("POST", &format!("{USER}/update_nickname"), &lines)
    };
    let mut wire = rig.connect().await;
    assert_eq!(wire.ask(expecting(10_000_000)).await.status, 413);

    let mut wire = rig.connect().await;
    assert_eq!(wire.ask(expecting(18)).await.status, 100);
    assert_eq!(wire.ask(r#"{"nickname":"Ali"}"#).await.code(), "7");
}

#[tokio::test]
async fn what_is_not_http_is_a_bad_request() {
    let rig = Rig::start().await;
    let cases = [
        "junk\r\n\r\n",
        "GET /livez\r\n\r\n",
        "GET /livez HTTP/9.9\r\nhost: x\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost: x\r\nx: \u{1}\r\n\r\n",
        "GET /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        "POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}hello over TLS\r\n\r\n",
    ];
    for request in cases {
        let answer = rig.ask(request).await;
        assert_eq!(answer.status, 400, "{request:?}: {answer:?}");
        assert_eq!(answer.json()["status"], 400, "{request:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{request:?}");
    }
    let answer = rig.ask(chunked_head() + "zz\r\n").await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "6"));
    assert_eq!(rig.ask("GET /livez HTTP/1.0\r\n\r\n").await.status, 200, "HTTP/1.0 needs no host");
}
