//! A statement beside an account's entries: reads both, and hands over what has become of each line.

use std::collections::HashMap;
use std::io::{self, BufRead};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::account::{Account, AccountId};
use crate::domain::matching::{Booked, Format, Line, Mapping, Summary};
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{HoldStatus, TransferId};
use crate::reconcile::{self, Matches, Ours, Report, Rules, Theirs, Unusable};
use crate::service::cpu::{CpuError, Turn};
use crate::store::StoreError;
use crate::store::ledger::LedgerStore;
use crate::store::matching::MatchingStore;

/// Entries in one look-up, and lines that are handed over at once.
const ENTRIES: usize = 2000;
const LINES: usize = 500;
/// Handfuls of lines on their way.
const HANDFULS: usize = 4;

/// A statement that can be read more than once.
pub trait Source: Send + Sync + 'static {
    /// Its bytes, from the first one on.
    ///
    /// # Errors
    ///
    /// It cannot be read any more.
    fn open(&self) -> io::Result<Box<dyn BufRead + Send + '_>>;
}

impl Source for bytes::Bytes {
    fn open(&self) -> io::Result<Box<dyn BufRead + Send + '_>> {
        Ok(Box::new(self.as_ref()))
    }
}

/// What is compared, and how.
#[derive(Clone)]
pub struct Job {
    /// The account.
    pub account: Account,
    /// How the statement is written; found out, if it is missing.
    pub format: Option<Format>,
    /// Which column says what, if it is CSV.
    pub mapping: Option<Mapping>,
    /// How far apart a line and its entry may be.
    pub rules: Rules,
    /// Most lines that are read, those that cannot be read included.
    pub max_lines: usize,
    /// Most entries that are looked at.
    pub max_entries: usize,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The statement is not to be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// It has more lines than may be read.
    #[error("it has more than {0} lines")]
    TooLong(usize),
    /// Between its days lie more entries than may be looked at.
    #[error("more than {0} entries lie between its days")]
    TooMany(usize),
    /// The store could not be read.
    #[error("cannot read the store")]
    Store(#[from] StoreError),
    /// The work was not done.
    #[error("cannot match it")]
    Cpu(#[from] CpuError),
    /// The result could not be written.
    #[error("cannot write")]
    Write(#[source] io::Error),
}

/// How far the work is, for whoever watches: lines that were read, and entries.
pub type Done = Arc<dyn Fn(u64) + Send + Sync>;

/// Compares a statement with an account's entries. `take` gets the lines: those of the statement in their order, then those of ours, without
/// places. Of a hundred bytes for each line and sixty for each entry between the statement's days nothing is kept.
///
/// # Errors
///
/// See [`Failure`].
pub async fn compare<S: LedgerStore + MatchingStore>(
    store: &S,
    turn: &Turn,
    job: Job,
    source: Arc<dyn Source>,
    done: Done,
    mut take: impl FnMut(Vec<Line>) -> io::Result<()>,
) -> Result<Summary, Failure> {
    let (statement, format, theirs) = {
        let (job, source, done) = (job.clone(), Arc::clone(&source), Arc::clone(&done));
        turn.run(move || first_reading(&job, source, &done)).await??
    };
    let (first_day, _) = theirs.period();
    let before = store.entry_at(job.account.id, Timestamp(first_day.start().0.saturating_sub(1))).await?;
    let opening = before.map_or(Amount::ZERO, |entry| entry.balance_after);
    let (theirs, ours) = entries(store, &job, theirs, &done).await?;
    let (sender, mut lines) = mpsc::channel(HANDFULS);
    let account = reconcile::Account { id: job.account.id, opening };
    let mapping = job.mapping.clone();
    let telling = turn
        .run(move || second_reading(&theirs, ours, (format, mapping.as_ref()), statement.as_ref(), account, &sender));
    // Whatever ends it ends the channel with it, so that nobody waits for lines to be taken.
    let taking = async move {
        while let Some(mut handful) = lines.recv().await {
            name(store, &mut handful).await?;
            take(handful).map_err(Failure::Write)?;
        }
        Ok::<_, Failure>(())
    };
    let (told, taken) = tokio::join!(telling, taking);
    taken?;
    Ok(told??)
}

type Statement = (Arc<dyn Source>, Format, Theirs);

fn first_reading(job: &Job, source: Arc<dyn Source>, done: &Done) -> Result<Statement, Failure> {
    let (format, theirs) = {
        let mut input = source.open().map_err(Unusable::from)?;
        let format = match job.format {
            Some(format) => format,
            None => reconcile::detect(input.fill_buf().map_err(Unusable::from)?),
        };
        let mut lines = 0_usize;
        let mut more = || {
            done(1);
            lines = lines.saturating_add(1);
            lines <= job.max_lines
        };
        let theirs = Theirs::read((job.account.asset, job.rules), format, job.mapping.as_ref(), &mut *input, &mut more);
        if lines > job.max_lines {
            return Err(Failure::TooLong(job.max_lines));
        }
        (format, theirs?)
    };
    Ok((source, format, theirs))
}

/// The entries of the days around the statement.
async fn entries<S: LedgerStore + MatchingStore>(
    store: &S,
    job: &Job,
    theirs: Theirs,
    done: &Done,
) -> Result<(Theirs, Ours), Failure> {
    let account = job.account.id;
    let (first_day, last_day) = theirs.window();
    let before = store.entry_at(account, Timestamp(first_day.start().0.saturating_sub(1))).await?;
    let mut next = before.map_or(0, |entry| entry.seq).saturating_add(1);
    let (mut ours, end) = (Ours::default(), last_day.end());
    loop {
        let mut page = store.booked(account, next, ENTRIES).await?;
        let is_last = page.len() < ENTRIES;
        done(page.len() as u64);
        held(store, account, &mut page).await?;
        for booked in &page {
            next = booked.seq.saturating_add(1);
            if booked.at > end {
                return Ok((theirs, ours));
            }
            ours.add(&theirs, booked);
        }
        if ours.len() > job.max_entries {
            return Err(Failure::TooMany(job.max_entries));
        }
        if is_last {
            return Ok((theirs, ours));
        }
    }
}

/// Finds out what entries that moved nothing still hold.
async fn held<S: LedgerStore>(store: &S, account: AccountId, page: &mut [Booked]) -> Result<(), StoreError> {
    let ids: Vec<TransferId> =
        page.iter().filter(|booked| booked.amount == Amount::ZERO).map(|booked| booked.transfer).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let stored = store.transfers(&ids).await?;
    let holds = stored
        .into_iter()
        .filter_map(|stored| stored.hold)
        .filter(|hold| hold.status == HoldStatus::Pending && hold.account == account);
    let amounts: HashMap<TransferId, Amount> = holds.map(|hold| (hold.transfer, hold.amount)).collect();
    for booked in page {
        booked.held = amounts.get(&booked.transfer).copied();
    }
    Ok(())
}

fn second_reading(
    theirs: &Theirs,
    mut ours: Ours,
    (format, mapping): (Format, Option<&Mapping>),
    source: &dyn Source,
    account: reconcile::Account,
    lines: &mpsc::Sender<Vec<Line>>,
) -> Result<Summary, Unusable> {
    let matches = Matches::find(theirs, &mut ours);
    let mut report = Report::new(theirs, &ours, &matches);
    let mut handful = Vec::new();
    // Whoever takes lines no more has a reason, which is told in place of this result.
    let tell = |line: Line, handful: &mut Vec<Line>| {
        handful.push(line);
        if handful.len() == LINES {
            let _ = lines.blocking_send(std::mem::take(handful));
        }
    };
    reconcile::read(format, mapping, &mut *source.open()?, &mut |item| {
        report.item(item).into_iter().for_each(|line| tell(line, &mut handful));
    })?;
    for line in report.rest() {
        tell(line, &mut handful);
    }
    let _ = lines.blocking_send(handful);
    report.summary(format, account)
}

/// Adds to lines of ours what their transfers are called.
async fn name<S: LedgerStore>(store: &S, lines: &mut [Line]) -> Result<(), StoreError> {
    let is_ours = |line: &&Line| line.number.is_none();
    let ids: Vec<TransferId> = lines.iter().filter(is_ours).filter_map(|line| line.transfer).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let stored = store.transfers(&ids).await?;
    let transfers: HashMap<TransferId, _> =
        stored.into_iter().map(|stored| (stored.receipt.transfer.id, stored.receipt.transfer)).collect();
    for line in lines.iter_mut().filter(|line| line.number.is_none()) {
        let Some(transfer) = line.transfer.and_then(|id| transfers.get(&id)) else { continue };
        line.reference =
            transfer.reference.as_ref().map_or_else(String::new, |reference| reference.as_str().to_owned());
        line.description = transfer.description.as_str().to_owned();
    }
    Ok(())
}
