//! A courier, and receivers of every kind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Answer, Authorities, Courier, Failure, Parcel};
use crate::courier::dial::Resolve;
use crate::courier::signature::Secret;
use crate::courier::system;
use crate::domain::webhook::WebhookUrl;

fn courier(private: bool, resolve: Resolve) -> Courier {
    let authorities = Authorities::new(None).expect("built in");
    Courier { timeout: Duration::from_secs(5), private, authorities, resolve }
}

async fn bring(courier: &Courier, url: &str) -> Answer {
    let url = WebhookUrl::parse(url).expect("an address");
    let secrets = [Secret::new([7; 32])];
    courier.bring(Parcel { url: &url, id: "msg_1_2", timestamp: 9, secrets: &secrets, body: b"{}".to_vec() }).await
}

/// Answers one request with `said` and tells what was asked.
async fn receiver(said: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut asked = vec![0; 4096];
        let mut length = 0;
        while !asked[..length].ends_with(b"\r\n\r\n{}") {
            length += stream.read(&mut asked[length..]).await.expect("a request");
        }
        stream.write_all(said.as_bytes()).await.expect("it listens");
        asked.truncate(length);
        String::from_utf8(asked).expect("text")
    });
    (address, asked)
}

#[tokio::test]
async fn a_message_arrives_signed_and_its_answer_is_kept_in_part() {
    let (address, asked) = receiver("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello").await;
    let answer = bring(&courier(true, system()), &format!("http://{address}/hook?a=b")).await;
    assert_eq!((answer.outcome.clone(), answer.detail.as_str(), answer.is_taken()), (Ok(202), "hello", true));
    let asked = asked.await.expect("it was asked");
    for line in [
        "POST /hook?a=b HTTP/1.1\r\n",
        &format!("\r\nhost: {address}\r\n"),
        "\r\ncontent-type: application/json\r\n",
        "\r\nwebhook-id: msg_1_2\r\n",
        "\r\nwebhook-timestamp: 9\r\n",
        "\r\nwebhook-signature: v1,",
    ] {
        assert!(asked.contains(line), "{line}: {asked}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (elsewhere, asked) = receiver("HTTP/1.1 200 OK\r\n\r\n").await;
    let said = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
    let (address, _) = receiver(said.leak()).await;
    let answer = bring(&courier(true, system()), &format!("http://{address}")).await;
    assert_eq!((answer.outcome.clone(), answer.is_taken()), (Ok(307), false));
    assert!(!asked.is_finished());
}

#[tokio::test]
async fn an_answer_without_an_end_is_read_to_its_bound_and_a_silent_one_waited_for_no_longer_than_was_said() {
    let endless: &str = format!("HTTP/1.1 500 No\r\nContent-Length: 99999999\r\n\r\n{}", "x".repeat(5000)).leak();
    let (address, _) = receiver(endless).await;
    let answer = bring(&courier(true, system()), &format!("http://{address}")).await;
    assert_eq!((answer.outcome, answer.detail), (Ok(500), "x".repeat(1024)));
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let quick = Courier { timeout: Duration::from_millis(50), ..courier(true, system()) };
    let answer = bring(&quick, &format!("http://{}", silent.local_addr().expect("bound"))).await;
    assert_eq!(answer.outcome, Err(Failure::Late));
}

#[tokio::test]
async fn a_status_that_was_heard_counts_though_the_rest_of_the_answer_never_comes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let open = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel").await.expect("it listens");
        std::future::pending::<()>().await;
    });
    let quick = Courier { timeout: Duration::from_millis(500), ..courier(true, system()) };
    let answer = bring(&quick, &format!("http://{address}")).await;
    assert_eq!((answer.outcome.clone(), answer.detail.as_str(), answer.is_taken()), (Ok(200), "hel", true));
    assert!(answer.took < Duration::from_secs(1), "no longer than was said: {answer:?}");
    open.abort();
}

#[tokio::test]
async fn what_is_not_public_is_never_dialled_whatever_its_name() {
    let (address, asked) = receiver("HTTP/1.1 200 OK\r\n\r\n").await;
    let one_private: Resolve = Arc::new(move |_, port| {
        Box::pin(async move { Ok(vec![([1, 1, 1, 1], port).into(), SocketAddr::new(address.ip(), address.port())]) })
    });
    let strict = courier(false, one_private);
    for url in [
        "https://innocent.example/".to_owned(),
        format!("https://{address}/"),
        format!("http://{address}/"),
        "https://[::ffff:127.0.0.1]/".to_owned(),
        "https://[64:ff9b::a9fe:a9fe]/".to_owned(),
        "http://public.example/".to_owned(),
    ] {
        let answer = bring(&strict, &url).await;
        assert!(matches!(answer.outcome, Err(Failure::Forbidden(_))), "{url}: {answer:?}");
        let url = WebhookUrl::parse(url).expect("an address");
        let rule = strict.check(&url, Duration::from_secs(5)).await.expect_err(url.as_str());
        assert!(["must be https://", "must lead to public addresses only"].contains(&rule.as_str()), "{rule}");
    }
    assert!(!asked.is_finished());
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_what_was_looked_at_is_dialled() {
    let (address, asked) = receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    // The second look-up would lead elsewhere.
    let rebinding: Resolve = Arc::new(move |_, _| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move { Ok(vec![if first { address } else { ([127, 0, 0, 1], 1).into() }]) })
    });
    let answer = bring(&courier(true, rebinding), "http://rebound.example/").await;
    assert!(answer.is_taken(), "{answer:?}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(asked.await.expect("it was asked").contains("\r\nhost: rebound.example\r\n"));
}
