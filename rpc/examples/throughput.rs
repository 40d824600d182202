//! Calls per second over loopback, server and client on one thread each: `throughput CALLERS CONNECTIONS SECONDS`; with the feature
//! `tls` also within mutual TLS: `... CA.pem CERTIFICATE.pem KEY.pem`, one certificate that names 127.0.0.1 for both sides.
//!
//! The message and the set-up are those of the peers it is compared with, so that the figures stand side by side.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use teller_rpc::{ClientConfig, Context, Registry, Secret, Server, ServerConfig, Status};
use tokio::{net::TcpListener, runtime::Builder};

/// What a profile page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    username: String,
    nickname: String,
    profile_path: String,
}

teller_rpc::service! {
    /// Profiles by session.
    pub service "user" {
        /// The profile of a session's user.
        idempotent fn get(String) -> Profile;
    }
}

struct Fixed;

impl Service for Fixed {
    async fn get(&self, _: Context, _session: String) -> Result<Profile, Status> {
        Ok(Profile { username: "user1".into(), nickname: "nick".into(), profile_path: "test-2022-08-01.jpg".into() })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (numbers, files) = arguments.split_at(arguments.len().min(3));
    let numbers: Vec<usize> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [callers, connections, seconds] = numbers[..] else {
        return Err("usage: throughput CALLERS CONNECTIONS SECONDS [CA.pem CERTIFICATE.pem KEY.pem]".into());
    };
    let secret = Secret::new(*b"an example secret")?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    listener.set_nonblocking(true)?;
    let (mut served, mut config) = (ServerConfig::new(secret.clone()), ClientConfig::new(secret));
    secure(&mut served, &mut config, files)?;
    let server = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("server".into()).spawn(move || {
        server.block_on(async {
            let listener = TcpListener::from_std(listener).expect("the listener is bound and does not block");
            Server::new(Registry::new().with(serve(Fixed)), served).run(listener, std::future::pending()).await
        })
    })?;
    config.max_connections = connections;
    config.max_in_flight = callers.div_ceil(connections);
    Builder::new_current_thread().enable_all().build()?.block_on(measure(address, config, callers, seconds));
    Ok(())
}

/// Puts both sides within TLS, if there are files.
#[cfg(feature = "tls")]
fn secure(
    served: &mut ServerConfig,
    config: &mut ClientConfig,
    files: &[String],
) -> Result<(), Box<dyn std::error::Error>> {
    use teller_rpc::tls::{ClientTls, Pem, ServerTls};

    let texts: Vec<Vec<u8>> = files.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    if let [authorities, certificates, key] = &texts[..] {
        let pem = Pem { authorities, certificates, key };
        (served.tls, config.tls) = (Some(ServerTls::new(pem)?), Some(ClientTls::new(pem)?));
    }
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn secure(_: &mut ServerConfig, _: &mut ClientConfig, files: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    if files.is_empty() { Ok(()) } else { Err("built without the feature tls".into()) }
}

async fn measure(address: String, config: ClientConfig, callers: usize, seconds: usize) {
    let client = teller_rpc::Client::new(vec![address], config);
    let done = Arc::new(AtomicU64::new(0));
    for _ in 0..callers {
        let (client, done) = (Client::new(client.clone()), Arc::clone(&done));
        tokio::spawn(async move {
            let session = "5fb4c437-8310-35fb-848c-8985461f762f".to_string();
            while client.get(&Context::default(), &session).await.is_ok() {
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, start, first) = (done.load(Ordering::Relaxed), Instant::now(), client.figures());
    tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
    let calls = (done.load(Ordering::Relaxed) - before) as f64;
    let last = client.figures();
    println!(
        "callers={callers} connections={}: {:.0} calls/s, {:.1} frames a write",
        last.connections,
        calls / start.elapsed().as_secs_f64(),
        (last.frames_written - first.frames_written) as f64 / (last.writes - first.writes) as f64,
    );
}
