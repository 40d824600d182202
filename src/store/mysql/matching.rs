//! Statements of others: units of work, and the part of the store that they are.

use mysql_async::{Conn, Result, Transaction};

use super::Mysql;
use super::error::is_taken;
use super::unit::{Atomic, Attempt, Change, Unit};
use crate::domain::account::AccountId;
use crate::domain::matching::{Booked, Digest, Line, LineState, Mapping, Resolution, Statement};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::matching::{DROPPED_AT_ONCE, MatchingStore};
use crate::store::queries::{matching, mysql as queries, rows};

type Answer<T> = std::result::Result<T, StoreError>;

/// The largest number that MySQL's columns hold.
const LAST: u64 = i64::MAX as u64;

impl MatchingStore for Mysql {
    async fn booked(&self, account: AccountId, first: u64, limit: usize) -> Answer<Vec<Booked>> {
        self.unit(BookedUp { account, first, limit: limit as u64 }).await
    }

    async fn begin_statement(&self, statement: &Statement) -> Answer<u64> {
        self.unit(Begin(statement.clone())).await
    }

    async fn add_statement_lines(&self, id: u64, lines: &[Line]) -> Answer<()> {
        self.unit(Atomic(Add(lines.iter().map(|line| matching::row(id, line)).collect()))).await
    }

    async fn drop_statement(&self, id: u64) -> Answer<bool> {
        self.unit(Drop(id.min(LAST))).await
    }

    async fn unfinished_statements(&self, before: Timestamp, limit: usize) -> Answer<Vec<u64>> {
        self.unit(Unfinished(before, limit as u64)).await
    }

    async fn finish_statement(&self, id: u64, digest: &Digest) -> Answer<bool> {
        self.unit(Finish(id, matching::digest(digest))).await
    }

    async fn statement(&self, id: u64) -> Answer<Option<Statement>> {
        self.unit(Find(Which::Id(id.min(LAST)))).await
    }

    async fn statement_of(&self, account: AccountId, digest: &Digest) -> Answer<Option<Statement>> {
        self.unit(Find(Which::File(account, matching::digest(digest)))).await
    }

    async fn statements(&self, account: AccountId, before: Option<u64>, limit: usize) -> Answer<Vec<Statement>> {
        self.unit(Page { account, before: before.unwrap_or(LAST).min(LAST), limit: limit as u64 }).await
    }

    async fn statement_lines(&self, id: u64, state: Option<LineState>, after: u64, limit: usize) -> Answer<Vec<Line>> {
        self.unit(Lines { id: id.min(LAST), state, after: after.min(LAST), limit: limit as u64 }).await
    }

    async fn resolve_line(&self, id: u64, place: u64, resolution: &Resolution) -> Answer<Option<Line>> {
        if id > LAST || place > LAST {
            return Ok(None);
        }
        self.unit(Atomic(Resolve { id, place, resolution: resolution.clone() })).await?;
        let lines = Lines { id, state: None, after: place.saturating_sub(1), limit: 1 };
        Ok(self.unit(lines).await?.into_iter().find(|line| line.place == place))
    }

    async fn set_mapping(&self, account: AccountId, mapping: &Mapping, now: Timestamp) -> Answer<()> {
        self.unit(SetMapping { account, text: matching::mapping(mapping), now }).await
    }

    async fn mapping(&self, account: AccountId) -> Answer<Option<Mapping>> {
        self.unit(MappingOf(account)).await
    }
}

struct BookedUp {
    account: AccountId,
    first: u64,
    limit: u64,
}

impl Unit for BookedUp {
    type Value = Vec<Booked>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Booked>> {
        let rows = queries::booked_up(db, self.account.0, self.first, self.limit).await?;
        Ok(rows.into_iter().map(Booked::from).collect())
    }
}

/// Done twice, because its answer was lost, it leaves one that is never finished.
struct Begin(Statement);

