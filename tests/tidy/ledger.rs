//! What the ledger writes is never written over: a rule on SQL.

use std::fs;
use std::path::{Path, PathBuf};

/// Tables whose rows are written once.
const WRITTEN_ONCE: [&str; 5] = ["entries", "transfers", "transfer_references", "rates", "conversions"];
/// Words of statements that change or remove rows or tables, `ON DUPLICATE KEY UPDATE` and `INSERT OR REPLACE` among them.
const REWRITES: [&str; 7] = ["UPDATE", "DELETE", "REPLACE", "CONFLICT", "TRUNCATE", "DROP", "ALTER"];

/// The statements of `sql` that name such a table and rewrite something.
pub fn rewrites(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let is_one = |statement: &&str| {
        let words: Vec<&str> = statement.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        let names = |list: &[&str]| words.iter().any(|word| list.iter().any(|one| one.eq_ignore_ascii_case(word)));
        names(&WRITTEN_ONCE) && names(&REWRITES)
    };
    code.join("\n").split(';').filter(is_one).map(|statement| statement.trim().to_owned()).collect()
}

/// Every file of SQL.
pub fn files() -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("sql")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("sql/ can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                found.push(path);
            }
        }
    }
    found
}
