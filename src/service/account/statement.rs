//! Statements: what became of an account in a period.

use super::Accounts;
use crate::api::Refusal;
use crate::api::account::statement::{OfPeriod, StatementPage, TURNOVER_MAX};
use crate::domain::invalid::Invalid;
use crate::domain::reconcile::Period;
use crate::error::{Code, Error};
use crate::ledger::statement::{self, Failure, Piece};
use crate::service::caller::Halt;
use crate::service::page::page_size;
use crate::store::{Store, Volatile};

impl<S: Store, V: Volatile> Accounts<S, V> {
    pub(super) async fn stated(&self, request: OfPeriod) -> Result<StatementPage, Halt> {
        let user = self.callers.user(&request.caller).await?;
        let account = self.callers.account(user, request.account).await?;
        let end = request.to.unwrap_or_else(self.clock);
        let period = Period { start: request.from.unwrap_or(account.created_at.min(end)), end };
        if period.start > period.end {
            return Err(Invalid::new("from", "must not be after to").into());
        }
        let span = statement::span(&self.store, &account, period).await?;
        let after = request.after.unwrap_or(span.before);
        let Piece { lines, next } = statement::piece(&self.store, &span, after, page_size(request.limit)).await?;
        let turnover = match request.totals {
            true => statement::turnover(&self.store, &span, TURNOVER_MAX).await?,
            false => None,
        };
        Ok(StatementPage { span, turnover, lines, next })
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::Outside(_) => {
                Refusal::Invalid(Invalid::new("cursor", "must be one that an answer gave as next")).into()
            }
            broken @ Failure::Broken(_) => Error::new(Code::Internal, broken).into(),
        }
    }
}
