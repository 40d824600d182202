//! `POST /v1/transfers/batch`: many transfers in one request, each answered on its own.

use serde::Serialize;
use serde::ser::Serializer;
use teller_rpc::{CallError, Executed, Status};
use utoipa::ToSchema;

use super::explain;
use super::extract;
use super::front::Call;
use super::json::{Object, elements};
use super::openapi::value::{Shape, just, transfer_status};
use super::problem::Problem;
use super::reply::{Reply, Trouble};
use super::show::{Id, Instant, Money};
use super::transfer::{ShownFee, moving, order, status};
use crate::api::transfer::{BATCH_MAX, Batch, Brief, Item, fresh_id};
use crate::domain::asset::Asset;
use crate::domain::command::Refusal;
use crate::domain::invalid::Invalid;

/// The fields of an item: those of a transfer, and whether it stands or falls with the next one.
const ITEM: &[&str; 8] =
    &["from_account_id", "to_account_id", "amount", "currency", "description", "pending", "timeout_seconds", "linked"];

/// What became of one of many.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = BatchResult)]
enum Shown<'a> {
    Done {
        #[schema(schema_with = transfer_status)]
        status: &'static str,
        transfer_id: Id,
        replayed: bool,
        from_seq: u64,
        from_balance: Money,
        from_held: Money,
        #[schema(required)]
        to_seq: Option<u64>,
        #[schema(required)]
        to_balance: Option<Money>,
        created_at: Instant,
        /// What it cost whoever pays; left out where it cost nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        fee: Option<ShownFee>,
    },
    Refused {
        #[schema(schema_with = refused)]
        status: &'static str,
        problem: explain::Details<'a>,
    },
}

fn refused() -> Shape {
    just("refused")
}

/// What became of a batch, in its order.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchAnswer)]
pub(super) struct Answered<'a> {
    done: usize,
    refused: usize,
    #[schema(value_type = Vec<Shown<'_>>)]
    results: Results<'a>,
}

/// Runs the batch. Megabytes are read for people who are signed in, and for so many at once.
pub(super) async fn post(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let key = extract::idempotency_key(call.headers())?;
    call.backend().user.profile(&call.context(), &caller).await??;
    let _turn = call.front.uploads().try_acquire().map_err(|_| Problem::Unavailable)?;
    let body = call.json().await?;
    let (atomic, items) = read(&body)?;
    drop(body);
    let request = Batch { caller, key, atomic, items };
    let (backend, cx) = (call.backend(), call.context_of(request.items.len()));
    // No id stands for all of them: that the first one is not there says nothing of the others.
    let results = moving(None, backend.transfer.batch(&cx, &request)).await?;
    if results.len() != request.items.len() {
        let status = Status::internal("a batch was not answered one by one");
        return Err(Trouble::Unsure(None, CallError::Status { status, executed: Executed::Yes }));
    }
    Ok(answer(&request, &results))
}

/// Whether all or none, and the transfers.
fn read(body: &[u8]) -> Result<(bool, Vec<Item>), Invalid> {
    let fields = Object::strict(&["transfers", "atomic"], body)?;
    let list = fields.raw("transfers").ok_or_else(|| Invalid::new("transfers", "is required"))?;
    let list = elements("transfers", list, BATCH_MAX)?;
    let items = list.iter().enumerate().map(|(index, raw)| {
        let named = |broken: Invalid| Invalid::new(format!("transfers[{index}].{}", broken.field), broken.rule);
        item(raw.get().as_bytes()).map_err(named)
    });
    Ok((fields.switch("atomic")?, items.collect::<Result<_, _>>()?))
}

fn item(text: &[u8]) -> Result<Item, Invalid> {
    let fields = Object::strict(ITEM, text)?;
    Ok(Item { id: fresh_id(), linked: fields.switch("linked")?, order: order(&fields)? })
}

fn answer(request: &Batch, results: &[Result<Brief, Refusal>]) -> Reply {
    let done = results.iter().filter(|result| result.is_ok()).count();
    let replayed = done > 0 && results.iter().flatten().all(|brief| brief.replayed);
    let answer = Answered { done, refused: results.len() - done, results: Results(request, results) };
    Reply::document(&answer).replayed(replayed)
}

/// Written as it goes, since there may be ten thousand.
struct Results<'a>(&'a Batch, &'a [Result<Brief, Refusal>]);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(request, results) = self;
        serializer.collect_seq(request.items.iter().zip(*results).map(|(item, result)| match result {
            Ok(brief) => done(brief, item.order.asset),
            Err(refusal) => Shown::Refused { status: "refused", problem: explain::details_of(refusal) },
        }))
    }
}

fn done(brief: &Brief, asset: Asset) -> Shown<'static> {
    let money = |amount| Money(amount, asset);
    Shown::Done {
        status: status(brief.status),
        transfer_id: Id(brief.id),
        replayed: brief.replayed,
        from_seq: brief.from.seq,
        from_balance: money(brief.from.balance),
        from_held: money(brief.from.held),
        to_seq: brief.to.map(|to| to.seq),
        to_balance: brief.to.map(|to| money(to.balance)),
        created_at: Instant(brief.created_at),
        fee: brief.fee.map(|fee| ShownFee::new(fee, asset)),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn outcome(body: &str) -> String {
        match read(body.as_bytes()) {
            Ok((atomic, items)) => format!("{atomic} {}", items.len()),
            Err(broken) => broken.to_string(),
        }
    }

    #[test]
    fn the_first_wrong_transfer_of_a_batch_is_named() {
        let good = r#"{"from_account_id":1,"to_account_id":2,"amount":"1","currency":"CNY"}"#;
        let many = |count| format!(r#"{{"transfers":[{}]}}"#, vec![good; count].join(","));
        assert_eq!(outcome(&many(1)), "false 1");
        assert_eq!(outcome(&many(10_000)), "false 10000");
        assert_eq!(outcome(&many(10_001)), "transfers: must be a list of 1 to 10000");
        let cases = [
            (r#"{"transfers":[],"atomic":true}"#.to_owned(), "transfers: must be a list of 1 to 10000"),
            (r#"{"atomic":true}"#.to_owned(), "transfers: is required"),
            (format!(r#"{{"transfers":[{good},{{}}]}}"#), "transfers[1].from_account_id: is required"),
            (format!(r#"{{"transfers":[{good},7]}}"#), "transfers[1].body: must be a JSON object"),
            (format!(r#"{{"transfers":[{good}],"atomic":1}}"#), "atomic: must be true or false"),
        ];
        for (body, expected) in cases {
            assert_eq!(outcome(&body), expected, "{body}");
        }
    }
}
