//! `/v1/house`, `/v1/rates`, `/v1/quotes` and `/v1/conversions`, described.

use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::{Get, Post, Put};

use super::account::{invalid, json_of};
use super::operation::{Operation, Who};
use super::transfer::movement;
use super::value::{Need, Others, amount, currency, either, like, number, record, text};
use crate::api::Refusal;
use crate::domain::command::Refusal as Reason;
use crate::domain::conversion::QuoteToken;
use crate::http::conversion::{Shown, ShownHouse, ShownQuote, ShownRate, ShownRates};

/// What they are, in short.
pub(super) const ABOUT: &str = "Money of one currency for money of another, at rates that operators set, out of the house's liquidity: both halves \
    in one transaction. Exact fractions throughout; what is bought is rounded down to the minor unit, and the remainder is the house's.";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![house(), rates(), set_rate(), quote(), convert()]
}

fn house() -> Operation {
    let account = json!({
        "id": 40, "user_id": null, "currency": "EUR", "balance": "5000.00", "held": "0.00", "available": "5000.00", "floor": "0.00",
        "status": "open", "created_at": "2026-03-01T12:00:00.000001Z", "updated_at": "2026-03-01T12:00:00.000001Z",
    });
    Operation::new(Get, "/v1/house", "getHouse", "Look at the house's accounts")
        .about("With `currency`, those that are missing are made. Liquidity comes and goes by deposits and withdrawals, as an account of a user's does; \
                how far it may go is its `floor`.")
        .query("currency", currency(), "Only those in this currency.")
        .answers::<ShownHouse<'_>>("The accounts, by currency.", json!({"liquidity": [account], "fees": []}))
        .refuses([
            Refusal::InvalidSession,
            invalid("currency", "must be an ISO 4217 code in capitals, such as CNY"),
        ])
        .by(Who::Operator)
        .asks()
}

fn rates() -> Operation {
    Operation::new(Get, "/v1/rates", "listRates", "List the rates")
        .about("Each holds in one direction alone.")
        .by(Who::SignedIn)
        .answers::<ShownRates>("The rates that hold now.", json!({"rates": [rate()]}))
        .refuses([Refusal::InvalidSession])
        .asks()
}

fn set_rate() -> Operation {
    let rate_of = |about| like(r"^[0-9]{1,37}(\.[0-9]{1,37})?$", about, "0.1275");
    let part = |about| like("^[1-9][0-9]{0,37}$", about, "51");
    let spread = || like(r"^[0-9]{1,2}(\.[0-9]{1,6})?$", "What the house keeps of it, in percent.", "0.5");
    let decimal =
        [("rate", Need::Must, rate_of("More than zero, at most 38 digits.")), ("spread", Need::May, spread())];
    let fraction = [
        ("numerator", Need::Must, part("A whole number.")),
        ("denominator", Need::Must, part("A whole number.")),
        ("spread", Need::May, spread()),
    ];
    let shape = either([record(Others::Refused, decimal), record(Others::Refused, fraction)]);
    let examples = vec![
        ("decimal", json!({"rate": "0.1275", "spread": "0.5"})),
        ("fraction", json!({"numerator": "51", "denominator": "400"})),
    ];
    Operation::new(Put, "/v1/rates/{from}/{to}", "putRate", "Set a rate")
        .about("What a unit of `from` is worth in units of `to`, for quotes from now on; those that were given stay as they are.")
        .part("from", currency(), "CNY", "What is sold.")
        .part("to", currency(), "EUR", "What is bought.")
        .takes(json_of(shape, examples))
        .answers::<ShownRate>("The rate as it holds now.", rate())
        .refuses([Refusal::InvalidSession, invalid("rate", "must be more than zero")])
        .by(Who::Operator)
        .asks()
}

fn quote() -> Operation {
    let side = |known: &'static str| {
        let fields = [
            ("from_currency", Need::Must, currency()),
            ("to_currency", Need::Must, currency()),
            (known, Need::Must, amount()),
        ];
        record(Others::Refused, fields)
    };
    let ask = |known: &str| json!({"from_currency": "CNY", "to_currency": "EUR", known: "10.00"});
    let examples = vec![("sell", ask("sell_amount")), ("buy", ask("buy_amount"))];
    Operation::new(Post, "/v1/quotes", "quote", "Ask what a conversion comes to")
        .about("Of `buy_amount` at least that much is bought, for the least that buys it.")
        .by(Who::SignedIn)
        .takes(json_of(either([side("sell_amount"), side("buy_amount")]), examples))
        .answers::<ShownQuote>("The quote, good for whoever asked until it expires.", quoted())
        .refuses([
            Refusal::InvalidSession,
            invalid("to_currency", "must be another currency than the one that is sold"),
            Refusal::NoSuchRate,
            Reason::NotPositive.into(),
            Reason::TooManyDecimals { most: 2 }.into(),
            Reason::TooLarge.into(),
            Refusal::TooSmall,
        ])
        .asks()
}

fn convert() -> Operation {
    let fields = [
        ("quote", Need::Must, text(1, QuoteToken::CHARS, "What `POST /v1/quotes` has answered.")),
        ("from_account_id", Need::May, number("The account that pays; one's own in that currency, if it is missing.")),
        ("to_account_id", Need::May, number("The account that is paid, likewise.")),
    ];
    let mut refusals =
        vec![Refusal::InvalidSession, invalid("quote", "is required"), Refusal::NoSuchQuote, Refusal::QuoteExpired];
    refusals.extend(movement());
    refusals.extend([Refusal::NoLiquidity, Refusal::OutcomeUnknown(None)]);
    Operation::new(Post, "/v1/conversions", "convert", "Convert money as it was quoted")
        .about("One transaction: what is sold goes to the house, and what is bought comes from it, or neither. The quote is what makes a request \
                the same when it is sent again, so that no `Idempotency-Key` is needed.")
        .by(Who::SignedIn)
        .takes(json_of(record(Others::Refused, fields), vec![("convert", json!({"quote": QUOTE}))]))
        .creates::<Shown<'_>>("The conversion, and both accounts as it left them.", converted())
        .replayed()
        .refuses(refusals)
        .asks()
}

const QUOTE: &str = "cq_AAAAAAAAAAAAAAAAAAAAAA";

fn rate() -> Value {
    json!({
        "from_currency": "CNY", "to_currency": "EUR", "rate": {"numerator": "51", "denominator": "400"}, "spread": "0.5",
        "created_at": "2026-03-01T12:00:00.000001Z",
    })
}

/// Ten yuan, exchanged.
fn exchange(more: Value) -> Value {
    let mut exchange = json!({
        "from_currency": "CNY", "to_currency": "EUR", "sell_amount": "10.00", "buy_amount": "1.26",
        "rate": {"numerator": "10149", "denominator": "80000"}, "remainder": {"numerator": "69", "denominator": "80"},
    });
    let fields = exchange.as_object_mut().expect("it is one");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    exchange
}

fn quoted() -> Value {
    exchange(json!({"quote": QUOTE, "expires_at": "2026-03-01T12:00:30.000001Z"}))
}

fn converted() -> Value {
    let account = |id: u64, currency: &str, balance: &str| json!({"id": id, "currency": currency, "balance": balance, "held": "0.00"});
    exchange(json!({
        "id": "bc7a2827-01c3-8aff-af69-b3f84ce68189", "buy_transfer_id": "e16acaf6-88ce-8d6f-995f-35f5770f46a1",
        "from_account": account(1, "CNY", "990.00"), "to_account": account(41, "EUR", "1.26"),
        "created_at": "2026-03-01T12:00:00.000001Z",
    }))
}
