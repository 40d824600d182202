//! Checkpoints beside the writer: what commits append to the log is copied into the file by a thread of its own, on a connection of its own.
//!
//! SQLite by itself has the commit that makes the log too long copy all of it, and everybody waits for as many random writes as a large database
//! needs. Here that commit finds little left to copy. Only it can make the log begin anew: nothing is appended while it copies the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Error, ErrorCode, Result};

use super::connection::Database;
use crate::store::StoreError;

/// Pages of log until the thread copies them (16 MiB): a page that many commits change is copied once.
const EVERY: u32 = 4096;
/// Pages of log until a commit copies what the thread has left (128 MiB). On disk the log is little larger.
const LOG_MAX: u32 = 32_768;

/// Starts the thread, on `own`, and has `writer` tell it when there is something to do. It ends with the writer's connection.
pub(super) fn beside(writer: &mut Database, own: Database) -> std::result::Result<(), StoreError> {
    let (wake, woken) = sync_channel(1);
    let copied = Arc::new(AtomicU32::new(0));
    let known = Arc::clone(&copied);
    writer.after_commits(move |log, pages| {
        after_commit(log, u32::try_from(pages).unwrap_or(0), &known, &wake);
        // An error here would be the commit's, which has been done.
        Ok(())
    })?;
    let work = move || {
        while woken.recv().is_ok() {
            note(own.checkpoint(), &copied);
        }
    };
    let thread = thread::Builder::new().name("sqlite-checkpoint".to_owned()).spawn(work);
    thread.map(drop).map_err(|error| StoreError::Unavailable(error.into()))
}

/// After a commit that made the log `pages` long, of which `copied` were in the file when that was last looked at.
fn after_commit(log: &mut Wal, pages: u32, copied: &AtomicU32, wake: &SyncSender<()>) {
    if pages >= LOG_MAX {
        note(log.checkpoint_v2(CheckpointMode::PASSIVE), copied);
    } else if waiting(pages, copied.load(Ordering::Relaxed)) >= EVERY {
        // Full: it is awake.
        let _ = wake.try_send(());
    }
}

/// Pages that are only in the log. A log shorter than what was copied has begun anew since.
fn waiting(pages: u32, copied: u32) -> u32 {
    pages.checked_sub(copied).unwrap_or(pages)
}

/// Keeps how many pages of the log are in the file.
fn note(outcome: Result<(i32, i32)>, copied: &AtomicU32) {
    match outcome {
        Ok((_, pages)) => copied.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed),
        // Another connection is at it.
        Err(Error::SqliteFailure(why, _)) if why.code == ErrorCode::DatabaseBusy => {}
        Err(error) => tracing::warn!(%error, "a checkpoint failed, and the log grows until one succeeds"),
    }
}

#[cfg(test)]
mod tests {
    use super::waiting;

    #[test]
    fn a_log_that_began_anew_waits_as_a_whole() {
        assert_eq!(waiting(5000, 4096), 904);
        assert_eq!(waiting(3, 4096), 3);
    }
}
