//! `/v1/transfers`, deposits and withdrawals, described.

use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::path::HttpMethod::{Get, Post};

use super::account::{entry, invalid, json_of, one};
use super::operation::{JSON, Operation, Taken, Who};
use super::value::{
    Need, Others, Shape, amount, currency, description, list, number, record, reference, switch, whole,
};
use crate::api::Refusal;
use crate::api::transfer::BATCH_MAX;
use crate::domain::asset::Asset;
use crate::domain::command::{Refusal as Reason, Side};
use crate::domain::money::Amount;
use crate::domain::transfer::{HoldStatus, TransferId};
use crate::http::batch::Answered;
use crate::http::show::Id;
use crate::http::transfer::{Found, Shown, TIMEOUT_MAX_S};

/// What they are, in short.
pub(super) const ABOUT: &str = "Money from one account to another, wholly or not at all. Send an `Idempotency-Key`: sent again with it, a request \
    is done once and answered the same. Of several reasons to refuse, the first of `docs/problems.md` is given.";

/// The transfers that the examples are about: made by the user 1 under the keys `rent-11`, `hold-11` and `hold-12`, and the first demo deposit.
const RENT: &str = "dde543f7-8d7e-816d-b2e2-b228e08f25d1";
const HOLD: &str = "ec393c29-99f8-8bd5-976c-410b3d94d3fa";
const ANOTHER: &str = "1f764e99-eba4-8ed2-8191-d21fa42982e8";
const SEED: &str = "e16acaf6-88ce-8d6f-995f-35f5770f46a1";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![post(), batch(), get(), post_pending(), void_pending()]
}

fn post() -> Operation {
    let examples = vec![("rent", order(json!({"description": "rent"}))), ("hold", order(json!({"pending": true})))];
    Operation::new(Post, "/v1/transfers", "postTransfer", "Move money, or hold it")
        .about("With `pending` the money is only held, until it is posted or voided, or its time is over. A customer sends from their own accounts.")
        .by(Who::SignedIn)
        .keyed()
        .takes(json_of(record(Others::Refused, order_fields()), examples))
        .creates::<Shown<'_>>("The transfer, both accounts as it left them, and its entries.", shown())
        .replayed()
        .refuses([Refusal::InvalidSession, invalid("amount", "is required")])
        .refuses(movement())
        .asks()
}

fn batch() -> Operation {
    let [from, to, amount, currency, description, pending, timeout] = order_fields();
    let linked = ("linked", Need::May, switch("It stands or falls with the one after it."));
    let item = record(Others::Refused, [from, to, amount, currency, description, pending, timeout, linked]);
    let transfers = list(BATCH_MAX, item, "Done in their order, in one transaction.");
    let fields =
        [("transfers", Need::Must, transfers), ("atomic", Need::May, switch("All or none, as if all were linked."))];
    let two = json!({"transfers": [order(json!({})), order(json!({"amount": "2.50"}))], "atomic": true});
    let results = json!({"done": 1, "refused": 1, "results": [
        {
            "status": "posted", "transfer_id": RENT, "replayed": false, "from_seq": 2, "from_balance": "990.00", "from_held": "0.00",
            "to_seq": 2, "to_balance": "1010.00", "created_at": "2026-03-01T12:00:00.000001Z",
        },
        {"status": "refused", "problem": {
            "type": "/problems/insufficient-funds", "title": "Insufficient funds", "status": 422,
            "detail": "the account has too little", "field": "amount", "available": "990.00", "currency": "CNY",
        }},
    ]});
    Operation::new(Post, "/v1/transfers/batch", "postBatch", "Move money many times")
        .about("Each transfer is answered on its own, in its place. Under an `Idempotency-Key` each is known by the key and its place.")
        .by(Who::SignedIn)
        .keyed()
        .takes(json_of(record(Others::Refused, fields), vec![("two", two)]))
        .answers::<Answered<'_>>("What became of each.", results)
        .replayed()
        .refuses([Refusal::InvalidSession, invalid("transfers", "must be a list of 1 to 10000")])
        .asks()
}

fn get() -> Operation {
    let mut found = shown();
    found["hold"] = Value::Null;
    about_one(Operation::new(Get, "/v1/transfers/{id}", "getTransfer", "Get a transfer, and what became of it"), SEED)
        .about("For the owners of both accounts. Whoever is paid does not see what is left in the other's account.")
        .by(Who::SignedIn)
        .answers::<Found<'_>>("The transfer.", found)
        .refuses([Refusal::InvalidSession, Refusal::NoSuchTransfer])
        .asks()
}

fn post_pending() -> Operation {
    let about = "All of what is held, or as much of it as `amount` says; the rest is released. For whoever owns the account that pays.\n\n\
        The transfer of the example is a hold of `alice` under the key `hold-11`.";
    let fields = [("amount", Need::May, amount())];
    let operation = Operation::new(Post, "/v1/transfers/{id}/post", "postPending", "Settle a pending transfer");
    settles(
        about_one(operation, HOLD).about(about),
        record(Others::Refused, fields),
        ("part", json!({"amount": "4.00"})),
    )
    .refuses([Refusal::InvalidSession, invalid("amount", "must be a string")])
    .refuses(ending())
    .refuses(part())
    .asks()
}

fn void_pending() -> Operation {
    let about = "What is held is available again. For whoever owns the account that pays.\n\n\
        The transfer of the example is a hold of `alice` under the key `hold-12`.";
    let operation = Operation::new(Post, "/v1/transfers/{id}/void", "voidPending", "Release a pending transfer");
    settles(about_one(operation, ANOTHER).about(about), record(Others::Refused, []), ("nothing", json!({})))
        .refuses([Refusal::InvalidSession, invalid("body", "must be a JSON object")])
        .refuses(ending())
        .asks()
}

