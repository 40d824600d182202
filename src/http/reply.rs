//! Answers. This is the one file with HTTP statuses, and the one table from what went wrong to what is said about it.
//!
//! There are two ways to say it: the entry task's envelope, and problem details (RFC 9457) everywhere else.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde::Serialize;
use teller_rpc::CallError;

use super::catalog::{Explanation, Kind};
use super::errcode::Code;
use super::explain::{self, Details, Members};
use super::payment::Word;
use super::problem::Problem;
pub(super) use super::trouble::Trouble;
use super::{payment, security, trace};
use crate::api::Refusal;
use crate::domain::command;
use crate::domain::invalid::Invalid;
use crate::error;

static JSON: HeaderValue = HeaderValue::from_static("application/json");
static PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
static SOON: HeaderValue = HeaderValue::from_static("1");
static CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Which field broke which rule, beside errCode 6.
static ERROR_DETAIL: HeaderName = HeaderName::from_static("x-error-detail");

/// An answer that was given before, or would have been.
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Headers that an answer may come to have. A request's map that has room for more has grown by what the client sent, and is not kept.
const HEADERS: usize = 24;

/// What the server sends.
pub(super) type Answer = Response<Full<Bytes>>;

/// An answer, and the code it carries if it is an envelope.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    pub(super) media_type: Option<HeaderValue>,
    /// The rest of its own headers; most answers have none.
    pub(super) more: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    code: Option<Code>,
}

/// Which clients a route speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    /// The entry task: envelopes, 200 for all that reached a handler.
    EntryTask,
    /// `POST /deduct`: statuses, and the same code in the body.
    Deduct,
    /// `/payment`: statuses, and a word for them in the body.
    Payment,
    /// Wallets: statuses, and what went wrong in a word or two. What an amount is for, as in "invalid deposit amount".
    Wallet(&'static str),
    /// Everything else: statuses and problem details.
    Plain,
}

impl Surface {
    /// Says what went wrong.
    pub(super) fn explain(self, trouble: &Trouble, request_id: impl Fn() -> String) -> Reply {
        match self {
            Self::EntryTask => envelope_of(trouble),
            Self::Deduct => deduction_of(trouble),
            Self::Payment => payment::explain(trouble, problem_of(trouble), request_id()),
            Self::Wallet(amount) => wallet_of(amount, trouble),
            Self::Plain => problem_of(trouble),
        }
    }
}

