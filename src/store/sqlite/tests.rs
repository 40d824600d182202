//! What the threads promise to their callers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rusqlite::Result;

use super::thread::QUEUE_MAX;
use super::{Sqlite, call, user};
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::time::Timestamp;
use crate::domain::user::Role;
use crate::store::ledger::{Batch, Decision, LedgerStore, NoAnswer};
use crate::store::{Contact, NewUser, Store, StoreError};

const ENDLESS: &str = include_str!("../../../sql/test/endless.sql");
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_unit_that_panics_is_an_error_and_the_thread_lives() {
    let store = memory(PATIENCE).await;
    for _ in 0..3 {
        let outcome = store.write(|_| -> Result<()> { panic!("on purpose") }).await;
        assert!(matches!(outcome, Err(StoreError::Refused(_))), "{outcome:?}");
        store.ping().await.expect("the thread lives");
    }
}

#[tokio::test]
async fn a_statement_is_interrupted_at_its_deadline() {
    let store = memory(Duration::from_millis(100)).await;
    for _ in 0..3 {
        let begun = Instant::now();
        let outcome = store.write(|db| db.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        assert!(begun.elapsed() < PATIENCE);
    }
    // The thread is free again as soon as it noticed, which the caller need not have waited for.
    let begun = Instant::now();
    while store.ping().await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "the thread is busy for ever");
    }
}

#[tokio::test]
async fn what_waits_behind_a_unit_until_its_time_is_over_is_known_to_be_undone() {
    let store = memory(PATIENCE).await;
    let endless = |db: &rusqlite::Connection| db.query_row(ENDLESS, [], |row| row.get::<_, i64>(0));
    // The thread is free a moment after the second one's time is over.
    let (_, waiting) = tokio::join!(
        call(&store.writer, Duration::from_millis(110), endless),
        call(&store.writer, Duration::from_millis(100), |_: &rusqlite::Connection| Ok::<_, rusqlite::Error>(())),
    );
    assert!(matches!(waiting, Err(NoAnswer::Undone(_))), "{waiting:?}");
}

#[tokio::test]
async fn of_units_committed_together_one_that_fails_undoes_only_itself() {
    let store = memory(PATIENCE).await;
    let release = hold(&store);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let mut first = begin(store.write(move |db| {
        counted.fetch_add(1, Ordering::SeqCst);
        user::insert(db, &new("first"))
    }));
    let mut failing = begin(store.write(|db| {
        user::insert(db, &new("failing"))?;
        Err::<(), _>(rusqlite::Error::InvalidQuery)
    }));
    let mut last = begin(store.write(|db| user::insert(db, &new("last"))));
    release.send(()).expect("the writer waits");
    first.as_mut().await.expect("it is committed");
    assert!(failing.as_mut().await.is_err());
    last.as_mut().await.expect("it is committed");
    assert_eq!(runs.load(Ordering::SeqCst), 2, "once with the others and once without the failing one");
    for (name, there) in [("first", true), ("failing", false), ("last", true)] {
        assert_eq!(store.credentials(name).await.expect("credentials").is_some(), there, "{name}");
    }
}

#[tokio::test]
async fn a_unit_whose_time_is_over_costs_its_neighbours_no_commit_of_their_own() {
    let quick = memory(Duration::from_millis(100)).await;
    let patient = Sqlite { statement_timeout: PATIENCE, ..quick.clone() };
    let release = hold(&patient);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = || {
        let runs = Arc::clone(&runs);
        patient.write(move |_| Ok(runs.fetch_add(1, Ordering::SeqCst)))
    };
    let mut before = begin(counted());
    let late = quick.write(|_| Ok(())).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    let mut after = begin(counted());
    release.send(()).expect("the writer waits");
    before.as_mut().await.expect("it is committed");
    after.as_mut().await.expect("it is committed");
    assert_eq!(runs.load(Ordering::SeqCst), 2, "each ran once: nothing was rolled back");
}

