//! What Teller says of itself: logs on standard error, figures for Prometheus, ids that follow a request.
//!
//! - [`log`]: the subscriber that makes lines of events.
//! - [`queue`]: where lines wait, so that a slow terminal or pipe never holds the server up.
//! - [`panics`]: a panic as an event like any other.
//! - [`metrics`]: counters, gauges and histograms, rendered when `/metrics` is asked for.
//! - [`rpc`]: the figures of RPC among them.
//! - [`trace`]: the W3C trace of a request, which is its request id too.

pub mod log;
pub mod metrics;
mod panics;
mod queue;
pub mod rpc;
pub mod trace;
