//! What a value may be: as a check, and in words for whoever wrote something else.

use std::net::SocketAddr;

use toml::Value;
use tracing_subscriber::EnvFilter;

use super::address;
use super::hidden::MASK;
use crate::domain::asset::Asset;
use crate::domain::fee::Tariffs;

/// What one value may be, by itself.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// A whole number, from the first to the last.
    Number(i64, i64),
    /// True or false.
    Switch,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// An IP address and a port; the port may be 0.
    Listen,
    /// A list of `host:port`.
    Addresses,
    /// The path of a file or folder.
    Path,
    /// The same, or nothing.
    PathOrNone,
    /// A secret for the RPC protocol, or nothing.
    Secret,
    /// Where the durable store is.
    StoreUrl,
    /// Where the volatile store is.
    VolatileUrl,
    /// Where the payment gateway is, or nothing.
    GatewayUrl,
    /// What keys begin with.
    KeyPrefix,
    /// Pauses in seconds, separated by commas.
    Pauses,
    /// A currency.
    Currency,
    /// What transfers cost: a list of lines.
    Tariffs,
    /// A level, or levels for targets.
    LogLevel,
}

/// Fewest and most bytes of a secret.
pub const SECRET_BYTES: (usize, usize) = (16, 1024);

/// Most bytes of a key prefix.
pub const PREFIX_BYTES: usize = 64;

/// Most pauses of a list, and the longest: a month.
const PAUSES: (usize, u64) = (32, 2_678_400);

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Rule {
    /// Whether `value` keeps the rule; if not, the rule in words.
    pub fn check(self, value: &Value) -> Result<(), String> {
        let text = value.as_str();
        let kept = match self {
            Self::Number(min, max) => value.as_integer().is_some_and(|number| (min..=max).contains(&number)),
            Self::Switch => value.is_bool(),
            Self::OneOf(choices) => text.is_some_and(|text| choices.contains(&text)),
            Self::Listen => text.is_some_and(|text| text.parse::<SocketAddr>().is_ok()),
            Self::Addresses => value.as_array().is_some_and(|list| list.iter().all(is_address)),
            Self::Path => text.is_some_and(|text| !text.is_empty()),
            Self::PathOrNone => text.is_some(),
            Self::Secret => text.is_some_and(is_secret),
            Self::StoreUrl => text.is_some_and(is_store),
            Self::VolatileUrl => text.is_some_and(is_volatile),
            Self::GatewayUrl => text.is_some_and(is_gateway),
            Self::KeyPrefix => text.is_some_and(is_key_prefix),
            Self::Pauses => text.is_some_and(|text| pauses(text).is_some()),
            Self::Currency => text.is_some_and(|text| Asset::parse(text).is_ok()),
            Self::Tariffs => value.as_array().is_some_and(|lines| is_tariffs(lines)),
            Self::LogLevel => text.is_some_and(is_log_level),
        };
        if kept { Ok(()) } else { Err(self.words()) }
    }

    /// Makes a value of what the environment or a flag said. What cannot be one stays a text, for [`Self::check`] to refuse.
    pub fn value(self, text: &str) -> Value {
        let parsed = match self {
            Self::Number(..) => text.parse().ok().map(Value::Integer),
            Self::Switch => text.parse().ok().map(Value::Boolean),
            Self::Addresses | Self::Tariffs => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
            }
            _ => None,
        };
        parsed.unwrap_or_else(|| Value::String(text.to_owned()))
    }

    /// Whether all of the value is a secret.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }

    /// Whether there may be a password in the value.
    pub fn is_url(self) -> bool {
        matches!(self, Self::StoreUrl | Self::VolatileUrl)
    }

    fn words(self) -> String {
        match self {
            Self::Number(min, max) => format!("must be a whole number from {min} to {max}"),
            Self::Switch => "must be true or false".to_owned(),
            Self::OneOf(choices) => format!("must be one of \"{}\"", choices.join("\", \"")),
            Self::Listen => "must be an IP address and a port, such as \"127.0.0.1:8080\"".to_owned(),
            Self::Addresses => "must be a list of host:port, such as [\"10.0.0.1:7070\"]".to_owned(),
            Self::Path => "must be a path".to_owned(),
            Self::PathOrNone => "must be a path, or empty".to_owned(),
            Self::Secret => {
                let (min, max) = SECRET_BYTES;
                format!(
                    "must be a text of {min} to {max} bytes, or empty; and not the {MASK} that stands for a hidden one"
                )
            }
            Self::StoreUrl => format!(
                "must be \"sqlite\", \"sqlite:PATH\", \"memory\" or \"mysql://user:password@host:port/database\"; and not the {MASK} that \
                 stands for a hidden password"
            ),
            Self::VolatileUrl => format!(
                "must be \"memory\" or \"redis://user:password@host:port/number\"; and not the {MASK} that stands for a hidden password"
            ),
            Self::GatewayUrl => "must be \"http://host:port\", \"simulated\", or empty".to_owned(),
            Self::KeyPrefix => {
                format!("must be at most {PREFIX_BYTES} letters, digits and any of . : _ -")
            }
            Self::Pauses => {
                let (most, longest) = PAUSES;
                format!("must be 1 to {most} whole numbers of seconds from 1 to {longest}, separated by commas")
            }
            Self::Currency => "must be an ISO 4217 code in capitals, such as \"CNY\"".to_owned(),
            Self::Tariffs => {
                "must be a list of lines such as [\"CNY 0.25% + 0.10 min 0.20 max 5.00\", \"* 0.25%\"], one for each currency"
                    .to_owned()
            }
            Self::LogLevel => {
                format!("must be one of \"{}\", or target=level, separated by commas", LEVELS.join("\", \""))
            }
        }
    }
}

fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(address::is_host_and_port)
}

fn is_tariffs(lines: &[Value]) -> bool {
    let texts: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
    texts.is_some_and(|texts| Tariffs::parse(&texts).is_ok())
}

fn is_gateway(text: &str) -> bool {
    matches!(text, "" | "simulated") || text.strip_prefix("http://").is_some_and(address::is_host_and_port)
}

/// The pauses that a text lists, if it does.
pub fn pauses(text: &str) -> Option<Vec<u64>> {
    let (most, longest) = PAUSES;
    let pause = |part: &str| part.trim().parse().ok().filter(|pause| (1..=longest).contains(pause));
    let pauses: Option<Vec<u64>> = text.split(',').map(pause).collect();
    pauses.filter(|pauses| pauses.len() <= most)
}

fn is_secret(text: &str) -> bool {
    let (min, max) = SECRET_BYTES;
    text.is_empty() || (min..=max).contains(&text.len())
}

fn is_store(text: &str) -> bool {
    let sqlite_path = text.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty());
    sqlite_path || matches!(text, "sqlite" | "memory") || address::is_url(text, "mysql", true)
}

/// Braces would take the hash tag's place, and let a script's keys fall apart.
fn is_key_prefix(text: &str) -> bool {
    text.len() <= PREFIX_BYTES && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:_-".contains(&byte))
}

fn is_volatile(text: &str) -> bool {
    text == "memory" || address::is_url(text, "redis", false)
}

fn is_log_level(text: &str) -> bool {
    // The filter takes a misspelt level for the name of a target, and then logs next to nothing.
    let is_level = |word: &str| LEVELS.contains(&word.to_ascii_lowercase().as_str());
    let known = text.split(',').map(str::trim).all(|directive| directive.contains('=') || is_level(directive));
    known && EnvFilter::try_new(text).is_ok()
}
