//! `/v1/audit`: what was written down about who did what.

use serde::Serialize;
use utoipa::ToSchema;

use super::front::Call;
use super::openapi::value::{Shape, one_of};
use super::query::{Query, cursor};
use super::reply::{Reply, Trouble};
use super::show::Instant;
use crate::api::audit::List;
use crate::domain::audit::{AuditKind, AuditRecord};
use crate::domain::caller::Written;

/// A record, as it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
struct Shown<'a> {
    id: u64,
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// To whom it happened.
    #[schema(required)]
    user_id: Option<u64>,
    /// Who did it.
    #[schema(required)]
    actor_id: Option<u64>,
    address: String,
    user_agent: &'a str,
    detail: &'a str,
    created_at: Instant,
}

impl<'a> From<&'a AuditRecord> for Shown<'a> {
    fn from(AuditRecord { id, at, event }: &'a AuditRecord) -> Self {
        Self {
            id: *id,
            kind: event.kind.as_str(),
            user_id: event.user.map(|user| user.0),
            actor_id: event.actor.map(|actor| actor.0),
            address: Written(event.device.address).to_string(),
            user_agent: event.device.user_agent(),
            detail: event.detail(),
            created_at: Instant(*at),
        }
    }
}

/// Some of what was written down.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub(super) struct Events<'a> {
    events: Vec<Shown<'a>>,
    /// The next page's `cursor`; `null` on the last.
    #[schema(required)]
    next: Option<String>,
}

/// The words of [`AuditKind`], described.
pub(super) fn kinds() -> Shape {
    one_of(AuditKind::ALL.iter().map(|kind| kind.as_str()), "What happened.")
}

/// `GET /v1/audit`: newest first.
pub(super) async fn list(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let query = Query::read(&["user_id", "kind", "limit", "cursor"], call.head.uri().query())?;
    let (user, kind) = (query.user()?, query.audit_kind()?);
    let request = List { caller, user, kind, before: query.cursor()?, limit: query.limit()? };
    let page = call.backend().audit.list(&call.context(), &request).await??;
    let next = page.items.last().filter(|_| page.more).map(|last| cursor(last.id));
    Ok(Reply::document(&Events { events: page.items.iter().map(Shown::from).collect(), next }))
}