impl Reply {
    /// The entry task's success.
    pub(super) fn success(data: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Envelope<'a, T> {
            #[serde(rename = "errCode")]
            code: &'static str,
            #[serde(rename = "errMsg")]
            message: &'static str,
            data: &'a T,
        }
        let envelope = Envelope { code: Code::Success.digit(), message: "success", data };
        let mut reply = Self::json(StatusCode::OK, &JSON, &envelope);
        reply.code = Some(Code::Success);
        reply
    }

    /// A JSON document.
    pub(super) fn document(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, &JSON, body)
    }

    /// A JSON document about what was made just now, at `location`.
    pub(super) fn created(location: &str, body: &impl Serialize) -> Self {
        let location = HeaderValue::from_str(location).expect("a path of ours is ASCII");
        Self::json(StatusCode::CREATED, &JSON, body).with(LOCATION, location)
    }

    /// A JSON document about what is under way, and will be there.
    pub(super) fn accepted(body: &impl Serialize) -> Self {
        Self::json(StatusCode::ACCEPTED, &JSON, body)
    }

    /// It is done, and there is nothing to say about it.
    pub(super) fn done() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// The success of a deduction.
    pub(super) fn deducted(data: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Deducted<'a, T> {
            code: u16,
            message: &'static str,
            data: &'a T,
        }
        let (status, message) = (StatusCode::OK, "success");
        Self::json(status, &JSON, &Deducted { code: status.as_u16(), message, data })
    }

    /// How far a payment is.
    pub(super) fn payment(word: Word, body: &impl Serialize) -> Self {
        let reply = Self::json(status_of_word(word), &JSON, body);
        if word == Word::Retry { reply.with(RETRY_AFTER, SOON.clone()) } else { reply }
    }

    /// The same status and hints, said in another form.
    pub(super) fn said_as(self, body: &impl Serialize) -> Self {
        Self { more: self.more, ..Self::json(self.status, &JSON, body) }
    }

    /// What a type of problem means.
    pub(super) fn explanation(kind: Kind) -> Self {
        Self::document(&Explanation::of(kind, status_of_kind(kind).as_u16()))
    }

    /// A problem of this kind, without more to say.
    #[cfg(test)]
    pub(super) fn of_kind(kind: Kind) -> Self {
        Self::json(status_of_kind(kind), &PROBLEM_JSON, &Details::new(kind, Members::default()))
    }

    /// The same answer, marked if what it tells of was in effect before.
    pub(super) fn replayed(self, replayed: bool) -> Self {
        static TRUE: HeaderValue = HeaderValue::from_static("true");
        if replayed { self.with(REPLAYED.clone(), TRUE.clone()) } else { self }
    }

    /// A text for programs that read lines.
    pub(super) fn text(body: String) -> Self {
        static PLAIN: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        Self::new(StatusCode::OK, &PLAIN, body)
    }

    /// A file, to be kept or asked for again as `caching` says.
    pub(super) fn file(media_type: &HeaderValue, caching: &HeaderValue, body: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, media_type, body).with(CACHE_CONTROL, caching.clone())
    }

    /// The client's own copy of a file is still the right one.
    pub(super) fn not_modified(tag: HeaderValue, caching: &HeaderValue) -> Self {
        Self::empty(StatusCode::NOT_MODIFIED).with(ETAG, tag).with(CACHE_CONTROL, caching.clone())
    }

    /// What may be asked of a path.
    pub(super) fn options(allow: &'static str) -> Self {
        Self::empty(StatusCode::NO_CONTENT).with(ALLOW, HeaderValue::from_static(allow))
    }

    /// The same answer with one more header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.push((name, value));
        self
    }

    /// The envelope's code.
    pub(super) fn code(&self) -> Option<Code> {
        self.code
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Whether the status blames the server.
    pub(super) fn is_failure(&self) -> bool {
        self.status.is_server_error()
    }

    /// The answer, with the headers that all answers carry. `close`: the connection cannot take another request.
    ///
    /// `map` is the request's own, read and done with: hyper keeps an answer's map for the next request, so that one map goes round and
    /// round, and a request allocates none.
    pub(super) fn finish(self, mut map: HeaderMap, request_id: HeaderValue, tls: bool, close: bool) -> Answer {
        map.clear();
        if map.capacity() > HEADERS {
            map = HeaderMap::new();
        }
        self.fill(&mut map, request_id, tls, close);
        let mut answer = Response::new(Full::new(self.body));
        *answer.status_mut() = self.status;
        *answer.headers_mut() = map;
        answer
    }

    fn fill(&self, headers: &mut HeaderMap, request_id: HeaderValue, tls: bool, close: bool) {
        if let Some(media_type) = &self.media_type {
            headers.insert(CONTENT_TYPE, media_type.clone());
        }
        for (name, value) in &self.more {
            headers.insert(name, value.clone());
        }
        security::protect(headers, request_id, tls);
        if close {
            headers.insert(CONNECTION, CLOSE.clone());
        }
    }

    fn new(status: StatusCode, media_type: &HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { status, media_type: Some(media_type.clone()), more: Vec::new(), body: body.into(), code: None }
    }

    fn json(status: StatusCode, media_type: &HeaderValue, body: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(192);
        serde_json::to_writer(&mut bytes, body).expect("answers are structs of text and numbers");
        Self::new(status, media_type, bytes)
    }

    fn empty(status: StatusCode) -> Self {
        Self { status, media_type: None, more: Vec::new(), body: Bytes::new(), code: None }
    }

    fn coded(status: StatusCode, code: Code) -> Self {
        let mut reply = Self::new(status, &JSON, code.envelope());
        reply.code = Some(code);
        reply
    }
}

/// The entry task's table: what went wrong, as a code.
fn envelope_of(trouble: &Trouble) -> Reply {
    let code = match trouble {
        Trouble::Refused(Refusal::UserExists) => Code::UserExisted,
        Trouble::Refused(Refusal::NoSuchUser) => Code::UserNotExist,
        Trouble::Refused(Refusal::WrongPassword) => Code::Password,
        Trouble::Refused(Refusal::InvalidSession) => Code::InvalidSession,
        Trouble::Refused(Refusal::Invalid(broken)) => return detailed(StatusCode::OK, broken),
        // Proxies and programs that know nothing of the contract understand this one.
        Trouble::Refused(Refusal::TooManyRequests { retry_after_s }) => {
            return later(Reply::coded(StatusCode::TOO_MANY_REQUESTS, Code::Server), *retry_after_s);
        }
        Trouble::Failed(CallError::Status { status, .. }) if error::Code::of(status) == error::Code::Store => {
            Code::DataBase
        }
        Trouble::Failed(_) | Trouble::Unsure(..) | Trouble::Refused(_) => Code::Server,
        Trouble::Early(problem) => return early(problem),
    };
    Reply::coded(StatusCode::OK, code)
}

/// An envelope for a request that reached no handler: the status tells proxies, the code tells clients of the contract.
fn early(problem: &Problem) -> Reply {
    let status = status_of(problem);
    let reply = match problem.rule() {
        Some(broken) => detailed(status, &broken),
        None if status.is_server_error() => Reply::coded(status, Code::Server),
        None => Reply::coded(status, Code::InvalidParams),
    };
    hints(reply, problem)
}

