//! Refunds: units of work.

use mysql_async::{Conn, Result, Transaction};
use tokio::time::Instant;

use super::error::is_taken;
use super::unit::{Attempt, Change, Unit};
use crate::domain::account::Account;
use crate::domain::payment::{Payment, PaymentStatus, PaymentToken};
use crate::domain::refund::{NoRefund, Refund, RefundWish};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::store::queries::payment::{readable, with_spare};
use crate::store::queries::refund::{place, unguarded};
use crate::store::queries::{mysql as queries, rows};
use crate::store::refund::{RefundCursor, Reserved};

/// Done twice, because its answer was lost, it meets its own row.
pub(super) struct Reserve {
    pub(super) wish: RefundWish,
    pub(super) now: Timestamp,
    pub(super) until: Instant,
}

impl Change for Reserve {
    type Value = Reserved;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Reserved> {
        let account = charged(db, &self.wish.token).await?;
        let Some(payment) = locked(db, &self.wish.token).await? else {
            return Ok(Reserved::Refused(NoRefund::NoPayment));
        };
        if let Some(known) = found(db, self.wish.id).await? {
            return Ok(Reserved::Known(known));
        }
        if Instant::now() >= self.until {
            return Ok(Reserved::TooLate);
        }
        let (refund, refunded) = match self.wish.of(&payment, account.as_ref(), self.now) {
            Ok(made) => made,
            Err(refused) => return Ok(Reserved::Refused(refused)),
        };
        match queries::insert_refunds(db, &[rows::Refund::from(&refund)]).await {
            // The same id for another payment, at the same time.
            Err(error) if is_taken(&error) => {
                return found(db, self.wish.id).await?.map(Reserved::Known).ok_or(error);
            }
            outcome => outcome.map(drop)?,
        }
        match queries::set_refunded(db, payment.token.as_str(), payment.refunded, refunded).await? {
            1 => Ok(Reserved::Begun(refund)),
            _ => Err(unguarded().into()),
        }
    }
}

/// Done twice, because its answer was lost, it finds the refund ended.
pub(super) struct Fail {
    pub(super) refund: Refund,
    pub(super) error: String,
    pub(super) now: Timestamp,
}

impl Change for Fail {
    type Value = bool;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<bool> {
        let Some(payment) = locked(db, &self.refund.token).await? else { return Ok(false) };
        let (id, failed) = (self.refund.id.0, PaymentStatus::Failed as u64);
        if queries::end_refund(db, id, failed, None, None, Some(&self.error), self.now.0).await? == 0 {
            return Ok(false);
        }
        let released = payment.refunded.minus(self.refund.amount).map_err(|_| unguarded())?;
        match queries::set_refunded(db, payment.token.as_str(), payment.refunded, released).await? {
            1 => Ok(true),
            _ => Err(unguarded().into()),
        }
    }
}

/// The account of a payment, locked before the payment, as the ledger's batches lock them. What has succeeded changes its account no more, and
/// what has not is not given back.
async fn charged(db: &mut Transaction<'_>, token: &PaymentToken) -> Result<Option<Account>> {
    let Some(account) = queries::payment(db, token.as_str()).await?.and_then(|payment| payment.account_id) else {
        return Ok(None);
    };
    Ok(queries::lock_accounts(db, &[account]).await?.pop().map(Account::try_from).transpose()?)
}

async fn locked(db: &mut Transaction<'_>, token: &PaymentToken) -> Result<Option<Payment>> {
    Ok(queries::lock_payment(db, token.as_str()).await?.map(Payment::try_from).transpose()?)
}

async fn found(db: &mut Transaction<'_>, id: TransferId) -> Result<Option<Refund>> {
    Ok(queries::refund(db, id.0).await?.map(Refund::try_from).transpose()?)
}

pub(super) struct Get(pub(super) TransferId);

impl Unit for Get {
    type Value = Option<Refund>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Refund>> {
        Ok(queries::refund(db, self.0.0).await?.map(Refund::try_from).transpose()?)
    }
}

pub(super) struct Page {
    pub(super) token: PaymentToken,
    pub(super) after: Option<RefundCursor>,
    pub(super) limit: usize,
}

impl Unit for Page {
    type Value = Vec<Refund>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Refund>> {
        let (at, id) = place(self.after);
        understood(queries::refunds_before(db, self.token.as_str(), at, id, self.limit as u64).await?)
    }
}

pub(super) struct Stale {
    pub(super) until: Timestamp,
    pub(super) limit: usize,
}

impl Unit for Stale {
    type Value = Vec<Refund>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Refund>> {
        let rows = queries::stale_refunds(db, self.until.0, with_spare(self.limit)).await?;
        Ok(readable(rows, self.limit, |row| hex::encode(row.id)))
    }
}

/// One statement that commits by itself. If its answer was lost it may have been done, and then nobody else could: taken up twice is harmless.
pub(super) struct Claim {
    pub(super) seen: Refund,
    pub(super) now: Timestamp,
}

impl Unit for Claim {
    type Value = bool;

    async fn run(&self, db: &mut Conn, attempt: Attempt) -> Result<bool> {
        let changed = queries::claim_refund(db, self.seen.id.0, self.seen.updated_at.0, self.now.0).await?;
        Ok(changed == 1 || attempt == Attempt::AfterUnknown)
    }
}

fn understood(rows: Vec<rows::Refund>) -> Result<Vec<Refund>> {
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}
