//! Layers around handlers, and when a handler is not begun at all.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use support::{Running, soon};
use teller_rpc::{
    CallError, Client as Handle, Context, Executed, Registry, Status,
    layer::{Ended, Layer, Limit, Measure, Spans, Timeout},
};
use tokio::sync::Notify;

teller_rpc::service! {
    /// Waits.
    pub service "wait" {
        /// Answers at once.
        idempotent fn pass(u8) -> u8;
        /// Waits to be told, for ever if need be.
        fn stay(()) -> ();
        /// Panics.
        fn panic(()) -> ();
        /// Answers with a status.
        fn fail(()) -> ();
    }
}

#[derive(Clone, Default)]
struct Waiting {
    begun: Arc<AtomicUsize>,
    begins: Arc<Notify>,
    go: Arc<Notify>,
}

impl Service for Waiting {
    async fn pass(&self, _: Context, number: u8) -> Result<u8, Status> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Ok(number)
    }

    async fn stay(&self, _: Context, (): ()) -> Result<(), Status> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.begins.notify_one();
        self.go.notified().await;
        Ok(())
    }

    async fn panic(&self, _: Context, (): ()) -> Result<(), Status> {
        panic!("as the test wants")
    }

    async fn fail(&self, _: Context, (): ()) -> Result<(), Status> {
        Err(Status::new(300, "as the test wants"))
    }
}

/// Runs a story with `layers` around the handlers, over TCP and again in process.
async fn within_layers<L: Layer>(layers: impl Fn() -> L, story: impl AsyncFn(Client, Waiting)) {
    let waiting = Waiting::default();
    let registry = || Registry::new().with(serve_within(layers(), waiting.clone()));
    let server = Running::serving(registry(), |_| {}).await;
    story(Client::new(server.client()), waiting.clone()).await;
    story(Client::new(Handle::in_process(registry())), waiting.clone()).await;
}

#[tokio::test]
async fn a_timeout_ends_a_handler_that_takes_too_long() {
    within_layers(
        || Timeout(Duration::from_millis(30)),
        async |client, _| {
            let error = client.stay(&soon(), &()).await.unwrap_err();
            assert!(matches!(error, CallError::DeadlineExceeded { executed: Executed::Unknown }), "{error:?}");
            assert_eq!(client.pass(&soon(), &7).await.unwrap(), 7);
        },
    )
    .await;
}

#[tokio::test]
async fn a_limit_rejects_what_exceeds_it_and_executes_nothing_of_it() {
    within_layers(
        || Limit::new(1),
        async |client, waiting| {
            let before = waiting.begun.load(Ordering::SeqCst);
            let stays = tokio::spawn({
                let client = client.clone();
                async move { client.stay(&soon(), &()).await }
            });
            waiting.begins.notified().await;
            let error = client.pass(&soon(), &7).await.unwrap_err();
            assert!(matches!(&error, CallError::Rejected(status) if status.code == Status::REJECTED), "{error:?}");
            assert_eq!(waiting.begun.load(Ordering::SeqCst), before + 1);
            waiting.go.notify_one();
            stays.await.unwrap().unwrap();
            assert_eq!(client.pass(&soon(), &7).await.unwrap(), 7);
        },
    )
    .await;
}

#[tokio::test]
async fn every_end_is_measured_once() {
    let ends = Arc::new(Mutex::new(Vec::<Ended>::new()));
    let told = Arc::new(Notify::new());
    let measure = || {
        let (ends, told) = (Arc::clone(&ends), Arc::clone(&told));
        Measure::new(move |ended: &Ended| {
            ends.lock().unwrap().push(*ended);
            told.notify_one();
        })
    };
    within_layers(measure, async |client, waiting| {
        client.pass(&soon(), &7).await.unwrap();
        client.fail(&soon(), &()).await.unwrap_err();
        client.panic(&soon(), &()).await.unwrap_err();
        let call = tokio::spawn(async move { client.stay(&soon(), &()).await });
        waiting.begins.notified().await;
        call.abort();
        while ends.lock().unwrap().len() < 4 {
            told.notified().await;
        }
        let ends = std::mem::take(&mut *ends.lock().unwrap());
        let codes: Vec<_> = ends.iter().map(|end| (end.method, end.code)).collect();
        let expected = [("pass", 0), ("fail", 300), ("panic", Status::INTERNAL), ("stay", Status::CANCELLED)];
        assert_eq!(codes, expected);
        assert_eq!((ends[0].service, ends[0].request_bytes), ("wait", 1));
    })
    .await;
}

