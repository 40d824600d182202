//! `teller rpc`: what a backend serves, and one call of it, with JSON for the messages.
//!
//! On the wire messages are bincode, which only their types can read. So a call needs the method twice: in the backend's own table,
//! and as a type of [`crate::api`], to which [`Typed`] is brought by its name.

use std::io::{self, Read};
use std::pin::Pin;
use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use teller_rpc::{CallError, Client, Context, Executed, Method, MethodVisitor, Table};

use super::failure::Failure;
use super::flags::{Backends, Common};
use super::print;
use super::run::once;
use crate::config::Config;
use crate::{api, app};

/// How many names are offered in place of an unknown one.
const OFFERED: usize = 3;

/// Ask a backend what it serves, or make one call of it
#[derive(Args)]
pub struct Rpc {
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand)]
enum Question {
    Describe(Describe),
    Call(Call),
}

/// Print the services and methods of a backend
#[derive(Args)]
struct Describe {
    #[command(flatten)]
    target: Target,
}

/// Call a method of a backend and print its answer as JSON
///
/// A refusal is an answer, too: {"Err": ...}. Whatever has no answer exits with 1 and says whether the call may have been executed.
/// For example: teller rpc call session.sign_in '{"user_name": "alice", "password": "teller-demo"}'
#[derive(Args)]
struct Call {
    #[command(flatten)]
    target: Target,
    /// What to call, as `teller rpc describe` prints it
    #[arg(value_name = "SERVICE.METHOD")]
    name: String,
    /// The request; - reads it from standard input, where no list of processes shows it
    #[arg(value_name = "JSON", default_value = "null")]
    request: String,
}

/// Which backend, and how long to wait for it.
///
/// Its secret is rpc.secret under --data, or TELLER_RPC_SECRET. To a backend within TLS it shows rpc.tls_cert_file.
#[derive(Args)]
struct Target {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    backends: Backends,
    /// Milliseconds for the answer, connecting included
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    timeout: u64,
}

impl Rpc {
    /// Asks, and prints what is answered.
    pub fn execute(self) -> Result<(), Failure> {
        match self.question {
            Question::Describe(Describe { target }) => {
                print(&target.ask(async |client, cx| Ok(listed(&described(client, cx).await?)))?)
            }
            Question::Call(Call { target, name, request }) => {
                let request = if request == "-" { standard_input()? } else { request };
                print(&target.ask(async |client, cx| call(client, cx, &name, &request).await)?)
            }
        }
    }
}

impl Target {
    fn ask<T>(self, question: impl AsyncFnOnce(&Client, &Context) -> Result<T, Failure>) -> Result<T, Failure> {
        let (config, _) = Config::load(self.common.sources([self.backends.given()])?)?;
        let timeout = Duration::from_millis(self.timeout);
        once(async {
            let client = app::client(&config)?;
            let answer = question(&client, &Context::with_timeout(timeout)).await;
            client.close().await;
            answer
        })?
    }
}

fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(Failure::at_run_time)?;
    Ok(text)
}

async fn described(client: &Client, cx: &Context) -> Result<Table, Failure> {
    client.describe(cx).await.map_err(|error| failed("describe", &error))
}

fn listed(table: &Table) -> String {
    let mut text = String::new();
    for service in &table.services {
        for method in &service.methods {
            let idempotent = if method.idempotent { " (idempotent)" } else { "" };
            text += &format!("{}.{}{idempotent}\n", service.name, method.name);
        }
    }
    text
}

async fn call(client: &Client, cx: &Context, name: &str, request: &str) -> Result<String, Failure> {
    let (service, method) = find(&described(client, cx).await?, name)?;
    let unknown =
        || Failure::in_usage(format!("this program has no types for {name}"), "use that of the backend's version");
    api::visit(&service, &method, Typed { client, cx, name, request }).ok_or_else(unknown)?.await
}

/// Finds `service.method` in a backend's table; one that is not there is answered with the nearest.
fn find(table: &Table, name: &str) -> Result<(String, String), Failure> {
    let Some((service, method)) = name.split_once('.') else {
        let all = table.services.iter().flat_map(|s| s.methods.iter().map(|m| format!("{}.{}", s.name, m.name)));
        return Err(unknown(format!("{name} is no SERVICE.METHOD"), name, all));
    };
    let Some(known) = table.services.iter().find(|known| known.name == service) else {
        let services = table.services.iter().map(|known| known.name.clone());
        return Err(unknown(format!("the backend has no service {service}"), service, services));
    };
    if !known.methods.iter().any(|known| known.name == method) {
        let methods = known.methods.iter().map(|known| known.name.clone());
        return Err(unknown(format!("service {service} has no method {method}"), method, methods));
    }
    Ok((service.to_owned(), method.to_owned()))
}

fn unknown(problem: String, wanted: &str, there: impl Iterator<Item = String>) -> Failure {
    let mut nearest: Vec<String> = there.collect();
    nearest.sort_by_key(|name| strsim::osa_distance(wanted, name));
    nearest.truncate(OFFERED);
    Failure::in_usage(problem, format!("the nearest are: {}", nearest.join(", ")))
}

/// A call whose messages are text until it meets their types.
struct Typed<'a> {
    client: &'a Client,
    cx: &'a Context,
    name: &'a str,
    request: &'a str,
}

impl<'a> MethodVisitor for Typed<'a> {
    type Output = Pin<Box<dyn Future<Output = Result<String, Failure>> + 'a>>;

    fn visit<M: Method>(self) -> Self::Output {
        Box::pin(async move {
            let request: M::Request = serde_json::from_str(self.request).map_err(|error| {
                Failure::in_usage(format!("the request is none of {}: {error}", self.name), shape::<M>())
            })?;
            let response = self.client.call::<M>(self.cx, &request).await.map_err(|error| failed(self.name, &error))?;
            let text = serde_json::to_string_pretty(&response).map_err(Failure::at_run_time)?;
            Ok(text + "\n")
        })
    }
}

fn shape<M: Method>() -> String {
    let path = std::any::type_name::<M::Request>();
    format!("give a {} as JSON", path.rsplit("::").next().unwrap_or(path))
}

fn failed(name: &str, error: &CallError) -> Failure {
    let executed = match error.executed() {
        Executed::No => "not executed",
        Executed::Unknown => "perhaps executed",
        Executed::Yes => "executed",
    };
    Failure::at_run_time(anyhow!("{name}: {error} ({executed})"))
}
