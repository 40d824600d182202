//! Signs up over RPC, without HTTP, and reads the profile back.
//!
//! With a server running (`cargo run --release`): `cargo run --example profile`.
//! `TELLER_RPC` is the backend's address; the secret is in `TELLER_RPC_SECRET` or in the server's data folder.

use std::error::Error;
use std::{env, fs, process};

use teller::client::{Client, Secret};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let backend = env::var("TELLER_RPC").unwrap_or_else(|_| "127.0.0.1:7070".to_owned());
    let secret = env::var("TELLER_RPC_SECRET").or_else(|_| fs::read_to_string("data/rpc.secret"))?;
    let client = Client::connect([backend], Secret::new(secret.trim())?);

    let user_name = format!("user{}", process::id());
    let user = client.sign_up(&user_name, "correct-horse").await?;
    let caller = client.sign_in(&user_name, "correct-horse").await?;
    client.set_nickname(&caller, "Rustacea").await?;
    let profile = client.profile(&caller).await?;
    println!("user {user}: {} is called {}", profile.user_name, profile.nickname);
    Ok(())
}
