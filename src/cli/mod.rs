//! The command line: one file for each subcommand, each a few flags and what to do with them.
//!
//! - [`serve`], [`http`], [`backend`]: run Teller, whole or in part.
//! - [`migrate`], [`config`], [`seed`], [`import`], [`completions`]: do one thing and end.
//! - [`keys`], [`user`]: the keys of tokens; roles.
//! - [`verify`], [`export`], [`statement`]: look at the books, and copy them, or what became of one account.
//! - [`reconcile`], [`balances`]: hold them beside a bank's, line by line or balance by balance.
//! - [`webhooks`]: where events are brought to, and what was given up.
//! - [`gateway`]: run a payment gateway to try things out with.
//! - [`certs`]: certificates to develop with.
//! - [`rpc`]: ask a backend what it serves, and call it.
//! - [`flags`]: the flags that several subcommands share.
//! - [`progress`]: how far a long piece of work is.
//! - [`banner`]: what a process says once it is ready.
//! - [`run`]: from a configuration to a running process and its end.
//! - [`signals`]: how a process is asked to stop.
//! - [`failure`]: what is said at the end, and with which exit code.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod backend;
mod balances;
mod banner;
mod certs;
mod completions;
mod config;
mod export;
mod failure;
mod flags;
mod gateway;
mod http;
mod import;
mod keys;
mod migrate;
mod progress;
mod reconcile;
mod rpc;
mod run;
mod seed;
mod serve;
mod signals;
mod statement;
mod user;
mod verify;
mod webhooks;

use failure::Failure;

use crate::domain::time::Timestamp;

const ABOUT: &str = "A wallet and ledger server: users, sessions and money over HTTP and a fast RPC protocol.";

const HELP: &str = "\
Without a command Teller runs whole (`teller serve`): it needs nothing else, keeps its data in ./data and listens on
127.0.0.1 alone. Every setting has a key in a TOML file, an environment variable and, if it is a common one, a flag:
defaults < files < TELLER_... variables < flags. `teller config` shows all of them and where each value came from.

Examples:
  teller                                             try it: then open the address it prints
  teller --http 127.0.0.1:9090 --data /var/lib/teller
  teller --config config/mysql.toml                  on MySQL and Redis
  teller backend --rpc 10.0.0.2:7070                 one of several backends
  teller http --backend 10.0.0.2:7070,10.0.0.3:7070  a front end for them
  teller certs dev                                   certificates to try HTTPS and RPC within TLS with

Exit codes: 0 stopped as asked, 1 failed while running, 2 wrong usage or configuration, 3 `verify` found violations, or
`reconcile` or `reconcile-balances` differences.
SIGTERM and SIGINT let running requests finish; a second one ends at once.";

/// The whole command line.
#[derive(Parser)]
#[command(name = "teller", version, about = ABOUT, after_help = HELP, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Http(http::Http),
    Backend(backend::Backend),
    Migrate(migrate::Migrate),
    Certs(certs::Certs),
    Rpc(rpc::Rpc),
    Config(config::Config),
    Seed(seed::Seed),
    Keys(keys::Keys),
    User(user::User),
    Import(import::Import),
    Verify(verify::Verify),
    Reconcile(reconcile::Reconcile),
    Export(export::Export),
    Statement(statement::Statement),
    #[command(name = "reconcile-balances")]
    Balances(balances::Balances),
    Webhooks(webhooks::Webhooks),
    #[command(name = "gateway-sim")]
    Gateway(gateway::Gateway),
    Completions(completions::Completions),
}

/// Does what the arguments of this process say; returns what to exit with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and the version come this way too, with 0.
        Err(usage) => {
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    match execute(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn execute(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command.unwrap_or(Command::Serve(arguments.serve)) {
        Command::Serve(serve) => serve.execute(),
        Command::Http(http) => http.execute(),
        Command::Backend(backend) => backend.execute(),
        Command::Migrate(migrate) => migrate.execute(),
        Command::Certs(certs) => certs.execute(),
        Command::Rpc(rpc) => rpc.execute(),
        Command::Config(config) => config.execute(),
        Command::Seed(seed) => seed.execute(),
        Command::Keys(keys) => keys.execute(),
        Command::User(user) => user.execute(),
        Command::Import(import) => import.execute(),
        Command::Verify(verify) => verify.execute(),
        Command::Reconcile(reconcile) => reconcile.execute(),
        Command::Export(export) => export.execute(),
        Command::Statement(statement) => statement.execute(),
        Command::Balances(balances) => balances.execute(),
        Command::Webhooks(webhooks) => webhooks.execute(),
        Command::Gateway(gateway) => gateway.execute(),
        Command::Completions(completions) => completions.execute(),
    }
}

/// An argument that is a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    let moment = text.parse::<jiff::Timestamp>();
    moment.map(|at| Timestamp(at.as_microsecond())).map_err(|_| "must be like 2026-01-31T00:00:00Z".to_owned())
}

/// An argument that is a moment or a day of UTC: the first moment of it.
fn first_moment(text: &str) -> Result<Timestamp, String> {
    day(text).map_or_else(|| moment(text), |(first, _)| Ok(first)).map_err(|_| NO_DAY.to_owned())
}

/// The same: the last moment of it.
fn last_moment(text: &str) -> Result<Timestamp, String> {
    day(text).map_or_else(|| moment(text), |(_, last)| Ok(last)).map_err(|_| NO_DAY.to_owned())
}

const NO_DAY: &str = "must be like 2026-01-31 or 2026-01-31T00:00:00Z";

fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == text)?;
    let midnight = |day: jiff::civil::Date| day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp());
    let (first, next) = (midnight(day)?, midnight(day.tomorrow().ok()?)?);
    Some((Timestamp(first.as_microsecond()), Timestamp(next.as_microsecond() - 1)))
}

/// Prints a result. Whoever reads may stop reading: that is no failure.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};

    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::at_run_time(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
