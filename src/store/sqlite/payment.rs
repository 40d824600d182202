//! Payments: units of work, and the steps that a batch writes.

use rusqlite::{Connection, Result};

use super::error::is_taken;
use super::user::row_id;
use crate::domain::payment::{OrderId, Payment, PaymentStatus, PaymentToken, Record, Recorded, Standing};
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::store::payment::PaymentCursor;
use crate::store::queries::ledger::read;
use crate::store::queries::payment::{parted, place};
use crate::store::queries::{rows, sqlite as queries};

/// Takes steps of payments and refunds in their order. `false`: one is not where its step begins, so that the transaction must be undone. So does one that
/// begins although it is there.
pub(super) fn step(db: &Connection, records: &[Record]) -> Result<bool> {
    for record in records {
        let changed = match record {
            Record::Begins(payment) => queries::insert_payments(db, &[rows::Payment::from(payment)])?,
            Record::Retries(payment) => {
                let (token, attempt) = (payment.token.as_str(), payment.attempt.into());
                let (account, order) = (payment.account.map(|account| account.0), payment.order.as_str());
                queries::retry_payment(db, token, attempt, account, order, payment.hold.0, payment.updated_at.0)?
            }
            Record::Ends(end) => {
                let (token, attempt, status) = (end.token.as_str(), end.attempt.into(), end.status as u64);
                queries::end_payment(
                    db,
                    token,
                    attempt,
                    status,
                    end.reference.as_deref(),
                    end.error.as_deref(),
                    end.at.0,
                )?
            }
            Record::Refunds(end) => {
                let (transfer, reference) = (Some(end.transfer.0), end.reference.as_deref());
                queries::end_refund(db, end.id.0, PaymentStatus::Success as u64, transfer, reference, None, end.at.0)?
            }
        };
        if changed != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn standings(db: &Connection, wanted: &[Recorded]) -> Result<Vec<(Recorded, Standing)>> {
    let (tokens, refunds) = parted(wanted);
    let mut found: Vec<(Recorded, Standing)> = read(queries::payment_standings(db, &tokens)?)?;
    found.extend(read::<_, (Recorded, Standing)>(queries::refund_standings(db, &refunds)?)?);
    Ok(found)
}

pub(super) fn get(db: &Connection, token: &PaymentToken) -> Result<Option<Payment>> {
    Ok(queries::payment(db, token.as_str())?.map(Payment::try_from).transpose()?)
}

pub(super) fn of_order(db: &Connection, order: &OrderId) -> Result<Option<Payment>> {
    Ok(queries::payment_of_order(db, order.as_str())?.map(Payment::try_from).transpose()?)
}

pub(super) fn page(
    db: &Connection,
    user: Option<UserId>,
    after: &Option<PaymentCursor>,
    limit: usize,
) -> Result<Vec<Payment>> {
    let ((at, token), most) = (place(after), limit as u64);
    let rows = match user {
        None => queries::payments_before(db, at, token, most)?,
        Some(user) => match row_id(user) {
            Some(user) => queries::payments_of_before(db, user, at, token, most)?,
            None => Vec::new(),
        },
    };
    Ok(read(rows)?)
}

pub(super) fn fail(db: &Connection, payment: &Payment) -> Result<()> {
    match queries::insert_payments(db, &[rows::Payment::from(payment)]) {
        Err(error) if is_taken(&error) => {}
        outcome => return outcome.map(drop),
    }
    let error = payment.error.as_deref().unwrap_or_default();
    queries::fail_payment_again(db, payment.token.as_str(), payment.attempt.into(), error, payment.updated_at.0)?;
    Ok(())
}

pub(super) fn stale(db: &Connection, until: Timestamp, limit: usize) -> Result<Vec<Payment>> {
    Ok(read(queries::stale_payments(db, until.0, limit as u64)?)?)
}

pub(super) fn claim(db: &Connection, seen: &Payment, now: Timestamp) -> Result<bool> {
    let (token, attempt) = (seen.token.as_str(), seen.attempt.into());
    Ok(queries::claim_payment(db, token, attempt, seen.updated_at.0, now.0)? == 1)
}
