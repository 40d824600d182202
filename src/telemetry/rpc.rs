//! The figures of RPC, of both ends where both are here. Sums over connections: a series for each would be kept for ever, and their
//! peers' ports never come again.

use metrics::{Unit, describe_counter, describe_gauge};
use teller_rpc::{Client, Figures, Watch};

use super::metrics::{Metrics, Shown};

/// Shows the figures of a front end's client for as long as the result is kept.
pub fn show_client(metrics: &Metrics, client: Client) -> Shown {
    describe();
    metrics.show(move || set("client", &client.figures()))
}

/// Shows the figures of a backend's server for as long as the result is kept.
pub fn show_server(metrics: &Metrics, watch: Watch) -> Shown {
    describe();
    metrics.show(move || set("server", &watch.figures()))
}

fn set(side: &'static str, figures: &Figures) {
    for (name, value) in [
        ("teller_rpc_connections", figures.connections),
        ("teller_rpc_resting_backends", figures.resting_backends),
        ("teller_rpc_in_flight", figures.in_flight),
        ("teller_rpc_waiting", figures.waiting),
    ] {
        metrics::gauge!(name, "side" => side).set(value as f64);
    }
    for (name, value) in [
        ("teller_rpc_rejected_total", figures.rejected),
        ("teller_rpc_retried_total", figures.retried),
        ("teller_rpc_frames_written_total", figures.frames_written),
        ("teller_rpc_writes_total", figures.writes),
        ("teller_rpc_written_bytes_total", figures.bytes_written),
        ("teller_rpc_frames_read_total", figures.frames_read),
        ("teller_rpc_read_bytes_total", figures.bytes_read),
        ("teller_rpc_stray_answers_total", figures.stray_answers),
    ] {
        metrics::counter!(name, "side" => side).absolute(value);
    }
}

fn describe() {
    describe_gauge!("teller_rpc_connections", "Open connections.");
    describe_gauge!("teller_rpc_resting_backends", "Backends that rest after failed dials.");
    describe_gauge!("teller_rpc_in_flight", "Calls that hold a slot or a permit.");
    describe_gauge!("teller_rpc_waiting", "Calls that wait for a connection or for room to write.");
    describe_counter!("teller_rpc_rejected_total", "Requests refused because of a limit or a stop, not executed.");
    describe_counter!("teller_rpc_retried_total", "Requests that were sent before.");
    describe_counter!("teller_rpc_frames_written_total", "Frames written.");
    describe_counter!("teller_rpc_writes_total", "System calls that wrote them.");
    describe_counter!("teller_rpc_written_bytes_total", Unit::Bytes, "Bytes written.");
    describe_counter!("teller_rpc_frames_read_total", "Frames read.");
    describe_counter!("teller_rpc_read_bytes_total", Unit::Bytes, "Bytes read.");
    describe_counter!("teller_rpc_stray_answers_total", "Answers that met no call.");
}
