//! The same within TLS.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::authority::{Authority, Identity, SERVER};
use super::fake::Mood;
use super::surface::paths;
use super::wire::{USER, cookie, get, post, request};
use super::{Rig, Wire};
use crate::config::Config;
use crate::http::Https;

const YEAR: &str = "max-age=31536000";
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate of `authority` for whatever the tests dial.
fn certificate(authority: &Authority) -> Https {
    let Identity { certificate, key } = authority.issue("teller.test", SERVER);
    Https::new(certificate.as_bytes(), key.as_bytes()).expect("they belong together")
}

async fn rig(https: Https, change: impl FnOnce(&mut Config)) -> Rig {
    let with_file = |config: &mut Config| {
        config.http.tls_cert_file = "http.pem".into();
        change(config);
    };
    Rig::of(with_file, |front| front.within(https)).await
}

/// A browser that trusts `authority`.
fn connector(authority: &Authority, version: &'static SupportedProtocolVersion) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("PEM")).expect("an authority");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("the provider has it")
        .with_root_certificates(roots);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn dial(rig: &Rig, authority: &Authority) -> Wire {
    let name = ServerName::try_from("teller.test").expect("a name");
    let stream = TcpStream::connect(rig.address).await.expect("it listens");
    Wire::over(connector(authority, &TLS13).connect(name, stream).await.expect("it is trusted"))
}

fn sign_in() -> Vec<u8> {
    post(&format!("{USER}/signin"), "", "application/x-www-form-urlencoded", b"username=alice&password=secret")
}

#[tokio::test]
async fn within_tls_cookies_are_secure_and_browsers_are_told_to_stay() {
    let authority = Authority::new();
    let rig = rig(certificate(&authority), |_| {}).await;
    for version in [&TLS13, &TLS12] {
        let name = ServerName::try_from("teller.test").expect("a name");
        let stream = TcpStream::connect(rig.address).await.expect("it listens");
        let stream = connector(&authority, version).connect(name, stream).await.expect("it is trusted");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let mut wire = Wire::over(stream);
        let answer = wire.ask(sign_in()).await;
        assert!(answer.header("set-cookie").ends_with("; HttpOnly; SameSite=Lax; Path=/; Secure"), "{answer:?}");
        let out = wire.ask(request("POST", &format!("{USER}/signout"), &cookie())).await;
        assert!(out.header("set-cookie").contains("; Secure"), "{out:?}");
        assert_eq!(wire.ask(get("/livez", "connection: close\r\n")).await.header("strict-transport-security"), YEAR);
        wire.closed().await;
    }
}

#[tokio::test]
async fn every_answer_of_every_route_says_to_stay_with_tls_and_without_tls_none() {
    let authority = Authority::new();
    let (secure, plain) = (rig(certificate(&authority), |_| {}).await, Rig::start().await);
    let (mut within, mut without) = (dial(&secure, &authority).await, plain.connect().await);
    for path in paths().into_iter().map(|(path, _)| path).chain(["/nothing".to_owned()]) {
        for method in ["GET", "BREW"] {
            let asked = request(method, &path, &cookie());
            assert_eq!(within.ask(&asked).await.header("strict-transport-security"), YEAR, "{method} {path}");
            assert_eq!(without.ask(&asked).await.header("strict-transport-security"), "", "{method} {path}");
        }
    }
    // Also what hyper would answer by itself.
    let mut wire = dial(&secure, &authority).await;
    let answer = wire.ask(get("/livez", &format!("x: {}\r\n", "a".repeat(200_000)))).await;
    assert_eq!((answer.status, answer.header("strict-transport-security")), (431, YEAR));
    wire.closed().await;
}

#[tokio::test]
async fn what_is_too_large_is_taken_and_the_answer_arrives() {
    let authority = Authority::new();
    let rig = rig(certificate(&authority), |_| {}).await;
    let body = vec![b'x'; 3_000_000];
    let mut wire = dial(&rig, &authority).await;
    let path = format!("{USER}/update_nickname");
    wire.send_all(post(&path, &cookie(), "application/json", &body)).await.expect("all is taken");
    assert_eq!(wire.answer().await.expect("an answer").status, 413);
    wire.closed().await;
}

#[tokio::test]
async fn whoever_speaks_without_tls_is_told_so_and_closed() {
    let authority = Authority::new();
    let rig = rig(certificate(&authority), |_| {}).await;
    for plain in [get("/livez", &cookie()).into_bytes(), sign_in(), b"junk\r\n\r\n".to_vec()] {
        let mut wire = rig.connect().await;
        let answer = wire.ask(plain).await;
        assert_eq!((answer.status, answer.header("strict-transport-security")), (400, ""));
        assert!(answer.json().to_string().contains("must be https: this port speaks TLS"), "{answer:?}");
        wire.closed().await;
    }
    // What only begins as TLS does gets an alert at most.
    let mut broken = TcpStream::connect(rig.address).await.expect("it listens");
    broken.write_all(&[22, 3, 1, 0, 4, 0xff, 0xff, 0xff, 0xff]).await.expect("it is taken");
    let mut answer = Vec::new();
    broken.read_to_end(&mut answer).await.expect("closed, not reset");
    assert!(answer.first().is_none_or(|kind| *kind == 21) && answer.len() <= 7, "{answer:?}");
    assert_eq!(rig.backend.seen().len(), 0);
}

#[tokio::test]
async fn a_handshake_that_stalls_is_cut_in_time_holds_its_place_and_nobody_up() {
    let authority = Authority::new();
    let rig = rig(certificate(&authority), |config| {
        config.http.header_timeout_ms = 2000;
        config.http.max_connections = 3;
    })
    .await;
    let mut silent = TcpStream::connect(rig.address).await.expect("it listens");
    let mut half = TcpStream::connect(rig.address).await.expect("it listens");
    half.write_all(&[22, 3, 1, 2, 0]).await.expect("it is taken");
    let mut third = dial(&rig, &authority).await;
    assert_eq!(third.ask(get("/livez", "")).await.status, 200);
    // Both count: there is no room for a fourth, which is closed without a word.
    let mut fourth = rig.connect().await;
    fourth.send(get("/livez", "")).await;
    fourth.closed().await;
    for stream in [&mut silent, &mut half] {
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("in time").expect("closed");
    }
    assert_eq!(third.ask(get("/livez", "")).await.status, 200);
}

#[tokio::test]
async fn a_head_that_is_too_slow_is_answered_within_tls() {
    let authority = Authority::new();
    let rig = rig(certificate(&authority), |config| config.http.header_timeout_ms = 200).await;
    let mut wire = dial(&rig, &authority).await;
    let answer = wire.ask("GET /livez HTTP/1.1\r\nhost:").await;
    assert_eq!((answer.status, answer.header("strict-transport-security")), (408, YEAR));
    wire.closed().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_with_a_goodbye_and_not_cut() {
    let authority = Authority::new();
    let rig = rig(certificate(&authority), |config| config.http.idle_timeout_ms = 100).await;
    let name = ServerName::try_from("teller.test").expect("a name");
    let stream = TcpStream::connect(rig.address).await.expect("it listens");
    let mut stream = connector(&authority, &TLS13).connect(name, stream).await.expect("it is trusted");
    // An end without it is an error: nobody could tell it from one that an attacker made.
    let read = timeout(PATIENCE, stream.read(&mut [0; 1])).await.expect("in time");
    assert_eq!(read.expect("a goodbye"), 0);
}

#[tokio::test]
async fn a_replaced_certificate_is_for_new_connections_and_the_old_ones_go_on() {
    let (old, new) = (Authority::new(), Authority::new());
    let https = certificate(&old);
    let rig = rig(https.clone(), |_| {}).await;
    let mut before = dial(&rig, &old).await;
    assert_eq!(before.ask(get("/livez", "")).await.status, 200);
    https.replace(&certificate(&new));
    assert_eq!(dial(&rig, &new).await.ask(get("/livez", "")).await.status, 200);
    let name = ServerName::try_from("teller.test").expect("a name");
    let stream = TcpStream::connect(rig.address).await.expect("it listens");
    let refused = connector(&old, &TLS13).connect(name, stream).await.expect_err("it is another authority's");
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
    assert_eq!(before.ask(get("/livez", "")).await.status, 200);
}

#[tokio::test]
async fn a_stop_lets_a_running_request_finish() {
    let authority = Authority::new();
    let rig = rig(certificate(&authority), |_| {}).await;
    let mut wire = dial(&rig, &authority).await;
    rig.backend.becomes(Mood::Waits);
    wire.send(get(&format!("{USER}/get_user_info"), &cookie())).await;
    rig.backend.begun.notified().await;
    let backend = rig.backend.clone();
    let stopped = tokio::spawn(rig.stop());
    backend.gate.add_permits(1);
    let answer = wire.answer().await.expect("an answer");
    assert_eq!((answer.code().as_str(), answer.header("connection")), ("7", "close"));
    wire.closed().await;
    assert_eq!(stopped.await.expect("it does not panic").cut, 0);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let authority = Authority::new();
    let (one, other) = (authority.issue("a.test", SERVER), authority.issue("a.test", SERVER));
    for (certificates, key, reason) in [
        (&one.certificate, &other.key, "cannot be used"),
        (&one.key, &one.key, "no certificate"),
        (&one.certificate, &one.certificate, "no private key"),
    ] {
        let refused = Https::new(certificates.as_bytes(), key.as_bytes()).expect_err(reason).to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}
