//! [`Figures`]: what a client has done and holds.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Network;

/// Counters and gauges of a client, over all its backends. Traffic is that of the connections now open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Open connections.
    pub connections: usize,
    /// Backends that rest after failed dials.
    pub resting_backends: usize,
    /// Calls that hold a slot, also those whose caller has gone and whose answer has not come.
    pub in_flight: usize,
    /// Calls that wait for a connection.
    pub waiting: usize,
    /// Tries after the first, since the client was made.
    pub retried: u64,
    /// Frames written.
    pub frames_written: u64,
    /// System calls that wrote them: frames per write is the batching.
    pub writes: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Bytes read.
    pub bytes_read: u64,
    /// Answers that met no call, dropped: a fault of the server.
    pub stray_answers: u64,
}

pub(super) fn of(network: &Network) -> Figures {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut figures = Figures { retried: read(&network.budget.retried), ..Figures::default() };
    for pool in &network.pools {
        let glance = pool.each_link(|link| {
            let traffic = &link.wire.traffic;
            figures.in_flight += link.busy.load(Ordering::Relaxed);
            figures.frames_written += read(&traffic.frames_written);
            figures.writes += read(&traffic.writes);
            figures.bytes_written += read(&traffic.bytes_written);
            figures.bytes_read += read(&traffic.bytes_read);
            figures.stray_answers += read(&link.strays);
        });
        figures.connections += glance.connections;
        figures.waiting += glance.waiting;
        figures.resting_backends += usize::from(glance.resting);
    }
    figures
}
