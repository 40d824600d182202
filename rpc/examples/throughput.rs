//! Calls per second over loopback, server and client on one thread each: `throughput CALLERS CONNECTIONS SECONDS`.
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
    let arguments: Vec<usize> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [callers, connections, seconds] = arguments[..] else {
        return Err("usage: throughput CALLERS CONNECTIONS SECONDS".into());
    };
    let secret = Secret::new(*b"an example secret")?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    listener.set_nonblocking(true)?;
    let config = ServerConfig::new(secret.clone());
    let server = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("server".into()).spawn(move || {
        server.block_on(async {
            let listener = TcpListener::from_std(listener).expect("the listener is bound and does not block");
            Server::new(Registry::new().with(serve(Fixed)), config).run(listener, std::future::pending()).await
        })
    })?;
    let mut config = ClientConfig::new(secret);
    config.max_connections = connections;
    config.max_in_flight = callers.div_ceil(connections);
    Builder::new_current_thread().enable_all().build()?.block_on(measure(address, config, callers, seconds));
    Ok(())
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
