//! `teller keys`: the keys of access tokens.

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::flags::Common;
use super::print;
use crate::app;
use crate::config::Config;
use crate::token::key::State;

/// Look at the keys of access tokens, and add a new one
///
/// All backends need the same file (token.keys_file); each notices a change within seconds, without a restart.
#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Print name, format, state and age of each key; never the key itself
    List(List),
    /// Add a key, which signs after ten seconds, and drop those whose last token has expired
    Rotate(Rotate),
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Rotate {
    #[command(flatten)]
    common: Common,
}

impl Keys {
    /// Does it, and says what there is.
    pub fn execute(self) -> Result<(), Failure> {
        match self.what {
            What::List(List { common }) => {
                let (config, _) = Config::load(common.sources([])?)?;
                print(&list(&config)?)
            }
            What::Rotate(Rotate { common }) => {
                let (config, _) = Config::load(common.sources([])?)?;
                let dropped = app::keys::rotate(&config)?;
                print(&format!("keys dropped: {dropped}\n{}", list(&config)?))
            }
        }
    }
}

fn list(config: &Config) -> Result<String, Failure> {
    let line = |key: app::keys::Shown| {
        let state = match key.state {
            State::Waiting => "waiting",
            State::Signing => "signing",
            State::Verifying => "verifying",
        };
        let made = jiff::Timestamp::from_microsecond(key.created_at.0).unwrap_or(jiff::Timestamp::MIN);
        format!("{}  {:<6}  {state:<9}  {made:.0}\n", key.kid, key.format.name())
    };
    Ok(app::keys::list(config)?.into_iter().map(line).collect())
}
