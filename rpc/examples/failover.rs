//! Two backends, one of which is stopped and comes back under load: `cargo run --example failover`. Not one call fails.

use std::{net::SocketAddr, time::Duration};

use teller_rpc::{ClientConfig, Context, Drained, Registry, Secret, Server, ServerConfig, Status};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

teller_rpc::service! {
    /// Says who it is.
    pub service "who" {
        /// The name of the backend that answers.
        idempotent fn are_you(()) -> String;
    }
}

struct Named(&'static str);

impl Service for Named {
    async fn are_you(&self, _: Context, (): ()) -> Result<String, Status> {
        Ok(self.0.into())
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn secret() -> Outcome<Secret> {
    Ok(Secret::new(*b"an example secret")?)
}

struct Backend {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Drained>,
}

async fn start(name: &'static str, address: SocketAddr) -> Outcome<Backend> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let server = Server::new(Registry::new().with(serve(Named(name))), ServerConfig::new(secret()?));
    let running = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    Ok(Backend { address, stop, running })
}

/// Calls for a second from eight tasks; prints who answered how often.
async fn ask(client: &Client, when: &str) -> Outcome<()> {
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        callers.spawn(async move {
            let (mut answers, until) = ([0; 2], Context::with_timeout(Duration::from_secs(1)));
            while !until.remaining().is_zero() {
                let name = client.are_you(&Context::default(), &()).await?;
                answers[usize::from(name == "second")] += 1;
            }
            Ok::<_, teller_rpc::CallError>(answers)
        });
    }
    let mut sum = [0; 2];
    while let Some(answers) = callers.join_next().await {
        sum.iter_mut().zip(answers??).for_each(|(sum, more)| *sum += more);
    }
    println!("{when:<21} first answered {:>6}, second {:>6}, failed 0", sum[0], sum[1]);
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let (first, second) = (start("first", anywhere).await?, start("second", anywhere).await?);
    let backends = vec![first.address.to_string(), second.address.to_string()];
    let handle = teller_rpc::Client::new(backends, ClientConfig::new(secret()?));
    let client = Client::new(handle.clone());
    ask(&client, "both up").await?;
    let address = first.address;
    // The signal comes while calls run: they are asked at the same time.
    let drain = async { first.stop.send(()).map(|()| first.running) };
    let (asked, running) = tokio::join!(ask(&client, "the first stops"), drain);
    asked?;
    println!("the first has stopped: {:?}", running.map_err(|()| "the first had ended before")?.await?);
    ask(&client, "the second alone").await?;
    let _again = start("first", address).await?;
    ask(&client, "the first is back").await?;
    println!("{} of the calls had to be sent twice", handle.figures().retried);
    Ok(())
}