#[tokio::test]
async fn layers_stand_in_the_order_of_their_pair() {
    for (measured_outside, counted) in [(true, 1), (false, 0)] {
        let count = Arc::new(AtomicUsize::new(0));
        let measure = || {
            let count = Arc::clone(&count);
            Measure::new(move |_: &Ended| {
                count.fetch_add(1, Ordering::SeqCst);
            })
        };
        let refuse_all = || Limit::new(0);
        let entry = if measured_outside {
            serve_within((measure(), (Spans, refuse_all())), Waiting::default())
        } else {
            serve_within((refuse_all(), measure()), Waiting::default())
        };
        let client = Client::new(Handle::in_process(Registry::new().with(entry)));
        assert_eq!(client.pass(&soon(), &1).await.unwrap_err().executed(), Executed::No);
        assert_eq!(count.load(Ordering::SeqCst), counted, "outside: {measured_outside}");
    }
}

#[tokio::test]
async fn a_layer_shared_by_services_counts_them_together() {
    let limit = Limit::new(1);
    let waiting = Waiting::default();
    let one = Client::new(Handle::in_process(Registry::new().with(serve_within(limit.clone(), waiting.clone()))));
    let other = Client::new(Handle::in_process(Registry::new().with(serve_within(limit, waiting.clone()))));
    let stays = tokio::spawn(async move { one.stay(&soon(), &()).await });
    waiting.begins.notified().await;
    assert!(matches!(other.pass(&soon(), &1).await, Err(CallError::Rejected(_))));
    waiting.go.notify_one();
    stays.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_handler_runs_in_the_span_of_its_trace() {
    let subscriber = Recorder::default();
    let seen = Arc::clone(&subscriber.0);
    let guard = tracing::subscriber::set_default(subscriber);
    let client = Client::new(Handle::in_process(Registry::new().with(serve_within(Spans, Waiting::default()))));
    let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    client.pass(&soon().with_trace(text.parse().unwrap()), &1).await.unwrap();
    drop(guard);
    let spans = seen.lock().unwrap();
    assert_eq!(*spans, [format!("call service=\"wait\" method=\"pass\" trace={text}")]);
}

/// Keeps the spans it is shown, as text.
#[derive(Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

mod busy {
    teller_rpc::service! {
        /// Holds its thread.
        pub service "busy" {
            /// Runs the tests' function and answers.
            fn run(()) -> ();
        }
    }
}

/// A handler that does not yield: dropping its future has to wait.
struct Busy {
    begins: Arc<Notify>,
    end: Mutex<std::sync::mpsc::Receiver<()>>,
}

impl busy::Service for Busy {
    async fn run(&self, _: Context, (): ()) -> Result<(), Status> {
        self.begins.notify_one();
        self.end.lock().unwrap().recv().unwrap();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_cancelled_request_keeps_its_permit_until_its_task_has_ended() {
    let (end, ends) = std::sync::mpsc::channel();
    let begins = Arc::new(Notify::new());
    let entry = busy::serve(Busy { begins: Arc::clone(&begins), end: Mutex::new(ends) });
    let registry = Registry::new().with(entry).with(serve(Waiting::default()));
    let server = Running::serving(registry, |config| config.max_in_flight = 1).await;
    let client = busy::Client::new(server.client());
    let call = tokio::spawn(async move { client.run(&soon(), &()).await });
    begins.notified().await;
    call.abort();
    let bystander = Client::new(server.client_with(|config| config.max_tries = 1));
    for _ in 0..10 {
        assert!(matches!(bystander.pass(&soon(), &1).await, Err(CallError::Rejected(_))), "its task still runs");
    }
    end.send(()).unwrap();
    while bystander.pass(&soon(), &1).await.is_err() {}
}
