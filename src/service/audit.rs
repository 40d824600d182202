//! What is written down about who did what, before it is answered.

use std::sync::Arc;
use std::time::Duration;

use teller_rpc::{Context, Status};

use super::caller::{Callers, Halt, heard};
use super::page::{page, page_size};
use super::{Clock, answer};
use crate::api::Refusal;
use crate::api::account::Page;
use crate::api::audit::{List, Service};
use crate::coalesce::{Coalescer, Limits};
use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::{AuditRange, Store, StoreError, Volatile};

/// How often old records are looked for on average, while there are none or few.
const PAUSE: Duration = Duration::from_secs(600);
/// Deleted in one go; while there are as many, there is no pause.
const AT_ONCE: usize = 1000;

/// Writes events down. Those that arrive together are one transaction, so that a flood of sign-ins is few of them. A cheap handle.
#[derive(Clone)]
pub struct Audit {
    gathered: Arc<Coalescer<AuditEvent, (), Arc<StoreError>>>,
}

impl Audit {
    /// An audit in `store`, with times from `clock`.
    pub fn new<S: Store>(store: S, limits: Limits, clock: Clock) -> Self {
        let gathered = Coalescer::new(limits, move |events: Vec<AuditEvent>| {
            let store = store.clone();
            async move {
                let answers = vec![(); events.len()];
                store.record(events, clock()).await.map_err(Arc::new)?;
                Ok(answers)
            }
        });
        Self { gathered: Arc::new(gathered) }
    }

    /// Writes `event` down, and answers once it is on disk. What must not be done unrecorded is done after this, or not answered before.
    ///
    /// # Errors
    ///
    /// The store is away or has too much to do. The event may be written all the same.
    pub async fn record(&self, event: AuditEvent) -> Result<(), Error> {
        Ok(self.gathered.call(event).await?)
    }
}

/// The service `audit`.
pub struct Records<S, V> {
    pub(super) store: S,
    pub(super) callers: Callers<S, V>,
}

impl<S: Store, V: Volatile> Service for Records<S, V> {
    async fn list(&self, cx: Context, request: List) -> Result<Result<Page<AuditRecord>, Refusal>, Status> {
        answer("audit.list", &cx, async { heard(self.read(request).await) }).await
    }
}

impl<S: Store, V: Volatile> Records<S, V> {
    async fn read(&self, List { caller, user, kind, before, limit }: List) -> Result<Page<AuditRecord>, Halt> {
        self.callers.operator(&caller).await?;
        let limit = page_size(limit);
        // SQL counts to here.
        let before = before.map(|id| id.min(i64::MAX.unsigned_abs()));
        Ok(page(self.store.audit(AuditRange { user, kind, before, limit: limit + 1 }).await?, limit))
    }
}

/// Deletes what was written longer than `keep` ago, for ever: to be dropped between two rounds, or in one, which the store finishes by itself.
/// Several backends may do this at once.
pub async fn forget<S: Store>(store: S, keep: Duration, clock: Clock) {
    let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
    loop {
        match store.forget_audit(Timestamp(clock().0.saturating_sub(keep)), AT_ONCE).await {
            Ok(AT_ONCE..) => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old audit records are not deleted; it is tried again"),
        }
        // Backends that started together do not look together.
        tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.5..1.5))).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::future::join_all;

    use super::{Audit, forget};
    use crate::coalesce::Limits;
    use crate::domain::audit::{AuditEvent, AuditKind};
    use crate::domain::time::Timestamp;
    use crate::store::sqlite::Sqlite;
    use crate::store::{AuditRange, Store};

    const LONG: Duration = Duration::from_secs(60);
    const ALL: AuditRange = AuditRange { user: None, kind: None, before: None, limit: 10_000 };

    fn noon() -> Timestamp {
        Timestamp(1_760_000_000_000_000)
    }

    async fn store() -> Sqlite {
        let store = Sqlite::memory(LONG).expect("opens");
        store.migrate().await.expect("migrates");
        store
    }

    #[tokio::test]
    async fn what_is_recorded_at_once_is_there_when_it_is_answered() {
        let store = store().await;
        let audit = Audit::new(store.clone(), Limits { lanes: 1, batch_max: 100, queue_max: 1000 }, noon);
        let one = || audit.record(AuditEvent::new(AuditKind::SignIn));
        join_all((0..500).map(|_| one())).await.into_iter().for_each(|outcome| outcome.expect("recorded"));
        let kept = store.audit(ALL).await.expect("audit");
        assert_eq!((kept.len(), kept[0].at), (500, noon()));
    }

    #[tokio::test]
    async fn what_cannot_be_recorded_is_an_error() {
        let store = store().await;
        let audit = Audit::new(store, Limits { lanes: 1, batch_max: 1, queue_max: 0 }, noon);
        let outcome = audit.record(AuditEvent::new(AuditKind::Deposit)).await;
        assert!(outcome.expect_err("there is no room").is_busy());
    }

    #[tokio::test]
    async fn what_is_old_is_deleted_however_much_it_is() {
        let store = store().await;
        let old = Timestamp(noon().0 - 1_000_001);
        let events = |count| vec![AuditEvent::new(AuditKind::SignIn); count];
        store.record(events(2500), old).await.expect("record");
        store.record(events(7), Timestamp(old.0 + 1)).await.expect("record");
        let forgetting = tokio::spawn(forget(store.clone(), Duration::from_secs(1), noon));
        let patience = Instant::now() + LONG;
        while store.audit(ALL).await.expect("audit").len() > 7 {
            assert!(Instant::now() < patience, "old ones are there for ever");
        }
        forgetting.abort();
        assert_eq!(store.audit(ALL).await.expect("audit").len(), 7);
    }
}
