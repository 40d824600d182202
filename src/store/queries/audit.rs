//! Rows of the audit to and from what they mean, the same for every database.

use super::ledger::Unreadable;
use super::rows;
use crate::domain::audit::{AuditEvent, AuditKind, AuditRecord};
use crate::domain::caller::{Device, Written};
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;

/// `events` as rows, all written at one instant.
pub fn new_rows(events: &[AuditEvent], at: Timestamp) -> Vec<rows::NewAuditEvent> {
    let row = |event: &AuditEvent| rows::NewAuditEvent {
        kind: event.kind.as_str().to_owned(),
        user_id: event.user.map(|user| user.0),
        actor: event.actor.map(|actor| actor.0),
        address: Written(event.device.address).to_string(),
        user_agent: event.device.user_agent().to_owned(),
        detail: event.detail().to_owned(),
        created_at: at.0,
    };
    events.iter().map(row).collect()
}

impl TryFrom<rows::AuditEvent> for AuditRecord {
    type Error = Unreadable;

    fn try_from(row: rows::AuditEvent) -> Result<Self, Unreadable> {
        let address = match row.address.as_str() {
            "" => None,
            written => Some(written.parse().map_err(|_| Unreadable("address"))?),
        };
        let event = AuditEvent::new(AuditKind::parse(&row.kind).map_err(|_| Unreadable("kind"))?)
            .about(row.user_id.map(UserId))
            .by(row.actor.map(UserId))
            .from_device(Device::new(address, &row.user_agent))
            .with_detail(row.detail);
        Ok(Self { id: row.id, at: Timestamp(row.created_at), event })
    }
}

/// The numbers of those that were written before `before`.
pub fn older(found: Vec<rows::OldAuditEvent>, before: Timestamp) -> Vec<u64> {
    found.into_iter().filter(|row| row.created_at < before.0).map(|row| row.id).collect()
}
