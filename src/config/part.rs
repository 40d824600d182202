//! What must be true before a part of Teller may run: what it cannot do without, and what production does not allow.

use super::address::is_loopback;
use super::error::Error;
use super::stores::Durable;
use super::{Config, Environment, Scheme};

/// What runs in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Front end and backend.
    Serve,
    /// The front end alone.
    Http,
    /// The backend alone.
    Backend,
}

impl Part {
    /// Whether the front end is in it.
    pub fn has_front(self) -> bool {
        self != Self::Backend
    }

    /// Whether the backend is in it.
    pub fn has_backend(self) -> bool {
        self != Self::Http
    }
}

/// Fewest bytes of a secret in production, and fewest different ones among them.
const STRONG_SECRET: (usize, usize) = (32, 8);

impl Config {
    /// Whether `part` may run with this configuration. Asked before a port opens.
    pub fn allow(&self, part: Part) -> Result<(), Error> {
        needs(self, part)?;
        match self.environment {
            Environment::Development => Ok(()),
            Environment::Production => production(self, part),
        }
    }
}

impl Config {
    /// Whether a store may be filled with users whose password everybody knows.
    pub fn allow_seeding(&self) -> Result<(), Error> {
        match self.environment {
            Environment::Development => Ok(()),
            Environment::Production => refuse(
                "production makes no users with known passwords",
                "seed a store of your own for load tests, with environment = \"development\" (TELLER_ENVIRONMENT)",
            ),
        }
    }
}

fn needs(config: &Config, part: Part) -> Result<(), Error> {
    let has_backends = !config.rpc.backends.is_empty();
    if part == Part::Http && !has_backends {
        return refuse(
            "a front end needs a backend, and rpc.backends is empty",
            "add --backend HOST:PORT (or TELLER_RPC_BACKENDS)",
        );
    }
    if part == Part::Serve && has_backends {
        return refuse(
            "rpc.backends is set, but `teller serve` brings its own backend",
            "run `teller http` for a front end alone, or remove rpc.backends",
        );
    }
    Ok(())
}

fn production(config: &Config, part: Part) -> Result<(), Error> {
    if part.has_front() && !config.http.listen.ip().is_loopback() && !config.http.is_tls() {
        return refuse(
            format!("production does not speak HTTP without TLS on {}, where others can listen in", config.http.listen),
            "set http.tls_cert_file and http.tls_key_file (TELLER_HTTP_TLS_CERT_FILE, TELLER_HTTP_TLS_KEY_FILE), listen on loopback \
             (--http 127.0.0.1:8080), or set http.behind_proxy = true (TELLER_HTTP_BEHIND_PROXY=true) if a proxy in front speaks TLS",
        );
    }
    if part.has_backend() && config.durable() == Durable::Memory {
        return refuse(
            "production does not keep users in memory, where they are gone at exit",
            "set store.url = \"sqlite\" (--store sqlite) or \"mysql://...\"",
        );
    }
    if part.has_backend() && config.password.scheme != Scheme::Argon2id {
        return refuse(
            "production does not keep passwords with md5-salted, which protects nobody",
            "set password.scheme = \"argon2id\" (TELLER_PASSWORD_SCHEME=argon2id)",
        );
    }
    if part.has_backend() && config.payment.gateway_url.is_empty() {
        return refuse(
            "production does not charge people through a simulated gateway",
            "set payment.gateway_url (TELLER_PAYMENT_GATEWAY_URL) to the payment gateway, or to \"simulated\" if no payment is to be more than a trial",
        );
    }
    if part.has_backend() && config.webhook.allow_private {
        return refuse(
            "production brings no events to private addresses: users choose them, and would reach whatever this backend does",
            "set webhook.allow_private = false (TELLER_WEBHOOK_ALLOW_PRIVATE=false)",
        );
    }
    rpc_off_loopback(config, part)?;
    weak_secret(config)
}

fn rpc_off_loopback(config: &Config, part: Part) -> Result<(), Error> {
    let listen = config.rpc.listen.to_string();
    let here = part.has_backend().then_some(&listen);
    let Some(address) = here.into_iter().chain(&config.rpc.backends).find(|address| !is_loopback(address)) else {
        return Ok(());
    };
    if !config.rpc.has_certificate() {
        return refuse(
            format!("production does not speak RPC without TLS with {address}, where others can listen in"),
            "set rpc.tls_cert_file, rpc.tls_key_file and rpc.tls_ca_file (TELLER_RPC_TLS_CERT_FILE, TELLER_RPC_TLS_KEY_FILE, \
             TELLER_RPC_TLS_CA_FILE) on both sides, or use loopback (--rpc 127.0.0.1:7070)",
        );
    }
    if config.rpc.secret.expose().is_empty() {
        return refuse(
            format!("production needs a secret that both sides know for {address}, and rpc.secret is empty"),
            "make one (openssl rand -hex 32) and give it to both sides: rpc.secret_file, or TELLER_RPC_SECRET",
        );
    }
    Ok(())
}

/// An empty secret is made by chance at the first start: strong.
fn weak_secret(config: &Config) -> Result<(), Error> {
    let secret = config.rpc.secret.expose().as_bytes();
    let (bytes, different) = STRONG_SECRET;
    let mut seen = [false; 256];
    secret.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let variety = seen.iter().filter(|seen| **seen).count();
    if secret.is_empty() || (secret.len() >= bytes && variety >= different) {
        return Ok(());
    }
    refuse(
        format!(
            "rpc.secret is too easy to guess for production: {bytes} bytes or more are needed, {different} different ones among them"
        ),
        "make one (openssl rand -hex 32) and give it to both sides: rpc.secret_file, or TELLER_RPC_SECRET",
    )
}

fn refuse<T>(problem: impl Into<String>, fix: &str) -> Result<T, Error> {
    Err(Error::Refused { problem: problem.into(), fix: fix.to_owned() })
}
