//! What bringing events takes, as it is configured.

use std::fs;

use super::{Error, secret};
use crate::config::Config;
use crate::courier::{Authorities, Courier, system};
use crate::http::written;
use crate::service::webhook::Post;
use crate::service::webhook::dispatch::Rules;

/// Who brings events, and what they are signed with.
pub(super) fn post(config: &Config) -> Result<Post, Error> {
    let webhook = &config.webhook;
    let courier = Courier {
        timeout: webhook.timeout(),
        private: webhook.allow_private,
        authorities: authorities(config)?,
        resolve: system(),
    };
    Ok(Post { courier, sealer: secret::sealer(config)?, write: written, most: webhook.max_per_user })
}

/// How events are brought.
pub(super) fn rules(config: &Config) -> Rules {
    let webhook = &config.webhook;
    Rules {
        poll: webhook.poll(),
        pauses: webhook.pauses().into(),
        give_up_after: webhook.give_up_after(),
        max_in_flight: webhook.max_in_flight,
        max_in_flight_per_user: webhook.max_in_flight_per_user,
    }
}

fn authorities(config: &Config) -> Result<Authorities, Error> {
    let file = &config.webhook.ca_file;
    let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(format!("cannot use webhook.ca_file {}", file.display()), error)
            .with_fix("name a PEM file with the certificate of an authority, or none")
    };
    if file.as_os_str().is_empty() {
        return Authorities::new(None).map_err(|error| unusable(error.into()));
    }
    let pem = fs::read(file).map_err(|error| unusable(error.into()))?;
    Authorities::new(Some(&pem)).map_err(|error| unusable(error.into()))
}
