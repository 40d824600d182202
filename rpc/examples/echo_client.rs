//! Calls `echo_server`: `cargo run --example echo_client -- hello`.

use teller_rpc::{ClientConfig, Context, Secret};

teller_rpc::service! {
    /// Says what it hears.
    pub service "echo" {
        /// Answers the request itself.
        idempotent fn echo(String) -> String;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let config = ClientConfig::new(Secret::new(*b"an example secret")?);
    let client = Client::new(teller_rpc::Client::new(vec!["localhost:4700".into()], config));
    println!("{}", client.echo(&Context::default(), &words.join(" ")).await?);
    Ok(())
}
