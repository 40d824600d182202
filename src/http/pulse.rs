//! What a connection is doing, as its socket, its handlers and its clock see it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// For the first byte of a request; an answer may still be on its way out.
    Quiet,
    /// For the rest of a request's head.
    Head,
    /// For its handler.
    Busy,
}

/// Shared between the parts of one connection. They all run on the same task: the atomics are for the compiler, order does not matter.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Changes of phase, times four, and the phase: two requests never look like one.
    phase: AtomicU32,
    /// Bytes moved since the clock last looked.
    moved: AtomicBool,
    /// Bytes of the request line of the head on its way, and whether it is complete.
    line_bytes: AtomicUsize,
    line_ended: AtomicBool,
    /// The last request was answered before its body was read.
    unread: AtomicBool,
}

impl Pulse {
    /// The phase, and a number that is another after every change.
    pub(super) fn phase(&self) -> (Phase, u32) {
        let count = self.phase.load(Relaxed);
        let phase = match count & 3 {
            0 => Phase::Quiet,
            1 => Phase::Head,
            _ => Phase::Busy,
        };
        (phase, count)
    }

    /// Bytes came in.
    pub(super) fn received(&self, bytes: &[u8]) {
        self.moved.store(true, Relaxed);
        let (phase, _) = self.phase();
        if phase == Phase::Quiet {
            self.line_bytes.store(0, Relaxed);
            self.line_ended.store(false, Relaxed);
            self.enter(Phase::Head);
        }
        if phase != Phase::Busy && !self.line_ended.load(Relaxed) {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let line_bytes = self.line_bytes.load(Relaxed) + end.unwrap_or(bytes.len());
            self.line_bytes.store(line_bytes, Relaxed);
            self.line_ended.store(end.is_some(), Relaxed);
        }
    }

    /// Bytes went out.
    pub(super) fn sent(&self) {
        self.moved.store(true, Relaxed);
    }

    /// A head is complete, its handler begins.
    pub(super) fn begin(&self) {
        self.enter(Phase::Busy);
    }

    /// The handler has answered; `unread`: without having read the whole body.
    pub(super) fn end(&self, unread: bool) {
        self.unread.store(unread, Relaxed);
        self.moved.store(true, Relaxed);
        self.enter(Phase::Quiet);
    }

    /// Whether bytes moved since this was last asked.
    pub(super) fn take_moved(&self) -> bool {
        // Asked after every step of the connection, so a plain load first: it is cheaper than a swap.
        self.moved.load(Relaxed) && self.moved.swap(false, Relaxed)
    }

    /// How long the request line of the head on its way is, as far as it has come.
    pub(super) fn line_bytes(&self) -> usize {
        self.line_bytes.load(Relaxed)
    }

    /// Whether the last request's body was left unread.
    pub(super) fn unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    fn enter(&self, phase: Phase) {
        let count = (self.phase.load(Relaxed) & !3).wrapping_add(4);
        self.phase.store(count | phase as u32, Relaxed);
    }
}
