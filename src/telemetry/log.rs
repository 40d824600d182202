//! The subscriber that makes lines of events: text for people, JSON for programs.

use std::env;
use std::io::{self, IsTerminal};
use std::time::Duration;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;

use super::panics;
use super::queue::Queue;
use crate::config::{Format, Log};

/// How long the last lines may take to be written when the process ends.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Keeps the logs going; when dropped, what waits is written, for a second at most.
pub struct Logs(Queue);

impl Drop for Logs {
    fn drop(&mut self) {
        self.0.flush(FLUSH_LIMIT);
    }
}

/// Logs this process's events to standard error, panics among them. Once for each process; fails if somebody else already did, or if
/// no thread can be started.
pub fn install(log: &Log) -> Result<Logs, anyhow::Error> {
    let queue = Queue::start(io::stderr())?;
    let subscriber = subscriber(log, io::stderr().is_terminal(), queue.clone())?;
    tracing::subscriber::set_global_default(subscriber)?;
    panics::log();
    Ok(Logs(queue))
}

type Boxed = Box<dyn Subscriber + Send + Sync>;

fn subscriber(log: &Log, on_terminal: bool, queue: Queue) -> Result<Boxed, anyhow::Error> {
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(&log.level)?).with_writer(queue);
    let as_json = match log.format {
        Format::Auto => !on_terminal,
        Format::Text => false,
        Format::Json => true,
    };
    Ok(if as_json {
        Box::new(lines.json().flatten_event(true).with_span_list(false).finish())
    } else {
        Box::new(lines.with_ansi(on_terminal && !colours_unwanted()).finish())
    })
}

/// <https://no-color.org>
fn colours_unwanted() -> bool {
    env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::super::queue::{Queue, tests::Pipe};
    use super::subscriber;
    use crate::config::{Format, Log};

    fn logged(level: &str, format: Format, on_terminal: bool) -> String {
        let pipe = Pipe::default();
        let queue = Queue::start(pipe.clone()).expect("a thread starts");
        let log = Log { level: level.to_owned(), format };
        let subscriber = subscriber(&log, on_terminal, queue.clone()).expect("the level is right");
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("request", request_id = "4bf9").entered();
            tracing::info!(users = 5, "seeded");
            tracing::debug!("too small");
        });
        assert!(queue.flush(Duration::from_secs(10)));
        pipe.text()
    }

    #[test]
    fn programs_get_one_object_a_line_with_the_request_it_belongs_to() {
        let lines = logged("info", Format::Auto, false);
        let event: Value = serde_json::from_str(&lines).expect("one line, and JSON");
        assert_eq!(event["message"], "seeded");
        assert_eq!(event["users"], 5);
        assert_eq!(event["span"]["request_id"], "4bf9");
    }

    #[test]
    fn people_get_text_with_colours_on_a_terminal_and_without_elsewhere() {
        let coloured = logged("info", Format::Auto, true);
        assert_eq!(coloured.contains('\u{1b}'), !super::colours_unwanted(), "{coloured}");
        let plain = logged("info", Format::Text, false);
        assert!(plain.contains("seeded users=5") && !plain.contains('\u{1b}'), "{plain}");
    }

    #[test]
    fn the_level_holds_and_may_differ_by_target() {
        assert_eq!(logged("warn", Format::Text, false), "");
        let debug = logged("warn,teller=debug", Format::Text, false);
        assert!(debug.contains("too small"), "{debug}");
    }
}
