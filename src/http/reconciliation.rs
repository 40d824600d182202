//! `POST /v1/reconciliations`: many balances beside somebody else's, each answered on its own.

use serde::Serialize;
use utoipa::ToSchema;

use super::explain;
use super::front::Call;
use super::json::{Object, elements};
use super::openapi::value::{Shape, just};
use super::openapi::verdict;
use super::problem::Problem;
use super::query;
use super::reply::{Reply, Trouble};
use super::show::{Instant, Money};
use crate::api::Refusal;
use crate::api::wallet::{Claimed, RECONCILE_MAX, ReconcileAll, Reconciled};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::invalid::Invalid;
use crate::domain::money::Decimal;
use crate::domain::reconcile::{Claim, DEFAULT_TOLERANCE, Verdict};
use crate::domain::time::Timestamp;

/// The fields of an item.
const ITEM: &[&str; 5] = &["account_id", "start_time", "end_time", "external_balance", "tolerance"];

/// What came of one of many.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ReconciliationResult)]
#[allow(clippy::large_enum_variant, reason = "most are of the large kind, and all of them are on their way out")]
enum Shown<'a> {
    Made {
        #[schema(schema_with = verdict)]
        status: &'static str,
        account_id: u64,
        reconciliation_id: u64,
        #[schema(value_type = String)]
        currency: Asset,
        start_time: Instant,
        end_time: Instant,
        opening_balance: Money,
        system_balance: Money,
        external_balance: String,
        tolerance: String,
        /// Theirs minus ours.
        difference: String,
        /// How many entries lie between both ends.
        entries: u64,
        notes: String,
    },
    Refused {
        #[schema(schema_with = refused)]
        status: &'static str,
        account_id: u64,
        problem: explain::Details<'a>,
    },
}

fn refused() -> Shape {
    just("refused")
}

/// What came of all of them, in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconciliationAnswer)]
pub(super) struct Answered<'a> {
    matched: usize,
    mismatched: usize,
    refused: usize,
    results: Vec<Shown<'a>>,
}

/// `POST /v1/reconciliations`. Much is read for people who are signed in, and for so many at once.
pub(super) async fn post(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    call.backend().user.profile(&call.context(), &caller).await??;
    let _turn = call.front.uploads().try_acquire().map_err(|_| Problem::Unavailable)?;
    let body = call.json().await?;
    let items = read(&body)?;
    drop(body);
    let cx = call.context_of(items.len());
    let request = ReconcileAll { caller, items };
    let results = call.backend().wallet.reconcile_all(&cx, &request).await??;
    Ok(Reply::document(&answer(&request.items, &results)))
}

fn read(body: &[u8]) -> Result<Vec<Claimed>, Invalid> {
    let fields = Object::strict(&["items"], body)?;
    let list = fields.raw("items").ok_or_else(|| Invalid::new("items", "is required"))?;
    let list = elements("items", list, RECONCILE_MAX)?;
    let items = list.iter().enumerate().map(|(index, raw)| {
        let named = |broken: Invalid| Invalid::new(format!("items[{index}].{}", broken.field), broken.rule);
        item(raw.get().as_bytes()).map_err(named)
    });
    items.collect()
}

fn item(text: &[u8]) -> Result<Claimed, Invalid> {
    let fields = Object::strict(ITEM, text)?;
    let time = |name| fields.text(name)?.map(|text| query::time(name, &text)).transpose();
    Ok(Claimed {
        wallet: AccountId(fields.id("account_id")?),
        start: start(&fields)?,
        end: time("end_time")?,
        claim: claim(&fields)?,
    })
}

/// The first instant of a period: none, or `last`, where it goes on from the last comparison that matched.
pub(super) fn start<const N: usize>(fields: &Object<'_, N>) -> Result<Option<Timestamp>, Invalid> {
    match fields.text("start_time")?.as_deref() {
        None | Some("last") => Ok(None),
        Some(text) => query::time("start_time", text).map(Some),
    }
}

