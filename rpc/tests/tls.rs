//! Mutual TLS: who is let in, who is not, and that the protocol is the same inside.

#![allow(clippy::unwrap_used)]

#[path = "support/authority.rs"]
mod authority;
mod support;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use authority::{Authority, CLIENT, Identity, SERVER, expired, not_yet_valid};
use rustls::{
    RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use support::{
    Client, Running, client_of,
    peer::{CHALLENGE, HELLO, PROOF, frame, greeting},
    soon, within,
};
use teller_rpc::{
    CallError, Executed, Secret,
    tls::{ClientTls, Pem, ServerTls, TlsError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const HERE: &str = "127.0.0.1";
const ALPN: &[u8] = b"teller-rpc/1";

fn pem<'a>(authorities: &'a str, identity: &'a Identity) -> Pem<'a> {
    Pem {
        authorities: authorities.as_bytes(),
        certificates: identity.certificate.as_bytes(),
        key: identity.key.as_bytes(),
    }
}

fn server_tls(authority: &Authority) -> ServerTls {
    ServerTls::new(pem(&authority.pem(), &authority.issue(HERE, SERVER))).unwrap()
}

fn client_tls(authority: &Authority) -> ClientTls {
    ClientTls::new(pem(&authority.pem(), &authority.issue("front", CLIENT))).unwrap()
}

async fn served(tls: &ServerTls) -> Running {
    Running::with(|config| config.tls = Some(tls.clone())).await
}

fn client(server: SocketAddr, tls: &ClientTls) -> Client {
    Client::new(client_of(&[server], |config| {
        config.tls = Some(tls.clone());
        // The first failure is told.
        config.patience = Duration::ZERO;
    }))
}

async fn is_served(client: &Client) {
    assert_eq!(client.echo(&soon(), &"fine".to_string()).await.unwrap(), "fine");
}

/// A client that shows what it likes, or nothing.
struct Stranger {
    shows: Option<Identity>,
    speaks: &'static SupportedProtocolVersion,
    protocol: &'static [u8],
}

impl Stranger {
    fn showing(identity: Identity) -> Self {
        Self { shows: Some(identity), speaks: &TLS13, protocol: ALPN }
    }

    fn config(&self, authority: &Authority) -> rustls::ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let builder = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[self.speaks])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match &self.shows {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_auth_cert(chain(identity), key(identity)).unwrap(),
        };
        config.alpn_protocols = vec![self.protocol.to_vec()];
        config
    }

    /// The kind of frame that the server answers a right HELLO with; otherwise why it does not.
    async fn greets(&self, server: SocketAddr, authority: &Authority) -> Result<u8, String> {
        let connector = TlsConnector::from(Arc::new(self.config(authority)));
        let stream = TcpStream::connect(server).await.unwrap();
        let said = async {
            let mut stream = connector.connect(ServerName::try_from(HERE).unwrap(), stream).await?;
            stream.write_all(&frame(HELLO, 0, 0, 0, &greeting(1, 1))).await?;
            stream.write_all(&frame(PROOF, 0, 0, 0, &[0; 32])).await?;
            stream.flush().await?;
            let mut head = [0; 12];
            stream.read_exact(&mut head).await?;
            Ok::<_, std::io::Error>(head[4])
        };
        said.await.map_err(|error| error.to_string())
    }
}

fn chain(identity: &Identity) -> Vec<CertificateDer<'static>> {
    vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()]
}

fn key(identity: &Identity) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap()
}

