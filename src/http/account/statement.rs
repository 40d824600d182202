//! `/v1/accounts/{id}/statement`, as JSON page by page and as CSV.

use hyper::header::{CONTENT_DISPOSITION, HeaderValue, LINK};
use serde::Serialize;
use utoipa::ToSchema;

use super::account_of;
use crate::api::account::PAGE_MAX;
use crate::api::account::statement::{OfPeriod, StatementPage};
use crate::domain::account::AccountId;
use crate::domain::account::statement::{COLUMNS, Line, Span};
use crate::domain::asset::Asset;
use crate::domain::time::Timestamp;
use crate::http::front::Call;
use crate::http::openapi::value::transfer_kind;
use crate::http::query::{Query, cursor};
use crate::http::reply::{Reply, Trouble};
use crate::http::show::{Id, Instant, Money};

/// Most lines of one CSV file: as many as ten pages have. A longer statement has a `Link` to the next file; `teller statement` writes any whole.
pub(in crate::http) const CSV_LINES_MAX: usize = 10_000;

/// What an account has is nobody's to keep on its way.
static PRIVATE: HeaderValue = HeaderValue::from_static("no-store");
static CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// A change of the balance, as a statement shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = StatementLine)]
struct ShownLine {
    /// The entry's place among the account's entries.
    seq: u64,
    created_at: Instant,
    transfer_id: Id,
    #[schema(schema_with = transfer_kind)]
    kind: &'static str,
    /// The account on the other side.
    counterparty_account_id: u64,
    /// The name it has outside; `null` of a transfer between users.
    #[schema(required)]
    reference: Option<String>,
    description: String,
    /// Less than zero where the account paid.
    amount: Money,
    /// What was there afterwards.
    balance: Money,
}

impl ShownLine {
    fn new(line: Line, asset: Asset) -> Self {
        Self {
            seq: line.seq,
            created_at: Instant(line.at),
            transfer_id: Id(line.transfer),
            kind: line.kind.name(),
            counterparty_account_id: line.counterparty.0,
            reference: line.reference.map(String::from),
            description: line.description.into(),
            amount: Money(line.amount, asset),
            balance: Money(line.balance, asset),
        }
    }
}

/// What became of an account in a period.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Statement {
    account_id: u64,
    #[schema(value_type = String)]
    currency: Asset,
    /// The first instant of the period.
    from: Instant,
    /// Its last.
    to: Instant,
    /// What was there just before it.
    opening_balance: Money,
    /// What was there at its end.
    closing_balance: Money,
    /// What came in in the whole period, zero or more; `null` where it has more than 10000 entries.
    #[schema(required)]
    total_in: Option<Money>,
    /// What went out; likewise.
    #[schema(required)]
    total_out: Option<Money>,
    /// Oldest first. The opening balance and all of them make the closing one.
    entries: Vec<ShownLine>,
    /// The next page's `cursor`; `null` on the last.
    #[schema(required)]
    next: Option<String>,
}

impl From<StatementPage> for Statement {
    fn from(page: StatementPage) -> Self {
        let StatementPage { span, turnover, lines, next } = page;
        let money = |amount| Money(amount, span.asset);
        Self {
            account_id: span.account.0,
            currency: span.asset,
            from: Instant(span.period.start),
            to: Instant(span.period.end),
            opening_balance: money(span.opening),
            closing_balance: money(span.closing),
            total_in: turnover.map(|turnover| money(turnover.incoming)),
            total_out: turnover.map(|turnover| money(turnover.outgoing)),
            entries: lines.into_iter().map(|line| ShownLine::new(line, span.asset)).collect(),
            next: next.map(cursor),
        }
    }
}

/// `GET /v1/accounts/{id}/statement`: oldest first.
pub(in crate::http) async fn json(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = asked(call, &["from", "to", "limit", "cursor"])?;
    let page = call.backend().account.statement(&call.context(), &request).await??;
    Ok(Reply::document(&Statement::from(page)))
}

/// `GET /v1/accounts/{id}/statement.csv`: whole, up to [`CSV_LINES_MAX`] lines, between lines for the two balances at its ends.
pub(in crate::http) async fn csv(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let mut request = OfPeriod { limit: PAGE_MAX, totals: false, ..asked(call, &["from", "to", "cursor"])? };
    let (is_first, context) = (request.after.is_none(), call.context());
    let mut file = csv::Writer::from_writer(Vec::new());
    let mut lines = 0;
    write(&mut file, &COLUMNS);
    loop {
        let page = call.backend().account.statement(&context, &request).await??;
        let span = page.span;
        if is_first && request.after.is_none() {
            write(&mut file, &span.opening_record(text(span.period.start)));
        }
        lines += page.lines.len();
        for line in &page.lines {
            write(&mut file, &span.record(line, text(line.at)));
        }
        // Both ends stay where they are for all of the pages, also where nobody said when the period ends.
        request = OfPeriod { from: Some(span.period.start), to: Some(span.period.end), after: page.next, ..request };
        match page.next {
            None => {
                write(&mut file, &span.closing_record(text(span.period.end)));
                return Ok(told(file, &span));
            }
            Some(next) if lines + usize::from(PAGE_MAX) > CSV_LINES_MAX => {
                return Ok(told(file, &span).with(LINK, link(&span, next)));
            }
            Some(_) => {}
        }
    }
}

fn asked(call: &Call<'_>, names: &[&str]) -> Result<OfPeriod, Trouble> {
    let caller = call.caller()?;
    let account = account_of(call)?;
    let query = Query::read(names, call.head.uri().query())?;
    let (from, to) = (query.first_of("from")?, query.last_of("to")?);
    Ok(OfPeriod { caller, account, from, to, after: query.cursor()?, limit: query.limit()?, totals: true })
}

fn write<const N: usize>(file: &mut csv::Writer<Vec<u8>>, record: &[impl AsRef<[u8]>; N]) {
    file.write_record(record).expect("memory takes any record of as many fields as the first");
}

fn told(file: csv::Writer<Vec<u8>>, span: &Span) -> Reply {
    let body = file.into_inner().expect("memory takes all that is left");
    let name = format!("attachment; filename=\"statement-{}-{}.csv\"", span.account, span.asset.code());
    let name = HeaderValue::try_from(name).expect("numbers and codes are ASCII");
    Reply::file(&CSV, &PRIVATE, body).with(CONTENT_DISPOSITION, name)
}

/// The next file of the same period.
fn link(span: &Span, next: u64) -> HeaderValue {
    let AccountId(account) = span.account;
    let (from, to) = (text(span.period.start), text(span.period.end));
    let target = format!("/v1/accounts/{account}/statement.csv?from={from}&to={to}&cursor={}", cursor(next));
    HeaderValue::try_from(format!("<{target}>; rel=\"next\"")).expect("numbers and times are ASCII")
}

fn text(at: Timestamp) -> String {
    Instant(at).to_string()
}
