//! `/v1/audit`: what was written down about who did what.

use serde::Serialize;

use super::front::Call;
use super::query::{Query, cursor};
use super::reply::{Reply, Trouble};
use super::show::Instant;
use crate::api::audit::List;
use crate::domain::audit::AuditRecord;
use crate::domain::caller::Written;

/// A record, as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    id: u64,
    kind: &'static str,
    user_id: Option<u64>,
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

/// `GET /v1/audit`: newest first.
pub(super) async fn list(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    #[derive(Serialize)]
    struct Events<'a> {
        events: Vec<Shown<'a>>,
        next: Option<String>,
    }
    let caller = call.caller()?;
    let query = Query::read(&["user_id", "kind", "limit", "cursor"], call.head.uri().query())?;
    let (user, kind) = (query.user()?, query.audit_kind()?);
    let request = List { caller, user, kind, before: query.cursor()?, limit: query.limit()? };
    let page = call.backend().audit.list(&call.context(), &request).await??;
    let next = page.items.last().filter(|_| page.more).map(|last| cursor(last.id));
    Ok(Reply::document(&Events { events: page.items.iter().map(Shown::from).collect(), next }))
}