fn detailed(status: StatusCode, broken: &Invalid) -> Reply {
    let reply = Reply::coded(status, Code::InvalidParams);
    match HeaderValue::from_str(&explain::printable(broken)) {
        Ok(detail) => reply.with(ERROR_DETAIL.clone(), detail),
        Err(_) => reply,
    }
}

/// Problem details, <https://www.rfc-editor.org/rfc/rfc9457>.
fn problem_of(trouble: &Trouble) -> Reply {
    let (kind, members) = match trouble {
        Trouble::Early(problem) => {
            // What has no more to say than its status has no type of its own.
            let status = status_of(problem);
            let title = status.canonical_reason().unwrap_or("Error");
            let members = problem.rule().map_or_else(Members::default, |broken| Members::detail(broken.to_string()));
            let details = Details::of_status(status.as_u16(), title, members);
            return hints(Reply::json(status, &PROBLEM_JSON, &details), problem);
        }
        Trouble::Refused(refusal) => explain::refusal(refusal),
        Trouble::Failed(CallError::Status { status, .. }) if error::Code::of(status) == error::Code::Internal => {
            (Kind::Internal, Members::default())
        }
        Trouble::Failed(_) => (Kind::Unavailable, Members::default()),
        Trouble::Unsure(id, _) => (Kind::OutcomeUnknown, Members::unsure(*id)),
    };
    let status = status_of_kind(kind);
    let reply = Reply::json(status, &PROBLEM_JSON, &Details::new(kind, members));
    match trouble {
        Trouble::Refused(Refusal::TooManyRequests { retry_after_s }) => later(reply, *retry_after_s),
        Trouble::Refused(Refusal::StillRunning) => reply.with(RETRY_AFTER, SOON.clone()),
        _ if status == StatusCode::SERVICE_UNAVAILABLE => reply.with(RETRY_AFTER, SOON.clone()),
        _ if status == StatusCode::UNAUTHORIZED => reply.with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
        _ => reply,
    }
}

fn later(reply: Reply, seconds: u32) -> Reply {
    reply.with(RETRY_AFTER, seconds.into())
}

/// The table of `POST /deduct`: the published contract knows 400, 404, and what HTTP says of everybody.
fn deduction_of(trouble: &Trouble) -> Reply {
    #[derive(Serialize)]
    struct Refused<'a> {
        code: u16,
        message: &'a str,
    }
    let plain = problem_of(trouble);
    let (status, message) = match trouble {
        Trouble::Refused(Refusal::Ledger(command::Refusal::InsufficientFunds { .. })) => {
            (StatusCode::BAD_REQUEST, "insufficient balance".to_owned())
        }
        Trouble::Refused(Refusal::Ledger(command::Refusal::IdReused { field })) => {
            (plain.status, format!("{field}: must be the same for the same Idempotency-Key"))
        }
        Trouble::Refused(Refusal::Ledger(refusal)) => {
            let amount = matches!(explain::ledger(refusal).1.named(), Some("amount"));
            (StatusCode::BAD_REQUEST, if amount { format!("amount: {refusal}") } else { refusal.to_string() })
        }
        Trouble::Refused(Refusal::NoSuchUser | Refusal::NoSuchAccount) => {
            (StatusCode::NOT_FOUND, "user not found".to_owned())
        }
        Trouble::Refused(Refusal::OutcomeUnknown(id)) | Trouble::Unsure(id, _) => {
            (plain.status, explain::unknown_outcome(*id))
        }
        Trouble::Refused(refusal) => (plain.status, refusal.to_string()),
        Trouble::Early(problem) => (plain.status, problem.to_string()),
        Trouble::Failed(_) => (plain.status, "try again later".to_owned()),
    };
    let mut reply = Reply::json(status, &JSON, &Refused { code: status.as_u16(), message: &message });
    reply.more.extend(plain.more);
    reply
}

