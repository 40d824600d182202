//! What is wrong with a configuration, and how to put it right.

use std::path::PathBuf;

use super::origin::Origin;

/// Why Teller does not start with this configuration. No text here contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {cause} ({named_by})", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What says that it is to be read.
        named_by: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file is not TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// There is no such key, or no such environment variable.
    #[error("there is no setting {name} ({origin})")]
    Unknown {
        /// As it was written.
        name: String,
        /// Where.
        origin: Origin,
        /// What was most likely meant.
        nearest: String,
    },
    /// A value breaks its rule.
    #[error("{key}{} {rule} ({origin})", shown.as_ref().map(|value| format!(" = {value}")).unwrap_or_default())]
    Invalid {
        /// The key.
        key: String,
        /// The value, unless there may be a secret in it.
        shown: Option<String>,
        /// What the value must be.
        rule: String,
        /// Where the value is from.
        origin: Origin,
    },
    /// A secret is given twice in one place, and nothing says which one counts.
    #[error("{key} and {file_key} are both set ({origin})")]
    Twice {
        /// The key of the value.
        key: &'static str,
        /// The key of the file that holds it.
        file_key: &'static str,
        /// Where the second one is.
        origin: Origin,
    },
    /// Every value is right, and running with them is not.
    #[error("{problem}")]
    Refused {
        /// What would be wrong.
        problem: String,
        /// What to change.
        fix: String,
    },
}

impl Error {
    /// What to do about it, as a sentence without an end.
    pub fn fix(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest, .. } => Some(format!("the nearest is {nearest}; `teller config` shows all")),
            Self::Twice { key, file_key, .. } => Some(format!("remove {key} or {file_key}")),
            Self::Refused { fix, .. } => Some(fix.clone()),
            Self::Unreadable { .. } | Self::Syntax { .. } | Self::Invalid { .. } => None,
        }
    }

    pub(super) fn unknown(name: &str, origin: Origin, nearest: String) -> Self {
        Self::Unknown { name: name.to_owned(), origin, nearest }
    }
}
