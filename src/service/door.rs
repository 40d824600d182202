//! Who is let in: whoever knows the password of a name, unless too many did not. What came of it is written down before it is answered.

use std::collections::HashMap;
use std::sync::Arc;

use super::attempts::{Attempt, Attempts, Tried};
use super::audit::Audit;
use super::caller::Halt;
use super::password::Hasher;
use crate::api::Refusal;
use crate::coalesce::{Coalescer, Limits};
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::Device;
use crate::domain::user::{Password, UserName};
use crate::error::Error;
use crate::store::{Credentials, Store, StoreError, USER_NAME_MAX_BYTES, Volatile};

/// Lets users in.
#[derive(Clone)]
pub struct Door<V> {
    hasher: Hasher,
    attempts: Attempts<V>,
    audit: Audit,
    look_up: Arc<Coalescer<String, Option<Credentials>, Arc<StoreError>>>,
}

/// Somebody who has shown their password. Tell [`Door::enter`] when they have a session.
#[derive(Debug)]
#[must_use]
pub struct Shown {
    /// Whose password, and which.
    pub known: Credentials,
    attempt: Attempt,
}

/// Whether it is said that nobody has a name.
#[derive(Clone, Copy, Debug)]
enum Unknown {
    Told,
    Hidden,
}

impl<V: Volatile> Door<V> {
    /// A door for the users of `store`. Those who arrive together are looked up together.
    pub fn new<S: Store>(store: S, hasher: Hasher, attempts: Attempts<V>, audit: Audit, limits: Limits) -> Self {
        let look_up = Coalescer::merging(limits, move |user_names: Vec<String>| {
            let store = store.clone();
            async move { find(&store, &user_names).await.map_err(Arc::new) }
        });
        Self { hasher, attempts, audit, look_up: Arc::new(look_up) }
    }

    /// Who has `user_name`, if `password` is theirs. Refused: `NoSuchUser`, `WrongPassword`, `TooManyRequests`, `Invalid` (a name that nobody can
    /// have).
    pub async fn knock(&self, user_name: String, password: Password, device: &Device) -> Result<Shown, Halt> {
        self.knock_as(user_name, password, device, Unknown::Told).await
    }

    async fn knock_as(
        &self,
        user_name: String,
        password: Password,
        device: &Device,
        unknown: Unknown,
    ) -> Result<Shown, Halt> {
        let Some(known) = self.known(&user_name).await? else {
            return Err(self.nobody(user_name, password, device, unknown).await?.into());
        };
        let attempt = self.attempts.begin(Tried::User(known.user), device.address).await??;
        if !self.hasher.verify(password, known.password_hash.clone()).await? {
            self.attempts.failed(&attempt).await?;
            let event = AuditEvent::new(AuditKind::SignInFailed).about(known.user).from_device(device.clone());
            self.audit.record(event.with_detail("wrong password")).await?;
            return Err(Refusal::WrongPassword.into());
        }
        Ok(Shown { known, attempt })
    }

    /// The same, and the same answer in the same time whether there is such a user or not. Refused: `WrongLogin`, `TooManyRequests`.
    pub async fn knock_unknown(&self, user_name: String, password: Password, device: &Device) -> Result<Shown, Halt> {
        match self.knock_as(user_name, password, device, Unknown::Hidden).await {
            Err(Halt::Refused(Refusal::NoSuchUser | Refusal::WrongPassword)) => Err(Refusal::WrongLogin.into()),
            shown => shown,
        }
    }

    /// Whether the password that was shown is still theirs: it may have been changed before there was a session to end.
    pub async fn is_current(&self, shown: &Shown) -> Result<bool, Error> {
        let now = self.known(&shown.known.user_name).await?;
        Ok(now.is_some_and(|now| now.password_version == shown.known.password_version))
    }

    /// They are in. Nobody hears of a session that is not recorded: its secret leaves with the answer alone.
    pub async fn enter(&self, shown: Shown, device: Device) -> Result<(), Error> {
        self.attempts.succeeded(&shown.attempt).await?;
        let user = shown.known.user;
        self.audit.record(AuditEvent::new(AuditKind::SignIn).about(user).by(user).from_device(device)).await
    }

    async fn known(&self, user_name: &str) -> Result<Option<Credentials>, Error> {
        if user_name.len() > USER_NAME_MAX_BYTES {
            // It is nobody's. Looked up, it would make the one statement that many wait for as long as its sender likes.
            return Ok(None);
        }
        Ok(self.look_up.call(user_name.to_owned()).await?)
    }