/// The table of wallets, in the contract's words where it has any.
fn wallet_of(amount: &str, trouble: &Trouble) -> Reply {
    #[derive(Serialize)]
    struct Refused<'a> {
        error: &'a str,
    }
    let plain = problem_of(trouble);
    let said = |status, text: &str| (status, text.to_owned());
    let (status, error) = match trouble {
        Trouble::Refused(Refusal::NoSuchUser) => said(StatusCode::NOT_FOUND, "user not found"),
        Trouble::Refused(Refusal::NoSuchAccount) => said(StatusCode::NOT_FOUND, "wallet not found"),
        Trouble::Refused(Refusal::AccountExists(_)) => said(StatusCode::CONFLICT, "wallet already exists"),
        Trouble::Refused(Refusal::Invalid(broken)) if broken.field == "amount" => {
            (StatusCode::BAD_REQUEST, format!("invalid {amount} amount"))
        }
        Trouble::Refused(Refusal::Ledger(refusal)) => match refusal {
            command::Refusal::InsufficientFunds { .. } => said(StatusCode::BAD_REQUEST, "insufficient balance"),
            command::Refusal::ReferenceUsed { .. } => said(StatusCode::CONFLICT, "transaction already processed"),
            _ if explain::ledger(refusal).1.named() == Some("amount") => {
                (StatusCode::BAD_REQUEST, format!("invalid {amount} amount"))
            }
            refusal => (plain.status, refusal.to_string()),
        },
        Trouble::Refused(Refusal::OutcomeUnknown(id)) | Trouble::Unsure(id, _) => {
            (plain.status, explain::unknown_outcome(*id))
        }
        Trouble::Refused(refusal) => (plain.status, refusal.to_string()),
        Trouble::Early(problem) => (plain.status, problem.to_string()),
        Trouble::Failed(_) => (plain.status, "try again later".to_owned()),
    };
    let mut reply = Reply::json(status, &JSON, &Refused { error: &error });
    reply.more.extend(plain.more);
    reply
}

/// What a client can do about it, as headers.
fn hints(reply: Reply, problem: &Problem) -> Reply {
    match problem {
        Problem::MethodNotAllowed(allow) => reply.with(ALLOW, HeaderValue::from_static(allow)),
        Problem::Unavailable => reply.with(RETRY_AFTER, SOON.clone()),
        _ => reply,
    }
}

const fn status_of(problem: &Problem) -> StatusCode {
    match problem {
        Problem::Malformed(..) => StatusCode::BAD_REQUEST,
        Problem::CrossSite => StatusCode::FORBIDDEN,
        Problem::NotFound => StatusCode::NOT_FOUND,
        Problem::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        Problem::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
        Problem::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Problem::TargetTooLong => StatusCode::URI_TOO_LONG,
        Problem::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Problem::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Problem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

pub(super) const fn status_of_kind(kind: Kind) -> StatusCode {
    match kind {
        Kind::InvalidRequest => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated | Kind::WrongPassword | Kind::WrongLogin => StatusCode::UNAUTHORIZED,
        Kind::OperatorOnly => StatusCode::FORBIDDEN,
        Kind::UserNotFound
        | Kind::SessionNotFound
        | Kind::TransferNotFound
        | Kind::AccountNotFound
        | Kind::StatementNotFound
        | Kind::PaymentNotFound
        | Kind::WebhookNotFound
        | Kind::RateNotFound
        | Kind::QuoteNotFound => StatusCode::NOT_FOUND,
        Kind::UserExists
        | Kind::EmailExists
        | Kind::AccountExists
        | Kind::AlreadySettled
        | Kind::HoldExpired
        | Kind::HoldNotExpired
        | Kind::PaymentDiffers
        | Kind::PaymentNotPaid
        | Kind::TooManyWebhooks
        | Kind::StillRunning
        | Kind::ReferenceUsed => StatusCode::CONFLICT,
        Kind::KeyReused
        | Kind::NotPending
        | Kind::OfPayment
        | Kind::SameAccount
        | Kind::AccountFrozen
        | Kind::AccountClosed
        | Kind::CurrencyMismatch
        | Kind::AmountNotPositive
        | Kind::TooManyDecimals
        | Kind::AmountTooLarge
        | Kind::MoreThanHeld
        | Kind::MoreThanPaid
        | Kind::RefundDeclined
        | Kind::QuoteExpired
        | Kind::AmountTooSmall
        | Kind::InsufficientFunds
        | Kind::InsufficientLiquidity
        | Kind::ChainBroken
        | Kind::AccountNotEmpty => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Unavailable | Kind::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The table of the payment contract.
const fn status_of_word(word: Word) -> StatusCode {
    match word {
        Word::Success => StatusCode::OK,
        Word::Processing => StatusCode::ACCEPTED,
        Word::Retry => StatusCode::TOO_MANY_REQUESTS,
        Word::Failed | Word::Error => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A whole answer as bytes, for a connection on which hyper has nothing to say or says too little. The connection is closed after it.
pub(super) fn raw(problem: &Problem, tls: bool) -> Vec<u8> {
    let reply = problem_of(&Trouble::Early(problem.clone()));
    let mut headers = HeaderMap::new();
    reply.fill(&mut headers, trace::request_id(&trace::of(&HeaderMap::new())), tls, true);
    headers.insert(CONTENT_LENGTH, reply.body.len().into());
    let mut bytes = format!("HTTP/1.1 {}\r\n", reply.status).into_bytes();
    for (name, value) in &headers {
        bytes.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&reply.body);
    bytes
}