fn settles(operation: Operation, shape: Shape, example: (&'static str, Value)) -> Operation {
    let taken = Taken { media_types: &[JSON], shape, required: false, examples: vec![example] };
    let operation = operation.by(Who::SignedIn).keyed().takes(taken);
    operation.creates::<Shown<'_>>("The transfer that settles it.", shown()).replayed()
}

/// Money that comes in from outside (`inward`), or goes out.
pub(super) fn external(inward: bool) -> Operation {
    let (path, name, summary) = match inward {
        true => ("/v1/accounts/{id}/deposits", "deposit", "Bring money in from outside"),
        false => ("/v1/accounts/{id}/withdrawals", "withdraw", "Take money out"),
    };
    let fields = [
        ("amount", Need::Must, amount()),
        ("currency", Need::Must, currency()),
        ("reference", Need::Must, reference()),
        ("description", Need::May, description()),
    ];
    let example = json!({"amount": "10.00", "currency": "CNY", "reference": "bank-2026-11-1"});
    one(Operation::new(Post, path, name, summary))
        .about("By an operator. The reference is used once in each direction.")
        .keyed()
        .takes(json_of(record(Others::Refused, fields), vec![(name, example)]))
        .creates::<Shown<'_>>("The transfer, both accounts as it left them, and its entries.", shown())
        .replayed()
        .refuses([Refusal::InvalidSession, invalid("reference", "must be 1 to 128 visible ASCII characters")])
        .by(Who::Operator)
        .refuses([Refusal::NoSuchAccount])
        .refuses([Reason::ReferenceUsed { by: TransferId([0x0f; 16]) }.into()])
        .refuses(movement())
        .asks()
}

fn about_one(operation: Operation, example: &'static str) -> Operation {
    operation.part("id", Id::schema(), example, "The transfer's id.")
}

fn order_fields() -> [(&'static str, Need, Shape); 7] {
    let timeout = whole(1, TIMEOUT_MAX_S, "Seconds until the hold expires by itself; only with `pending`.");
    [
        ("from_account_id", Need::Must, number("The account that pays.")),
        ("to_account_id", Need::Must, number("The account that is paid.")),
        ("amount", Need::Must, amount()),
        ("currency", Need::Must, currency()),
        ("description", Need::May, description()),
        ("pending", Need::May, switch("Only hold the money.")),
        ("timeout_seconds", Need::May, timeout),
    ]
}

/// From Alice's demo account to Bob's, with more or other fields.
fn order(more: Value) -> Value {
    let mut order = json!({"from_account_id": 1, "to_account_id": 3, "amount": "10.00", "currency": "CNY"});
    let fields = order.as_object_mut().expect("it is one");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    order
}

/// The rent, paid.
fn shown() -> Value {
    let account = |id: u64, balance: &str| json!({"id": id, "currency": "CNY", "balance": balance, "held": "0.00"});
    let changed = |account: u64, amount: &str, after: &str| {
        let mut changed = entry();
        for (name, value) in [("amount", amount), ("balance_before", "1000.00"), ("balance_after", after)] {
            changed[name] = json!(value);
        }
        (changed["account_id"], changed["seq"], changed["transfer_id"]) = (json!(account), json!(2), json!(RENT));
        changed
    };
    json!({
        "transfer": {
            "id": RENT, "kind": "transfer", "status": "posted", "from_account_id": 1, "to_account_id": 3, "amount": "10.00",
            "currency": "CNY", "description": "rent", "reference": null, "pending_id": null, "timeout_seconds": null, "expires_at": null,
            "created_at": "2026-03-01T12:00:00.000001Z",
        },
        "from_account": account(1, "990.00"), "to_account": account(3, "1010.00"),
        "from_entry": changed(1, "-10.00", "990.00"), "to_entry": changed(3, "10.00", "1010.00"),
    })
}

fn cny() -> Asset {
    Asset::parse("CNY").expect("a currency of ISO 4217")
}

/// Why money does not move.
pub(super) fn movement() -> Vec<Refusal> {
    let (side, available) = (Side::From, Amount::new(99_000).expect("it is small"));
    let usd = Asset::parse("USD").expect("a currency of ISO 4217");
    let ladder = [
        Reason::IdReused { field: "amount".to_owned() },
        Reason::SameAccount,
        Reason::UnknownAccount(side),
        Reason::Frozen(side),
        Reason::Closed(side),
        Reason::CurrencyMismatch { side, account: usd, transfer: cny() },
        Reason::NotPositive,
        Reason::TooManyDecimals { most: 2 },
        Reason::TooLarge,
        Reason::InsufficientFunds { available, asset: cny() },
    ];
    ladder.into_iter().map(Refusal::from).collect()
}

/// Why a pending transfer does not end.
fn ending() -> Vec<Refusal> {
    let side = Side::From;
    let ladder = [
        Reason::IdReused { field: "pending_id".to_owned() },
        Reason::UnknownTransfer,
        Reason::NotPending,
        Reason::Frozen(side),
        Reason::Closed(side),
        Reason::AlreadySettled(HoldStatus::Posted),
        Reason::HoldExpired,
    ];
    ladder.into_iter().map(Refusal::from).collect()
}

/// Why not so much of it.
fn part() -> Vec<Refusal> {
    let held = Amount::new(1000).expect("it is small");
    let ladder = [
        Reason::NotPositive,
        Reason::TooManyDecimals { most: 2 },
        Reason::TooLarge,
        Reason::MoreThanHeld { held, asset: cny() },
    ];
    ladder.into_iter().map(Refusal::from).collect()
}
