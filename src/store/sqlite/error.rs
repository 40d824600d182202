//! Which of SQLite's errors pass by themselves.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Error, ErrorCode, ffi};

use crate::store::StoreError;
use crate::store::queries::ledger::Unreadable;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        shared(Arc::new(error))
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::FromSqlConversionFailure(0, Type::Null, unreadable.into())
    }
}

/// An error that several callers hear of: those whose changes were to be committed together.
pub(super) fn shared(error: Arc<Error>) -> StoreError {
    let passes = matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OperationInterrupted
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
        )
    );
    if passes { StoreError::Unavailable(error.into()) } else { StoreError::Refused(error.into()) }
}

/// Whether a row was refused because its key, or a unique column, is there already.
pub(super) fn is_taken(error: &Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(
        code,
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID)
    )
}
