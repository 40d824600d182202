//! `/v1/accounts`, described.

use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::{Get, Patch, Post};

use super::answer::Said;
use super::operation::{JSON, Operation, Taken, Who};
use super::transfer::external;
use super::value::{
    Need, Others, Shape, account_status, currency, cursor, either, instant, like, number, record, text, whole,
};
use crate::api::Refusal;
use crate::api::account::PAGE_MAX;
use crate::domain::account::AccountId;
use crate::domain::invalid::Invalid;
use crate::http::account::statement::Statement;
use crate::http::account::{AccountPage, EntriesPage, Past, Shown};
use crate::http::reply::Reply;

/// What they are, in short.
pub(super) const ABOUT: &str = "What a user has in one currency: `balance` is all of it, `held` what pending transfers hold, `available` what may \
    leave it. Another's account is answered like one that is not there; an operator sees all.";

/// Alice's demo account.
fn example() -> Value {
    json!({
        "id": 1, "user_id": 1, "currency": "CNY", "balance": "1000.00", "held": "0.00", "available": "1000.00", "floor": "0.00",
        "status": "open", "created_at": "2026-03-01T12:00:00.000001Z", "updated_at": "2026-03-01T12:00:00.000001Z",
    })
}

/// What her first deposit did to it.
pub(super) fn entry() -> Value {
    json!({
        "account_id": 1, "seq": 1, "transfer_id": "e16acaf6-88ce-8d6f-995f-35f5770f46a1", "amount": "1000.00",
        "balance_before": "0.00", "balance_after": "1000.00", "held_after": "0.00", "created_at": "2026-03-01T12:00:00.000001Z",
    })
}

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        list(),
        open(),
        get(),
        amend(),
        entries(),
        balance(),
        statement(),
        statement_csv(),
        external(true),
        external(false),
    ]
}

fn list() -> Operation {
    paged(Operation::new(Get, "/v1/accounts", "listAccounts", "List one's accounts"))
        .by(Who::SignedIn)
        .answers::<AccountPage<'_>>("A page of accounts, oldest first.", json!({"accounts": [example()], "next": null}))
        .refuses([Refusal::InvalidSession, invalid("limit", "must be a whole number from 1 to 1000")])
        .asks()
}

fn open() -> Operation {
    let fields = [("currency", Need::Must, currency())];
    Operation::new(Post, "/v1/accounts", "openAccount", "Open an account")
        .about("Each user has one account in a currency. It begins empty.")
        .by(Who::SignedIn)
        .takes(json_of(record(Others::Refused, fields), vec![("euro", json!({"currency": "EUR"}))]))
        .creates::<Shown<'_>>("The account.", example())
        .refuses([
            Refusal::InvalidSession,
            invalid("currency", "must be an ISO 4217 code in capitals, such as CNY"),
            Refusal::AccountExists(AccountId(1)),
        ])
        .asks()
}

fn get() -> Operation {
    one(Operation::new(Get, "/v1/accounts/{id}", "getAccount", "Get an account"))
        .by(Who::SignedIn)
        .answers::<Shown<'_>>("The account.", example())
        .refuses([Refusal::InvalidSession, Refusal::NoSuchAccount])
        .asks()
}

fn amend() -> Operation {
    let about = "How far it may be overdrawn: zero or less, in the currency's units.";
    let floor = like(r"^(-[0-9]+(\.[0-9]+)?|0+(\.0+)?)$", about, "-50.00");
    let changes = [("floor", floor), ("status", account_status())];
    let shape = either(changes.map(|(name, value)| record(Others::Refused, [(name, Need::Must, value)])));
    let examples = vec![
        ("lend", json!({"floor": "-50.00"})),
        ("freeze", json!({"status": "frozen"})),
        ("thaw", json!({"status": "open"})),
    ];
    one(Operation::new(Patch, "/v1/accounts/{id}", "amendAccount", "Change an account's floor or status"))
        .about("Either `floor` or `status`. Only an account without money can be closed, and then for good.")
        .takes(json_of(shape, examples))
        .answers::<Shown<'_>>("The account as it is now.", example())
        .refuses([Refusal::InvalidSession, invalid("body", "must have either floor or status")])
        .by(Who::Operator)
        .refuses([Refusal::NoSuchAccount, Refusal::AccountClosed, Refusal::AccountNotEmpty])
        .asks()
}

