//! A receiver of events that remembers what it heard, and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::engine::Engine;
use crate::support::http::Browser;

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a message said.
#[derive(Clone, Debug)]
pub struct Heard {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: Bytes,
}

impl Heard {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The account and the number of its entry.
    pub fn place(&self) -> (u64, u64) {
        let data = &self.json()["data"];
        (data["account_id"].as_u64().expect("a number"), data["seq"].as_u64().expect("a number"))
    }

    /// Whether one of its signatures is made with `secret`, by hand and as its receiver would check it.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(&self.body);
        let wanted = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
        self.signature.split(' ').any(|one| one == wanted)
    }
}

/// How it answers: the statuses in their order, then 204 for ever. Zero is no answer at all.
#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    statuses: Vec<u16>,
    /// What is said to everybody from now on.
    always: Option<u16>,
}

/// A receiver, until it is dropped.
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    arrived: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    /// Dies with all that it was about to answer, and listens again where it was.
    pub async fn restart(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
        let listener = TcpListener::bind(self.address).await.expect("the same port");
        self.task = tokio::spawn(serve(listener, Arc::clone(&self.state), Arc::clone(&self.arrived)));
    }

    async fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (state, arrived) = (Arc::new(Mutex::new(State::default())), Arc::new(Notify::new()));
        let task = tokio::spawn(serve(listener, Arc::clone(&state), Arc::clone(&arrived)));
        Self { address, state, arrived, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers these first, one after the other.
    pub fn answer(&self, statuses: &[u16]) {
        self.state().statuses = statuses.iter().rev().copied().collect();
    }

    /// Answers this to everybody, or 204.
    pub fn always(&self, status: Option<u16>) {
        self.state().always = status;
    }

    /// All that was heard.
    pub fn heard(&self) -> Vec<Heard> {
        self.state().heard.clone()
    }

    /// The numbers of an account's events, in the order in which they came.
    pub fn seqs(&self, account: u64) -> Vec<u64> {
        let places = self.heard().into_iter().map(|heard| heard.place());
        places.filter(|(of, _)| *of == account).map(|(_, seq)| seq).collect()
    }

    /// Waits until what was heard is as `enough` says.
    pub async fn until(&self, what: &str, enough: impl Fn(&[Heard]) -> bool) -> Vec<Heard> {
        let waiting = async {
            loop {
                let arrived = self.arrived.notified();
                let heard = self.heard();
                if enough(&heard) {
                    return heard;
                }
                arrived.await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(heard) => heard,
            Err(_) => panic!("{what} never came: {:?}", self.heard()),
        }
    }

    /// Waits until an account's event of this number has come.
    pub async fn until_seq(&self, account: u64, seq: u64) {
        let what = format!("event {seq} of account {account}");
        self.until(&what, |heard| heard.iter().any(|one| one.place() == (account, seq))).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>, arrived: Arc<Notify>) {
    // Ends with this.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (state, arrived) = (Arc::clone(&state), Arc::clone(&arrived));
        let service = service_fn(move |request| hear(request, Arc::clone(&state), Arc::clone(&arrived)));
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connections.spawn(connection);
    }
}

async fn hear(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
    arrived: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let text = |name: &str| head.headers[name].to_str().expect("ASCII").to_owned();
    let (id, timestamp, signature) = (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"));
    let heard = Heard { id, timestamp, signature, body: body.collect().await?.to_bytes() };
    let status = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.heard.push(heard);
        state.always.or_else(|| state.statuses.pop()).unwrap_or(204)
    };
    arrived.notify_waiters();
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let mut answer = Response::new(Full::new(Bytes::from_static(b"heard")));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).expect("a status");
    Ok(answer)
}

/// The same engine with receivers on this machine, quickly tried again: after these seconds.
pub fn quick(engine: Engine, pauses: &str) -> Engine {
    engine
        .with("TELLER_WEBHOOK_ALLOW_PRIVATE", true)
        .with("TELLER_WEBHOOK_RETRY_AFTER_S", pauses)
        .with("TELLER_WEBHOOK_POLL_MS", 50)
        .with("TELLER_WEBHOOK_TIMEOUT_MS", 10_000)
}

/// A webhook for all events of whoever asks: its number and its secret.
pub async fn hook(browser: &mut Browser, url: &str) -> (u64, String) {
    let reply = browser.json("/v1/webhooks", &json!({"url": url})).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let made = reply.json();
    let id = made["webhook"]["id"].as_u64().expect("a number");
    assert_eq!(reply.header("location"), format!("/v1/webhooks/{id}"));
    (id, made["secret"].as_str().expect("a secret").to_owned())
}

/// A webhook as it stands, once it is as `enough` says.
pub async fn until_shown(browser: &mut Browser, path: &str, enough: impl Fn(&Value) -> bool) -> Value {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        let shown = browser.get(path).await.json();
        if enough(&shown) {
            return shown;
        }
        assert!(tokio::time::Instant::now() < patience, "{shown}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
