//! Where log lines wait for a thread that writes them. A terminal that was stopped or a pipe that nobody reads costs lines, never
//! the server's time: whoever logs takes a short lock and goes on.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Bytes that may wait; further lines are dropped and counted.
pub const MAX_BYTES: usize = 1 << 20;

/// A cheap handle; the thread behind it lives as long as the process.
#[derive(Clone)]
pub struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines dropped since it was last said.
    dropped: u64,
    /// Whether the thread holds lines that are not written yet.
    writing: bool,
}

impl Queue {
    /// Starts the thread that writes to `out`. Fails if the system gives no thread.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Self(Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() }));
        let handle = queue.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || handle.write_to(out))?;
        Ok(queue)
    }

    /// Waits until everything is written, no longer than `limit`. Returns whether it was.
    pub fn flush(&self, limit: Duration) -> bool {
        let busy = |state: &mut State| state.writing || !state.waiting.is_empty();
        let waited = self.0.changed.wait_timeout_while(self.state(), limit, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.state();
        if state.waiting.len() + line.len() > MAX_BYTES {
            state.dropped += 1;
            return;
        }
        let was_empty = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if was_empty {
            self.0.changed.notify_all();
        }
    }

    fn write_to(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        loop {
            let dropped = self.take(&mut lines);
            // There is no other place to say that logs cannot be written.
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            lines.clear();
            if dropped > 0 {
                tracing::warn!(dropped, "log lines were dropped: standard error is not read fast enough");
            }
        }
    }

    /// Swaps the written `lines` for waiting ones; returns how many were dropped meanwhile.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        let mut state = self.state();
        state.writing = false;
        self.0.changed.notify_all();
        let empty = |state: &mut State| state.waiting.is_empty();
        let mut state = self.0.changed.wait_while(state, empty).unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut state.waiting, lines);
        state.writing = true;
        mem::take(&mut state.dropped)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Queue;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Queue {
    /// Takes whole lines: the subscriber writes each event at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, sync_channel};
    use std::sync::{Arc, Mutex};
    use std::thread;
    use std::time::Duration;

    use super::{MAX_BYTES, Queue};

    const SOON: Duration = Duration::from_secs(10);

    /// Standard error, to be read by a test.
    #[derive(Clone, Default)]
    pub struct Pipe(Arc<Mutex<Vec<u8>>>);

    impl Pipe {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("no writer panics").clone()).expect("logs are UTF-8")
        }
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no reader panics").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A terminal that was stopped: each write waits for its permit.
    struct Stopped(Receiver<()>, Pipe);

    impl Write for Stopped {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let pipe = Pipe::default();
        let queue = Queue::start(pipe.clone()).expect("a thread starts");
        let lines: Vec<String> = (0..1000).map(|number| format!("line {number}\n")).collect();
        lines.iter().for_each(|line| queue.push(line.as_bytes()));
        assert!(queue.flush(SOON));
        assert_eq!(pipe.text(), lines.concat());
    }

    #[test]
    fn a_stopped_terminal_costs_lines_and_never_waits() {
        let (permit, permits) = sync_channel(0);
        let pipe = Pipe::default();
        let queue = Queue::start(Stopped(permits, pipe.clone())).expect("a thread starts");
        let line = [b'x'; 1024];
        queue.push(&line);
        // Not before the thread stands before its write is what follows left waiting, whenever that gets to run.
        while !queue.state().waiting.is_empty() {
            thread::yield_now();
        }
        (0..2 * MAX_BYTES / line.len()).for_each(|_| queue.push(&line));
        assert!(!queue.flush(Duration::ZERO), "nothing can have been written");
        assert!(queue.state().dropped > 0);
        // The first write takes its permit and the rest goes on once nobody asks for permits: that is an error, and passed over.
        permit.send(()).expect("the thread waits");
        drop(permit);
        assert!(queue.flush(SOON));
        assert!(pipe.text().len() <= 2 * MAX_BYTES);
        queue.push(b"later\n");
        assert!(queue.flush(SOON), "the thread lives");
    }
}
