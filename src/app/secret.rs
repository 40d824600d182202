//! The secret that front ends and backends prove to each other: configured, or made at the first start and kept in the data folder.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rand::Rng;
use teller_rpc::Secret;
use zeroize::Zeroizing;

use super::{Error, stores};
use crate::config::Config;
use crate::service::webhook::seal::Sealer;

/// The configured secret, or the one kept under the data folder, which is made if it is not there.
pub(super) fn load(config: &Config) -> Result<Secret, Error> {
    configured_or(config, || kept(&config.data_dir, &config.secret_path()))
}

/// The configured secret, or the one kept under the data folder.
pub(super) fn existing(config: &Config) -> Result<Secret, Error> {
    let file = config.secret_path();
    configured_or(config, || {
        fs::read_to_string(&file).map_err(|e| {
            Error::new(format!("cannot read the RPC secret {}", file.display()), e)
                .with_fix("name the backend's data folder with --data DIR, or set TELLER_RPC_SECRET")
        })
    })
}

/// What the secrets of webhooks follow from: a key of its own that follows from the same secret, which all backends have.
pub(super) fn sealer(config: &Config) -> Result<Sealer, Error> {
    let text = text_or(config, || kept(&config.data_dir, &config.secret_path()))?;
    Ok(Sealer::new(text.trim().as_bytes()))
}

fn text_or(config: &Config, otherwise: impl FnOnce() -> Result<String, Error>) -> Result<Zeroizing<String>, Error> {
    let configured = config.rpc.secret.expose();
    Ok(Zeroizing::new(if configured.is_empty() { otherwise()? } else { configured.to_owned() }))
}

fn configured_or(config: &Config, otherwise: impl FnOnce() -> Result<String, Error>) -> Result<Secret, Error> {
    let text = text_or(config, otherwise)?;
    Secret::new(text.trim()).map_err(|e| {
        // A configured one was checked with the configuration.
        Error::new(format!("the RPC secret in {} cannot be used", config.secret_path().display()), e)
            .with_fix("remove the file, and the next start makes a new one; front ends elsewhere need a copy")
    })
}

fn kept(folder: &Path, file: &Path) -> Result<String, Error> {
    let failed = |what: &str, e| {
        Error::new(format!("cannot {what} the RPC secret {}", file.display()), e)
            .with_fix("set rpc.secret, or choose another folder with --data DIR")
    };
    match fs::read_to_string(file) {
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        read => return read.map_err(|e| failed("read", e)),
    }
    stores::make_folder(folder)?;
    let mut random = [0; 32];
    rand::rng().fill_bytes(&mut random);
    let fresh = hex::encode(random);
    // Written whole beside it and then linked: a process that starts at the same time sees no file or a whole one, and only one is kept.
    let draft = file.with_extension(format!("{:x}", rand::random::<u64>()));
    let write =
        || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?.write_all(fresh.as_bytes());
    write().map_err(|e| failed("write", e))?;
    let linked = fs::hard_link(&draft, file);
    let _ = fs::remove_file(&draft);
    match linked {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(failed("keep", e)),
        _ => fs::read_to_string(file).map_err(|e| failed("read", e)),
    }
}
