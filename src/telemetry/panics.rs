//! A panic as an event like any other, instead of free text in the middle of the logs.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::thread;

/// Logs every panic of this process from now on. `RUST_BACKTRACE=1` adds where it came from.
pub fn log() {
    panic::set_hook(Box::new(event));
}

fn event(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("a value that is no text");
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(backtrace));
    tracing::error!(panic = message, at, thread = thread.name(), backtrace, "a thread panicked");
}

#[cfg(test)]
mod tests {
    use std::panic;
    use std::time::Duration;

    use serde_json::Value;

    use super::super::queue::{Queue, tests::Pipe};

    #[test]
    fn a_panic_is_one_event_with_its_message_and_its_place() {
        let pipe = Pipe::default();
        let queue = Queue::start(pipe.clone()).expect("a thread starts");
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(queue.clone()).finish();
        let before = panic::take_hook();
        super::log();
        let outcome = tracing::subscriber::with_default(subscriber, || panic::catch_unwind(|| panic!("on purpose")));
        panic::set_hook(before);
        assert!(outcome.is_err() && queue.flush(Duration::from_secs(10)));
        let event: Value = serde_json::from_str(&pipe.text()).expect("one line, and JSON");
        assert_eq!((&event["level"], &event["panic"]), (&"ERROR".into(), &"on purpose".into()));
        assert!(event["at"].as_str().is_some_and(|at| at.starts_with(file!())), "{event}");
    }
}
