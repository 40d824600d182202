//! One message, one connection, one request: never redirected, bounded in time, and of the answer's body only the beginning is read.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout, timeout_at};

use super::dial::{self, Authorities, Resolve, Stream};
use super::signature::{Secret, sign};
use crate::domain::webhook::{WebhookUrl, detail};

/// Most bytes of an answer's body that are read.
const BODY_BYTES: usize = 1024;
/// How long they are waited for at most once the answer has begun: it has said by then what matters, whatever becomes of the rest.
const BODY_TIME: Duration = Duration::from_secs(1);

/// Brings messages. Cloned cheaply.
#[derive(Clone)]
pub struct Courier {
    /// For all of a message's way, from the look-up of its host to the answer.
    pub timeout: Duration,
    /// Whether receivers may have addresses that are not public, and do without TLS.
    pub private: bool,
    /// Whose certificates they may have.
    pub authorities: Authorities,
    /// How hosts are found.
    pub resolve: Resolve,
}

/// A message.
pub struct Parcel<'a> {
    /// Where to.
    pub url: &'a WebhookUrl,
    /// What tells it from all others: the same each time it is tried. Without a full stop.
    pub id: &'a str,
    /// Now, in seconds since 1970.
    pub timestamp: i64,
    /// What it is signed with.
    pub secrets: &'a [Secret],
    /// A JSON document.
    pub body: Vec<u8>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status that was answered, or why there is none.
    pub outcome: Result<u16, Failure>,
    /// The beginning of the answer's body, or the failure in words.
    pub detail: String,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// Whether the receiver has it.
    pub fn is_taken(&self) -> bool {
        matches!(self.outcome, Ok(200..=299))
    }

    /// Whether the receiver wants no more, ever.
    pub fn is_gone(&self) -> bool {
        self.outcome == Ok(410)
    }
}

/// Why nothing was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is no address to send anything to: the rule.
    Forbidden(String),
    /// Nobody was reached, or nothing came back.
    Unreached(String),
    /// It took too long.
    Late,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden(rule) => write!(f, "the address {rule}"),
            Self::Unreached(why) => f.write_str(why),
            Self::Late => f.write_str("no answer in time"),
        }
    }
}

impl Courier {
    /// Brings a message, and says what came of it.
    pub async fn bring(&self, parcel: Parcel<'_>) -> Answer {
        let began = Instant::now();
        let outcome = self.exchange(parcel, began + self.timeout).await;
        let took = began.elapsed();
        match outcome {
            Ok((status, body)) => Answer { outcome: Ok(status), detail: detail(&String::from_utf8_lossy(&body)), took },
            Err(failure) => Answer { detail: detail(&failure.to_string()), outcome: Err(failure), took },
        }
    }

    /// Whether `url` may be a receiver's, as far as can be told now: a host that is not found within `patience` may be found later.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub async fn check(&self, url: &WebhookUrl, patience: Duration) -> Result<(), String> {
        match timeout(patience, dial::addresses(url, &self.resolve, self.private)).await {
            Ok(Err(Failure::Forbidden(rule))) => Err(rule),
            _ => Ok(()),
        }
    }

    async fn exchange(&self, parcel: Parcel<'_>, deadline: Instant) -> Result<(u16, Vec<u8>), Failure> {
        let dialling = async {
            let addresses = dial::addresses(parcel.url, &self.resolve, self.private).await?;
            dial::connect(parcel.url, &addresses, &self.authorities, deadline).await
        };
        let stream = timeout_at(deadline, dialling).await.map_err(|_| Failure::Late)??;
        ask(stream, request(parcel), deadline).await
    }
}

fn request(parcel: Parcel<'_>) -> Request<Full<Bytes>> {
    let Parcel { url, id, timestamp, secrets, body } = parcel;
    Request::builder()
        .method(Method::POST)
        .uri(url.target())
        .header(HOST, url.authority())
        .header(USER_AGENT, concat!("teller/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", sign(secrets, id, timestamp, &body))
        .body(Full::new(Bytes::from(body)))
        .expect("a checked URL, numbers and base64 are what a request may have")
}

async fn ask(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    deadline: Instant,
) -> Result<(u16, Vec<u8>), Failure> {
    let unreached = |error: hyper::Error| Failure::Unreached(error.to_string());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(unreached)?;
    let answer = async {
        let response = timeout_at(deadline, sender.send_request(request)).await.map_err(|_| Failure::Late)?;
        let response = response.map_err(unreached)?;
        let code = response.status().as_u16();
        Ok((code, beginning(response, deadline.min(Instant::now() + BODY_TIME)).await))
    };
    // Nothing else reads or writes the connection. Once it has ended the answer is there, or was lost.
    let driving = async {
        let _ = connection.await;
        std::future::pending().await
    };
    tokio::select! {
        answer = answer => answer,
        never = driving => never,
    }
}

async fn beginning(response: Response<Incoming>, deadline: Instant) -> Vec<u8> {
    let (mut body, mut read) = (response.into_body(), Vec::new());
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            read.extend(frame.into_data().unwrap_or_default());
            if read.len() >= BODY_BYTES {
                break;
            }
        }
    };
    let _ = timeout_at(deadline, reading).await;
    read.truncate(BODY_BYTES);
    read
}

#[cfg(test)]
mod tests;
