//! `/api/wallets`, described.

use serde_json::{Value, json};
use utoipa::openapi::Ref;
use utoipa::openapi::path::HttpMethod::{Get, Post};
use utoipa::openapi::schema::{ArrayBuilder, Schema};

use super::account::{invalid, json_of, one};
use super::answer::Said;
use super::operation::{Operation, Who};
use super::transfer::movement;
use super::value::{
    Need, Others, Shape, amount, currency, cursor, decimal, description, either, instant, just, like, list, number,
    one_of, record, reference, whole,
};
use crate::api::Refusal;
use crate::api::wallet::RECONCILE_MAX;
use crate::domain::account::AccountId;
use crate::domain::command::Refusal as Reason;
use crate::domain::transfer::TransferId;
use crate::http::reconciliation::Answered;
use crate::http::reply::Reply;
use crate::http::wallet::{Message, PAGE, Reconciliation, Transaction, Wallet, kinds, statuses};

/// What they are, in short.
pub(super) const ABOUT: &str = "Accounts by another name, as published: amounts without zeros at their end, and what is refused said in a word or \
    two. Open to all in development on this machine; elsewhere for owners and operators.";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        list_wallets(),
        open(),
        get(),
        moved(true),
        moved(false),
        transactions(),
        reconcile(),
        reconciliations(),
        reconcile_all(),
    ]
}

fn list_wallets() -> Operation {
    Operation::new(Get, "/api/wallets", "listWallets", "List a user's wallets")
        .asked("user_id", number(""), 1, "Whose.")
        .by(Who::Contract)
        .says(listed("Wallet", "All of them.", wallet()))
        .named::<Wallet>()
        .refuses([Refusal::InvalidSession, invalid("user_id", "is required"), Refusal::NoSuchUser])
        .asks()
}

fn open() -> Operation {
    let user = either([number("Whose."), like("^[0-9]+$", "The same, as text.", "20241222")]);
    let fields = [("user_id", Need::Must, user), ("currency", Need::Must, currency())];
    let body = json!({"user_id": 20_241_222, "currency": "USD"});
    Operation::new(Post, "/api/wallets", "openWallet", "Open a wallet")
        .about("Each user has one in a currency.")
        .by(Who::Contract)
        .takes(json_of(record(Others::Ignored, fields), vec![("dollars", body)]))
        .creates::<Wallet>("The wallet.", wallet())
        .refuses([
            Refusal::InvalidSession,
            invalid("currency", "must be an ISO 4217 code in capitals, such as CNY"),
            Refusal::NoSuchUser,
            Refusal::AccountExists(AccountId(1)),
        ])
        .asks()
}

fn get() -> Operation {
    about_one(Operation::new(Get, "/api/wallets/{id}", "getWallet", "Get a wallet"))
        .answers::<Wallet>("The wallet.", wallet())
        .asks()
}

/// Money that comes in from outside (`inward`), or goes out.
fn moved(inward: bool) -> Operation {
    let (path, name, summary, message) = match inward {
        true => ("/api/wallets/{id}/deposit", "depositToWallet", "Bring money in from outside", "deposit successful"),
        false => ("/api/wallets/{id}/withdraw", "withdrawFromWallet", "Take money out", "withdrawal successful"),
    };
    let fields = [
        ("amount", Need::Must, sum()),
        ("tx_hash", Need::Must, reference()),
        ("description", Need::May, description()),
    ];
    let body = json!({"amount": "100", "tx_hash": if inward { "0xabc" } else { "0xdef" }});
    let only = inward.then_some(Refusal::NotOperator);
    about_one(Operation::new(Post, path, name, summary))
        .about("The `tx_hash` is good once in each direction, on whichever wallet. Money is brought in by operators, where the contracts are not open.")
        .keyed()
        .takes(json_of(record(Others::Ignored, fields), vec![(name, body)]))
        .answers::<Message>("It is done.", json!({"message": message}))
        .refuses(only)
        .refuses([invalid("tx_hash", "must be 1 to 128 visible ASCII characters"), invalid("amount", "is required")])
        .refuses([Reason::ReferenceUsed { by: TransferId([0x0f; 16]) }.into()])
        .refuses(movement())
        .asks()
}

fn transactions() -> Operation {
    let example = json!({
        "ID": 1, "CreatedAt": "2026-03-01T12:00:00.000001Z", "UpdatedAt": "2026-03-01T12:00:00.000001Z", "WalletID": 1, "Type": "deposit",
        "Amount": "1000", "BalanceBefore": "0", "BalanceAfter": "1000", "Status": "completed", "TxHash": "seed-1-CNY",
        "Description": "to begin with",
    });
    let operation = Operation::new(Get, "/api/wallets/{id}/transactions", "listTransactions", "List what has happened");
    paged(about_one(operation))
        .query("from", instant(), "None that is older than this instant.")
        .query("to", instant(), "None that is newer than this instant.")
        .query("type", kinds(), "Only these.")
        .query("status", statuses(), "Only these.")
        .says(listed("Transaction", "A page of them, newest first.", example).with_header("Link", NEXT))
        .named::<Transaction>()
        .refuses([invalid("from", "must be a time in RFC 3339, such as 2026-03-01T12:00:00Z")])
        .asks()
}

