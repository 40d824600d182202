//! `/v1/accounts/{id}/statements` and `/v1/statements`, described.

use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::{Get, Post, Put};

use super::account::{invalid, json_of, one, paged};
use super::answer::Said;
use super::operation::{Operation, Taken, Who};
use super::value::{Need, Others, Shape, cursor, like, line, list as list_of, number, record, switch, text, whole};
use crate::api::Refusal;
use crate::http::matching::ROWS_MAX;
use crate::http::matching::shown::{Kept, LinePage, Page, Shown, ShownLine, formats, states};
use crate::http::reply::Reply;

/// What they are, in short.
pub(super) const ABOUT: &str = "A bank's or a custodian's statement (CSV, camt.053, MT940), matched line by line with an account's entries: every line \
    and every entry is in one state, and says why. Owners and operators.";

/// As many characters as a file may have.
const FILE_CHARS: usize = 1 << 31;

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![upload(), list(), set_mapping(), mapping(), get(), lines(), export(), resolve()]
}

fn upload() -> Operation {
    let days = || whole(0, 31, "");
    let body = Taken {
        media_types: &["text/csv"],
        shape: text(1, FILE_CHARS, "The file, as it is; of any of the formats, and sent as any of their media types."),
        required: true,
        examples: vec![("csv", json!("date,amount,reference\n2026-03-01,10.00,bank-1\n"))],
    };
    let operation = Operation::new(
        Post,
        "/v1/accounts/{id}/statements",
        "uploadBankStatement",
        "Match a statement with an account's entries",
    );
    let statement = utoipa::openapi::Ref::from_schema_name(<Shown<'_> as utoipa::ToSchema>::name());
    one(operation)
        .about("A file that was sent before for this account is answered as it was then. Larger ones are for `teller reconcile`.")
        .query("file_name", text(0, 255, "What the file is called."), "What the file is called.")
        .query("format", formats(), "How it is written; found out, if it is missing.")
        .query("window_days", days(), "Days between a line and an entry that belong together by their amount; 3, if it is missing.")
        .query("settlement_days", days(), "Entries of so many last days may still come; 1, if it is missing.")
        .query("by_amount", switch(""), "Whether an amount and a day are enough even where both sides have references, and others.")
        .query("from", date(), "Only from this day on; the statement's first, if it is missing.")
        .query("to", date(), "Only up to this day; the statement's last, if it is missing.")
        .by(Who::SignedIn)
        .takes(body)
        .creates::<Shown<'_>>("What came of it.", statement_example())
        .says(Said::document(Reply::document(&()).status(), "What came of this very file before.", statement.into(), statement_example()))
        .replayed()
        .refuses([
            Refusal::InvalidSession,
            invalid("statement", "cannot be used: it has no column that is known to be the date: give a mapping"),
            Refusal::NoSuchAccount,
        ])
        .asks()
}

fn list() -> Operation {
    paged(one(Operation::new(
        Get,
        "/v1/accounts/{id}/statements",
        "listBankStatements",
        "List an account's statements",
    )))
    .by(Who::SignedIn)
    .answers::<Page<'_>>("A page of them, newest first.", json!({"statements": [statement_example()], "next": null}))
    .refuses([
        Refusal::InvalidSession,
        invalid("limit", "must be a whole number from 1 to 1000"),
        Refusal::NoSuchAccount,
    ])
    .asks()
}

fn set_mapping() -> Operation {
    let column = |about: &str| line(1, 100, about);
    let fields = [
        (
            "date",
            Need::Must,
            column("The day of the booking. A column is its header's name, or `#3` for the third one."),
        ),
        ("date_format", Need::May, column("As strftime has it; `%Y-%m-%d`, if it is missing.")),
        ("amount", Need::May, column("The signed amount; or, in its place, the two that follow.")),
        ("debit", Need::May, column("What went out.")),
        ("credit", Need::May, column("What came in.")),
        ("negated", Need::May, switch("Whether the amount is less than zero for what comes in.")),
        ("currency", Need::May, column("What the amount is counted in.")),
        ("references", Need::May, list_of(8, column(""), "References of all kinds.")),
        ("description", Need::May, column("What it says to people.")),
        ("balance", Need::May, column("The balance after the line.")),
        ("delimiter", Need::May, line(1, 1, "What separates columns; found out, if it is missing.")),
        ("decimal", Need::May, like("^[.,]$", "What separates decimals; a point, if it is missing.", ",")),
        ("skip_lines", Need::May, whole(0, 1000, "Lines before the header, or the first line.")),
        ("headless", Need::May, switch("Whether there is no header.")),
        ("latin1", Need::May, switch("Whether the file is in ISO 8859-1, and not in UTF-8.")),
    ];
    let bank = json!({"date": "date", "date_format": "%Y-%m-%d", "amount": "amount", "decimal": ".", "references": ["reference"]});
    let path = "/v1/accounts/{id}/statement-mapping";
    one(Operation::new(
        Put,
        path,
        "setBankStatementMapping",
        "Say which column of an account's CSV statements says what",
    ))
    .by(Who::SignedIn)
    .takes(json_of(record(Others::Refused, fields), vec![("bank", bank)]))
    .answers::<Kept<'_>>("It is kept.", json!({"mapping": mapping_example()}))
    .refuses([Refusal::InvalidSession, invalid("date", "is required"), Refusal::NoSuchAccount])
    .asks()
}

fn mapping() -> Operation {
    let path = "/v1/accounts/{id}/statement-mapping";
    one(Operation::new(
        Get,
        path,
        "getBankStatementMapping",
        "Get which column of an account's CSV statements says what",
    ))
    .by(Who::SignedIn)
    .answers::<Kept<'_>>("What is kept.", json!({"mapping": null}))
    .refuses([Refusal::InvalidSession, Refusal::NoSuchAccount])
    .asks()
}

fn get() -> Operation {
    of(Operation::new(Get, "/v1/statements/{id}", "getBankStatement", "Get what came of a statement"))
        .by(Who::SignedIn)
        .answers::<Shown<'_>>("What came of it.", statement_example())
        .refuses([Refusal::InvalidSession, Refusal::NoSuchStatement])
        .asks()
}

fn lines() -> Operation {
    paged(of(Operation::new(Get, "/v1/statements/{id}/lines", "listBankStatementLines", "List a statement's lines")))
        .by(Who::SignedIn)
        .query("state", states(), "Only these.")
        .answers::<LinePage<'_>>(
            "A page of them, discrepancies first.",
            json!({"lines": [line_example()], "next": null}),
        )
        .refuses([
            Refusal::InvalidSession,
            invalid("limit", "must be a whole number from 1 to 1000"),
            Refusal::NoSuchStatement,
        ])
        .asks()
}

