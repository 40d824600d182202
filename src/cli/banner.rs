//! What a process says once it is ready: where it listens, where it keeps things, and what to try first.

use std::fmt::Write;
use std::path;
use std::time::Duration;

use super::certs::AUTHORITY;
use crate::app::{App, reachable};
use crate::config::{Config, Durable};
use crate::service::seed::{Demo, PASSWORD, USERS};

/// At most a dozen lines; the last is `ready in N ms`.
pub fn text(config: &Config, app: &App, took: Duration) -> String {
    let mut text = format!("teller {}\n", env!("CARGO_PKG_VERSION"));
    let mut line = |what: &str, value: &str| writeln!(text, "{what:<10}{value}").expect("a string takes everything");
    if let Some(rpc) = app.rpc {
        line("store", &format!("{}; volatile: {}", durable(config), config.volatile.url));
        line("data", &path::absolute(&config.data_dir).unwrap_or(config.data_dir.clone()).display().to_string());
        line("rpc", &format!("{rpc}, {}with the secret in {}", within(config), secret(config)));
    }
    if let (None, Some(_)) = (app.rpc, app.http) {
        let backends = config.rpc.backends.join(", ");
        line("backends", &format!("{backends}, {}with the secret in {}", within(config), secret(config)));
    }
    if let Some(listen) = app.http {
        if listen.ip().is_unspecified() {
            line("http", &format!("{listen}: every address of this machine"));
        }
        let scheme = if config.http.has_certificate() { "https" } else { "http" };
        let http = format!("{scheme}://{}", reachable(listen));
        let api = format!("{http}/api/entrytask/user");
        line("console", &format!("{http}/"));
        line("api", &format!("{http}/v1, {api}"));
        if app.demo != Demo::Absent {
            let [(_, user_name, ..), ..] = USERS;
            let made = if app.demo == Demo::Made { ", just made with four more" } else { "" };
            line("demo", &format!("user {user_name}, password {PASSWORD}{made}"));
            let curl = curl(config);
            line("try", &format!("{curl} -c cookies -d 'username={user_name}&password={PASSWORD}' {api}/signin"));
            line("", &format!("{curl} -b cookies {api}/get_user_info"));
            line("", &format!("{curl} -b cookies {http}/v1/accounts"));
        }
    }
    text + &format!("ready in {} ms\n", took.as_millis())
}

/// How RPC is protected beside its secret.
fn within(config: &Config) -> &'static str {
    if config.rpc.has_certificate() { "within mutual TLS, " } else { "" }
}

/// curl, told of the authority that `teller certs dev` puts beside its certificates.
fn curl(config: &Config) -> String {
    let authority = config.http.tls_cert_file.with_file_name(AUTHORITY);
    match config.http.has_certificate() && authority.exists() {
        true => format!("curl --cacert {}", authority.display()),
        false => "curl".to_owned(),
    }
}

fn durable(config: &Config) -> String {
    match config.durable() {
        Durable::Sqlite(path) => format!("sqlite {}", path.display()),
        Durable::Memory => "memory, gone at exit".to_owned(),
        Durable::Mysql(url) => url.to_string(),
    }
}

fn secret(config: &Config) -> String {
    match config.rpc.secret.expose().is_empty() {
        true => config.secret_path().display().to_string(),
        false => "the configuration".to_owned(),
    }
}