fn reconcile() -> Operation {
    let sides = [
        ("start_time", Need::May, beginning()),
        ("end_time", Need::Must, instant()),
        ("external_balance", Need::Must, signed("What somebody else's books say.")),
        ("tolerance", Need::May, signed("What both may differ by, zero or more; 0.001 if it is missing.")),
    ];
    let body =
        json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z", "external_balance": "60"});
    about_one(Operation::new(
        Post,
        "/api/wallets/{id}/reconcile",
        "reconcile",
        "Compare a balance with another's books",
    ))
    .about("Without `start_time`, or with `last`, the period begins where the last comparison that matched ended.")
    .takes(json_of(record(Others::Ignored, sides), vec![("year", body)]))
    .answers::<Reconciliation>("What came of it, which is kept.", reconciliation())
    .refuses([invalid("external_balance", "is required")])
    .asks()
}

fn beginning() -> Shape {
    let last = just("last");
    either([instant(), last])
}

/// Of Teller's own surface, and told here because it is about the same.
fn reconcile_all() -> Operation {
    let item = [
        ("account_id", Need::Must, number("Of which account.")),
        ("start_time", Need::May, beginning()),
        ("end_time", Need::May, instant()),
        ("external_balance", Need::Must, signed("What somebody else's books say.")),
        ("tolerance", Need::May, signed("What both may differ by, zero or more; 0.001 if it is missing.")),
    ];
    let items = list(RECONCILE_MAX, record(Others::Refused, item), "Compared in any order, answered in theirs.");
    let body = json!({"items": [{"account_id": 1, "external_balance": "1000.00"}, {"account_id": 999_999, "external_balance": "0"}]});
    let results = json!({"matched": 1, "mismatched": 0, "refused": 1, "results": [
        {
            "status": "matched", "account_id": 1, "reconciliation_id": 1, "currency": "CNY", "start_time": "2026-01-01T00:00:00.000000Z",
            "end_time": "2026-03-01T12:00:00.000001Z", "opening_balance": "0.00", "system_balance": "1000.00", "external_balance": "1000",
            "tolerance": "0.001", "difference": "0", "entries": 1, "notes": "",
        },
        {"status": "refused", "account_id": 999_999, "problem": {
            "type": "/problems/account-not-found", "title": "Account not found", "status": 404, "detail": "there is no such account",
        }},
    ]});
    Operation::new(Post, "/v1/reconciliations", "reconcileAll", "Compare many balances with another's books")
        .about("Without `start_time`, or with `last`, a period begins where the last comparison of the account that matched ended; without \
            `end_time` it ends now. All that could be made are kept.")
        .takes(json_of(record(Others::Refused, [("items", Need::Must, items)]), vec![("two", body)]))
        .answers::<Answered<'_>>("What came of each.", results)
        .refuses([Refusal::InvalidSession, invalid("items", "must be a list of 1 to 1000")])
        .by(Who::Operator)
        .asks()
}

fn reconciliations() -> Operation {
    let path = "/api/wallets/{id}/reconciliations";
    paged(about_one(Operation::new(Get, path, "listReconciliations", "List the comparisons")))
        .says(listed("Reconciliation", "A page of them, newest first.", reconciliation()).with_header("Link", NEXT))
        .named::<Reconciliation>()
        .refuses([invalid("limit", "must be a whole number from 1 to 200")])
        .asks()
}

const NEXT: &str = "The next page's address, with `rel=\"next\"`, if there is one.";

fn about_one(operation: Operation) -> Operation {
    one(operation).by(Who::Contract).refuses([Refusal::InvalidSession, Refusal::NoSuchAccount])
}

fn paged(operation: Operation) -> Operation {
    let (usual, most) = PAGE;
    operation.query("limit", whole(1, most.into(), ""), &format!("Items on a page; {usual}, if it is missing.")).query(
        "cursor",
        cursor(),
        "What `Link` says of the next page.",
    )
}

fn listed(name: &str, about: &str, example: Value) -> Said {
    let list = Schema::from(ArrayBuilder::new().items(Ref::from_schema_name(name)));
    Said::document(Reply::document(&()).status(), about, list.into(), json!([example]))
}

/// An amount as text or number.
fn sum() -> Shape {
    either([amount(), decimal("The same as a number, read from its text and never through a float.")])
}

/// The same, with a sign.
fn signed(about: &str) -> Shape {
    either([like(r"^-?[0-9]+(\.[0-9]+)?$", about, "60"), decimal(about)])
}

fn wallet() -> Value {
    json!({
        "ID": 1, "CreatedAt": "2026-03-01T12:00:00.000001Z", "UpdatedAt": "2026-03-01T12:00:00.000001Z", "UserID": 1, "Currency": "CNY",
        "Balance": "1000",
    })
}

fn reconciliation() -> Value {
    json!({
        "ID": 1, "CreatedAt": "2026-03-01T12:00:00.000001Z", "WalletID": 1, "StartTime": "2026-01-01T00:00:00.000000Z",
        "EndTime": "2100-01-01T00:00:00.000000Z", "OpeningBalance": "0", "SystemBalance": "50.5", "ExternalBalance": "60",
        "Tolerance": "0.001", "Status": "mismatch", "Difference": "9.5", "Notes": "",
    })
}

/// Whether both books say the same.
pub(in crate::http) fn verdict() -> Shape {
    one_of(["matched", "mismatch"], "Whether both are the same, or as good as that.")
}
