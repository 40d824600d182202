//! A browser of the poorest kind, within TLS: it trusts one authority, and keeps its connection.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::http::Reply;

/// A connection to a front end that was found to be `localhost`.
pub struct Secured {
    sender: SendRequest<Full<Bytes>>,
    /// What the front end showed, as it was sent.
    pub certificate: Vec<u8>,
}

impl Secured {
    /// Connects, trusting the authority in the file `ca` alone.
    pub async fn connect(address: SocketAddr, ca: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let authority = fs::read(ca).expect("a file");
        roots.add(CertificateDer::from_pem_slice(&authority).expect("PEM")).expect("an authority");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let certificate = stream.get_ref().1.peer_certificates().expect("it was shown")[0].to_vec();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        Ok(Self { sender, certificate })
    }

    pub async fn get(&mut self, path: &str, session: &str) -> Reply {
        let request = Request::get(path).header("cookie", format!("sessionID={session}"));
        self.send(request.header("host", "localhost").body(Full::default()).expect("a request")).await
    }

    pub async fn form(&mut self, path: &str, body: &str) -> Reply {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let body = Full::new(Bytes::from(body.to_owned()));
        self.send(request.header("host", "localhost").body(body).expect("a request")).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Reply {
        self.sender.ready().await.expect("the connection is kept");
        let (parts, body) = self.sender.send_request(request).await.expect("an answer").into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }
}