#[tokio::test]
async fn who_shows_no_certificate_that_is_trusted_reaches_no_handler() {
    let (authority, foreign) = (Authority::new(), Authority::new());
    let server = served(&server_tls(&authority)).await;
    let good = || authority.issue("front", CLIENT);
    let cases = [
        ("none", Stranger { shows: None, speaks: &TLS13, protocol: ALPN }, "CertificateRequired"),
        ("another authority's", Stranger::showing(foreign.issue("front", CLIENT)), "UnknownCA"),
        ("expired", Stranger::showing(authority.issue_with("front", CLIENT, expired)), "CertificateExpired"),
        ("early", Stranger::showing(authority.issue_with("front", CLIENT, not_yet_valid)), "CertificateExpired"),
        ("a server's", Stranger::showing(authority.issue("front", SERVER)), "alert"),
        ("TLS 1.2", Stranger { shows: Some(good()), speaks: &TLS12, protocol: ALPN }, "ProtocolVersion"),
        (
            "another protocol",
            Stranger { shows: Some(good()), speaks: &TLS13, protocol: b"h2" },
            "NoApplicationProtocol",
        ),
    ];
    for (what, stranger, reason) in cases {
        let refused = stranger.greets(server.address, &authority).await.expect_err(what);
        assert!(refused.contains(reason), "{what}: {refused}");
    }
    assert_eq!(Stranger::showing(good()).greets(server.address, &authority).await, Ok(CHALLENGE));
    assert_eq!(server.strings.runs.load(Ordering::SeqCst), 0);
    assert_eq!(server.watch.connections().len(), 0);
}

#[tokio::test]
async fn a_certificate_is_worth_nothing_without_the_secret_and_the_secret_nothing_without_a_certificate() {
    let authority = Authority::new();
    let server = served(&server_tls(&authority)).await;
    let tls = client_tls(&authority);
    let without_secret = client_of(&[server.address], |config| {
        config.tls = Some(tls.clone());
        config.secret = Secret::new(*b"another sixteen!").unwrap();
    });
    for client in [Client::new(without_secret), Client::new(server.client())] {
        let refused = client.echo(&within(800), &"x".to_string()).await.unwrap_err();
        assert_eq!(refused.executed(), Executed::No, "{refused}");
    }
    assert_eq!(server.strings.runs.load(Ordering::SeqCst), 0);
    is_served(&client(server.address, &tls)).await;
}

#[tokio::test]
async fn what_is_no_tls_is_closed_and_others_are_served_meanwhile() {
    let authority = Authority::new();
    let tls = server_tls(&authority);
    let server = Running::with(|config| {
        config.tls = Some(tls);
        config.hello_timeout = Duration::from_millis(300);
    })
    .await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    for bytes in [&b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..], &frame(HELLO, 0, 0, 0, &greeting(1, 1)), &[0xff; 4096]] {
        let mut plain = TcpStream::connect(server.address).await.unwrap();
        plain.write_all(bytes).await.unwrap();
        let mut answer = vec![];
        plain.read_to_end(&mut answer).await.expect("closed, not reset");
        assert!(answer.len() <= 7, "an alert at most: {answer:?}");
    }
    is_served(&client(server.address, &client_tls(&authority))).await;
    // Whoever does not even begin is cut when the hello's time is over.
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_client_says_no_word_to_a_backend_that_is_not_the_one_it_dialled() {
    let (authority, foreign) = (Authority::new(), Authority::new());
    let tls = client_tls(&authority);
    let cases = [
        ("another authority's", foreign.issue(HERE, SERVER), "UnknownIssuer"),
        ("another host's", authority.issue("backend-2", SERVER), "not valid for name"),
        ("expired", authority.issue_with(HERE, SERVER, expired), "expired"),
        ("a client's", authority.issue(HERE, CLIENT), "extended key usage for server"),
    ];
    for (what, identity, reason) in cases {
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        let client = client(listener.local_addr().unwrap(), &tls);
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain(&identity), key(&identity))
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            acceptor.accept(stream).await.map(|_| ()).map_err(|error| error.to_string())
        });
        let refused = client.echo(&within(800), &"x".to_string()).await.unwrap_err();
        assert!(matches!(&refused, CallError::Unavailable(why) if why.contains(reason)), "{what}: {refused}");
        let heard = heard.await.unwrap().expect_err(what);
        assert!(heard.contains("alert"), "{what}: {heard}");
    }
}

#[tokio::test]
async fn a_client_that_wants_tls_speaks_to_no_backend_without() {
    let server = Running::start().await;
    let refused = client(server.address, &client_tls(&Authority::new())).echo(&within(800), &"x".to_string()).await;
    assert!(matches!(&refused, Err(CallError::Unavailable(why)) if why.starts_with("TLS: ")), "{refused:?}");
}

