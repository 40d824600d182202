//! Conversions: rates, quotes at them, and both halves of a conversion in one transaction.
//!
//! - [`notary`]: quotes that are known again without having been kept.

pub mod notary;

use std::time::Duration;

use teller_rpc::{Context, Status};

use self::notary::{Notary, Terms};
use super::audit::Audit;
use super::caller::{Callers, Halt, heard, storable};
use super::fees::Fees;
use super::transfer::{deadline, lost, public};
use super::{Clock, answer};
use crate::api::Refusal;
use crate::api::conversion::{Ask, Convert, Converted, House, Known, Quote, Service, SetRate};
use crate::domain::account::{Account, AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::Caller;
use crate::domain::command::{self, Action, Along, Authority, Charged, Command, Done, Move, Outcome, Side};
use crate::domain::conversion::{Conversion, Posted};
use crate::domain::invalid::Invalid;
use crate::domain::money::{Amount, Decimal, NotAnAmount};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::error::{Code, Error};
use crate::ledger::Ledger;
use crate::store::{Store, Volatile};

/// Most of the house's accounts of one kind in an answer: more than there are currencies, times a few stripes.
const HOUSE_MAX: usize = 2000;

/// The service `conversion`.
pub struct Conversions<S, V> {
    pub(super) ledger: Ledger<S>,
    pub(super) callers: Callers<S, V>,
    pub(super) audit: Audit,
    pub(super) fees: Fees<S>,
    pub(super) notary: Notary,
    pub(super) quote_ttl: Duration,
    pub(super) clock: Clock,
}

impl<S: Store, V: Volatile> Service for Conversions<S, V> {
    async fn house(&self, cx: Context, request: House) -> Result<Result<Vec<Account>, Refusal>, Status> {
        answer("conversion.house", &cx, async { heard(self.houses(request).await) }).await
    }

    async fn set_rate(&self, cx: Context, request: SetRate) -> Result<Result<Posted, Refusal>, Status> {
        answer("conversion.set_rate", &cx, async { heard(self.post(request).await) }).await
    }

    async fn rates(&self, cx: Context, caller: Caller) -> Result<Result<Vec<Posted>, Refusal>, Status> {
        answer("conversion.rates", &cx, async { heard(self.posted(caller).await) }).await
    }

    async fn quote(&self, cx: Context, request: Ask) -> Result<Result<Quote, Refusal>, Status> {
        answer("conversion.quote", &cx, async { heard(self.offer(request).await) }).await
    }

    async fn convert(&self, cx: Context, request: Convert) -> Result<Result<Converted, Refusal>, Status> {
        answer("conversion.convert", &cx, async { heard(self.exchange(&cx, request).await) }).await
    }
}

impl<S: Store, V: Volatile> Conversions<S, V> {
    async fn houses(&self, House { caller, asset }: House) -> Result<Vec<Account>, Halt> {
        self.callers.operator(&caller).await?;
        let store = self.ledger.store();
        let mut all = Vec::new();
        for kind in [AccountKind::Liquidity, AccountKind::Fees] {
            if let Some(asset) = asset {
                self.ledger.house_accounts(kind, asset).await?;
            }
            all.extend(store.accounts_of_kind(kind, asset, HOUSE_MAX).await?);
        }
        Ok(all)
    }

    async fn post(&self, SetRate { caller, from, to, rate, spread }: SetRate) -> Result<Posted, Halt> {
        let actor = self.callers.operator(&caller).await?;
        differ("to", from, to)?;
        rate.less(spread)?;
        let event = AuditEvent::new(AuditKind::RateSet).by(actor).from_caller(&caller);
        let (above, below) = (rate.numerator().minor(), rate.denominator().minor());
        let detail = format!("{from} to {to}, rate {above}/{below}, spread {} millionths", spread.millionths());
        self.audit.record(event.with_detail(detail)).await?;
        let posted = Posted { from, to, rate, spread, actor, created_at: (self.clock)() };
        self.ledger.store().post_rate(&posted).await?;
        Ok(posted)
    }

    async fn posted(&self, caller: Caller) -> Result<Vec<Posted>, Halt> {
        self.callers.user(&caller).await?;
        Ok(self.ledger.store().rates().await?)
    }

    async fn offer(&self, Ask { caller, from, to, known }: Ask) -> Result<Quote, Halt> {
        let user = self.callers.user(&caller).await?;
        differ("to_currency", from, to)?;
        let wanted = match known {
            Known::Sold(amount) => positive(amount, from)?,
            Known::Bought(amount) => positive(amount, to)?,
        };
        let posted = self.ledger.store().rate(from, to).await?.ok_or(Refusal::NoSuchRate)?;
        let rate = posted.rate.less(posted.spread)?;
        let sold = match known {
            Known::Sold(_) => wanted,
            Known::Bought(_) => rate.costs(wanted, from, to).map_err(command::Refusal::from)?,
        };
        let (bought, _) = rate.buys(sold, from, to).map_err(command::Refusal::from)?;
        if bought == Amount::ZERO {
            return Err(Refusal::TooSmall.into());
        }
        let fee = self.fees.price(TransferKind::Conversion, from, sold);
        let ttl = i64::try_from(self.quote_ttl.as_micros()).unwrap_or(i64::MAX);
        let expires_at = Timestamp((self.clock)().0.saturating_add(ttl));
        let terms = Terms { user, expires_at, from, to, sold, bought, fee: fee.unwrap_or_default(), rate };
        let token = self.notary.sign(&terms, rand::random());
        let token = token.ok_or_else(|| Error::new(Code::Internal, "no key signs"))?;
        Ok(Quote { token, from, to, rate, sold, bought, fee, expires_at })
    }

    async fn exchange(&self, cx: &Context, request: Convert) -> Result<Converted, Halt> {
        let user = self.callers.user(&request.caller).await?;
        let ids = TransferId::of_conversion(request.quote.as_str().as_bytes());
        // Another's quote is as good as a forged one: nobody learns whose it is.
        let Some(terms) = self.notary.read(&request.quote).filter(|terms| terms.user == user) else {
            return self.done_before(user, &request, ids).await;
        };
        let from = self.own(user, terms.from, request.from, Side::From).await?;
        let to = self.own(user, terms.to, request.to, Side::To).await?;
        let Terms { sold, bought, rate, .. } = terms;
        let [id, bought_by] = ids;
        let created_at = (self.clock)();
        let conversion =
            Conversion { id, bought_by, user, from: terms.from, to: terms.to, sold, bought, rate, created_at };
        let commands = self.halves(&conversion, &terms, from, to).await?;
        let outcomes = self.ledger.submit(commands, deadline(cx)).await.map_err(|error| lost(Some(id), error))?;
        converted(conversion, outcomes)
    }

    /// What was converted is answered for ever, also when the key that signed its quote is gone.
    async fn done_before(
        &self,
        user: UserId,
        request: &Convert,
        [id, bought_by]: [TransferId; 2],
    ) -> Result<Converted, Halt> {
        let store = self.ledger.store();
        let made = store.conversion(id).await?.filter(|made| made.user == user).ok_or(Refusal::NoSuchQuote)?;
        let found = store.transfers(&[id, bought_by, id.of_fee()]).await?;
        let done = |id, fee| {
            let receipt = found.iter().map(|stored| &stored.receipt).find(|receipt| receipt.transfer.id == id)?;
            Some(Done { receipt: receipt.clone(), replayed: true, fee })
        };
        let fee = done(id.of_fee(), None).map(|fee| fee.receipt.transfer);
        let fee = fee.map(|fee| Charged { id: fee.id, amount: fee.amount });
        let halves = done(id, fee).zip(done(bought_by, None));
        let (sold, bought) = halves.ok_or_else(|| Error::new(Code::Internal, "a conversion has lost a half"))?;
        let is_other = |named: Option<AccountId>, was| named.is_some_and(|named| named != was);
        let others = [
            ("from_account_id", is_other(request.from, sold.receipt.transfer.from)),
            ("to_account_id", is_other(request.to, bought.receipt.transfer.to)),
        ];
        match others.iter().find(|(_, is_other)| *is_other) {
            Some((field, _)) => Err(command::Refusal::IdReused { field: (*field).to_owned() }.into()),
            None => converted(made, vec![Ok(sold), Ok(bought)]),
        }
    }

    /// The user's account for one side: the one that is named, or their own in that currency.
    async fn own(&self, user: UserId, asset: Asset, named: Option<AccountId>, side: Side) -> Result<AccountId, Halt> {
        let store = self.ledger.store();
        let account = match named {
            Some(id) => store.account(storable(id)).await?.filter(|account| account.owner == Some(user)),
            None => store.account_of(user, asset).await?,
        };
        Ok(account.ok_or(command::Refusal::UnknownAccount(side))?.id)
    }

    /// Both transfers, of which the second stands or falls with the first.
    async fn halves(
        &self,
        made: &Conversion,
        terms: &Terms,
        from: AccountId,
        to: AccountId,
    ) -> Result<Vec<Command>, Halt> {
        let house = async |asset, id| self.ledger.house_account(AccountKind::Liquidity, asset, id).await;
        let (seller, buyer) = (house(made.from, made.id).await?, house(made.to, made.bought_by).await?);
        let fee = match terms.fee {
            Amount::ZERO => None,
            fee => Some(self.fees.fee(made.from, fee, made.id).await?),
        };
        let half = |id, linked, from, to, asset: Asset, amount: Amount, along| Command {
            id,
            actor: made.user,
            // Of the two accounts that pay one is the house's; that the other is the user's was looked at.
            authority: Authority::Operator,
            linked,
            action: Action::Move(Move {
                kind: TransferKind::Conversion,
                from,
                to,
                asset,
                amount: Decimal { digits: amount.minor(), scale: asset.scale() },
                pending: None,
                reference: None,
                description: Description::default(),
            }),
            record: None,
            along: Some(Box::new(along)),
        };
        // Until it expires a quote holds, whatever became of the rate. The ledger decides, since the same conversion may be on its way to it.
        let sells = Along { fee, until: Some(terms.expires_at), conversion: None };
        let buys = Along { conversion: Some(made.clone()), ..Along::default() };
        Ok(vec![
            half(made.id, true, from, seller, made.from, made.sold, sells),
            half(made.bought_by, false, buyer, to, made.to, made.bought, buys),
        ])
    }
}

/// What became of both halves.
fn converted(conversion: Conversion, outcomes: Vec<Outcome>) -> Result<Converted, Halt> {
    let [sold, bought] = <[Outcome; 2]>::try_from(outcomes).expect("there is one outcome for each command");
    match (sold, bought) {
        (Ok(sold), Ok(bought)) => {
            let created_at = sold.receipt.transfer.created_at;
            Ok(Converted { conversion: Conversion { created_at, ..conversion }, sold, bought })
        }
        (Err(command::Refusal::TooLate), _) => Err(Refusal::QuoteExpired.into()),
        // How much the house has is its own business.
        (Err(command::Refusal::ChainBroken { .. }), Err(command::Refusal::InsufficientFunds { .. })) => {
            Err(Refusal::NoLiquidity.into())
        }
        (Err(command::Refusal::ChainBroken { .. }) | Ok(_), Err(refusal)) | (Err(refusal), _) => {
            Err(public(refusal).into())
        }
    }
}

fn differ(field: &'static str, from: Asset, to: Asset) -> Result<(), Invalid> {
    if from == to { Err(Invalid::new(field, "must be another currency than the one that is sold")) } else { Ok(()) }
}

/// `written` in minor units, if it is more than zero.
fn positive(written: Decimal, asset: Asset) -> Result<Amount, command::Refusal> {
    if !written.is_positive() {
        return Err(command::Refusal::NotPositive);
    }
    written.amount_of(asset).map_err(|error| match error {
        NotAnAmount::TooManyDecimals => command::Refusal::TooManyDecimals { most: asset.scale() },
        NotAnAmount::TooLarge => command::Refusal::TooLarge,
    })
}
