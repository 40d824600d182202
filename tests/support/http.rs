//! A plain HTTP client for stories: one connection a request, the answer whole, cookies by hand.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The entry task's code, as text.
    pub fn err_code(&self) -> String {
        self.json()["errCode"].as_str().unwrap_or_else(|| panic!("no errCode: {self:?}")).to_owned()
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII header"))
    }
}

/// A browser of the poorest kind: it remembers where it is and its session.
#[derive(Clone, Debug)]
pub struct Browser {
    pub address: SocketAddr,
    pub session: Option<String>,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<String>,
    /// Sent as `Idempotency-Key`.
    pub key: Option<String>,
    /// Sent as `X-Forwarded-For`, as a proxy in front would.
    pub seen_at: Option<String>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, session: None, token: None, key: None, seen_at: None }
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, None, Bytes::new()).await
    }

    pub async fn json(&mut self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some("application/json"), body.to_string()).await
    }

    pub async fn form(&mut self, path: &str, body: &str) -> Reply {
        self.send(Method::POST, path, Some("application/x-www-form-urlencoded"), body.to_owned()).await
    }

    /// Posts under a name of the caller's own.
    pub async fn keyed(&mut self, path: &str, key: &str, body: &Value) -> Reply {
        self.key = Some(key.to_owned());
        let reply = self.json(path, body).await;
        self.key = None;
        reply
    }

    pub async fn delete(&mut self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None, Bytes::new()).await
    }

    pub async fn patch(&mut self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, Some("application/json"), body.to_string()).await
    }

    pub async fn put(&mut self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some("application/json"), body.to_string()).await
    }

    /// Posts one file, as a form with `enctype="multipart/form-data"` does, after the given text fields.
    pub async fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Reply {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(
                format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        let head = "--edge\r\nContent-Disposition: form-data; name=\"profilePic\"; filename=\"me.png\"\r\nContent-Type: image/png\r\n\r\n";
        body.extend(head.bytes());
        body.extend(file);
        body.extend(b"\r\n--edge--\r\n");
        self.send(Method::POST, path, Some("multipart/form-data; boundary=edge"), body).await
    }

    /// Sends and remembers the session that the answer sets.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        media_type: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(place) = &self.seen_at {
            request = request.header("x-forwarded-for", place);
        }
        if let Some(session) = &self.session {
            request = request.header("cookie", format!("theme=dark; sessionID={session}"));
        }
        let reply = fetch(self.address, request.body(Full::new(body.into())).expect("a request")).await;
        if let Some(rest) = reply.header("set-cookie").strip_prefix("sessionID=") {
            let value = rest.split(';').next().unwrap_or_default();
            self.session = (!value.is_empty()).then(|| value.to_owned());
        }
        reply
    }
}

/// A connection that is kept, for many requests after each other.
pub struct Kept {
    browser: Browser,
    sender: SendRequest<Full<Bytes>>,
    connection: JoinHandle<hyper::Result<()>>,
}

impl Kept {
    /// To where `browser` is, as whoever that is.
    pub async fn of(browser: &Browser) -> Self {
        let stream = TcpStream::connect(browser.address).await.expect("the front end listens");
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        Self { browser: browser.clone(), sender, connection: tokio::spawn(connection) }
    }

    /// Posts, under a name of the caller's own if there is one. Dropped before its end, it gives the request up.
    pub async fn post(&mut self, path: &str, key: Option<&str>, body: &Value) -> Reply {
        let mut request = Request::post(path)
            .header("host", self.browser.address.to_string())
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(session) = &self.browser.session {
            request = request.header("cookie", format!("sessionID={session}"));
        }
        let request = request.body(Full::new(Bytes::from(body.to_string()))).expect("a request");
        self.sender.ready().await.expect("the connection is kept");
        let (parts, body) = self.sender.send_request(request).await.expect("an answer").into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// One request on a connection of its own.
pub async fn fetch(address: SocketAddr, request: Request<Full<Bytes>>) -> Reply {
    let stream = TcpStream::connect(address).await.expect("the front end listens");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    let connection = tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    connection.abort();
    Reply { status: parts.status, headers: parts.headers, body }
}