    /// Seeded and imported users may have names that nobody could sign up with, so the rule is looked at only when nobody has the name.
    async fn nobody(
        &self,
        user_name: String,
        password: Password,
        device: &Device,
        unknown: Unknown,
    ) -> Result<Refusal, Halt> {
        let attempt = self.attempts.begin(Tried::Nobody(&user_name), device.address).await??;
        match (unknown, UserName::parse(user_name)) {
            // The same steps in the same order as for a user that exists.
            (Unknown::Hidden, _) => self.hasher.verify_nothing(password).await?,
            (Unknown::Told, Err(broken)) => return Ok(Refusal::Invalid(broken)),
            (Unknown::Told, Ok(_)) => {}
        }
        self.attempts.failed(&attempt).await?;
        // Not the name itself: it may be a password that was typed into the wrong field.
        let event = AuditEvent::new(AuditKind::SignInFailed).from_device(device.clone());
        self.audit.record(event.with_detail("no such user")).await?;
        Ok(Refusal::NoSuchUser)
    }
}

async fn find<S: Store>(store: &S, user_names: &[String]) -> Result<Vec<Option<Credentials>>, StoreError> {
    let found = store.credentials_of(user_names).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|known| (known.user_name.clone(), known)).collect();
    Ok(user_names.iter().map(|user_name| found.remove(user_name)).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Door;
    use crate::api::Refusal;
    use crate::coalesce::Limits;
    use crate::domain::attempt::AttemptRule;
    use crate::domain::caller::Device;
    use crate::domain::user::{Password, Role};
    use crate::service::attempts::Attempts;
    use crate::service::audit::Audit;
    use crate::service::caller::Halt;
    use crate::service::cpu::Cpu;
    use crate::service::password::{Hasher, Scheme};
    use crate::service::system_clock;
    use crate::store::memory::Memory;
    use crate::store::sqlite::Sqlite;
    use crate::store::{Contact, NewUser, Store, USER_NAME_MAX_BYTES};

    const LONG: Duration = Duration::from_secs(60);

    /// A door for one user, `alice`, where as many as said wait to be looked up and to be written down.
    async fn door(look_ups: usize, records: usize) -> Door<Memory> {
        let coalesce = Limits { lanes: 1, batch_max: 1, queue_max: look_ups };
        let store = Sqlite::memory(LONG).expect("opens");
        store.migrate().await.expect("migrates");
        let hasher = Hasher::new(Scheme::Md5Salted, Cpu::new(1, 1)).expect("no parameters");
        let alice = NewUser {
            id: None,
            user_name: "alice".to_owned(),
            nickname: "alice".to_owned(),
            password_hash: hasher.hash(password("open-sesame")).await.expect("hashes"),
            role: Role::Customer,
            contact: Contact::default(),
            created_at: system_clock(),
        };
        store.insert_user(alice).await.expect("insert_user");
        let audit = Audit::new(store.clone(), Limits { queue_max: records, ..coalesce }, system_clock);
        let rule = AttemptRule { free: 10, free_per_address: 100, window: LONG };
        Door::new(store, hasher, Attempts::new(Memory::new(10), rule), audit, coalesce)
    }

    fn password(text: &str) -> Password {
        Password::parse(text).expect("a password")
    }

    /// Knocks, and enters if that is answered.
    async fn sign_in(door: &Door<Memory>, user_name: &str, typed: &str) -> Result<(), Halt> {
        let shown = door.knock(user_name.to_owned(), password(typed), &Device::default()).await?;
        Ok(door.enter(shown, Device::default()).await?)
    }

    #[tokio::test]
    async fn a_name_that_no_store_holds_is_never_looked_up_with_those_of_others() {
        let door = door(0, 10).await;
        for (bytes, is_looked_up) in [(USER_NAME_MAX_BYTES, true), (USER_NAME_MAX_BYTES + 1, false), (60_000, false)] {
            let outcome = sign_in(&door, &"x".repeat(bytes), "open-sesame").await;
            // There is no room for any look-up: one that is asked for fails.
            assert_eq!(matches!(outcome, Err(Halt::Failed(_))), is_looked_up, "{bytes} bytes");
            let is_refused = matches!(outcome, Err(Halt::Refused(Refusal::Invalid(_))));
            assert!(is_looked_up || is_refused, "{bytes} bytes");
        }
    }

    #[tokio::test]
    async fn nobody_is_let_in_or_told_no_unrecorded() {
        for (records, is_answered) in [(10, true), (0, false)] {
            let door = door(10, records).await;
            let right = sign_in(&door, "alice", "open-sesame").await;
            assert_eq!(right.is_ok(), is_answered);
            for (name, typed) in [("alice", "another"), ("nobody", "another")] {
                let refused = matches!(sign_in(&door, name, typed).await, Err(Halt::Refused(_)));
                assert_eq!(refused, is_answered, "{name}");
            }
        }
    }
}
