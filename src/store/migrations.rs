//! The migrations that are part of the program, and which of them a database still needs.
//!
//! The files are `sql/sqlite/NNNN_*.sql` and `sql/mysql/NNNN_*.sql`. How they are applied, and under which lock, is each
//! store's own: see `sqlite/migrate.rs` and `mysql/migrate.rs`.

use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::queries::rows::AppliedMigration;

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// One migration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its place in the order, from 1.
    pub number: u64,
    /// The file, from the project's folder.
    pub name: &'static str,
    /// Its SQL.
    pub text: &'static str,
}

impl Migration {
    /// SHA-256 of the file, in hex: an applied migration must never change.
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.text))
    }
}

/// The statements of a text: each ends with `;` at the end of a line. Lines of comment are left out.
pub fn statements(text: &str) -> Vec<String> {
    let (mut all, mut open) = (Vec::new(), String::new());
    for line in text.lines().map(str::trim_end).filter(|line| !line.trim_start().starts_with("--")) {
        open.push_str(line.strip_suffix(';').unwrap_or(line));
        open.push('\n');
        if line.ends_with(';') {
            all.push(std::mem::take(&mut open).trim().to_owned());
        }
    }
    if !open.trim().is_empty() {
        all.push(open.trim().to_owned());
    }
    all
}

/// Why a database cannot be brought up to date.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The file is not the one that was applied.
    #[error("{name} was changed after it was applied: restore it, and put the change into a new migration")]
    Changed {
        /// The file.
        name: String,
    },
    /// The database was used by a newer program.
    #[error("the database has the migration {name}, which this program does not know: update the program")]
    Newer {
        /// The file, as the newer program called it.
        name: String,
    },
}

/// A migration to apply, and how many of its statements are in effect already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The migration.
    pub migration: Migration,
    /// Statements done by a run that was interrupted; `None` if it was never begun.
    pub done: Option<u64>,
}

/// What of `known` is not `applied` yet, in order.
pub fn pending(known: &[Migration], applied: &[AppliedMigration]) -> Result<Vec<Pending>, Refusal> {
    let mut pending = Vec::new();
    for row in applied {
        if !known.iter().any(|migration| migration.number == row.number) {
            return Err(Refusal::Newer { name: row.name.clone() });
        }
    }
    for migration in known.iter().copied() {
        match applied.iter().find(|row| row.number == migration.number) {
            None => pending.push(Pending { migration, done: None }),
            Some(row) if row.checksum != migration.checksum() => {
                return Err(Refusal::Changed { name: migration.name.to_owned() });
            }
            Some(row) if row.finished_at.is_none() => {
                pending.push(Pending { migration, done: Some(row.statements_done) });
            }
            Some(_) => {}
        }
    }
    Ok(pending)
}

/// When a migration was finished, in UTC microseconds: for people to read.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{AppliedMigration, Migration, Pending, Refusal, pending, statements};

    const ONE: Migration = Migration { number: 1, name: "sql/x/0001_one.sql", text: "CREATE TABLE one (id INT);" };
    const TWO: Migration = Migration { number: 2, name: "sql/x/0002_two.sql", text: "CREATE TABLE two (id INT);" };

    fn applied(migration: Migration) -> AppliedMigration {
        AppliedMigration {
            number: migration.number,
            name: migration.name.to_owned(),
            checksum: migration.checksum(),
            statements_done: 1,
            finished_at: Some(1),
        }
    }

    #[test]
    fn a_statement_ends_with_its_line() {
        let text = "-- a; comment\nCREATE TABLE a (\n    b TEXT DEFAULT ';,'\n);\n\n  -- more\nDROP TABLE c;\nSELECT 1";
        assert_eq!(statements(text), ["CREATE TABLE a (\n    b TEXT DEFAULT ';,'\n)", "DROP TABLE c", "SELECT 1"]);
        assert_eq!(statements("-- nothing\n"), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_pending_in_order() {
        let fresh = |migration| Pending { migration, done: None };
        assert_eq!(pending(&[ONE, TWO], &[]), Ok(vec![fresh(ONE), fresh(TWO)]));
        assert_eq!(pending(&[ONE, TWO], &[applied(ONE)]), Ok(vec![fresh(TWO)]));
        assert_eq!(pending(&[ONE, TWO], &[applied(ONE), applied(TWO)]), Ok(vec![]));
    }

    #[test]
    fn an_interrupted_one_goes_on_where_it_stopped() {
        let begun = AppliedMigration { finished_at: None, ..applied(TWO) };
        assert_eq!(pending(&[ONE, TWO], &[applied(ONE), begun]), Ok(vec![Pending { migration: TWO, done: Some(1) }]));
    }

    #[test]
    fn a_changed_file_is_refused_by_name() {
        let changed = AppliedMigration { checksum: "0".repeat(64), ..applied(ONE) };
        assert_eq!(pending(&[ONE, TWO], &[changed]), Err(Refusal::Changed { name: ONE.name.to_owned() }));
    }

    #[test]
    fn a_newer_database_is_refused() {
        assert_eq!(pending(&[ONE], &[applied(ONE), applied(TWO)]), Err(Refusal::Newer { name: TWO.name.to_owned() }));
    }
}
