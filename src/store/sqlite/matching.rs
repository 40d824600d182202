//! Statements of others: units of work, and the part of the store that they are.

use rusqlite::{Connection, Result};

use super::Sqlite;
use super::account::key;
use super::error::is_taken;
use crate::domain::account::AccountId;
use crate::domain::matching::{Booked, Digest, Line, LineState, Mapping, Resolution, Statement};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::matching::{DROPPED_AT_ONCE, MatchingStore};
use crate::store::queries::ledger::Unreadable;
use crate::store::queries::{matching, rows, sqlite as queries};

/// The largest number that SQLite counts to.
const LAST: u64 = i64::MAX as u64;

impl MatchingStore for Sqlite {
    async fn booked(&self, account: AccountId, first: u64, limit: usize) -> Result<Vec<Booked>, StoreError> {
        self.read(move |db| {
            let Some(id) = key(account) else { return Ok(Vec::new()) };
            Ok(queries::booked_up(db, id, first.min(LAST), limit as u64)?.into_iter().map(Booked::from).collect())
        })
        .await
    }

    async fn begin_statement(&self, statement: &Statement) -> Result<u64, StoreError> {
        let Statement { file_name, sha256, summary, created_by, created_at, .. } = statement.clone();
        self.write(move |db| {
            let text = matching::summary(&summary);
            let sha256 = matching::digest(&sha256);
            queries::insert_statement(db, summary.account.0, &file_name, &sha256, &text, created_by.0, created_at.0)
        })
        .await
    }

    async fn add_statement_lines(&self, id: u64, lines: &[Line]) -> Result<(), StoreError> {
        let rows: Vec<rows::StatementLine> = lines.iter().map(|line| matching::row(id, line)).collect();
        self.write(move |db| queries::insert_statement_lines(db, &rows).map(drop)).await
    }

    async fn drop_statement(&self, id: u64) -> Result<bool, StoreError> {
        self.write(move |db| {
            if id > LAST || queries::statement(db, id)?.is_some() {
                return Ok(false);
            }
            match queries::statement_places_up(db, id, DROPPED_AT_ONCE)?.last() {
                Some(last) => queries::delete_statement_lines(db, id, last.place).map(|_| true),
                None => queries::delete_unfinished_statement(db, id).map(|_| false),
            }
        })
        .await
    }

    async fn unfinished_statements(&self, before: Timestamp, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.read(move |db| {
            let rows = queries::unfinished_statements(db, before.0, limit as u64)?;
            Ok(rows.into_iter().map(|row| row.id).collect())
        })
        .await
    }

    async fn finish_statement(&self, id: u64, digest: &Digest) -> Result<bool, StoreError> {
        let digest = matching::digest(digest);
        self.write(move |db| match queries::finish_statement(db, id, &digest) {
            Ok(changed) => Ok(changed == 1),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(error),
        })
        .await
    }

    async fn statement(&self, id: u64) -> Result<Option<Statement>, StoreError> {
        self.read(move |db| {
            let row = if id > LAST { None } else { queries::statement(db, id)? };
            Ok(row.map(Statement::try_from).transpose()?)
        })
        .await
    }

    async fn statement_of(&self, account: AccountId, digest: &Digest) -> Result<Option<Statement>, StoreError> {
        let digest = matching::digest(digest);
        self.read(move |db| {
            let Some(id) = key(account) else { return Ok(None) };
            Ok(queries::statement_of_digest(db, id, &digest)?.map(Statement::try_from).transpose()?)
        })
        .await
    }

    async fn statements(
        &self,
        account: AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Statement>, StoreError> {
        self.read(move |db| {
            let Some(id) = key(account) else { return Ok(Vec::new()) };
            understood(queries::statements_down(db, id, before.unwrap_or(LAST).min(LAST), limit as u64)?)
        })
        .await
    }

    async fn statement_lines(
        &self,
        id: u64,
        state: Option<LineState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        self.read(move |db| lines(db, id, state, after, limit)).await
    }

    async fn resolve_line(&self, id: u64, place: u64, resolution: &Resolution) -> Result<Option<Line>, StoreError> {
        let Resolution { by, at, note } = resolution.clone();
        self.write(move |db| {
            if id > LAST || place > LAST {
                return Ok(None);
            }
            if queries::resolve_statement_line(db, id, place, by.0, at.0, note.as_str())? == 1 {
                queries::count_resolved(db, id)?;
            }
            let found = lines(db, id, None, place.saturating_sub(1), 1)?;
            Ok(found.into_iter().find(|line| line.place == place))
        })
        .await
    }

    async fn set_mapping(&self, account: AccountId, mapping: &Mapping, now: Timestamp) -> Result<(), StoreError> {
        let text = matching::mapping(mapping);
        self.write(move |db| queries::set_statement_mapping(db, account.0, &text, now.0).map(drop)).await
    }

    async fn mapping(&self, account: AccountId) -> Result<Option<Mapping>, StoreError> {
        self.read(move |db| {
            let Some(id) = key(account) else { return Ok(None) };
            Ok(queries::statement_mapping(db, id)?.map(Mapping::try_from).transpose()?)
        })
        .await
    }
}

fn lines(db: &Connection, id: u64, state: Option<LineState>, after: u64, limit: usize) -> Result<Vec<Line>> {
    let (id, after) = (id.min(LAST), after.min(LAST));
    understood(match state {
        Some(state) => queries::statement_lines_of_state_up(db, id, state as u64, after, limit as u64)?,
        None => queries::statement_lines_up(db, id, after, limit as u64)?,
    })
}

fn understood<R, T: TryFrom<R, Error = Unreadable>>(rows: Vec<R>) -> Result<Vec<T>> {
    Ok(rows.into_iter().map(T::try_from).collect::<std::result::Result<_, _>>()?)
}
