//! Rows of payments to and from what they mean, the same for every database.

use super::ledger::Unreadable;
use super::rows;
use crate::domain::account::AccountId;
use crate::domain::payment::{OrderId, Payment, PaymentStatus, PaymentToken, Recorded, Standing};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, TransferId};
use crate::domain::user::UserId;
use crate::store::payment::PaymentCursor;

impl TryFrom<rows::Payment> for Payment {
    type Error = Unreadable;

    fn try_from(row: rows::Payment) -> Result<Self, Unreadable> {
        let Standing { attempt, status } = standing(row.status, row.attempt)?;
        Ok(Self {
            token: token(row.token)?,
            user: UserId(row.user_id),
            account: row.account_id.map(AccountId),
            asset: row.asset,
            amount: row.amount,
            refunded: row.refunded,
            description: Description::parse(row.description).map_err(|_| Unreadable("description"))?,
            status,
            attempt,
            order: OrderId::parse(row.order_id).map_err(|_| Unreadable("order_id"))?,
            hold: TransferId(row.hold_id),
            reference: row.reference,
            error: row.error_message,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

impl From<&Payment> for rows::Payment {
    fn from(payment: &Payment) -> Self {
        Self {
            token: payment.token.as_str().to_owned(),
            user_id: payment.user.0,
            account_id: payment.account.map(|account| account.0),
            asset: payment.asset,
            amount: payment.amount,
            refunded: payment.refunded,
            description: payment.description.as_str().to_owned(),
            status: payment.status as u64,
            attempt: payment.attempt.into(),
            order_id: payment.order.as_str().to_owned(),
            hold_id: payment.hold.0,
            reference: payment.reference.clone(),
            error_message: payment.error.clone(),
            created_at: payment.created_at.0,
            updated_at: payment.updated_at.0,
        }
    }
}

impl TryFrom<rows::PaymentStanding> for (Recorded, Standing) {
    type Error = Unreadable;

    fn try_from(row: rows::PaymentStanding) -> Result<Self, Unreadable> {
        Ok((Recorded::Payment(token(row.token)?), standing(row.status, row.attempt)?))
    }
}

/// The tokens of payments, and the ids of refunds.
pub fn parted(wanted: &[Recorded]) -> (Vec<&str>, Vec<[u8; 16]>) {
    let (mut tokens, mut refunds) = (Vec::new(), Vec::new());
    for subject in wanted {
        match subject {
            Recorded::Payment(token) => tokens.push(token.as_str()),
            Recorded::Refund(id) => refunds.push(id.0),
        }
    }
    (tokens, refunds)
}

pub(super) fn token(text: String) -> Result<PaymentToken, Unreadable> {
    PaymentToken::parse(text).map_err(|_| Unreadable("token"))
}

fn standing(status: u64, attempt: u64) -> Result<Standing, Unreadable> {
    Ok(Standing { attempt: u32::try_from(attempt).map_err(|_| Unreadable("attempt"))?, status: status_of(status)? })
}

pub(super) fn status_of(number: u64) -> Result<PaymentStatus, Unreadable> {
    let known = [PaymentStatus::Processing, PaymentStatus::Success, PaymentStatus::Failed];
    known.into_iter().find(|known| *known as u64 == number).ok_or(Unreadable("status"))
}

/// A cursor as statements take it: the first page comes after the end of time.
pub fn place(after: &Option<PaymentCursor>) -> (i64, &str) {
    after.as_ref().map_or((i64::MAX, ""), |(at, token)| (at.0, token.as_str()))
}
