//! The configuration and the command line, from outside.
//!
//! - [`manual`]: `config/default.toml`, the schema and the typed sections say the same; the other files of `config/` load.
//! - [`layers`]: which layer wins, and where each value says it is from.
//! - [`limits`]: every rule at its edges, for one key and between two.
//! - [`mistakes`]: wrong keys, wrong types, broken files: what is said of them.
//! - [`secrets`]: secrets are in no text, and may come from files.
//! - [`production`]: what each part refuses to run with.
//! - [`command_line`]: the program itself: exit codes, help, completions, printing and stopping.

use std::path::{Path, PathBuf};

use teller::config::flag::Flag;
use teller::config::values::Setting;
use teller::config::{Config, Error, Sources, Values};

mod command_line;
mod layers;
mod limits;
mod manual;
mod mistakes;
mod production;
mod secrets;

/// A folder for files of one test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("there is room for a folder"))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("the folder is there");
        path
    }
}

/// Loads with one file, some variables and some flags.
fn load(
    file: Option<&Path>,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Result<(Config, Values), Error> {
    Config::load(Sources {
        files: file.map(Path::to_owned).into_iter().collect(),
        environment: variables.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect(),
        flags: flags.iter().map(|(key, text)| Flag { name: "--flag", key, text: text.to_string() }).collect(),
    })
}

/// Loads with one file of this content.
fn load_text(text: &str) -> Result<(Config, Values), Error> {
    load(Some(&Folder::new().write("teller.toml", text)), &[], &[])
}

/// What is said of a configuration that must be wrong: the problem, and the fix after it.
fn refusal(loaded: Result<(Config, Values), Error>) -> String {
    match loaded {
        Ok(_) => panic!("it was accepted"),
        Err(error) => format!("{error}; fix: {}", error.fix().unwrap_or_default()),
    }
}

/// The path of a file of the repository.
fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn setting<'a>(values: &'a Values, key: &str) -> &'a Setting {
    values.iter().find(|setting| setting.key == key).expect("every key has a value")
}
