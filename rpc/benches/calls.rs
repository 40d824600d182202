//! Calls over loopback: one caller, and many sharing one or four connections. `cargo bench -p teller-rpc`.
//!
//! The server has a thread of its own, the clients another, as in `examples/throughput.rs`. A measured iteration is one
//! call of each caller, all at once; criterion's elements per second are calls per second. Before it is measured each
//! scenario says how many frames share a write and what a call allocates, on the client's thread.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use teller_rpc::{ClientConfig, Context, Registry, Secret, Server, ServerConfig, Status};
use tokio::{net::TcpListener, runtime::Builder, task::JoinSet};

teller_rpc::service! {
    /// Says what it hears.
    pub service "echo" {
        /// Answers the request itself.
        idempotent fn echo(String) -> String;
    }
}

struct Echo;

impl Service for Echo {
    async fn echo(&self, _: Context, text: String) -> Result<String, Status> {
        Ok(text)
    }
}

/// Calls that each caller makes in a measured iteration: enough that starting the callers does not count.
const CALLS: usize = 100;

fn secret() -> Secret {
    Secret::new(*b"a bench's secret").expect("16 bytes are enough")
}

/// Starts a server on a thread of its own and returns its address.
fn serve_echo() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener has an address").to_string();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        runtime.block_on(async {
            listener.set_nonblocking(true).expect("a socket can be non-blocking");
            let listener = TcpListener::from_std(listener).expect("the listener does not block");
            let server = Server::new(Registry::new().with(serve(Echo)), ServerConfig::new(secret()));
            server.run(listener, std::future::pending()).await
        })
    });
    address
}

async fn round(client: &Client, callers: usize, text: &str) {
    let mut calls = JoinSet::new();
    for _ in 0..callers {
        let (client, text) = (client.clone(), text.to_owned());
        calls.spawn(async move {
            for _ in 0..CALLS {
                black_box(client.echo(&Context::default(), &text).await.expect("the server is up"));
            }
        });
    }
    while let Some(call) = calls.join_next().await {
        call.expect("no caller panics");
    }
}

/// Says what criterion does not measure: of one round, after one that has dialled.
fn tell(name: &str, handle: &teller_rpc::Client, calls: usize, mut round: impl FnMut()) {
    round();
    let before = handle.figures();
    let allocations = allocation_counter::measure(&mut round);
    let after = handle.figures();
    println!(
        "{name}: {:.1} frames a write, {:.2} allocations and {:.0} bytes a call",
        (after.frames_written - before.frames_written) as f64 / (after.writes - before.writes) as f64,
        allocations.count_total as f64 / calls as f64,
        allocations.bytes_total as f64 / calls as f64,
    );
}

fn calls(criterion: &mut Criterion) {
    let address = serve_echo();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    let mut group = criterion.benchmark_group("calls");
    for (callers, connections, bytes) in
        [(1_usize, 1_usize, 36), (64, 1, 36), (64, 4, 36), (200, 4, 36), (64, 1, 1 << 10), (64, 1, 64 << 10)]
    {
        let mut config = ClientConfig::new(secret());
        config.max_connections = connections;
        config.max_in_flight = callers.div_ceil(connections);
        let handle = teller_rpc::Client::new(vec![address.clone()], config);
        let client = Client::new(handle.clone());
        let text = "x".repeat(bytes);
        let scenario = format!("{callers} callers, {connections} connections, {bytes} bytes");
        tell(&scenario, &handle, callers * CALLS, || runtime.block_on(round(&client, callers, &text)));
        group.throughput(Throughput::Elements((callers * CALLS) as u64));
        let name = BenchmarkId::new(format!("{callers} callers"), format!("{connections} connections, {bytes} bytes"));
        group.bench_function(name, |bencher| bencher.to_async(&runtime).iter(|| round(&client, callers, &text)));
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
