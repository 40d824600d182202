//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from, as people find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `config/default.toml`, as it is built in.
    Default,
    /// A file, and the line in it, from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// A flag, with its dashes.
    Flag(&'static str),
    /// A file that holds nothing else, named by this key.
    SecretFile(PathBuf, &'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::SecretFile(path, key) => write!(f, "{}, named by {key}", path.display()),
        }
    }
}
