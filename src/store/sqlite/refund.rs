//! Refunds: units of work.

use rusqlite::{Connection, Result};
use tokio::time::Instant;

use super::account;
use crate::domain::payment::{Payment, PaymentStatus, PaymentToken};
use crate::domain::refund::{NoRefund, Refund, RefundWish};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::store::queries::ledger::read;
use crate::store::queries::payment::{readable, with_spare};
use crate::store::queries::refund::{place, unguarded};
use crate::store::queries::{rows, sqlite as queries};
use crate::store::refund::{RefundCursor, Reserved};

/// The one writer is the lock: what is read here cannot change before the commit.
pub(super) fn reserve(db: &Connection, wish: &RefundWish, now: Timestamp, until: Instant) -> Result<Reserved> {
    let Some(payment) = locked(db, &wish.token)? else { return Ok(Reserved::Refused(NoRefund::NoPayment)) };
    if let Some(known) = get(db, wish.id)? {
        return Ok(Reserved::Known(known));
    }
    if Instant::now() >= until {
        return Ok(Reserved::TooLate);
    }
    let charged = match payment.account {
        Some(account) => account::get(db, account)?,
        None => None,
    };
    let (refund, refunded) = match wish.of(&payment, charged.as_ref(), now) {
        Ok(made) => made,
        Err(refused) => return Ok(Reserved::Refused(refused)),
    };
    queries::insert_refunds(db, &[rows::Refund::from(&refund)])?;
    match queries::set_refunded(db, payment.token.as_str(), payment.refunded, refunded)? {
        1 => Ok(Reserved::Begun(refund)),
        _ => Err(unguarded().into()),
    }
}

pub(super) fn fail(db: &Connection, refund: &Refund, error: &str, now: Timestamp) -> Result<bool> {
    let Some(payment) = locked(db, &refund.token)? else { return Ok(false) };
    let failed = PaymentStatus::Failed as u64;
    if queries::end_refund(db, refund.id.0, failed, None, None, Some(error), now.0)? == 0 {
        return Ok(false);
    }
    let released = payment.refunded.minus(refund.amount).map_err(|_| unguarded())?;
    match queries::set_refunded(db, payment.token.as_str(), payment.refunded, released)? {
        1 => Ok(true),
        _ => Err(unguarded().into()),
    }
}

fn locked(db: &Connection, token: &PaymentToken) -> Result<Option<Payment>> {
    Ok(queries::lock_payment(db, token.as_str())?.map(Payment::try_from).transpose()?)
}

pub(super) fn get(db: &Connection, id: TransferId) -> Result<Option<Refund>> {
    Ok(queries::refund(db, id.0)?.map(Refund::try_from).transpose()?)
}

pub(super) fn page(
    db: &Connection,
    token: &PaymentToken,
    after: Option<RefundCursor>,
    limit: usize,
) -> Result<Vec<Refund>> {
    let (at, id) = place(after);
    Ok(read(queries::refunds_before(db, token.as_str(), at, id, limit as u64)?)?)
}

pub(super) fn stale(db: &Connection, until: Timestamp, limit: usize) -> Result<Vec<Refund>> {
    Ok(readable(queries::stale_refunds(db, until.0, with_spare(limit))?, limit, |row| hex::encode(row.id)))
}

pub(super) fn claim(db: &Connection, seen: &Refund, now: Timestamp) -> Result<bool> {
    Ok(queries::claim_refund(db, seen.id.0, seen.updated_at.0, now.0)? == 1)
}