fn entries() -> Operation {
    let page = json!({"account_id": 1, "currency": "CNY", "entries": [entry()], "next": null});
    paged(one(Operation::new(Get, "/v1/accounts/{id}/entries", "listEntries", "List an account's changes")))
        .about("Every change of the balance, newest first, with what it was before and after.")
        .query("from", instant(), "None that is older than this instant.")
        .query("to", instant(), "Only what is older than this instant.")
        .by(Who::SignedIn)
        .answers::<EntriesPage<'_>>("A page of entries.", page)
        .refuses([
            Refusal::InvalidSession,
            invalid("from", "must be a time in RFC 3339, such as 2026-03-01T12:00:00Z"),
            Refusal::NoSuchAccount,
        ])
        .asks()
}

fn balance() -> Operation {
    let past = json!({
        "account_id": 1, "currency": "CNY", "at": "2026-03-01T12:00:00.000000Z", "balance": "0.00", "held": "0.00", "seq": 0,
    });
    one(Operation::new(Get, "/v1/accounts/{id}/balance", "getBalance", "Get a balance, now or in the past"))
        .query("at", instant(), "The instant; now, if it is missing.")
        .by(Who::SignedIn)
        .answers::<Past<'_>>("The balance then.", past)
        .refuses([
            Refusal::InvalidSession,
            invalid("at", "must be a time in RFC 3339, such as 2026-03-01T12:00:00Z"),
            Refusal::NoSuchAccount,
        ])
        .asks()
}

fn statement() -> Operation {
    let line = json!({
        "seq": 1, "created_at": "2026-03-01T12:00:00.000001Z", "transfer_id": "e16acaf6-88ce-8d6f-995f-35f5770f46a1", "kind": "deposit",
        "counterparty_account_id": 9, "reference": "seed-1-CNY", "description": "to begin with", "amount": "1000.00", "balance": "1000.00",
    });
    let page = json!({
        "account_id": 1, "currency": "CNY", "from": "2026-03-01T00:00:00.000000Z", "to": "2026-03-31T23:59:59.999999Z",
        "opening_balance": "0.00", "closing_balance": "1000.00", "total_in": "1000.00", "total_out": "0.00", "entries": [line], "next": null,
    });
    let operation = Operation::new(Get, "/v1/accounts/{id}/statement", "getStatement", "Get an account's statement");
    of_period(paged(one(operation)))
        .about("The balance before a period, every change within it, oldest first, and the balance at its end. What only holds or releases money is left out.")
        .answers::<Statement>("A page of it.", page)
        .refuses(period_refusals())
        .asks()
}

fn statement_csv() -> Operation {
    let operation = Operation::new(Get, "/v1/accounts/{id}/statement.csv", "downloadStatement", "Download a statement");
    let said = Said::file(Reply::document(&()).status(), "The file.", "text/csv", text(0, usize::MAX, ""));
    of_period(one(operation))
        .about("The same as CSV (RFC 4180): a line of names, one of the opening balance, the changes, one of the closing balance. Text that a \
            spreadsheet would run as a formula has an apostrophe before it. After 10,000 changes the file ends, and `Link` names the next.")
        .query("cursor", cursor(), "As it stands in the `Link` of the file before.")
        .says(said.with_header("Link", "The next file's address, with `rel=\"next\"`, if there is one."))
        .refuses(period_refusals())
        .asks()
}

fn of_period(operation: Operation) -> Operation {
    let bound = || either([instant(), like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "A day of UTC.", "2026-03-01")]);
    operation
        .query("from", bound(), "The first day or instant; when the account was opened, if it is missing.")
        .query("to", bound(), "The last day, whole, or the last instant, itself within; now, if it is missing.")
        .by(Who::SignedIn)
}

fn period_refusals() -> [Refusal; 3] {
    let rule = "must be a day, such as 2026-03-01, or a time in RFC 3339, such as 2026-03-01T12:00:00Z";
    [Refusal::InvalidSession, invalid("from", rule), Refusal::NoSuchAccount]
}

/// About one account.
pub(super) fn one(operation: Operation) -> Operation {
    operation.part("id", number(""), 1, "The account's number.")
}

/// Page by page.
pub(super) fn paged(operation: Operation) -> Operation {
    operation.query("limit", whole(1, PAGE_MAX.into(), ""), "Items on a page; 100, if it is missing.").query(
        "cursor",
        cursor(),
        "What the page before said as `next`.",
    )
}

/// A JSON body that must be there.
pub(super) fn json_of(shape: Shape, examples: Vec<(&'static str, Value)>) -> Taken {
    Taken { media_types: &[JSON], shape, required: true, examples }
}

/// A value that breaks a rule.
pub(super) fn invalid(field: &'static str, rule: &'static str) -> Refusal {
    Invalid::new(field, rule).into()
}
