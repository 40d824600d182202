//! `/v1/accounts/{id}/statements` and `/v1/statements`: statements of others beside our entries, line by line.

pub(crate) mod csv;
pub(crate) mod mapping;
pub(crate) mod shown;

use hyper::header::{CONTENT_TYPE, HeaderValue, LINK};

use self::shown::{Kept, LinePage, Page, Shown, ShownLine, ShownMapping};
use super::front::Call;
use super::json::{Object, number};
use super::problem::Problem;
use super::query::{self, Query, cursor};
use super::reply::{Reply, Trouble};
use crate::api::Refusal;
use crate::api::account::{OfAccount, PAGE_MAX};
use crate::api::matching::{Lines, List, OfStatement, Resolve, Rules, SetMapping, Upload};
use crate::domain::day::Day;
use crate::domain::invalid::Invalid;
use crate::domain::matching::{Format, LineState, Note};

/// What a statement may be sent as.
pub(super) const MEDIA_TYPES: &str =
    "text/csv, application/xml, text/xml, text/x-mt940, text/plain or application/octet-stream";
/// Rows of one answer in CSV: as many as ten pages have.
pub(super) const ROWS_MAX: u16 = 10_000;
/// Bytes of a statement that take about as long as a transfer.
const BYTES_LIKE_A_TRANSFER: usize = 64;

/// `GET` and `POST /v1/accounts/{id}/statements`.
pub(super) async fn collection(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let (caller, account) = (call.caller()?, query::account(call.head.uri().path())?);
    if call.reads() {
        let query = Query::read(&["limit", "cursor"], call.head.uri().query())?;
        let request = List { caller, account, before: query.cursor()?, limit: query.limit()? };
        let page = call.backend().matching.list(&call.context(), &request).await??;
        let next = page.items.last().filter(|_| page.more).map(|last| cursor(last.id));
        return Ok(Reply::document(&Page { statements: page.items.iter().map(Shown::from).collect(), next }));
    }
    check_media_type(call)?;
    // Much is read for people who are signed in, and for so many at once.
    call.backend().user.profile(&call.context(), &caller).await??;
    let _turn = call.front.uploads().try_acquire().map_err(|_| Problem::Unavailable)?;
    let content = call.bytes().await?;
    let names = ["file_name", "format", "window_days", "settlement_days", "by_amount", "from", "to"];
    let query = Query::read(&names, call.head.uri().query())?;
    let request = Upload {
        caller,
        account,
        file_name: query.text("file_name").unwrap_or_default().to_owned(),
        format: query.text("format").map(Format::parse).transpose()?,
        rules: rules(&query)?,
        content,
    };
    if request.content.is_empty() {
        return Err(Invalid::new("body", "is required").into());
    }
    let context = call.context_of(request.content.len() / BYTES_LIKE_A_TRANSFER + 1);
    let uploaded = call.backend().matching.upload(&context, &request).await??;
    let shown = Shown::from(&uploaded.statement);
    Ok(match uploaded.replayed {
        true => Reply::document(&shown).replayed(true),
        false => Reply::created(&format!("/v1/statements/{}", uploaded.statement.id), &shown),
    })
}

fn check_media_type(call: &Call<'_>) -> Result<(), Problem> {
    let Some(value) = call.headers().get(CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default();
    let own = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match MEDIA_TYPES.split([',', ' ']).any(|known| !known.is_empty() && known != "or" && known == own) {
        true => Ok(()),
        false => Err(Problem::UnsupportedMediaType(MEDIA_TYPES)),
    }
}

fn rules(query: &Query<'_>) -> Result<Rules, Invalid> {
    let days = |name: &'static str| {
        let rule = || Invalid::new(name, "must be a whole number from 0 to 31");
        query.text(name).map(|text| text.parse::<u8>().map(u32::from).map_err(|_| rule())).transpose()
    };
    let day = |name| query.text(name).map(|text| Day::parse(name, text)).transpose();
    let by_amount = match query.text("by_amount") {
        Some("true") => true,
        Some("false") | None => false,
        Some(_) => return Err(Invalid::new("by_amount", "must be true or false")),
    };
    let (window_days, settlement_days) = (days("window_days")?, days("settlement_days")?);
    Ok(Rules { window_days, settlement_days, by_amount, from: day("from")?, to: day("to")? })
}

