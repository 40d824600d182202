//! Rows about who may, to and from what they mean, the same for every database.

use super::ledger::{Unreadable, numbered, numbers};
use super::rows;
use crate::domain::grant::{Grant, GrantStatus};
use crate::domain::person::Person;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, UserId};

impl TryFrom<rows::Grant> for Grant {
    type Error = Unreadable;

    fn try_from(row: rows::Grant) -> Result<Self, Unreadable> {
        Ok(Self {
            id: SessionNumber(row.id),
            user: UserId(row.user_id),
            salt: row.salt,
            refresh_hash: row.refresh_hash,
            previous_hash: row.previous_hash,
            user_agent: row.user_agent,
            address: row.address,
            status: numbered("status", row.status, numbers!(GrantStatus: Active, Blocked, Reused))?,
            created_at: Timestamp(row.created_at),
            rotated_at: Timestamp(row.rotated_at),
            expires_at: Timestamp(row.expires_at),
        })
    }
}

impl TryFrom<rows::Person> for Person {
    type Error = Unreadable;

    fn try_from(row: rows::Person) -> Result<Self, Unreadable> {
        Ok(Self {
            id: UserId(row.id),
            user_name: row.user_name,
            full_name: row.full_name,
            email: row.email,
            role: numbered("role", row.role, numbers!(Role: Customer, Operator))?,
            created_at: Timestamp(row.created_at),
        })
    }
}
