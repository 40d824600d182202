//! `teller import`: users of an old table.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::flags::{Common, Store};
use super::run::once;
use super::{print, progress};
use crate::app;
use crate::config::Config;
use crate::service::import::Told;
use crate::telemetry::log;

/// Bring in what another program kept, and end
#[derive(Args)]
pub struct Import {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Users(Users),
}

/// Import users from a CSV file: user name, nickname, MD5 of the password, salt, picture path
///
/// The MD5 is the hex of MD5(salt + hex(MD5(password)) + salt). It is wrapped in argon2id at once, and replaced by a hash of the password itself at
/// the next sign-in. Paths are not followed: pictures are uploaded anew. A first line may name the columns: username, nickname, password, salt,
/// profile_path. What is wrong with a line is told with its number, and the others are imported. Users who are there stay as they are: run again, it
/// goes on. Exit code 1, if a line was wrong.
#[derive(Args)]
struct Users {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Import {
    /// Imports, shows how far it is, and says what there is now.
    pub fn execute(self) -> Result<(), Failure> {
        match self.what {
            What::Users(users) => users.execute(),
        }
    }
}

impl Users {
    fn execute(self) -> Result<(), Failure> {
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let opened = File::open(&self.file).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = opened.map_err(|error| {
            let problem = format!("cannot read {}: {error}", self.file.display());
            Failure::in_usage(problem, "name a CSV file")
        })?;
        let bar = progress::of(length, "bytes");
        let imported = once(app::import_users(&config, BufReader::new(file), |told| match told {
            Told::Bytes(more) => bar.inc(more),
            Told::Refused(number, broken) => bar.suspend(|| eprintln!("line {number}: {broken}")),
        }));
        bar.finish_and_clear();
        let imported = imported??;
        print(&format!("users imported: {}; there already: {}\n", imported.made, imported.there))?;
        match imported.refused {
            0 => Ok(()),
            lines => Err(Failure::at_run_time(anyhow::anyhow!("lines that were not imported: {lines}"))),
        }
    }
}