fn export() -> Operation {
    let said = Said::file(
        Reply::document(&()).status(),
        "Up to 10000 of them, discrepancies first.",
        "text/csv",
        text(0, FILE_CHARS, ""),
    );
    of(Operation::new(
        Get,
        "/v1/statements/{id}/lines.csv",
        "exportBankStatementLines",
        "Get a statement's lines as CSV",
    ))
    .by(Who::SignedIn)
    .about("Text that a spreadsheet would run has an apostrophe before it.")
    .query("state", states(), "Only these.")
    .query("cursor", cursor(), "What `Link` says of the next rows.")
    .says(said.with_header("Link", "The address of the next rows, with `rel=\"next\"`, if there are any."))
    .refuses([
        Refusal::InvalidSession,
        invalid("cursor", "must be one that an answer gave as next"),
        Refusal::NoSuchStatement,
    ])
    .asks()
}

fn resolve() -> Operation {
    let path = "/v1/statements/{id}/lines/{place}/resolve";
    let fields = [("note", Need::Must, line(1, 500, "What came of it."))];
    of(Operation::new(Post, path, "resolveBankStatementLine", "Say what came of a discrepancy"))
        .about("Done once: a line that has a note keeps it, and is answered with it.")
        .part("place", number(""), 1, "The line's place.")
        .takes(json_of(record(Others::Refused, fields), vec![("asked", json!({"note": "the bank has been asked"}))]))
        .answers::<ShownLine<'_>>("The line as it is now.", line_example())
        .refuses([Refusal::InvalidSession, invalid("note", "is required")])
        .by(Who::Operator)
        .refuses([Refusal::NoSuchStatement])
        .asks()
}

/// About one statement.
fn of(operation: Operation) -> Operation {
    operation.part("id", number(""), 1, "The statement's number.")
}

fn date() -> Shape {
    like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "A day in UTC.", "2026-03-01")
}

fn statement_example() -> Value {
    let none = |state: &str| json!({"state": state, "lines": 0, "statement": "0.00", "ours": "0.00"});
    let states = [
        "amount_mismatch",
        "missing_internal",
        "missing_external",
        "duplicate",
        "unreadable",
        "expected_later",
        "matched",
    ];
    let mut states = states.map(none);
    states[1] = json!({"state": "missing_internal", "lines": 1, "statement": "10.00", "ours": "0.00"});
    json!({
        "id": 1, "file_name": "march.csv", "sha256": "5a".repeat(32), "discrepancies": 1, "resolved": 0, "created_by": 1,
        "created_at": "2026-03-02T12:00:00.000001Z",
        "result": {
            "account_id": 1, "currency": "CNY", "format": "csv", "from": "2026-03-01", "to": "2026-03-01", "opening_balance": null,
            "closing_balance": null, "our_opening_balance": "0.00", "our_closing_balance": "0.00", "states": states, "outside": 0, "proof": null,
        },
    })
}

fn line_example() -> Value {
    json!({
        "place": 1, "state": "missing_internal", "reason": "no entry has its reference, and none without a reference its amount within 3 days",
        "line": 2, "date": "2026-03-01", "amount": "10.00", "our_amount": null, "reference": "bank-1", "description": "", "entries": [],
        "transfer_id": null, "resolution": null,
    })
}

fn mapping_example() -> Value {
    json!({
        "date": "date", "date_format": "%Y-%m-%d", "amount": "amount", "debit": null, "credit": null, "negated": false, "currency": null,
        "references": ["reference"], "description": null, "balance": null, "delimiter": null, "decimal": ".", "skip_lines": 0,
        "headless": false, "latin1": false,
    })
}
const _: () = assert!(ROWS_MAX == 10_000, "as it is described");
