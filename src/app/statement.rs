//! A statement in a file beside the books, for a program that serves nobody meanwhile.

use std::io;
use std::sync::Arc;

use super::Error;
use super::offline::{Work, on_existing_store, unreadable};
use crate::config::Config;
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::matching::{Format, Line, Mapping, Summary};
use crate::reconcile::Rules;
use crate::service::cpu::Cpu;
use crate::service::matching::compare::{Done, Failure, Job, Source, compare};
use crate::store::Store;

/// What a statement may take here: nobody waits for an answer.
const PATIENCE_MS: u64 = 60_000;

/// What is to be compared, and how.
pub struct Statement {
    /// The account.
    pub account: AccountId,
    /// How it is written; found out, if it is missing.
    pub format: Option<Format>,
    /// Which column says what, if it is CSV.
    pub columns: Columns,
    /// How far apart a line and its entry may be.
    pub rules: Rules,
    /// The statement.
    pub source: Arc<dyn Source>,
    /// Called with how much more was read.
    pub done: Done,
}

/// Where it is known from which column says what.
pub enum Columns {
    /// Whoever asks has said so, or leaves it to the headers.
    Given(Option<Box<Mapping>>),
    /// It is kept for the account.
    Saved,
}

/// Compares a statement with the entries of an account, as [`compare`] does, without a limit but memory's.
///
/// # Errors
///
/// There is no such account or mapping, the statement cannot be used, or something cannot be read or written.
pub async fn reconcile(
    config: &Config,
    asked: Statement,
    take: impl FnMut(Asset, Vec<Line>) -> io::Result<()>,
) -> Result<Summary, Error> {
    let mut patient = config.clone();
    patient.store.statement_timeout_ms = patient.store.statement_timeout_ms.max(PATIENCE_MS);
    on_existing_store(&patient, Reconcile(asked, take)).await
}

struct Reconcile<F>(Statement, F);

impl<F: FnMut(Asset, Vec<Line>) -> io::Result<()>> Work for Reconcile<F> {
    type Value = Summary;

    async fn on<S: Store>(self, _: &Config, store: S) -> Result<Summary, Error> {
        let Self(asked, mut take) = self;
        let found = store.account(asked.account).await.map_err(unreadable)?;
        let missing = |what: &str| Error::new(format!("cannot reconcile account {}", asked.account), what.to_owned());
        let account = found.ok_or_else(|| missing("there is no such account"))?;
        let mapping = match asked.columns {
            Columns::Given(mapping) => mapping.map(|mapping| *mapping),
            Columns::Saved => {
                let saved = store.mapping(account.id).await.map_err(unreadable)?;
                Some(saved.ok_or_else(|| missing("no mapping is kept for it"))?)
            }
        };
        let asset = account.asset;
        let job = Job {
            account,
            format: asked.format,
            mapping,
            rules: asked.rules,
            max_lines: usize::MAX,
            max_entries: usize::MAX,
        };
        // Nobody else works here.
        let turn = Cpu::new(1, 0).turn().await.map_err(|error| Error::new("cannot reconcile", error))?;
        let compared = compare(&store, &turn, job, asked.source, asked.done, |lines| take(asset, lines)).await;
        compared.map_err(|failure| match failure {
            Failure::Store(error) => unreadable(error),
            Failure::Write(error) => Error::new("cannot write", error),
            Failure::Unusable(why) => {
                Error::new("cannot use the statement", why).with_fix("see docs/reconciliation.md")
            }
            other => Error::new("cannot reconcile", other),
        })
    }
}
