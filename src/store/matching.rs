//! What matching asks of the durable store: an account's entries with their references, and what came of statements.

use std::future::Future;

use super::StoreError;
use crate::domain::account::AccountId;
use crate::domain::matching::{Booked, Digest, Line, LineState, Mapping, Resolution, Statement};
use crate::domain::time::Timestamp;

/// Lines of one [`MatchingStore::drop_statement`].
pub(super) const DROPPED_AT_ONCE: u64 = 2000;

/// The part of the durable store that keeps statements of others.
pub trait MatchingStore: Clone + Send + Sync + 'static {
    /// An account's entries from number `first`, oldest first, at most `limit`. What they hold is left out.
    fn booked(
        &self,
        account: AccountId,
        first: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Booked>, StoreError>> + Send;

    /// Begins to keep a statement, and returns the number it got. Nobody sees it before it is finished; one that never is, is never seen.
    fn begin_statement(&self, statement: &Statement) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Keeps lines of a statement that was begun, all or none; a few hundred at a time. Those that are there already stay as they are.
    fn add_statement_lines(&self, id: u64, lines: &[Line]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes lines of a statement that was begun and never finished, a few thousand at a time, and after the last of them itself. Returns
    /// whether there is more. One that is finished stays as it is.
    fn drop_statement(&self, id: u64) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Statements that were begun before then and never finished, at most `limit`.
    fn unfinished_statements(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<u64>, StoreError>> + Send;

    /// Finishes a statement. `false`: another one of the same digest was finished for the same account meanwhile, and this one never will be.
    fn finish_statement(&self, id: u64, digest: &Digest) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// A statement.
    fn statement(&self, id: u64) -> impl Future<Output = Result<Option<Statement>, StoreError>> + Send;

    /// The statement of that digest for that account.
    fn statement_of(
        &self,
        account: AccountId,
        digest: &Digest,
    ) -> impl Future<Output = Result<Option<Statement>, StoreError>> + Send;

    /// An account's statements before number `before`, newest first, at most `limit`.
    fn statements(
        &self,
        account: AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Statement>, StoreError>> + Send;

    /// Lines of a statement after place `after`, by their places, at most `limit`; only those of `state`, if there is one.
    fn statement_lines(
        &self,
        id: u64,
        state: Option<LineState>,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Line>, StoreError>> + Send;

    /// Writes down who looked at a line, unless somebody has; the statement counts it. Returns the line as it is then.
    fn resolve_line(
        &self,
        id: u64,
        place: u64,
        resolution: &Resolution,
    ) -> impl Future<Output = Result<Option<Line>, StoreError>> + Send;

    /// Keeps which column of an account's CSV statements says what, in the place of what was kept before.
    fn set_mapping(
        &self,
        account: AccountId,
        mapping: &Mapping,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What was kept with [`Self::set_mapping`].
    fn mapping(&self, account: AccountId) -> impl Future<Output = Result<Option<Mapping>, StoreError>> + Send;
}
