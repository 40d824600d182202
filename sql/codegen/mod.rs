//! From `sql/` to Rust: named statements become typed functions, one set for each database, and migrations a list.
//! The syntax is described in `sql/README.md`.
//!
//! - [`statement`]: what a statement is once it was read.
//! - [`parse`]: text to statements; every error names its file and line.
//! - [`check`]: what makes no sense though it can be read.
//! - [`emit`]: statements to Rust.
//! - [`migrations`]: the migration files, in order.

pub mod check;
pub mod emit;
pub mod migrations;
pub mod parse;
pub mod statement;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use statement::Source;

/// What is wrong in `sql/`, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The file, from the project's folder.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Wrong {
    pub fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Reads `root`/queries and returns the Rust for all of it.
pub fn queries(root: &Path) -> Result<String, Wrong> {
    let mut source = Source::default();
    for path in files(&root.join("queries"))? {
        let file = format!("sql/queries/{}", file_name(&path));
        parse::file(&file, &read(&path)?, &mut source)?;
    }
    check::source(&source)?;
    Ok(emit::source(&source))
}

/// The `.sql` files of a folder, sorted by name.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Wrong> {
    let wrong = |error: std::io::Error| Wrong::new(&folder.display().to_string(), 0, error.to_string());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, Wrong> {
    fs::read_to_string(path).map_err(|error| Wrong::new(&path.display().to_string(), 0, error.to_string()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
