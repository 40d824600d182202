//! Accounts: opening, looking, and what an operator may change.
//!
//! - `statement`: what became of one in a period.

mod statement;

use teller_rpc::{Context, Status};

use super::audit::Audit;
use super::caller::{Callers, Halt, heard};
use super::page::{page, page_size};
use super::{Clock, answer};
use crate::api::Refusal;
use crate::api::account::statement::{OfPeriod, StatementPage};
use crate::api::account::{
    Amend, BalanceAt, Change, Entries, EntryPage, List, OfAccount, Open, Page, PastBalance, Service,
};
use crate::domain::account::{Account, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::invalid::Invalid;
use crate::domain::money::{Amount, Decimal};
use crate::store::ledger::{Amended, Amendment, EntryRange};
use crate::store::{Store, Volatile};

/// The service `account`.
pub struct Accounts<S, V> {
    pub(super) store: S,
    pub(super) callers: Callers<S, V>,
    pub(super) audit: Audit,
    pub(super) clock: Clock,
}

impl<S: Store, V: Volatile> Service for Accounts<S, V> {
    async fn open(&self, cx: Context, request: Open) -> Result<Result<Account, Refusal>, Status> {
        answer("account.open", &cx, async { heard(self.begin(request).await) }).await
    }

    async fn get(&self, cx: Context, request: OfAccount) -> Result<Result<Account, Refusal>, Status> {
        answer("account.get", &cx, async { heard(self.look(request).await) }).await
    }

    async fn list(&self, cx: Context, request: List) -> Result<Result<Page<Account>, Refusal>, Status> {
        answer("account.list", &cx, async { heard(self.own(request).await) }).await
    }

    async fn entries(&self, cx: Context, request: Entries) -> Result<Result<EntryPage, Refusal>, Status> {
        answer("account.entries", &cx, async { heard(self.history(request).await) }).await
    }

    async fn balance_at(&self, cx: Context, request: BalanceAt) -> Result<Result<PastBalance, Refusal>, Status> {
        answer("account.balance_at", &cx, async { heard(self.past(request).await) }).await
    }

    async fn statement(&self, cx: Context, request: OfPeriod) -> Result<Result<StatementPage, Refusal>, Status> {
        answer("account.statement", &cx, async { heard(self.stated(request).await) }).await
    }

    async fn amend(&self, cx: Context, request: Amend) -> Result<Result<Account, Refusal>, Status> {
        answer("account.amend", &cx, async { heard(self.change(request).await) }).await
    }
}

impl<S: Store, V: Volatile> Accounts<S, V> {
    async fn begin(&self, Open { caller, asset }: Open) -> Result<Account, Halt> {
        let user = self.callers.user(&caller).await?;
        if let Some(account) = self.store.open_account(user, asset, (self.clock)()).await? {
            return Ok(account);
        }
        // Accounts are never deleted: what kept this one from being opened is there.
        let there = self.store.account_of(user, asset).await?.ok_or(Refusal::NoSuchAccount)?;
        Err(Refusal::AccountExists(there.id).into())
    }

    async fn look(&self, OfAccount { caller, account }: OfAccount) -> Result<Account, Halt> {
        let user = self.callers.user(&caller).await?;
        self.callers.account(user, account).await
    }

    async fn own(&self, List { caller, after, limit }: List) -> Result<Page<Account>, Halt> {
        let user = self.callers.user(&caller).await?;
        let limit = page_size(limit);
        Ok(page(self.store.accounts_of(user, after, limit + 1).await?, limit))
    }

    async fn history(&self, request: Entries) -> Result<EntryPage, Halt> {
        let user = self.callers.user(&request.caller).await?;
        let account = self.callers.account(user, request.account).await?;
        let limit = page_size(request.limit);
        // SQL counts to here.
        let before = request.before.map(|seq| seq.min(i64::MAX.unsigned_abs()));
        let range = EntryRange { from: request.from, until: request.until, before, limit: limit + 1 };
        let entries = self.store.entries(account.id, range).await?;
        Ok(EntryPage { asset: account.asset, page: page(entries, limit) })
    }

    async fn past(&self, BalanceAt { caller, account, at }: BalanceAt) -> Result<PastBalance, Halt> {
        let user = self.callers.user(&caller).await?;
        let account = self.callers.account(user, account).await?;
        let entry = self.store.entry_at(account.id, at).await?;
        let before_all = PastBalance { asset: account.asset, balance: Amount::ZERO, held: Amount::ZERO, seq: 0 };
        Ok(entry.map_or(before_all, |entry| PastBalance {
            balance: entry.balance_after,
            held: entry.held_after,
            seq: entry.seq,
            ..before_all
        }))
    }

    async fn change(&self, Amend { caller, account, change }: Amend) -> Result<Account, Halt> {
        let user = self.callers.operator(&caller).await?;
        let account = self.callers.account(user, account).await?;
        if account.owner.is_none() {
            // The house's own accounts are not to be stopped.
            return Err(Refusal::NoSuchAccount.into());
        }
        let (amendment, what) = match change {
            Change::Floor(floor) => {
                let floor = floor_of(floor, account.asset)?;
                (Amendment::Floor(floor), format!("floor {}", floor.in_major(account.asset)))
            }
            Change::Status(status) => (Amendment::Status(status), format!("status {}", name_of(status))),
        };
        let event = AuditEvent::new(AuditKind::AccountChanged).about(account.owner).by(user).from_caller(&caller);
        self.audit.record(event.with_detail(format!("account {}, {what}", account.id))).await?;
        match self.store.amend_account(account.id, amendment, (self.clock)()).await? {
            Amended::Done(account) => Ok(account),
            Amended::Unknown => Err(Refusal::NoSuchAccount.into()),
            Amended::Refused(account) if account.status != AccountStatus::Closed => {
                Err(Refusal::AccountNotEmpty.into())
            }
            // Closed twice is closed once: the first answer may have been lost.
            Amended::Refused(account) if change == Change::Status(AccountStatus::Closed) => Ok(account),
            Amended::Refused(_) => Err(Refusal::AccountClosed.into()),
        }
    }
}

const fn name_of(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Open => "open",
        AccountStatus::Frozen => "frozen",
        AccountStatus::Closed => "closed",
    }
}

fn floor_of(floor: Decimal, asset: Asset) -> Result<Amount, Invalid> {
    if floor.is_positive() {
        return Err(Invalid::new("floor", "must be zero or less"));
    }
    floor.amount_of(asset).map_err(|why| Invalid::new("floor", format!("must be an amount of {asset}: it {why}")))
}

#[cfg(test)]
mod tests {
    use super::floor_of;
    use crate::domain::asset::Asset;
    use crate::domain::money::Decimal;

    #[test]
    fn a_floor_is_zero_or_less_in_the_accounts_currency() {
        let floor = |text, code| {
            let decimal = Decimal::parse("floor", text).expect("a number");
            floor_of(decimal, Asset::parse(code).expect(code)).map(|amount| amount.minor())
        };
        assert_eq!(floor("-100.50", "CNY").expect("an overdraft"), -10_050);
        assert_eq!(floor("0", "CNY").expect("none"), 0);
        for (text, code) in [("0.01", "CNY"), ("-0.001", "CNY"), ("-0.5", "JPY")] {
            assert_eq!(floor(text, code).expect_err(text).field, "floor");
        }
    }
}
