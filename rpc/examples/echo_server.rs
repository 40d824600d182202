//! Serves `echo` on 127.0.0.1:4700 until ctrl-c: `cargo run --example echo_server`.

use teller_rpc::{Context, Registry, Secret, Server, ServerConfig, Status};
use tokio::net::TcpListener;

teller_rpc::service! {
    /// Says what it hears.
    pub service "echo" {
        /// Answers the request itself.
        idempotent fn echo(String) -> String;
    }
}

struct Echo;

impl Service for Echo {
    async fn echo(&self, _: Context, text: String) -> Result<String, Status> {
        Ok(text)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:4700").await?;
    let config = ServerConfig::new(Secret::new(*b"an example secret")?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    println!("{:?}", Server::new(Registry::new().with(serve(Echo)), config).run(listener, stop).await);
    Ok(())
}
