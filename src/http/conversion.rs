//! `/v1/house`, `/v1/rates`, `/v1/quotes` and `/v1/conversions`: money of one currency for money of another.

use serde::Serialize;
use utoipa::ToSchema;

use super::account;
use super::front::Call;
use super::json::Object;
use super::query::Query;
use super::reply::{Reply, Trouble};
use super::show::{Id, Instant, Money};
use super::transfer::{ShownAccount, ShownFee, moving};
use crate::api::conversion::{Ask, Convert, Converted, House, Known, Quote, SetRate};
use crate::domain::account::{AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::conversion::{Posted, QuoteToken, Rate, Remainder};
use crate::domain::fee::Percent;
use crate::domain::invalid::Invalid;
use crate::domain::money::{Amount, Decimal};

/// The house's accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = House)]
pub(super) struct ShownHouse<'a> {
    /// What conversions sell out of and buy into, one in each currency.
    liquidity: Vec<account::Shown<'a>>,
    /// Where fees go, several in each currency.
    fees: Vec<account::Shown<'a>>,
}

/// An exact fraction.
#[derive(Serialize, ToSchema)]
#[schema(as = Fraction)]
struct Fraction {
    numerator: String,
    denominator: String,
}

impl From<Rate> for Fraction {
    fn from(rate: Rate) -> Self {
        let text = |part: Amount| part.minor().to_string();
        Self { numerator: text(rate.numerator()), denominator: text(rate.denominator()) }
    }
}

impl From<Remainder> for Fraction {
    fn from(Remainder { numerator, denominator }: Remainder) -> Self {
        Self { numerator, denominator }
    }
}

/// A rate that holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Rate)]
pub(super) struct ShownRate {
    from_currency: String,
    to_currency: String,
    /// What a unit of `from_currency` is worth in units of `to_currency`.
    rate: Fraction,
    /// What of that the house keeps, in percent.
    spread: String,
    created_at: Instant,
}

/// All rates that hold.
#[derive(Serialize, ToSchema)]
#[schema(as = Rates)]
pub(super) struct ShownRates {
    rates: Vec<ShownRate>,
}

impl From<&Posted> for ShownRate {
    fn from(posted: &Posted) -> Self {
        Self {
            from_currency: posted.from.to_string(),
            to_currency: posted.to.to_string(),
            rate: posted.rate.into(),
            spread: posted.spread.to_string(),
            created_at: Instant(posted.created_at),
        }
    }
}

/// What a conversion comes to.
#[derive(Serialize, ToSchema)]
#[schema(as = Exchange)]
struct Exchange {
    from_currency: String,
    to_currency: String,
    sell_amount: Money,
    buy_amount: Money,
    /// The rate, less the spread.
    rate: Fraction,
    /// What the house keeps because `buy_amount` is rounded down: this part of a minor unit of `to_currency`.
    remainder: Fraction,
}

impl Exchange {
    fn new((from, sold): (Asset, Amount), (to, bought): (Asset, Amount), rate: Rate) -> Self {
        // It was computed so before, and could be counted.
        let remainder = rate.buys(sold, from, to).map(|(_, remainder)| remainder);
        let nothing = Remainder { numerator: "0".to_owned(), denominator: "1".to_owned() };
        Self {
            from_currency: from.to_string(),
            to_currency: to.to_string(),
            sell_amount: Money(sold, from),
            buy_amount: Money(bought, to),
            rate: rate.into(),
            remainder: remainder.unwrap_or(nothing).into(),
        }
    }
}

/// A quote.
#[derive(Serialize, ToSchema)]
#[schema(as = Quote)]
pub(super) struct ShownQuote {
    /// What to convert with, once, until it expires.
    quote: String,
    #[serde(flatten)]
    exchange: Exchange,
    /// What it costs besides, in `from_currency`; left out where it costs nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_amount: Option<Money>,
    expires_at: Instant,
}

impl From<&Quote> for ShownQuote {
    fn from(quote: &Quote) -> Self {
        Self {
            quote: quote.token.as_str().to_owned(),
            exchange: Exchange::new((quote.from, quote.sold), (quote.to, quote.bought), quote.rate),
            fee_amount: quote.fee.map(|fee| Money(fee, quote.from)),
            expires_at: Instant(quote.expires_at),
        }
    }
}

/// A conversion, with both accounts as its two transfers left them.
#[derive(Serialize, ToSchema)]
#[schema(as = Conversion)]
pub(super) struct Shown<'a> {
    /// The transfer that sells: the conversion's own id, too.
    id: Id,
    /// The transfer that buys.
    buy_transfer_id: Id,
    #[serde(flatten)]
    exchange: Exchange,
    from_account: ShownAccount<'a>,
    to_account: ShownAccount<'a>,
    /// What it cost besides; left out where it cost nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<ShownFee>,
    created_at: Instant,
}

