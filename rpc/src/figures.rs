//! [`Figures`]: what a connection, a client or a server has done and holds. One plain struct for all three: the figures of
//! many connections are the sum of theirs.

use std::{
    net::SocketAddr,
    ops::AddAssign,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A snapshot of counters and gauges. Of a client or a server the counters also count the connections that have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Gauge: open connections.
    pub connections: usize,
    /// Gauge: backends of a client that rest after failed dials.
    pub resting_backends: usize,
    /// Gauge: calls that hold a slot or a permit, also those whose caller has gone and whose task has not ended.
    pub in_flight: usize,
    /// Gauge: calls that wait: of a client for a connection, of either side for room to write.
    pub waiting: usize,
    /// Requests answered as REJECTED or DRAINING: received by a client, sent by a server.
    pub rejected: u64,
    /// Tries after the first: sent by a client, received by a server.
    pub retried: u64,
    /// Frames written.
    pub frames_written: u64,
    /// System calls that wrote them.
    pub writes: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Frames read.
    pub frames_read: u64,
    /// Bytes read.
    pub bytes_read: u64,
    /// Answers that met no call, dropped by a client: a fault of the server.
    pub stray_answers: u64,
}

/// The figures of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionFigures {
    /// The other end.
    pub peer: SocketAddr,
    /// Since the hello.
    pub age: Duration,
    /// What it has done and holds.
    pub figures: Figures,
}

impl Figures {
    /// How well frames are batched: 1 for a lone caller, more the more call at once. 0 before the first write.
    pub fn frames_per_write(&self) -> f64 {
        self.frames_written as f64 / self.writes.max(1) as f64
    }

    /// What still counts of a connection that has ended.
    pub(crate) fn past(self) -> Self {
        Self { connections: 0, resting_backends: 0, in_flight: 0, waiting: 0, ..self }
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.connections += other.connections;
        self.resting_backends += other.resting_backends;
        self.in_flight += other.in_flight;
        self.waiting += other.waiting;
        self.rejected += other.rejected;
        self.retried += other.retried;
        self.frames_written += other.frames_written;
        self.writes += other.writes;
        self.bytes_written += other.bytes_written;
        self.frames_read += other.frames_read;
        self.bytes_read += other.bytes_read;
        self.stray_answers += other.stray_answers;
    }
}

/// What one connection counts while it lives.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) bytes_read: AtomicU64,
    pub(crate) frames_read: AtomicU64,
    pub(crate) bytes_written: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) frames_written: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) strays: AtomicU64,
}

impl Traffic {
    /// The figures of a connection with `in_flight` calls, of which `waiting` wait for room.
    pub(crate) fn figures(&self, in_flight: usize, waiting: usize) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            connections: 1,
            resting_backends: 0,
            in_flight,
            waiting,
            rejected: read(&self.rejected),
            retried: read(&self.retried),
            frames_written: read(&self.frames_written),
            writes: read(&self.writes),
            bytes_written: read(&self.bytes_written),
            frames_read: read(&self.frames_read),
            bytes_read: read(&self.bytes_read),
            stray_answers: read(&self.strays),
        }
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
