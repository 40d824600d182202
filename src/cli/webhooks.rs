//! `teller webhooks`: where events are brought to, and what was given up.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::Failure;
use super::flags::{Common, Store};
use super::print;
use super::run::once;
use crate::api::webhook::Again;
use crate::app::webhook::{self, Overview};
use crate::config::Config;
use crate::domain::account::AccountId;
use crate::domain::webhook::WebhookId;
use crate::telemetry::log;

/// Look at webhooks and dead letters, and have events brought again
///
/// Works on the database, whether backends run or not; those that do bring what is asked for within a moment.
#[derive(Args)]
pub struct Webhooks {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    List(List),
    Replay(Replay),
}

/// List every webhook, how far it is behind, and its dead letters
#[derive(Args)]
struct List {
    /// One JSON object in each line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

/// Have dead letters tried once more, or all of an account brought again
#[derive(Args)]
struct Replay {
    /// Only this webhook
    #[arg(long, value_name = "ID")]
    endpoint: Option<u64>,
    /// Dead letters: what is replayed unless --from says otherwise
    #[arg(long, conflicts_with = "from")]
    dead: bool,
    /// Only this account
    #[arg(long, value_name = "ID", required_unless_present = "dead")]
    account: Option<u64>,
    /// Everything from this entry of the account on, in order; not only what was given up
    #[arg(long, value_name = "SEQ", requires = "account", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Webhooks {
    /// Does it, and says so.
    pub fn execute(self) -> Result<(), Failure> {
        match self.what {
            What::List(List { json, common, store }) => {
                let (config, _) = Config::load(common.sources([store.given()])?)?;
                let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
                let all = once(webhook::list(&config))??;
                print(&all.iter().map(|one| if json { in_json(one) } else { in_words(one) }).collect::<String>())
            }
            What::Replay(Replay { endpoint, dead: _, account, from, common, store }) => {
                let (config, _) = Config::load(common.sources([store.given()])?)?;
                let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
                let again = match (account.map(AccountId), from) {
                    (Some(account), Some(seq)) => Again::From(account, seq),
                    (account, _) => Again::Dead(account),
                };
                let count = once(webhook::replay(&config, endpoint.map(WebhookId), again))??;
                print(&format!("replayed: {count}\n"))
            }
        }
    }
}

fn in_words(Overview { webhook, backlog, dead }: &Overview) -> String {
    let (id, user, status) = (webhook.id, webhook.user, webhook.status.as_str());
    let mut text = format!(
        "{id}  user {user}  {status}  waiting {}  dead letters {}  {}\n",
        backlog.waiting, backlog.dead, webhook.url
    );
    for letter in dead {
        let place = letter.place;
        text += &format!(
            "    account {} entry {}  {}  tried {}  {}\n",
            place.account,
            place.seq,
            letter.kind,
            letter.attempts,
            letter.detail.lines().next().unwrap_or_default()
        );
    }
    text
}

fn in_json(Overview { webhook, backlog, dead }: &Overview) -> String {
    let letter = |letter: &crate::domain::webhook::DeadLetter| {
        json!({
            "account_id": letter.place.account.0, "seq": letter.place.seq, "event": letter.kind.as_str(), "attempts": letter.attempts,
            "detail": letter.detail, "queued": letter.queued,
        })
    };
    let one = json!({
        "id": webhook.id.0, "user_id": webhook.user.0, "url": webhook.url.as_str(), "status": webhook.status.as_str(),
        "waiting": backlog.waiting, "dead": backlog.dead, "dead_letters": dead.iter().map(letter).collect::<Vec<Value>>(),
    });
    format!("{one}\n")
}