impl<'a> From<&'a Converted> for Shown<'a> {
    fn from(Converted { conversion, sold, bought }: &'a Converted) -> Self {
        let (from, to) = (&conversion.from, &conversion.to);
        let (paid, got) = (&sold.receipt, &bought.receipt);
        Self {
            id: Id(conversion.id),
            buy_transfer_id: Id(conversion.bought_by),
            exchange: Exchange::new((*from, conversion.sold), (*to, conversion.bought), conversion.rate),
            from_account: ShownAccount::new(paid.transfer.from, from, Some(&paid.from_entry)),
            to_account: ShownAccount::new(got.transfer.to, to, got.to_entry.as_ref()),
            fee: sold.fee.map(|fee| ShownFee::new(fee, *from)),
            created_at: Instant(conversion.created_at),
        }
    }
}

/// `GET /v1/house`.
pub(super) async fn house(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let query = Query::read(&["currency"], call.head.uri().query())?;
    let asset = query.text("currency").map(Asset::parse).transpose()?;
    let accounts = call.backend().conversion.house(&call.context(), &House { caller, asset }).await??;
    let of = |kind| accounts.iter().filter(move |account| account.kind == kind).map(account::Shown::from).collect();
    Ok(Reply::document(&ShownHouse { liquidity: of(AccountKind::Liquidity), fees: of(AccountKind::Fees) }))
}

/// `GET /v1/rates`.
pub(super) async fn rates(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let rates = call.backend().conversion.rates(&call.context(), &caller).await??;
    Ok(Reply::document(&ShownRates { rates: rates.iter().map(ShownRate::from).collect() }))
}

/// `PUT /v1/rates/{from}/{to}`.
pub(super) async fn set_rate(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let body = call.json().await?;
    let (from, to) = pair(call.head.uri().path())?;
    let fields = Object::strict(&["rate", "numerator", "denominator", "spread"], &body)?;
    let spread = fields.text("spread")?.map(|text| Percent::parse("spread", &text)).transpose()?.unwrap_or_default();
    let request = SetRate { caller, from, to, rate: rate(&fields)?, spread };
    let posted = call.backend().conversion.set_rate(&call.context(), &request).await??;
    Ok(Reply::document(&ShownRate::from(&posted)))
}

fn pair(path: &str) -> Result<(Asset, Asset), Invalid> {
    let named = |place, field| {
        let text = path.split('/').nth(place).unwrap_or_default();
        Asset::parse(text).map_err(|broken| Invalid::new(field, broken.rule))
    };
    Ok((named(3, "from")?, named(4, "to")?))
}

fn rate<const N: usize>(fields: &Object<'_, N>) -> Result<Rate, Invalid> {
    let part = |name: &'static str, text: &str| {
        let whole = Decimal::parse(name, text).ok().filter(|part| part.scale == 0);
        let part = whole.and_then(|part| Amount::new(part.digits).ok());
        part.ok_or(Invalid::new(name, "must be a whole number of at most 38 digits"))
    };
    let parts = (fields.text("rate")?, fields.text("numerator")?, fields.text("denominator")?);
    match parts {
        (Some(text), None, None) => Rate::of_decimal(Decimal::parse("rate", &text)?),
        (None, Some(above), Some(below)) => Rate::new(part("numerator", &above)?, part("denominator", &below)?),
        _ => Err(Invalid::new("body", "must have either rate, or numerator and denominator")),
    }
}

/// `POST /v1/quotes`.
pub(super) async fn quote(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let body = call.json().await?;
    let fields = Object::strict(&["from_currency", "to_currency", "sell_amount", "buy_amount"], &body)?;
    let currency = |name: &'static str| {
        let text = fields.required(name)?;
        Asset::parse(&text).map_err(|broken| Invalid::new(name, broken.rule))
    };
    let (from, to) = (currency("from_currency")?, currency("to_currency")?);
    let known = match (fields.text("sell_amount")?, fields.text("buy_amount")?) {
        (Some(text), None) => Known::Sold(Decimal::parse("sell_amount", &text)?),
        (None, Some(text)) => Known::Bought(Decimal::parse("buy_amount", &text)?),
        _ => return Err(Invalid::new("body", "must have either sell_amount or buy_amount").into()),
    };
    let quote = call.backend().conversion.quote(&call.context(), &Ask { caller, from, to, known }).await??;
    Ok(Reply::document(&ShownQuote::from(&quote)))
}

/// `POST /v1/conversions`. The quote is what makes it the same when it is sent again: no `Idempotency-Key` is needed, and none is read.
pub(super) async fn convert(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let body = call.json().await?;
    let fields = Object::strict(&["quote", "from_account_id", "to_account_id"], &body)?;
    let account = |name| Ok::<_, Invalid>(fields.number(name, i64::MAX as u64)?.map(AccountId));
    let quote = QuoteToken::parse(fields.required("quote")?)?;
    let request = Convert { caller, quote, from: account("from_account_id")?, to: account("to_account_id")? };
    let (backend, cx) = (call.backend(), call.context());
    let made = moving(None, backend.conversion.convert(&cx, &request)).await?;
    let location = format!("/v1/transfers/{}", made.conversion.id);
    Ok(Reply::created(&location, &Shown::from(&made)).replayed(made.sold.replayed))
}