/// `GET` and `PUT /v1/accounts/{id}/statement-mapping`.
pub(super) async fn mapping(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let (caller, account) = (call.caller()?, query::account(call.head.uri().path())?);
    if call.reads() {
        let kept = call.backend().matching.mapping(&call.context(), &OfAccount { caller, account }).await??;
        return Ok(Reply::document(&Kept { mapping: kept.as_ref().map(ShownMapping::from) }));
    }
    let body = call.json().await?;
    let request = SetMapping { caller, account, mapping: mapping::from_json(&body)? };
    let kept = call.backend().matching.set_mapping(&call.context(), &request).await??;
    Ok(Reply::document(&Kept { mapping: Some(ShownMapping::from(&kept)) }))
}

/// `GET /v1/statements/{id}`.
pub(super) async fn one(call: &Call<'_>) -> Result<Reply, Trouble> {
    let statement = call.backend().matching.get(&call.context(), &of(call)?).await??;
    Ok(Reply::document(&Shown::from(&statement)))
}

/// `GET /v1/statements/{id}/lines`: discrepancies first.
pub(super) async fn lines(call: &Call<'_>) -> Result<Reply, Trouble> {
    let query = Query::read(&["state", "limit", "cursor"], call.head.uri().query())?;
    let request = asked(call, &query, query.limit()?)?;
    let found = call.backend().matching.lines(&call.context(), &request).await??;
    let next = found.page.items.last().filter(|_| found.page.more).map(|last| cursor(last.place));
    let lines = found.page.items.iter().map(|line| ShownLine::new(line, found.asset)).collect();
    Ok(Reply::document(&LinePage { lines, next }))
}

fn asked(call: &Call<'_>, query: &Query<'_>, limit: u16) -> Result<Lines, Trouble> {
    let state = query.text("state").map(LineState::parse).transpose()?;
    Ok(Lines { of: of(call)?, state, after: query.cursor()?.unwrap_or_default(), limit })
}

/// `GET /v1/statements/{id}/lines.csv`: up to [`ROWS_MAX`] of them, and where there are more, a link to the others.
pub(super) async fn export(call: &Call<'_>) -> Result<Reply, Trouble> {
    let query = Query::read(&["state", "cursor"], call.head.uri().query())?;
    let mut request = asked(call, &query, PAGE_MAX)?;
    let (mut writer, mut next) = (None, None);
    for _ in 0..ROWS_MAX / PAGE_MAX {
        let found = call.backend().matching.lines(&call.context(), &request).await??;
        let mut out = match writer.take() {
            Some(out) => out,
            None => csv::Writer::new(Vec::new(), found.asset).expect("memory can be written to"),
        };
        for line in &found.page.items {
            out.line(line).expect("memory can be written to");
        }
        writer = Some(out);
        next = found.page.items.last().filter(|_| found.page.more).map(|last| last.place);
        let Some(place) = next else { break };
        request.after = place;
    }
    let body = writer.map(|out| out.finish().expect("memory can be written to")).unwrap_or_default();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let reply = Reply::file(&kind, &HeaderValue::from_static("no-store"), body);
    let Some(next) = next else { return Ok(reply) };
    let state = query.text("state").map(|state| format!("state={state}&")).unwrap_or_default();
    let link = format!("<{}?{state}cursor={}>; rel=\"next\"", call.head.uri().path(), cursor(next));
    Ok(reply.with(LINK, HeaderValue::try_from(link).expect("a target that was parsed is ASCII")))
}

/// `POST /v1/statements/{id}/lines/{place}/resolve`.
pub(super) async fn resolve(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    let place = call.head.uri().path().split('/').nth(5).unwrap_or_default();
    let place = number("place", place, i64::MAX as u64).map_err(|_| Refusal::NoSuchStatement)?;
    let body = call.json().await?;
    let note = Note::parse(Object::strict(&["note"], &body)?.required("note")?)?;
    let resolved = call.backend().matching.resolve(&call.context(), &Resolve { of, place, note }).await??;
    Ok(Reply::document(&ShownLine::new(&resolved.line, resolved.asset)))
}

/// The statement that the path names in its third part. What cannot be one is none.
fn of(call: &Call<'_>) -> Result<OfStatement, Refusal> {
    let caller = call.caller()?;
    let part = call.head.uri().path().split('/').nth(3).unwrap_or_default();
    let statement = number("id", part, i64::MAX as u64).map_err(|_| Refusal::NoSuchStatement)?;
    Ok(OfStatement { caller, statement })
}
