//! Certificates: read from their files at the start, and again whenever those change.

use std::fs;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use teller_rpc::tls::{ClientTls, Pem, ServerTls};
use tokio::time::{MissedTickBehavior, interval};
use zeroize::Zeroizing;

use super::{Error, reachable};
use crate::config::Config;
use crate::http::Https;

/// How often the files are looked at. They are few and small; what watches them for the system sees no change behind a mounted folder.
const LOOK: Duration = Duration::from_secs(1);

/// A file's text: it may hold a key.
type Text = Zeroizing<Vec<u8>>;
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// PEM files, and what to make of them.
struct Source<T> {
    /// What it is for, in words.
    purpose: &'static str,
    /// Each with the key that names it.
    files: Vec<(&'static str, PathBuf)>,
    make: fn(&[Text]) -> Result<T, Cause>,
    /// Puts the second in the place of the first.
    replace: fn(&T, &T),
}

/// What was made of the files as they were at the start.
pub(super) struct Loaded<T> {
    pub(super) tls: T,
    source: Source<T>,
    texts: Vec<Text>,
}

/// The certificate for browsers, if there is one.
pub(super) fn https(config: &Config) -> Result<Option<Loaded<Https>>, Error> {
    let http = &config.http;
    let files =
        vec![("http.tls_cert_file", http.tls_cert_file.clone()), ("http.tls_key_file", http.tls_key_file.clone())];
    let make = |texts: &[Text]| Ok(Https::new(&texts[0], &texts[1])?);
    let source = Source { purpose: "HTTPS", files, make, replace: Https::replace };
    http.has_certificate().then(|| source.load()).transpose()
}

/// The backend's side of RPC, if that is within TLS.
pub(super) fn rpc_server(config: &Config) -> Result<Option<Loaded<ServerTls>>, Error> {
    let make = |texts: &[Text]| Ok(ServerTls::new(pem(texts))?);
    let source = Source { purpose: "a backend's RPC", files: rpc_files(config), make, replace: ServerTls::replace };
    config.rpc.has_certificate().then(|| source.load()).transpose()
}

/// The front end's side of RPC, if that is within TLS.
pub(super) fn rpc_client(config: &Config) -> Result<Option<Loaded<ClientTls>>, Error> {
    let make = |texts: &[Text]| Ok(ClientTls::new(pem(texts))?);
    let source = Source { purpose: "a front end's RPC", files: rpc_files(config), make, replace: ClientTls::replace };
    config.rpc.has_certificate().then(|| source.load()).transpose()
}

/// Whether the backend of `teller serve` has a certificate that its own front end will take. Asked before anything starts: it would serve
/// nobody.
pub(super) fn names_itself(config: &Config) -> Result<(), Error> {
    let Some(Loaded { tls, .. }) = rpc_server(config)? else { return Ok(()) };
    let itself = reachable(config.rpc.listen);
    if tls.names(&itself.to_string()) {
        return Ok(());
    }
    let file = config.rpc.tls_cert_file.display();
    let cause = format!("its front end speaks to its backend at {}, which {file} does not name", itself.ip());
    Err(Error::new("`teller serve` would not trust itself", cause).with_fix(
        "use a certificate that names this address as well, remove rpc.tls_cert_file, rpc.tls_key_file and rpc.tls_ca_file, or run \
         `teller backend` and `teller http` apart",
    ))
}

fn rpc_files(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let rpc = &config.rpc;
    vec![
        ("rpc.tls_cert_file", rpc.tls_cert_file.clone()),
        ("rpc.tls_key_file", rpc.tls_key_file.clone()),
        ("rpc.tls_ca_file", rpc.tls_ca_file.clone()),
    ]
}

fn pem(texts: &[Text]) -> Pem<'_> {
    Pem { certificates: &texts[0], key: &texts[1], authorities: &texts[2] }
}

impl<T> Source<T> {
    fn load(self) -> Result<Loaded<T>, Error> {
        let texts = self.read().map_err(|(key, path, e)| {
            Error::new(format!("cannot read {} ({key})", path.display()), e).with_fix(
                "make it readable for Teller, or name another file; `teller certs dev` makes some to develop with",
            )
        })?;
        let tls = (self.make)(&texts).map_err(|e| {
            let files: Vec<String> =
                self.files.iter().map(|(key, path)| format!("{} ({key})", path.display())).collect();
            Error::new(format!("cannot use {} for {}", files.join(", "), self.purpose), e)
                .with_fix("have the certificate made anew; `teller certs dev` makes some to develop with")
        })?;
        Ok(Loaded { tls, source: self, texts })
    }

    fn read(&self) -> Result<Vec<Text>, (&'static str, &PathBuf, io::Error)> {
        let read = |(key, path): &'_ (&'static str, PathBuf)| fs::read(path).map(Zeroizing::new).map_err(|e| (*key, e));
        let files = self.files.iter();
        files.map(|file| read(file).map_err(|(key, e)| (key, &file.1, e))).collect()
    }

    /// What the files hold now and what it makes, if that is not `known`.
    fn look(&self, known: &[Text]) -> Result<Option<(Vec<Text>, T)>, String> {
        let texts = self.read().map_err(|(_, path, e)| format!("{}: {e}", path.display()))?;
        if texts == known {
            return Ok(None);
        }
        let made = (self.make)(&texts).map_err(|e| e.to_string())?;
        Ok(Some((texts, made)))
    }
}

impl<T: Send + Sync + 'static> Loaded<T> {
    /// Replaces what is in use whenever the files change. What cannot be used is said once, and changes nothing: of two files that belong
    /// together one is always the first to change.
    pub(super) fn follow(self) -> impl Future<Output = ()> + Send {
        let Self { tls, source, mut texts } = self;
        async move {
            let mut looks = interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut said = None;
            loop {
                looks.tick().await;
                match source.look(&texts) {
                    Ok(None) => said = None,
                    Ok(Some((new, made))) => {
                        (source.replace)(&tls, &made);
                        (texts, said) = (new, None);
                        tracing::info!(purpose = source.purpose, "new certificates are in use");
                    }
                    Err(error) => {
                        if said.as_ref() != Some(&error) {
                            tracing::warn!(
                                purpose = source.purpose,
                                error,
                                "new certificates cannot be used: the old stay"
                            );
                        }
                        said = Some(error);
                    }
                }
            }
        }
    }
}
