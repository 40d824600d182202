//! One request: its limits, its route, its handler, its answer, its figures and its line in the log.

use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderMap, USER_AGENT};
use hyper::server::conn::http1;
use hyper::{Method, Request, Version};
use teller_rpc::{CallError, Context, Trace};
use tokio::sync::Semaphore;

use super::body::Intake;
use super::extract::{self, Fields};
use super::openapi::Document;
use super::problem::Problem;
use super::rate::{Rates, Standing};
use super::reply::{Answer, Reply, Trouble};
use super::router::{Body, Route, Router};
use super::tls::Https;
use super::upload::{self, Upload};
use super::{connection, origin, trace};
use crate::api::{Backend, Refusal};
use crate::config::{self, Config};
use crate::domain::caller::{Caller, Device};
use crate::domain::command::extra_time;
use crate::telemetry;
use crate::telemetry::metrics::{self, Metrics};

/// Uploads and batches read at once, each held in memory until the backend has it. A further one is answered 503.
const MAX_UPLOADS: usize = 64;

/// The front end: everything that its connections share.
pub struct Front {
    backend: Backend,
    limits: config::Http,
    rates: Rates,
    /// The certificate for browsers, if TLS is spoken here.
    https: Option<Https>,
    /// How long a call to the backend may take.
    call_timeout: Duration,
    /// What each further transfer of a batch adds to that.
    transfer_timeout: Duration,
    /// Bytes of an uploaded picture.
    max_upload_bytes: usize,
    /// Bytes of a statement.
    max_statement_bytes: usize,
    router: Router,
    protocol: http1::Builder,
    uploads: Semaphore,
    figures: &'static Metrics,
    stopping: AtomicBool,
    document: OnceLock<Document>,
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Front {
    /// A front end for `backend`, within the limits that `config` sets under `[http]`, `[rpc]`, `[ledger]` and `[picture]`.
    pub fn new(config: &Config, backend: Backend) -> Self {
        let limits = config.http.clone();
        Self {
            backend,
            rates: Rates::new(&config.limits),
            call_timeout: config.rpc.request_timeout().min(limits.request_timeout()),
            transfer_timeout: config.ledger.transfer_timeout(),
            max_upload_bytes: config.picture.max_upload_bytes,
            max_statement_bytes: config.reconcile.max_statement_bytes,
            router: Router::new(),
            protocol: connection::protocol(limits.max_head_bytes, limits.max_headers),
            uploads: Semaphore::new(MAX_UPLOADS),
            figures: metrics::install(),
            stopping: AtomicBool::new(false),
            https: None,
            document: OnceLock::new(),
            limits,
        }
    }

    /// The same, within TLS: for what `http.tls_cert_file` names.
    #[must_use]
    pub fn within(self, https: Https) -> Self {
        Self { https: Some(https), ..self }
    }

    pub(super) fn https(&self) -> Option<&Https> {
        self.https.as_ref()
    }

    pub(super) fn limits(&self) -> &config::Http {
        &self.limits
    }

    pub(super) fn protocol(&self) -> &http1::Builder {
        &self.protocol
    }

    pub(super) fn uploads(&self) -> &Semaphore {
        &self.uploads
    }

    /// What the surface is, for programs.
    pub(super) fn document(&self) -> &Document {
        self.document.get_or_init(|| Document::new(|body| self.limit(body)))
    }

    pub(super) fn figures(&self) -> String {
        self.figures.render()
    }

    /// From now on it is not ready, and closes every connection that it answers on.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Answers a request, and says whether its body was left unread.
    ///
    /// The future may be dropped at any point, which is what hyper does when the client leaves: nothing here is half done by it, and the
    /// backend finishes what it has begun.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: Option<IpAddr>) -> (Answer, bool) {
        let began = Instant::now();
        let (head, body) = request.into_parts();
        let head = Request::from_parts(head, ());
        let found = self.router.find(head.uri().path());
        let (Ok(route) | Err(route)) = found;
        let limit = self.limit(route.body);
        let body = Intake::new(body, self.limits.body_timeout());
        let its = trace::of(head.headers());
        let request_id = || telemetry::trace::request_id(&its);
        let mut call = Call { trace: its, front: self, peer, head, body, limit, standing: Standing::default() };
        let mut reply = match call.reach(found).await {
            Ok(reply) => reply,
            Err(trouble) => {
                let reply = route.surface.explain(&trouble, request_id);
                log(&trouble, &reply, route, request_id);
                reply
            }
        };
        for (name, value) in call.standing.headers().into_iter().flatten() {
            reply = reply.with(name, value);
        }
        route.figures.count(&reply, began.elapsed());
        tracing::debug!(route = route.name, status = reply.status(), request_id = request_id(), "answered");
        let unread = call.body.unread();
        let close = unread || self.is_stopping();
        let map = std::mem::take(call.head.headers_mut());
        (reply.finish(map, trace::request_id(&its), self.limits.is_tls(), close), unread)
    }

    fn limit(&self, body: Body) -> usize {
        match body {
            Body::None => 0,
            Body::Fields => self.limits.max_body_bytes,
            Body::Batch => self.limits.max_batch_bytes,
            Body::Upload => self.max_upload_bytes,
            Body::Statement => self.max_statement_bytes,
        }
    }
}

