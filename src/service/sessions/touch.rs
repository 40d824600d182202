//! Sessions in use: written down from time to time, and ended if their password was changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;
use crate::service::{Clock, chain};
use crate::store::{SESSION_TOUCH, Store, StoreError, Volatile};

/// Touches sessions behind the answers of those who use them. Clones share the work.
#[derive(Clone)]
pub(super) struct Touch<S, V> {
    store: S,
    volatile: V,
    clock: Clock,
    ttl: Duration,
    /// One round at a time. Whoever misses it is touched by a later look-up, so that nothing gathers while the stores are slow.
    turn: Arc<Semaphore>,
}

impl<S: Store, V: Volatile> Touch<S, V> {
    pub(super) fn new(store: S, volatile: V, clock: Clock, ttl: Duration) -> Self {
        Self { store, volatile, clock, ttl, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Of sessions that were looked up just now, touches those that were not for a while.
    pub(super) fn those_in_use(&self, keys: &[SessionKey], found: &[Option<Arc<Session>>]) {
        let now = (self.clock)();
        let pairs = keys.iter().zip(found).filter_map(|(key, session)| Some((*key, session.clone()?)));
        let due: Vec<_> = pairs.filter(|(_, session)| is_due(session, now)).collect();
        if due.is_empty() {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return };
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.touch(due, now).await {
                tracing::warn!(
                    error = chain(&error),
                    "sessions in use were not written down; the next use tries again"
                );
            }
            drop(turn);
        });
    }

    async fn touch(&self, due: Vec<(SessionKey, Arc<Session>)>, now: Timestamp) -> Result<(), StoreError> {
        let users: Vec<_> = due.iter().map(|(_, session)| session.user).collect();
        let versions: HashMap<_, _> = self.store.password_versions(&users).await?.into_iter().collect();
        for (key, session) in due {
            if versions.get(&session.user) == Some(&session.password_version) {
                let seen = Session { seen_at: now, ..Session::clone(&session) };
                self.volatile.touch_session(key, &seen, self.ttl).await?;
            } else {
                tracing::info!(user = %session.user, session = %session.number, "a session of an old password was ended");
                self.volatile.drop_sessions(session.user, &[key]).await?;
            }
        }
        Ok(())
    }
}

fn is_due(session: &Session, now: Timestamp) -> bool {
    let unseen = now.0.saturating_sub(session.seen_at.0);
    u64::try_from(unseen).is_ok_and(|micros| Duration::from_micros(micros) >= SESSION_TOUCH)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use crate::coalesce::Limits;
    use crate::domain::asset::Asset;
    use crate::domain::attempt::AttemptRule;
    use crate::domain::caller::Device;
    use crate::domain::session::Session;
    use crate::domain::time::Timestamp;
    use crate::domain::user::{Role, UserId};
    use crate::service::Settings;
    use crate::service::fees::PriceList;
    use crate::service::matching::Bounds;
    use crate::service::sessions::Sessions;
    use crate::store::memory::Memory;
    use crate::store::sqlite::Sqlite;
    use crate::store::{Contact, NewUser, PasswordChange, SESSION_TOUCH, Store, Volatile};

    const LONG: Duration = Duration::from_secs(3600);

    thread_local! {
        static NOW: Cell<i64> = const { Cell::new(1_760_000_000_000_000) };
    }

    /// The clock of each test, which runs on one thread.
    fn clock() -> Timestamp {
        Timestamp(NOW.get())
    }

    fn pass(time: Duration) {
        NOW.set(NOW.get() + i64::try_from(time.as_micros()).expect("a short time"));
    }

    async fn subject() -> (Sqlite, Memory, Sessions<Memory>) {
        let settings = Settings {
            session_ttl: LONG,
            profile_ttl: LONG,
            change_guard: LONG,
            coalesce: Limits { lanes: 1, batch_max: 8, queue_max: 8 },
            contracts_open: false,
            sign_in: AttemptRule { free: 10, free_per_address: 100, window: Duration::from_secs(60) },
            deduct_asset: Asset::parse("CNY").expect("a currency"),
            tariffs: PriceList::default(),
            quote_ttl: LONG,
            same_key_wait: LONG,
            statements: Bounds::new(1, 1, 9, 9),
        };
        let store = Sqlite::memory(LONG).expect("opens");
        store.migrate().await.expect("migrates");
        let user = NewUser {
            id: Some(UserId(1)),
            user_name: "alice".to_owned(),
            nickname: "Al".to_owned(),
            password_hash: "hash".to_owned(),
            role: Role::Customer,
            contact: Contact::default(),
            created_at: clock(),
        };
        store.insert_user(user).await.expect("a new user");
        let memory = Memory::new(100);
        let sessions = Sessions::new(store.clone(), memory.clone(), clock, &settings);
        (store, memory, sessions)
    }

    /// The user's sessions, as soon as they are as they should be: what happens behind an answer is not waited for by anyone.
    async fn become_so(memory: &Memory, so: impl Fn(&[Session]) -> bool) {
        let wait = async {
            loop {
                let own: Vec<_> =
                    memory.sessions_of(UserId(1)).await.expect("memory").into_iter().map(|it| it.1).collect();
                if so(&own) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it becomes so");
    }

    #[tokio::test]
    async fn a_session_in_use_says_when_once_a_minute() {
        let (store, memory, sessions) = subject().await;
        let known = store.credentials("alice").await.expect("a store").expect("alice");
        let id = sessions.begin(&known, Device::default()).await.expect("begins");
        let begun = clock();
        pass(SESSION_TOUCH - Duration::from_secs(1));
        assert_eq!(sessions.find(&id).await.expect("memory"), Some(UserId(1)));
        pass(Duration::from_secs(1));
        assert_eq!(sessions.find(&id).await.expect("memory"), Some(UserId(1)));
        // Nothing was due at the first look, or this would be it.
        become_so(&memory, |own| own[0].seen_at == clock() && own[0].created_at == begun).await;
    }

    #[tokio::test]
    async fn a_session_of_an_old_password_that_was_missed_ends_when_it_is_used() {
        let (store, memory, sessions) = subject().await;
        let known = store.credentials("alice").await.expect("a store").expect("alice");
        let (old, other) = (sessions.begin(&known, Device::default()), sessions.begin(&known, Device::default()));
        let (old, kept) = (old.await.expect("begins"), other.await.expect("begins"));
        // The process that changed it died before it could end what was left, but for one.
        let change = PasswordChange {
            user: UserId(1),
            version: known.password_version,
            password_hash: "new".to_owned(),
            keep: None,
            now: clock(),
        };
        assert!(store.change_password(change).await.expect("changes"));
        let (key, session) = memory.sessions_of(UserId(1)).await.expect("memory").remove(0);
        let renewed = Session { password_version: known.password_version + 1, ..session };
        memory.touch_session(key, &renewed, LONG).await.expect("memory");
        pass(SESSION_TOUCH);
        for id in [&old, &kept] {
            sessions.find(id).await.expect("memory");
            become_so(&memory, |own| own.len() == 1 || own.iter().any(|session| session.seen_at == clock())).await;
        }
        become_so(&memory, |own| own.len() == 1 && own[0].number == renewed.number).await;
    }
}