#[tokio::test]
async fn calls_of_every_size_cross_tls_in_any_number() {
    let authority = Authority::new();
    let server = served(&server_tls(&authority)).await;
    let tls = client_tls(&authority);
    let mut calls = JoinSet::new();
    let handle = client_of(&[server.address], |config| {
        config.tls = Some(tls);
        config.max_connections = 2;
    });
    for number in 0..200_usize {
        let client = Client::new(handle.clone());
        calls.spawn(async move {
            // From nothing to more than TLS and the sockets hold at once.
            let text = "x".repeat(number * number * 50);
            assert_eq!(client.echo(&soon(), &text).await.unwrap().len(), text.len());
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    assert_eq!(server.strings.runs.load(Ordering::SeqCst), 200);
}

#[tokio::test]
async fn a_stop_lets_running_calls_finish_within_tls_too() {
    let authority = Authority::new();
    let mut server = served(&server_tls(&authority)).await;
    let client = client(server.address, &client_tls(&authority));
    let call = tokio::spawn(async move { client.hold(&soon(), &7).await });
    assert_eq!(server.starts.recv().await, Some(7));
    let gate = Arc::clone(&server.strings.gate);
    let stopped = server.stop();
    gate.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap(), 7);
    assert_eq!(stopped.await.unwrap().cancelled, 0);
}

#[tokio::test]
async fn replaced_certificates_are_for_new_connections_and_the_old_ones_go_on() {
    let (old, new) = (Authority::new(), Authority::new());
    let (server_side, client_side) = (server_tls(&old), client_tls(&old));
    let server = served(&server_side).await;
    let (before, stays) = (client(server.address, &client_side), client_tls(&old));
    is_served(&before).await;

    server_side.replace(&server_tls(&new));
    is_served(&before).await;
    assert_eq!(server.watch.connections().len(), 1, "over the connection that there was");
    let refused = client(server.address, &stays).echo(&within(800), &"x".to_string()).await.unwrap_err();
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");

    client_side.replace(&client_tls(&new));
    is_served(&client(server.address, &client_side)).await;
    is_served(&before).await;
}

#[test]
fn what_the_other_side_would_refuse_is_refused_at_once() {
    let (authority, foreign) = (Authority::new(), Authority::new());
    let (ca, good) = (authority.pem(), authority.issue(HERE, SERVER));
    let other_key = Identity { key: authority.issue(HERE, SERVER).key, ..good.clone() };
    let late = authority.issue_with(HERE, SERVER, expired);
    let cases = [
        (pem(&ca, &other_key), "cannot be used"),
        (pem(&ca, &late), "expired"),
        (pem(&foreign.pem(), &good), "UnknownIssuer"),
        (Pem { key: b"", ..pem(&ca, &good) }, "no private key"),
        (Pem { certificates: b"-----BEGIN NOTHING-----", ..pem(&ca, &good) }, "no certificate"),
        (Pem { authorities: good.key.as_bytes(), ..pem(&ca, &good) }, "no authority's certificate"),
    ]
    .map(|(pem, reason)| (ServerTls::new(pem).map(|_| ()), reason));
    for (refused, reason) in cases {
        let refused = refused.expect_err(reason).to_string();
        assert!(refused.contains(reason), "{refused}");
    }
    assert!(matches!(ClientTls::new(pem(&ca, &good)), Err(TlsError::Untrusted(_))), "a server's is not a client's");
}

#[test]
fn a_certificate_names_the_addresses_that_it_is_dialled_by() {
    let authority = Authority::new();
    for (name, address, named) in [
        (HERE, "127.0.0.1:7070", true),
        (HERE, "127.0.0.2:7070", false),
        ("::1", "[::1]:7070", true),
        ("backend-1", "backend-1:7070", true),
        ("backend-1", "backend-2:7070", false),
        ("backend-1", "not a name:7070", false),
    ] {
        let tls = ServerTls::new(pem(&authority.pem(), &authority.issue(name, SERVER))).unwrap();
        assert_eq!(tls.names(address), named, "{name} {address}");
    }
}
