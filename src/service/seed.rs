//! The demo users of development.

use super::Clock;
use super::password::Hasher;
use crate::domain::user::{Password, UserId};
use crate::error::Error;
use crate::store::{NewUser, Store};

/// Every demo user's password.
pub const PASSWORD: &str = "teller-demo";

/// The demo users: number, user name, nickname.
pub const USERS: [(u64, &str, &str); 5] = [
    (1, "alice", "Alice"),
    (2, "bob", "Bob"),
    (3, "user_123", "Payer"),
    (4, "operator", "Operator"),
    (20_241_222, "wallet_demo", "Wallet"),
];

/// Puts the demo users into a store that has no users. Returns whether it did.
///
/// Two backends that start at once may both do it: the numbers are fixed, so the second finds them taken.
pub async fn seed<S: Store>(store: &S, hasher: &Hasher, clock: Clock) -> Result<bool, Error> {
    if !store.has_no_users().await? {
        return Ok(false);
    }
    for (id, user_name, nickname) in USERS {
        let password = Password::parse(PASSWORD).expect("the demo password follows the rules");
        let user = NewUser {
            id: Some(UserId(id)),
            user_name: user_name.to_owned(),
            nickname: nickname.to_owned(),
            password_hash: hasher.hash(password).await?,
            created_at: clock(),
        };
        store.insert_user(user).await?;
    }
    Ok(true)
}
