//! Rows of refunds to and from what they mean, the same for every database.

use super::ledger::Unreadable;
use super::payment::{status_of, token};
use super::rows;
use crate::domain::account::AccountId;
use crate::domain::payment::{OrderId, Recorded, Standing};
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, TransferId};
use crate::domain::user::UserId;
use crate::store::refund::RefundCursor;

impl TryFrom<rows::Refund> for Refund {
    type Error = Unreadable;

    fn try_from(row: rows::Refund) -> Result<Self, Unreadable> {
        Ok(Self {
            id: TransferId(row.id),
            token: token(row.token)?,
            charge: OrderId::parse(row.charge_id).map_err(|_| Unreadable("charge_id"))?,
            account: AccountId(row.account_id),
            asset: row.asset,
            amount: row.amount,
            is_rest: row.is_rest == 1,
            description: Description::parse(row.description).map_err(|_| Unreadable("description"))?,
            actor: UserId(row.actor_id),
            status: status_of(row.status)?,
            transfer: row.transfer_id.map(TransferId),
            reference: row.reference,
            error: row.error_message,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

impl From<&Refund> for rows::Refund {
    fn from(refund: &Refund) -> Self {
        Self {
            id: refund.id.0,
            token: refund.token.as_str().to_owned(),
            charge_id: refund.charge.as_str().to_owned(),
            account_id: refund.account.0,
            asset: refund.asset,
            amount: refund.amount,
            is_rest: refund.is_rest.into(),
            description: refund.description.as_str().to_owned(),
            actor_id: refund.actor.0,
            status: refund.status as u64,
            transfer_id: refund.transfer.map(|transfer| transfer.0),
            reference: refund.reference.clone(),
            error_message: refund.error.clone(),
            created_at: refund.created_at.0,
            updated_at: refund.updated_at.0,
        }
    }
}

impl TryFrom<rows::RefundStanding> for (Recorded, Standing) {
    type Error = Unreadable;

    fn try_from(row: rows::RefundStanding) -> Result<Self, Unreadable> {
        Ok((Recorded::Refund(TransferId(row.id)), Standing::of_refund(status_of(row.status)?)))
    }
}

/// A cursor as statements take it: the first page comes after the end of time.
pub fn place(after: Option<RefundCursor>) -> (i64, [u8; 16]) {
    after.map_or((i64::MAX, [0; 16]), |(at, id)| (at.0, id.0))
}

/// The payment's row was locked, and what is given back of it is not what was read all the same: nothing of the change may be in effect.
pub fn unguarded() -> Unreadable {
    Unreadable("refunded")
}
