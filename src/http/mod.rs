//! The front end: HTTP in, RPC out. It reads, checks the envelope, forwards and answers; it keeps nothing, so there may be any number of it.
//!
//! In the order of a request's way:
//! - [`accept`]: takes connections, bounds their number, drains them at the end.
//! - [`mod@tls`]: HTTPS, and the handshake before it.
//! - [`connection`]: one connection, with its time limits.
//! - [`socket`]: what a connection reads and writes, watched.
//! - [`pulse`]: what a connection is doing, as the socket, the handlers and the clock see it.
//! - [`front`]: one request: limits, route, handler, answer, figures and log.
//! - [`router`]: the whole surface, as one table.
//! - [`rate`]: how many requests a client may make.
//! - [`origin`]: requests that another site's page made.
//! - [`trace`]: which trace a request belongs to, and its id.
//! - [`body`]: a request's body, bounded in bytes and in time.
//! - [`extract`]: fields and cookies.
//! - [`upload`]: pictures in multipart bodies.
//! - [`json`], [`query`]: the bodies and parameters of `/v1`, read strictly.
//! - [`entrytask`], [`picture`], [`page`], [`health`], [`person`], [`token`], [`session`], [`password`], [`account`], [`transfer`], [`batch`], [`conversion`],
//!   [`audit`], [`deduct`], [`payment`], [`refund`], [`wallet`], [`reconciliation`], [`webhook`]: the handlers, one file per noun.
//! - [`show`]: how amounts, times and ids are written.
//! - [`trouble`]: what went wrong with a request.
//! - [`reply`]: answers and their statuses.
//! - [`errcode`]: the entry task's codes.
//! - [`catalog`], [`explain`]: every type of problem there is, and what is said of each.
//! - [`problem`]: what is wrong with a request that reached no handler.
//! - [`openapi`]: all of it, described for programs and for people.
//! - [`security`]: the headers that every answer carries.
//! - [`figures`]: counts and durations of requests.

mod accept;
mod account;
mod audit;
mod batch;
mod body;
mod catalog;
mod connection;
mod conversion;
mod deduct;
mod entrytask;
mod errcode;
mod explain;
mod extract;
mod figures;
mod front;
mod health;
mod json;
pub(crate) mod matching;
mod openapi;
mod origin;
mod page;
mod password;
mod payment;
mod person;
mod picture;
mod problem;
mod pulse;
mod query;
mod rate;
mod reconciliation;
mod refund;
mod reply;
mod router;
mod security;
mod session;
mod show;
mod socket;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod trace;
mod transfer;
mod trouble;
mod upload;
mod wallet;
mod webhook;

pub use self::front::Front;
pub use self::tls::Https;
pub use self::webhook::written;
