//! Whether this front end lives, and whether it can serve.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::front::Call;
use super::problem::Problem;
use super::reply::{Reply, Trouble};

/// How it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health<'a> {
    /// In a word.
    status: &'static str,
    /// The backend's version, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

/// `GET /livez`: whoever can answer lives.
pub(super) fn live() -> Reply {
    Reply::document(&Health { status: "alive", version: None })
}

/// `GET /health`: the same, as the payment contract has it.
pub(super) fn health() -> Reply {
    Reply::document(&Health { status: "healthy", version: None })
}

/// `GET /readyz`: ready when the backend and its stores answer, and not while stopping.
pub(super) async fn ready(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    /// Whoever balances load asks often and wants to know soon.
    const TIMEOUT: Duration = Duration::from_millis(1000);
    if call.front.is_stopping() {
        return Err(Problem::Unavailable.into());
    }
    let ready = call.backend().health.ready(&call.context().shortened(TIMEOUT), &()).await?;
    Ok(Reply::document(&Health { status: "ready", version: Some(&ready.version) }))
}

/// `GET /metrics`: counts and timings, in Prometheus' text format.
pub(super) fn metrics(call: &Call<'_>) -> Reply {
    Reply::text(call.front.figures())
}
