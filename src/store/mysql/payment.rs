//! Payments: units of work, and the steps that a batch writes.

use mysql_async::{Conn, Result, Transaction};

use super::error::is_taken;
use super::unit::{Attempt, Change, Unit};
use crate::domain::payment::{OrderId, Payment, PaymentStatus, PaymentToken, Record};
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::store::payment::PaymentCursor;
use crate::store::queries::payment::place;
use crate::store::queries::{mysql as queries, rows};

/// Takes steps of payments and refunds in their order. `false`: one is not where its step begins, so that the transaction must be undone. So does one that
/// begins although it is there.
pub(super) async fn step(db: &mut Transaction<'_>, records: &[Record]) -> Result<bool> {
    for record in records {
        let changed = match record {
            Record::Begins(payment) => queries::insert_payments(db, &[rows::Payment::from(payment)]).await?,
            Record::Retries(payment) => {
                let (token, attempt) = (payment.token.as_str(), payment.attempt.into());
                let (account, order) = (payment.account.map(|account| account.0), payment.order.as_str());
                let (hold, now) = (payment.hold.0, payment.updated_at.0);
                queries::retry_payment(db, token, attempt, account, order, hold, now).await?
            }
            Record::Ends(end) => {
                let (token, attempt, status) = (end.token.as_str(), end.attempt.into(), end.status as u64);
                let (reference, error) = (end.reference.as_deref(), end.error.as_deref());
                queries::end_payment(db, token, attempt, status, reference, error, end.at.0).await?
            }
            Record::Refunds(end) => {
                let (transfer, reference) = (Some(end.transfer.0), end.reference.as_deref());
                let status = PaymentStatus::Success as u64;
                queries::end_refund(db, end.id.0, status, transfer, reference, None, end.at.0).await?
            }
        };
        if changed != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) struct Get(pub(super) PaymentToken);

impl Unit for Get {
    type Value = Option<Payment>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Payment>> {
        Ok(queries::payment(db, self.0.as_str()).await?.map(Payment::try_from).transpose()?)
    }
}

pub(super) struct OfOrder(pub(super) OrderId);

impl Unit for OfOrder {
    type Value = Option<Payment>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Payment>> {
        Ok(queries::payment_of_order(db, self.0.as_str()).await?.map(Payment::try_from).transpose()?)
    }
}

pub(super) struct Page {
    pub(super) user: Option<UserId>,
    pub(super) after: Option<PaymentCursor>,
    pub(super) limit: usize,
}

impl Unit for Page {
    type Value = Vec<Payment>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Payment>> {
        let ((at, token), most) = (place(&self.after), self.limit as u64);
        let rows = match self.user {
            None => queries::payments_before(db, at, token, most).await?,
            Some(user) => queries::payments_of_before(db, user.0, at, token, most).await?,
        };
        understood(rows)
    }
}

/// Done twice, because its answer was lost, it meets its own row and leaves it as it is.
pub(super) struct Fail(pub(super) Payment);

impl Change for Fail {
    type Value = ();

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<()> {
        let payment = &self.0;
        match queries::insert_payments(db, &[rows::Payment::from(payment)]).await {
            Err(error) if is_taken(&error) => {}
            outcome => return outcome.map(drop),
        }
        let (token, attempt) = (payment.token.as_str(), payment.attempt.into());
        let error = payment.error.as_deref().unwrap_or_default();
        queries::fail_payment_again(db, token, attempt, error, payment.updated_at.0).await.map(drop)
    }
}

pub(super) struct Stale {
    pub(super) until: Timestamp,
    pub(super) limit: usize,
}

impl Unit for Stale {
    type Value = Vec<Payment>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Payment>> {
        understood(queries::stale_payments(db, self.until.0, self.limit as u64).await?)
    }
}

/// One statement that commits by itself. If its answer was lost it may have been done, and then nobody else could: taken up twice is harmless.
pub(super) struct Claim {
    pub(super) seen: Payment,
    pub(super) now: Timestamp,
}

impl Unit for Claim {
    type Value = bool;

    async fn run(&self, db: &mut Conn, attempt: Attempt) -> Result<bool> {
        let (token, number) = (self.seen.token.as_str(), self.seen.attempt.into());
        let changed = queries::claim_payment(db, token, number, self.seen.updated_at.0, self.now.0).await?;
        Ok(changed == 1 || attempt == Attempt::AfterUnknown)
    }
}

fn understood(rows: Vec<rows::Payment>) -> Result<Vec<Payment>> {
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}
