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

/// Whether the demo users are in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// They were made just now.
    Made,
    /// They were there.
    Kept,
    /// They are not: the store has users of its own.
    Absent,
}

/// Puts the demo users into a store that has no users.
///
/// Two backends that start at once may both do it: the numbers are fixed, so the second finds them taken.
pub async fn seed<S: Store>(store: &S, hasher: &Hasher, clock: Clock) -> Result<Demo, Error> {
    if !store.has_no_users().await? {
        let (id, first, _) = USERS[0];
        let there = store.credentials(first).await?.is_some_and(|known| known.user == UserId(id));
        return Ok(if there { Demo::Kept } else { Demo::Absent });
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
    Ok(Demo::Made)
}
