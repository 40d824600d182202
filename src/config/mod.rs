//! The configuration: what `config/default.toml` describes, as typed values of which each knows where it came from.
//!
//! Defaults < files, in order < environment < flags. All of it is checked before a port opens, every limit in one place.
//!
//! - [`http`], [`rpc`], [`stores`], [`services`], [`money`], [`webhook`], [`log`]: the typed sections, named as in the file.
//! - [`schema`]: every key, in the order of the manual, with the rule for its value.
//! - [`rule`]: what a value may be, in words and as a check.
//! - [`address`]: the shape of addresses and URLs.
//! - [`origin`]: where a value came from.
//! - [`mod@file`], [`environment`], [`flag`]: the layers, each read into settings.
//! - [`values`]: the layers merged: one value and one origin for each key.
//! - [`relations`]: rules that hold between two keys.
//! - [`part`]: what must be true before a part of Teller may run, in production above all.
//! - [`mod@print`]: the merged values as TOML again, secrets hidden.
//! - [`hidden`]: texts that are never printed.
//! - [`error`]: what is wrong with a configuration, and how to put it right.

use std::path::PathBuf;

use serde::Deserialize;

mod address;
pub mod environment;
mod error;
mod file;
pub mod flag;
mod hidden;
mod http;
mod log;
mod money;
pub mod origin;
mod part;
mod print;
mod relations;
mod rpc;
pub mod rule;
pub mod schema;
mod services;
mod stores;
pub mod values;
mod webhook;

pub use error::Error;
pub use hidden::{Hidden, Url};
pub use http::{Http, Limits};
pub use log::{Format, Log};
pub use money::{Contracts, Conversion, Deduct, Fees, Ledger, Payment};
pub use part::Part;
pub use rpc::Rpc;
pub use services::{
    Audit, Coalesce, Password, Picture, Profile, Reconcile, Scheme, Session, SignIn, Token, TokenFormat,
};
pub use stores::{Durable, Fleeting, Store, Volatile};
pub use values::Values;
pub use webhook::Webhook;

/// All of Teller's settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How strict to be.
    pub environment: Environment,
    /// The folder for the database and generated secrets.
    pub data_dir: PathBuf,
    /// The front end.
    pub http: Http,
    /// How many requests a client may make.
    pub limits: Limits,
    /// The protocol between front end and backend.
    pub rpc: Rpc,
    /// What must survive.
    pub store: Store,
    /// What may be lost.
    pub volatile: Volatile,
    /// Sign-ins that fail.
    pub sign_in: SignIn,
    /// Signed-in browsers.
    pub session: Session,
    /// Programs that signed in with tokens.
    pub token: Token,
    /// Names and pictures of users.
    pub profile: Profile,
    /// How passwords are kept.
    pub password: Password,
    /// Profile pictures.
    pub picture: Picture,
    /// Statements of others.
    pub reconcile: Reconcile,
    /// What is written down about who did what.
    pub audit: Audit,
    /// Logs.
    pub log: Log,
    /// Many callers, one round trip.
    pub coalesce: Coalesce,
    /// Many transfers, one transaction.
    pub ledger: Ledger,
    /// What transfers cost.
    pub fees: Fees,
    /// Money of one currency for money of another.
    pub conversion: Conversion,
    /// The published contracts.
    pub contracts: Contracts,
    /// `POST /deduct`.
    pub deduct: Deduct,
    /// `POST /payment`.
    pub payment: Payment,
    /// Events brought elsewhere.
    pub webhook: Webhook,
}

/// How strict to be about what is unsafe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Demo users in an empty database; nothing is refused.
    Development,
    /// What is unsafe is refused at start.
    Production,
}

/// What a configuration is made from. Without a `Debug`, since there are secrets in it.
#[derive(Default)]
pub struct Sources {
    /// Files, the later winning over the earlier.
    pub files: Vec<PathBuf>,
    /// Environment variables; those that do not begin with `TELLER_` are passed over.
    pub environment: Vec<(String, String)>,
    /// What flags said.
    pub flags: Vec<flag::Flag>,
}

impl Config {
    /// Reads and checks everything that needs no port: each value, and each pair of values that must fit together. [`Config::allow`]
    /// says whether a part may run with it.
    pub fn load(sources: Sources) -> Result<(Config, Values), Error> {
        let mut values = Values::default();
        for path in &sources.files {
            values.apply(file::settings(path)?)?;
        }
        values.apply(environment::settings(sources.environment)?)?;
        values.apply(flag::settings(sources.flags)?)?;
        values.read_secret_files()?;
        let config = values.typed()?;
        relations::check(&config, &values)?;
        Ok((config, values))
    }

    /// Whether what is unsafe is refused.
    pub fn in_production(&self) -> bool {
        self.environment == Environment::Production
    }

    /// Whether an empty database gets demo users: in development, and only where nobody but this machine can sign in with their known
    /// password.
    pub fn has_demo_users(&self) -> bool {
        let local = self.http.listen.ip().is_loopback() && self.rpc.listen.ip().is_loopback();
        self.environment == Environment::Development && local
    }

    /// Whether the published contracts need no session: only where the demo users are as well, so that nobody else's money is at stake.
    pub fn has_open_contracts(&self) -> bool {
        self.contracts.open && self.has_demo_users()
    }

    /// Where the durable store is.
    pub fn durable(&self) -> Durable {
        stores::durable(&self.store.url, &self.data_dir)
    }

    /// Where the volatile store is.
    pub fn fleeting(&self) -> Fleeting {
        stores::fleeting(&self.volatile.url)
    }

    /// Where the keys of access tokens are.
    pub fn token_keys_path(&self) -> PathBuf {
        match self.token.keys_file.as_str() {
            "" => self.data_dir.join("token.keys"),
            named => named.into(),
        }
    }

    /// Where the RPC secret is kept while none is configured.
    pub fn secret_path(&self) -> PathBuf {
        self.data_dir.join("rpc.secret")
    }
}

impl Default for Config {
    /// What `config/default.toml` says.
    fn default() -> Self {
        Values::default().typed().expect("config/default.toml is built in, and a test deserialises it")
    }
}
