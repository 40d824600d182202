//! `teller certs`: certificates to develop with.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use self::authority::{Authority, Use};
use super::failure::Failure;
use super::print;

mod authority;

/// The authority's own certificate, which browsers and curl are told to trust.
pub const AUTHORITY: &str = "ca.pem";
const AUTHORITY_KEY: &str = "ca.key";
/// What a server is called by whoever develops it.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The certificates: for whom, and for what.
const CERTIFICATES: [(&str, Use); 3] =
    [("http", Use::Server), ("backend", Use::ServerAndClient), ("front", Use::Client)];

/// Make certificates
#[derive(Args)]
pub struct Certs {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    Dev(Dev),
}

/// Make a private authority, and certificates of it, to develop with
///
/// In the folder: http.pem for browsers (http.tls_cert_file), backend.pem for backends and `teller serve`, front.pem for front ends that run
/// alone (rpc.tls_cert_file), each with its key, and the authority ca.pem (rpc.tls_ca_file). An authority that is there is used again, and
/// a running Teller takes the new certificates. Whoever reads ca.key can pass for any server to whom trusts ca.pem.
#[derive(Args)]
struct Dev {
    /// The folder for them
    #[arg(long, value_name = "DIR", default_value = "certs")]
    out: PathBuf,
    /// A name or IP address of the servers, beside localhost, 127.0.0.1 and ::1; may be given several times
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// Days until the certificates end; the authority lives ten years
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=825))]
    days: u16,
}

impl Certs {
    /// Makes them, and says what to do with them.
    pub fn execute(self) -> Result<(), Failure> {
        let Kind::Dev(dev) = self.kind;
        let names: Vec<String> = NAMES.into_iter().map(str::to_owned).chain(dev.name.iter().cloned()).collect();
        make_folder(&dev.out).map_err(Failure::at_run_time)?;
        let authority = dev.authority()?;
        for (file, usage) in CERTIFICATES {
            let issued = authority.issue(file, &names, usage, dev.days).map_err(|e| {
                Failure::in_usage(format!("cannot make a certificate for {}: {e}", names.join(", ")), "look at --name")
            })?;
            // The key first: a server that looks between the two keeps what it has until they belong together.
            write(&dev.out.join(format!("{file}.key")), &issued.key, PRIVATE)?;
            write(&dev.out.join(format!("{file}.pem")), &issued.certificate, PUBLIC)?;
        }
        print(&dev.said(&names))
    }
}

const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

impl Dev {
    /// The authority that is in the folder, or a new one.
    fn authority(&self) -> Result<Authority, Failure> {
        let (certificate, key) = (self.out.join(AUTHORITY), self.out.join(AUTHORITY_KEY));
        match fs::read_to_string(&key) {
            Ok(text) => Authority::of_key(&text).map_err(|e| {
                Failure::in_usage(format!("cannot use {}: {e}", key.display()), "choose another folder with --out DIR")
            }),
            Err(e) if e.kind() == ErrorKind::NotFound && !certificate.exists() => {
                let made = Authority::new().map_err(Failure::at_run_time)?;
                write(&key, &made.key(), PRIVATE)?;
                write(&certificate, &made.certificate().map_err(Failure::at_run_time)?, PUBLIC)?;
                Ok(made)
            }
            Err(e) => Err(Failure::in_usage(
                format!("cannot read {}, the key of {}: {e}", key.display(), certificate.display()),
                "bring it back, or choose another folder with --out DIR",
            )),
        }
    }

    fn said(&self, names: &[String]) -> String {
        let file = |name: &str| self.out.join(name).display().to_string();
        let (ca, http, backend) = (file(AUTHORITY), file("http"), file("backend"));
        format!(
            "made for {}, good for {} days, by the authority {ca}\n\
             https     TELLER_HTTP_TLS_CERT_FILE={http}.pem TELLER_HTTP_TLS_KEY_FILE={http}.key teller\n\
             rpc       TELLER_RPC_TLS_CERT_FILE={backend}.pem TELLER_RPC_TLS_KEY_FILE={backend}.key TELLER_RPC_TLS_CA_FILE={ca} teller backend\n\
             \u{20}         and front.pem, front.key in their place for `teller http`\n\
             try       curl --cacert {ca} https://localhost:8080/livez\n",
            names.join(", "),
            self.days,
        )
    }
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Whole or not at all: whoever reads meanwhile gets the old text or the new.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let draft = path.with_extension("new");
    let write = || -> io::Result<()> {
        let _ = fs::remove_file(&draft);
        let mut file = File::options().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("cannot write {}", path.display())).map_err(Failure::at_run_time)
}
