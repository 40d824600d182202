//! A server with handlers for every occasion, on a port of its own, and clients of it.

#![allow(dead_code)] // each test program uses its own part

pub mod peer;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use teller_rpc::{
    Client as Handle, ClientConfig, Context, Drained, Registry, Secret, Server, ServerConfig, Status, Watch,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{Notify, Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

teller_rpc::service! {
    /// Handlers for every occasion.
    pub service "test" {
        /// Answers the request itself.
        idempotent fn echo(String) -> String;
        /// Answers as many bytes as asked for.
        idempotent fn bytes(u32) -> String;
        /// Panics.
        fn panic(()) -> ();
        /// Answers with the status of this code.
        fn fail(u16) -> ();
        /// Reports that it runs, then waits until the test opens the gate.
        fn hold(u32) -> u32;
        /// The same, and may be repeated.
        idempotent fn hold_again(u32) -> u32;
        /// What the context brought: milliseconds left, traceparent, retry.
        fn context(()) -> (u64, Option<String>, bool);
    }
}

/// Strings to pull on a running handler.
#[derive(Clone)]
pub struct Strings {
    /// Permits let `hold` go on.
    pub gate: Arc<Semaphore>,
    /// `hold` handlers that were dropped before they ended.
    pub dropped: Arc<AtomicUsize>,
    pub on_drop: Arc<Notify>,
    /// Calls of any handler.
    pub runs: Arc<AtomicUsize>,
    /// What `echo` was given, as far as it is short.
    pub echoed: Arc<Mutex<Vec<String>>>,
    started: mpsc::UnboundedSender<u32>,
}

struct Handlers(Strings);

struct CountDrop(Option<Strings>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        if let Some(strings) = &self.0 {
            strings.dropped.fetch_add(1, Ordering::SeqCst);
            strings.on_drop.notify_one();
        }
    }
}

impl Service for Handlers {
    async fn echo(&self, _: Context, text: String) -> Result<String, Status> {
        self.0.runs.fetch_add(1, Ordering::SeqCst);
        if text.len() < 4096 {
            self.0.echoed.lock().unwrap().push(text.clone());
        }
        Ok(text)
    }

    async fn bytes(&self, _: Context, count: u32) -> Result<String, Status> {
        Ok("x".repeat(count as usize))
    }

    async fn panic(&self, _: Context, (): ()) -> Result<(), Status> {
        panic!("as the test wants")
    }

    async fn fail(&self, _: Context, code: u16) -> Result<(), Status> {
        Err(Status::new(code, "as the test wants"))
    }

    async fn hold(&self, _: Context, number: u32) -> Result<u32, Status> {
        self.0.runs.fetch_add(1, Ordering::SeqCst);
        let mut dropped = CountDrop(Some(self.0.clone()));
        self.0.started.send(number).unwrap();
        self.0.gate.acquire().await.unwrap().forget();
        dropped.0 = None;
        Ok(number)
    }

    async fn hold_again(&self, cx: Context, number: u32) -> Result<u32, Status> {
        self.hold(cx, number).await
    }

    async fn context(&self, cx: Context, (): ()) -> Result<(u64, Option<String>, bool), Status> {
        Ok((cx.remaining().as_millis() as u64, cx.trace().map(|trace| trace.to_string()), cx.is_retry()))
    }
}

pub fn strings() -> (Strings, mpsc::UnboundedReceiver<u32>) {
    let (started, starts) = mpsc::unbounded_channel();
    let strings = Strings {
        gate: Arc::new(Semaphore::new(0)),
        dropped: Arc::default(),
        on_drop: Arc::default(),
        runs: Arc::default(),
        echoed: Arc::default(),
        started,
    };
    (strings, starts)
}

pub fn registry(strings: &Strings) -> Registry {
    Registry::new().with(serve(Handlers(strings.clone())))
}

pub const SECRET: [u8; 16] = *b"sixteen bytes ok";

pub fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// A running server.
pub struct Running {
    pub address: SocketAddr,
    pub strings: Strings,
    pub starts: mpsc::UnboundedReceiver<u32>,
    pub watch: Watch,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Drained>,
}

impl Running {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), change).await
    }

    pub async fn at(address: SocketAddr, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let (strings, starts) = strings();
        Self::run(address, registry(&strings), change, strings, starts)
    }

    /// Serves handlers of the test's own.
    pub async fn serving(registry: Registry, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let (strings, starts) = strings();
        Self::run("127.0.0.1:0".parse().unwrap(), registry, change, strings, starts)
    }

    fn run(
        address: SocketAddr,
        registry: Registry,
        change: impl FnOnce(&mut ServerConfig),
        strings: Strings,
        starts: mpsc::UnboundedReceiver<u32>,
    ) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(address).unwrap();
        let listener: TcpListener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = ServerConfig::new(secret());
        change(&mut config);
        let (stop, stopped) = oneshot::channel();
        let server = Server::new(registry, config);
        let watch = server.watch();
        let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
        Self { address, strings, starts, watch, stop, server }
    }

    pub fn client(&self) -> Handle {
        self.client_with(|_| {})
    }

    pub fn client_with(&self, change: impl FnOnce(&mut ClientConfig)) -> Handle {
        client_of(&[self.address], change)
    }

    /// Gives the stop signal; the drain goes on in the task returned.
    pub fn stop(self) -> JoinHandle<Drained> {
        self.stop.send(()).unwrap();
        self.server
    }

    /// Ends the server as a crash would: all connections are cut.
    pub async fn crash(self) {
        self.server.abort();
        let _ = self.server.await;
    }
}

pub fn client_of(addresses: &[SocketAddr], change: impl FnOnce(&mut ClientConfig)) -> Handle {
    let mut config = ClientConfig::new(secret());
    change(&mut config);
    Handle::new(addresses.iter().map(SocketAddr::to_string).collect(), config)
}

pub fn soon() -> Context {
    Context::with_timeout(Duration::from_secs(5))
}

pub fn within(millis: u64) -> Context {
    Context::with_timeout(Duration::from_millis(millis))
}