/// One line for each failure of ours. What clients do wrong is theirs, and only counted.
fn log(trouble: &Trouble, reply: &Reply, route: &Route, request_id: impl Fn() -> String) {
    let route = route.name;
    match trouble {
        // The backend has logged its own failures; what never reached one is known here alone.
        Trouble::Failed(CallError::Status { .. }) => {}
        Trouble::Failed(error) | Trouble::Unsure(_, error) => {
            tracing::warn!(route, request_id = request_id(), %error, "the backend did not answer");
        }
        Trouble::Early(problem) if reply.is_failure() => {
            tracing::warn!(route, request_id = request_id(), %problem, "not served");
        }
        Trouble::Early(_) | Trouble::Refused(_) => {}
    }
}

/// A request on its way to its handler.
pub(super) struct Call<'a> {
    pub(super) front: &'a Front,
    pub(super) head: Request<()>,
    pub(super) body: Intake,
    trace: Trace,
    /// The other end of the connection: the client, or a proxy.
    peer: Option<IpAddr>,
    /// Bytes that the route reads of the body.
    limit: usize,
    /// Where the client stands with its limits.
    standing: Standing,
}

impl Call<'_> {
    pub(super) fn backend(&self) -> &Backend {
        &self.front.backend
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// Whether browsers reach this over TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.front.limits.is_tls()
    }

    /// Whether it only looks.
    pub(super) fn reads(&self) -> bool {
        matches!(*self.head.method(), Method::GET | Method::HEAD)
    }

    /// Where the client is, as far as it can be known.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.front.limits.behind_proxy {
            true => extract::forwarded_for(self.headers()),
            false => self.peer,
        }
    }

    /// Who asks.
    pub(super) fn caller(&self) -> Result<Caller, Refusal> {
        Ok(Caller { credential: extract::credential(self.headers())?, address: self.address() })
    }

    /// From where somebody signs in.
    pub(super) fn device(&self) -> Device {
        let user_agent = self.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Device::new(self.address(), &user_agent.unwrap_or_default())
    }

    /// The request's id, as its answer's header has it.
    pub(super) fn request_id(&self) -> String {
        telemetry::trace::request_id(&self.trace)
    }

    fn is_foreign(&self) -> bool {
        origin::is_foreign(self.headers(), self.front.limits.behind_proxy, self.is_tls())
    }

    /// What a call to the backend carries: its deadline, and the trace.
    pub(super) fn context(&self) -> Context {
        self.context_of(1)
    }

    /// The same for a call that moves money so many times, and has longer for it.
    pub(super) fn context_of(&self, transfers: usize) -> Context {
        let extra = extra_time(self.front.transfer_timeout, transfers);
        Context::with_timeout(self.front.call_timeout.saturating_add(extra)).with_trace(self.trace)
    }

    /// The whole body.
    pub(super) async fn bytes(&mut self) -> Result<Bytes, Trouble> {
        Ok(self.body.whole(self.limit).await?)
    }

    /// The whole body, which must be JSON, or empty.
    pub(super) async fn json(&mut self) -> Result<Bytes, Trouble> {
        let body = self.bytes().await?;
        extract::is_json(self.head.headers(), &body)?;
        Ok(body)
    }

    /// The body's fields.
    pub(super) async fn fields(&mut self) -> Result<Fields, Trouble> {
        let body = self.body.whole(self.limit).await?;
        Fields::read(self.head.headers(), &body)
    }

    /// The body's picture.
    pub(super) async fn upload(&mut self) -> Result<Upload, Trouble> {
        upload::read(self.head.headers(), &mut self.body, self.limit).await
    }

    /// Runs the handler, unless something keeps the request from reaching it.
    async fn reach(&mut self, found: Result<&Route, &Route>) -> Result<Reply, Trouble> {
        self.check_rate()?;
        self.check_head()?;
        let route = found.map_err(|_| Problem::NotFound)?;
        if self.head.method() == Method::OPTIONS {
            return Ok(Reply::options(route.allow()));
        }
        if !route.takes(self.head.method()) {
            return Err(Problem::MethodNotAllowed(route.allow()).into());
        }
        if route.changes(self.head.method()) && self.is_foreign() {
            return Err(Problem::CrossSite.into());
        }
        route.run(self).await
    }

    /// Counts the request for whoever makes it; without a word of the proxy, for the proxy itself.
    fn check_rate(&mut self) -> Result<(), Refusal> {
        let Some(address) = self.address().or(self.peer) else { return Ok(()) };
        if address.is_loopback() {
            return Ok(());
        }
        self.standing = self.front.rates.count(address, extract::credential(self.headers()).ok().as_ref());
        match self.standing.refused {
            Some(retry_after_s) => Err(Refusal::TooManyRequests { retry_after_s }),
            None => Ok(()),
        }
    }

    /// The limits that hyper does not know, and the one rule of HTTP/1.1 that it leaves to us.
    fn check_head(&self) -> Result<(), Problem> {
        let limits = &self.front.limits;
        let target = self.head.uri().path_and_query().map_or("", |target| target.as_str());
        if target.len() > limits.max_target_bytes {
            return Err(Problem::TargetTooLong);
        }
        if self.headers().len() > limits.max_headers {
            return Err(Problem::HeadTooLarge);
        }
        let mut hosts = self.headers().get_all(HOST).iter();
        let one = hosts.next().is_some() && hosts.next().is_none();
        if !one && self.head.version() == Version::HTTP_11 {
            return Err(Problem::Malformed("host", "must be given once"));
        }
        Ok(())
    }
}
