//! The flags that several subcommands share, in groups by what they are about.

use std::env;
use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use crate::config::flag::Flag;
use crate::config::{Sources, environment};

/// Flags of every subcommand that reads settings.
#[derive(Args)]
pub struct Common {
    /// A TOML file with settings; may be given several times, the later winning [env: TELLER_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// The folder for the database and generated secrets [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// What to log: off, error, warn, info, debug, trace; or target=level, separated by commas [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

/// Flags of what has the front end in it.
#[derive(Args)]
pub struct Front {
    /// Where browsers and curl reach it; port 0 picks one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
}

/// Flags of what has the backend in it.
#[derive(Args)]
pub struct Back {
    /// Where front ends reach it; port 0 picks one [default: 127.0.0.1:7070]
    #[arg(long, value_name = "ADDR")]
    rpc: Option<String>,
}

/// Flags of what uses the durable store.
#[derive(Args)]
pub struct Store {
    /// What must survive: sqlite, sqlite:PATH, mysql://user:password@host:port/database, or memory [default: sqlite]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Flags of what uses the volatile store.
#[derive(Args)]
pub struct Volatile {
    /// What may be lost: memory, or redis://user:password@host:port/number [default: memory]
    #[arg(long, value_name = "URL")]
    volatile: Option<String>,
}

/// Flags of a front end that runs alone.
#[derive(Args)]
pub struct Backends {
    /// The backends to use, host:port each
    #[arg(long, value_name = "ADDR[,ADDR]", value_delimiter = ',')]
    backend: Vec<String>,
}

impl Common {
    /// Everything the configuration is made from: files, the environment, these flags and those of `groups`.
    pub fn sources(self, groups: impl IntoIterator<Item = Option<Flag>>) -> Result<Sources, Failure> {
        let Self { config, data, log } = self;
        let files = if config.is_empty() { named_by_environment() } else { config };
        let common = [given("--data", "data_dir", data), given("--log", "log.level", log)];
        let flags = common.into_iter().chain(groups).flatten().collect();
        let environment = environment::of_process()?;
        Ok(Sources { files, environment, flags })
    }
}

impl Front {
    /// The flag, if it was given.
    pub fn given(self) -> Option<Flag> {
        given("--http", "http.listen", self.http)
    }
}

impl Back {
    /// The flag, if it was given.
    pub fn given(self) -> Option<Flag> {
        given("--rpc", "rpc.listen", self.rpc)
    }
}

impl Store {
    /// The flag, if it was given.
    pub fn given(self) -> Option<Flag> {
        given("--store", "store.url", self.store)
    }
}

impl Volatile {
    /// The flag, if it was given.
    pub fn given(self) -> Option<Flag> {
        given("--volatile", "volatile.url", self.volatile)
    }
}

impl Backends {
    /// The flag, if it was given.
    pub fn given(self) -> Option<Flag> {
        let list = (!self.backend.is_empty()).then(|| self.backend.join(","));
        given("--backend", "rpc.backends", list)
    }
}

fn given(name: &'static str, key: &'static str, text: Option<String>) -> Option<Flag> {
    text.map(|text| Flag { name, key, text })
}

fn named_by_environment() -> Vec<PathBuf> {
    let listed = env::var_os(environment::FILES).unwrap_or_default();
    env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect()
}