/// What somebody else says, and how far apart both may be.
pub(super) fn claim<const N: usize>(fields: &Object<'_, N>) -> Result<Claim, Invalid> {
    let tolerance = match fields.raw("tolerance") {
        Some(_) => Decimal::parse("tolerance", fields.plain("tolerance")?)?,
        None => DEFAULT_TOLERANCE,
    };
    if tolerance.digits < 0 {
        return Err(Invalid::new("tolerance", "must not be less than zero"));
    }
    Ok(Claim { external: Decimal::parse("external_balance", fields.plain("external_balance")?)?, tolerance })
}

fn answer<'a>(items: &[Claimed], results: &'a [Result<Reconciled, Refusal>]) -> Answered<'a> {
    let of = |verdict| results.iter().flatten().filter(|one| one.made.verdict == verdict).count();
    let (matched, mismatched) = (of(Verdict::Matched), of(Verdict::Mismatch));
    let results = items.iter().zip(results).map(|(item, result)| match result {
        Ok(reconciled) => made(reconciled),
        Err(refusal) => {
            let (kind, members) = explain::refusal(refusal);
            let problem = explain::Details::new(kind, members);
            Shown::Refused { status: "refused", account_id: item.wallet.0, problem }
        }
    });
    let results: Vec<_> = results.collect();
    Answered { matched, mismatched, refused: results.len() - matched - mismatched, results }
}

fn made(Reconciled { asset, made }: &Reconciled) -> Shown<'static> {
    let money = |amount| Money(amount, *asset);
    Shown::Made {
        status: word(made.verdict),
        account_id: made.account.0,
        reconciliation_id: made.id,
        currency: *asset,
        start_time: Instant(made.period.start),
        end_time: Instant(made.period.end),
        opening_balance: money(made.books.opening),
        system_balance: money(made.books.closing),
        external_balance: made.claim.external.to_string(),
        tolerance: made.claim.tolerance.to_string(),
        difference: made.difference.to_string(),
        entries: made.books.entries,
        notes: made.notes.clone(),
    }
}

/// What came of a comparison, in a word.
pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Matched => "matched",
        Verdict::Mismatch => "mismatch",
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn outcome(body: &str) -> String {
        read(body.as_bytes()).map_or_else(|broken| broken.to_string(), |items| items.len().to_string())
    }

    #[test]
    fn the_first_wrong_balance_of_many_is_named() {
        let good = r#"{"account_id":1,"external_balance":"1"}"#;
        let many = |count| format!(r#"{{"items":[{}]}}"#, vec![good; count].join(","));
        assert_eq!([outcome(&many(1)), outcome(&many(1000))], ["1", "1000"]);
        for (items, wanted) in [
            (format!("{good},{{}}"), "items[1].account_id: is required"),
            (r#"{"account_id":1}"#.to_owned(), "items[0].external_balance: is required"),
            (
                r#"{"account_id":1,"external_balance":"x"}"#.to_owned(),
                "items[0].external_balance: must be a decimal number, such as \"10.00\"",
            ),
            (
                r#"{"account_id":1,"external_balance":1,"tolerance":-1}"#.to_owned(),
                "items[0].tolerance: must not be less than zero",
            ),
            (
                r#"{"account_id":1,"external_balance":1,"from":"x"}"#.to_owned(),
                "items[0].from: is not a field of this request",
            ),
            (r#"{"account_id":1,"external_balance":1,"start_time":"last","end_time":null}"#.to_owned(), "1"),
        ] {
            assert_eq!(outcome(&format!(r#"{{"items":[{items}]}}"#)), wanted, "{items}");
        }
        for body in [many(1001), many(0)] {
            assert_eq!(outcome(&body), "items: must be a list of 1 to 1000");
        }
        assert_eq!(outcome("{}"), "items: is required");
    }
}
