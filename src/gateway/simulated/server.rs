//! The simulated gateway over HTTP.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::TcpListener;

use super::faults::{Faults, happens};
use super::{Book, book};
use crate::gateway::wire::{self, State};

/// How long a head may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A gateway: its ledger and how it misbehaves.
#[derive(Clone, Debug)]
struct Gateway {
    book: Arc<Mutex<Book>>,
    faults: Arc<Mutex<Faults>>,
}

/// Why a request gets no answer: its connection breaks instead.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the answer is lost, as it was asked for")]
    Lost,
    #[error("there is no such request here")]
    Nonsense,
    #[error("the body cannot be read")]
    Body,
    #[error("the ledger cannot be written")]
    Book(#[from] io::Error),
    #[error("the work was cut short")]
    Cut,
}

type Answer = Response<Full<Bytes>>;

/// Serves a gateway on `listener`, for ever: to be dropped.
pub async fn serve(listener: TcpListener, book: Book, faults: Faults) {
    let gateway = Gateway { book: Arc::new(Mutex::new(book)), faults: Arc::new(Mutex::new(faults)) };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, most likely: that passes.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let gateway = gateway.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let gateway = gateway.clone();
                // Run to its end: a caller who leaves cancels no charge.
                async move { tokio::spawn(gateway.answer(request)).await.unwrap_or(Err(Broken::Cut)) }
            });
            let mut protocol = http1::Builder::new();
            protocol.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            // What broke is what was asked for, or the other side's to tell.
            let _ = protocol.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Gateway {
    async fn answer(self, request: Request<Incoming>) -> Result<Answer, Broken> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, wire::MAX_BYTES).collect().await.map_err(|_| Broken::Body)?.to_bytes();
        let path: Vec<&str> = head.uri.path().trim_matches('/').split('/').collect();
        match (head.method, path.as_slice()) {
            (Method::POST, ["charges"]) => {
                let wanted: wire::Charge = serde_json::from_slice(&body).map_err(|_| Broken::Nonsense)?;
                self.settle(move |book, fails| book.charge(&wanted, fails)).await
            }
            (Method::POST, ["refunds"]) => {
                let wanted: wire::Refund = serde_json::from_slice(&body).map_err(|_| Broken::Nonsense)?;
                self.settle(move |book, fails| book.refund(&wanted, fails)).await
            }
            (Method::GET, ["charges" | "refunds", order]) => {
                let order = (*order).to_owned();
                self.ask(move |gateway| gateway.book().find(&order)).await
            }
            (Method::POST, ["charges", order, "cancel"]) => {
                let order = (*order).to_owned();
                self.ask(move |gateway| gateway.book().cancel(&order)).await
            }
            (Method::GET, ["ledger"]) => Ok(json(&self.book().lines()?)),
            (Method::GET, ["faults"]) => Ok(json(&*self.faults())),
            (Method::PUT, ["faults"]) => {
                let faults: Faults = serde_json::from_slice(&body).map_err(|_| Broken::Nonsense)?;
                faults.check().map_err(|_| Broken::Nonsense)?;
                self.faults().clone_from(&faults);
                Ok(json(&faults))
            }
            _ => Err(Broken::Nonsense),
        }
    }

    /// Decides as the book does, once or twice, and answers, late or not at all: with all faults of the moment.
    async fn settle<D>(&self, decide: D) -> Result<Answer, Broken>
    where
        D: Fn(&mut book::Book, bool) -> io::Result<State> + Clone + Send + 'static,
    {
        let faults = self.faults().clone();
        tokio::time::sleep(faults.latency()).await;
        let fails = happens(faults.failure_rate);
        let mut state = self.decide(decide.clone(), fails).await?;
        if happens(faults.duplicate_rate) {
            state = self.decide(decide, fails).await?;
        }
        tokio::time::sleep(faults.answer_latency()).await;
        if happens(faults.lost_answer_rate) { Err(Broken::Lost) } else { Ok(json(&state)) }
    }

    async fn decide<D>(&self, decide: D, fails: bool) -> Result<State, Broken>
    where
        D: Fn(&mut book::Book, bool) -> io::Result<State> + Send + 'static,
    {
        self.written(move |gateway| decide(&mut gateway.book(), fails)).await
    }

    /// Runs what waits for the disk and its lock, where no other work waits with it.
    async fn written<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Broken> {
        let gateway = self.clone();
        Ok(tokio::task::spawn_blocking(move || work(&gateway)).await.map_err(|_| Broken::Cut)??)
    }

    async fn ask(&self, question: impl FnOnce(&Self) -> io::Result<State> + Send + 'static) -> Result<Answer, Broken> {
        let rate = self.faults().lost_question_rate;
        let state = self.written(question).await?;
        if happens(rate) { Err(Broken::Lost) } else { Ok(json(&state)) }
    }

    /// Whoever panicked with it in hand had not begun to change it.
    fn book(&self) -> MutexGuard<'_, book::Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn json(body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body).expect("texts and numbers are JSON");
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