impl Unit for Begin {
    type Value = u64;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<u64> {
        let Statement { file_name, sha256, summary, created_by, created_at, .. } = &self.0;
        let text = matching::summary(summary);
        let sha256 = matching::digest(sha256);
        queries::insert_statement(db, summary.account.0, file_name, &sha256, &text, created_by.0, created_at.0).await
    }
}

/// Done twice, because its answer was lost, it finds its own rows: nobody else writes under that number.
struct Add(Vec<rows::StatementLine>);

impl Change for Add {
    type Value = ();

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<()> {
        match queries::insert_statement_lines(db, &self.0).await {
            Err(error) if !is_taken(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

/// Statements that commit by themselves: what is left of them goes the next time.
struct Drop(u64);

impl Unit for Drop {
    type Value = bool;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<bool> {
        if queries::statement(db, self.0).await?.is_some() {
            return Ok(false);
        }
        match queries::statement_places_up(db, self.0, DROPPED_AT_ONCE).await?.last() {
            Some(last) => queries::delete_statement_lines(db, self.0, last.place).await.map(|_| true),
            None => queries::delete_unfinished_statement(db, self.0).await.map(|_| false),
        }
    }
}

struct Unfinished(Timestamp, u64);

impl Unit for Unfinished {
    type Value = Vec<u64>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<u64>> {
        let rows = queries::unfinished_statements(db, self.0.0, self.1).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}

/// Done twice, it leaves the same row.
struct Finish(u64, String);

impl Unit for Finish {
    type Value = bool;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<bool> {
        match queries::finish_statement(db, self.0, &self.1).await {
            Ok(changed) => Ok(changed == 1),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

enum Which {
    Id(u64),
    File(AccountId, String),
}

struct Find(Which);

impl Unit for Find {
    type Value = Option<Statement>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Statement>> {
        let row = match &self.0 {
            Which::Id(id) => queries::statement(db, *id).await?,
            Which::File(account, digest) => queries::statement_of_digest(db, account.0, digest).await?,
        };
        Ok(row.map(Statement::try_from).transpose()?)
    }
}

struct Page {
    account: AccountId,
    before: u64,
    limit: u64,
}

impl Unit for Page {
    type Value = Vec<Statement>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Statement>> {
        let rows = queries::statements_down(db, self.account.0, self.before, self.limit).await?;
        Ok(rows.into_iter().map(Statement::try_from).collect::<std::result::Result<_, _>>()?)
    }
}

struct Lines {
    id: u64,
    state: Option<LineState>,
    after: u64,
    limit: u64,
}

impl Unit for Lines {
    type Value = Vec<Line>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Line>> {
        let rows = match self.state {
            Some(state) => {
                queries::statement_lines_of_state_up(db, self.id, state as u64, self.after, self.limit).await?
            }
            None => queries::statement_lines_up(db, self.id, self.after, self.limit).await?,
        };
        Ok(rows.into_iter().map(Line::try_from).collect::<std::result::Result<_, _>>()?)
    }
}

/// Done twice, because its answer was lost, it finds the line resolved, and counts it no more.
struct Resolve {
    id: u64,
    place: u64,
    resolution: Resolution,
}

impl Change for Resolve {
    type Value = ();

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<()> {
        let Resolution { by, at, note } = &self.resolution;
        if queries::resolve_statement_line(db, self.id, self.place, by.0, at.0, note.as_str()).await? == 1 {
            queries::count_resolved(db, self.id).await?;
        }
        Ok(())
    }
}

/// Done twice, it leaves the same row.
struct SetMapping {
    account: AccountId,
    text: String,
    now: Timestamp,
}

impl Unit for SetMapping {
    type Value = ();

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<()> {
        queries::set_statement_mapping(db, self.account.0, &self.text, self.now.0).await.map(drop)
    }
}

struct MappingOf(AccountId);

impl Unit for MappingOf {
    type Value = Option<Mapping>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Mapping>> {
        let row = queries::statement_mapping(db, self.0.0).await?;
        Ok(row.map(Mapping::try_from).transpose()?)
    }
}
