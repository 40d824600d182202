//! Users of an old table of the entry task's kind: read line by line, checked, and kept with their MD5 under Argon2id.
//!
//! In constant memory, however long the file is: a chunk of lines at a time. What is wrong with a line is told with its number, and the other lines
//! are imported; users who are there stay as they are, so that an import that was cut short goes on where it was when it is run again.

mod line;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, BufRead};

use futures_util::{StreamExt, TryStreamExt, stream};

use self::line::{Lines, OldUser};
use super::Clock;
use super::password::Hasher;
use crate::domain::invalid::Invalid;
use crate::domain::user::Role;
use crate::error::Error;
use crate::store::{Contact, NewUser, Store, StoreError};

/// Lines that are read, looked up, hashed and written together.
const CHUNK: usize = 100;

/// What became of the lines so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Users who are new.
    pub made: u64,
    /// Lines of users who were there already.
    pub there: u64,
    /// Lines with something wrong in them.
    pub refused: u64,
}

/// What there is to tell while it goes on.
#[derive(Debug)]
pub enum Told {
    /// So many bytes more are done.
    Bytes(u64),
    /// The line of this number, from 1, was not imported.
    Refused(u64, Invalid),
}

/// Why an import stopped. What was made before stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    /// A password could not be hashed, or the store failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Imports the users in `file`: see [`OldUser`] for what a line is. `at_once` passwords are hashed at the same time, which the hasher's pool must
/// have room for.
pub async fn users<S: Store>(
    store: &S,
    hasher: &Hasher,
    clock: Clock,
    at_once: usize,
    file: impl BufRead,
    mut told: impl FnMut(Told),
) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut lines = Lines::new(file);
    loop {
        let (read, bytes) = lines.some(CHUNK)?;
        if bytes == 0 {
            return Ok(imported);
        }
        let mut users = Vec::with_capacity(read.len());
        for (number, line) in read {
            match line {
                Ok(user) => users.push(user),
                Err(broken) => {
                    imported.refused += 1;
                    told(Told::Refused(number, broken));
                }
            }
        }
        let (made, there) = chunk(store, hasher, clock, at_once, users).await?;
        imported.made += made;
        imported.there += there;
        told(Told::Bytes(bytes));
    }
}

/// How many of `users` are new, and how many were there. Only those who are not are hashed: that is what takes its time.
async fn chunk<S: Store>(
    store: &S,
    hasher: &Hasher,
    clock: Clock,
    at_once: usize,
    users: Vec<OldUser>,
) -> Result<(u64, u64), ImportError> {
    let all = users.len() as u64;
    let names: Vec<_> = users.iter().map(|user| user.user_name.clone()).collect();
    let mut known: HashSet<_> = store.credentials_of(&names).await?.into_iter().map(|known| known.user_name).collect();
    // Of two lines with one name the first counts.
    let new: Vec<_> = users.into_iter().filter(|user| known.insert(user.user_name.clone())).collect();
    let keep = async |user: OldUser| {
        let password_hash = hasher.wrap(user.salt, user.digest).await.map_err(Error::from)?;
        Ok::<_, ImportError>(NewUser {
            id: None,
            user_name: user.user_name,
            nickname: user.nickname,
            password_hash,
            role: Role::Customer,
            contact: Contact::default(),
            created_at: clock(),
        })
    };
    let users: Vec<_> = stream::iter(new).map(keep).buffered(at_once).try_collect().await?;
    let made = store.insert_users(users).await? as u64;
    Ok((made, all - made))
}