#[tokio::test]
async fn what_was_begun_is_done_when_the_store_is_finished() {
    let store = memory(PATIENCE).await;
    let release = hold(&store);
    drop(begin(store.write(|db| user::insert(db, &new("begun")))));
    let mut finish = begin(store.finish());
    release.send(()).expect("the writer waits");
    finish.as_mut().await;
    let path = |db: &rusqlite::Connection| user::credentials(db, &["begun".to_owned()]);
    assert_eq!(store.read(path).await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let store = memory(PATIENCE).await;
    let release = hold(&store);
    let mut waiting: Vec<_> = (0..QUEUE_MAX).map(|_| begin(store.write(|_| Ok(())))).collect();
    let outcome = store.write(|_| Ok(())).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    release.send(()).expect("the writer waits");
    for call in &mut waiting {
        call.as_mut().await.expect("it was queued");
    }
}

#[tokio::test]
async fn work_whose_time_is_over_is_not_begun() {
    let store = memory(Duration::from_millis(100)).await;
    let release = hold(&store);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let outcome = store.write(move |_| Ok(counted.fetch_add(1, Ordering::SeqCst))).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    release.send(()).expect("the writer waits");
    store.ping().await.expect("the queue is worked off, in order");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_batch_that_was_not_answered_in_time_may_be_in_effect_and_is_not_begun_later() {
    let store = memory(Duration::from_millis(100)).await;
    let release = hold(&store);
    let runs = Arc::new(AtomicUsize::new(0));
    let outcome = store.transact(Counted(Arc::clone(&runs))).await;
    assert!(matches!(outcome, Err(NoAnswer::Unknown(StoreError::Unavailable(_)))), "{outcome:?}");
    release.send(()).expect("the writer waits");
    store.ping().await.expect("the queue is worked off, in order");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_batch_that_was_refused_or_failed_is_not_in_effect() {
    let store = memory(PATIENCE).await;
    let release = hold(&store);
    let mut waiting: Vec<_> = (0..QUEUE_MAX).map(|_| begin(store.write(|_| Ok(())))).collect();
    let runs = Arc::new(AtomicUsize::new(0));
    let outcome = store.transact(Counted(Arc::clone(&runs))).await;
    assert!(matches!(outcome, Err(NoAnswer::Undone(StoreError::Unavailable(_)))), "{outcome:?}");
    release.send(()).expect("the writer waits");
    for call in &mut waiting {
        call.as_mut().await.expect("it was queued");
    }
    let panicked = call(&store.writer, PATIENCE, |_| -> Result<()> { panic!("on purpose") }).await;
    assert!(matches!(panicked, Err(NoAnswer::Undone(StoreError::Refused(_)))), "{panicked:?}");
    assert_eq!(store.transact(Counted(Arc::clone(&runs))).await.expect("the writer lives"), 1);
}

/// A foreign key that is looked at when the transaction ends plays the disk that fails then.
#[tokio::test]
async fn a_commit_that_fails_leaves_a_doubt() {
    const CHILD: &str = "CREATE TABLE child (parent INTEGER REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)";
    let store = memory(PATIENCE).await;
    store.write(|db| db.execute(CHILD, [])).await.expect("create");
    let orphan = || call(&store.writer, PATIENCE, |db| db.execute("INSERT INTO child VALUES (4711)", []));
    let alone = orphan().await;
    assert!(matches!(alone, Err(NoAnswer::Unknown(_))), "{alone:?}");
    let release = hold(&store);
    let mut together = [begin(orphan()), begin(orphan())];
    release.send(()).expect("the writer waits");
    for call in &mut together {
        let outcome = call.as_mut().await;
        assert!(matches!(outcome, Err(NoAnswer::Unknown(_))), "{outcome:?}");
    }
    let left = store.read(|db| db.query_row("SELECT count(*) FROM child", [], |row| row.get::<_, i64>(0))).await;
    assert_eq!(left.expect("count"), 0);
}

/// A batch without effects that counts how often it decides.
struct Counted(Arc<AtomicUsize>);

impl Batch for Counted {
    type Answer = usize;

    fn wants(&self) -> Wants {
        Wants::default()
    }

    fn wants_after_collision(&self) -> Wants {
        Wants::default()
    }

    fn decide(&self, _: &Found) -> Decision<usize> {
        Decision::Write(Effects::default(), self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

async fn memory(statement_timeout: Duration) -> Sqlite {
    let store = Sqlite::memory(statement_timeout).expect("open");
    store.migrate().await.expect("migrate");
    store
}

/// Keeps the writer busy until the returned sender is used. What is sent meanwhile is done together.
fn hold(store: &Sqlite) -> Sender<()> {
    let ((release, released), (began, begun)) = (channel(), channel());
    // The caller leaves at once, and the work goes on.
    drop(begin(store.write(move |_| {
        began.send(()).expect("the test waits");
        released.recv_timeout(PATIENCE).expect("the test releases the writer");
        Ok(())
    })));
    begun.recv_timeout(PATIENCE).expect("the writer begins");
    release
}

/// Puts a call into the queue and does not wait for it.
fn begin<'a, T>(call: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    let mut call: Pin<Box<dyn Future<Output = T> + 'a>> = Box::pin(call);
    let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Pending), "the writer is busy");
    call
}

fn new(name: &str) -> NewUser {
    NewUser {
        id: None,
        user_name: name.to_owned(),
        nickname: name.to_owned(),
        password_hash: String::new(),
        role: Role::Customer,
        contact: Contact::default(),
        created_at: Timestamp(1),
    }
}
