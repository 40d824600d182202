//! From a configuration to a running process and its end.

use std::time::Duration;
use std::{io, thread};

use tokio::runtime::{Builder, Runtime};

use super::failure::Failure;
use super::signals;
use crate::app;
use crate::config::{Config, Part, Sources};
use crate::telemetry::{log, metrics};

/// How long work that nobody waits for any more (a picture, a hash) may hold up the end of the process.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// Runs `part` until it is told to stop.
pub fn run(sources: Sources, part: Part) -> Result<(), Failure> {
    let (config, _) = Config::load(sources)?;
    config.allow(part)?;
    let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
    let stop = signals::stop().map_err(Failure::at_run_time)?;
    let runtime = runtime(threads(&config, part)).map_err(Failure::at_run_time)?;
    runtime.spawn(metrics::install().keep_up());
    let outcome = runtime.block_on(app::run(&config, part, stop));
    runtime.shutdown_timeout(LEFTOVERS);
    outcome.map_err(Failure::at_run_time)
}

/// A runtime for work that is done once and then over.
pub fn once<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = runtime(1).map_err(Failure::at_run_time)?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(LEFTOVERS);
    Ok(outcome)
}

fn runtime(threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(threads).enable_all().thread_name("worker").build()
}

/// The sides share one runtime: of two that each want a number, it has both.
fn threads(config: &Config, part: Part) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let wanted = |present: bool, threads: usize| if present { threads } else { 0 };
    let (front, back) = (wanted(part.has_front(), config.http.threads), wanted(part.has_backend(), config.rpc.threads));
    match front + back {
        0 => cores(),
        sum if part == Part::Serve && (front == 0 || back == 0) => sum.max(cores()),
        sum => sum,
    }
}

#[cfg(test)]
mod tests {
    use super::threads;
    use crate::config::{Config, Part};

    #[test]
    fn a_part_gets_the_threads_of_its_sides() {
        let mut config = Config::default();
        config.http.threads = 3;
        config.rpc.threads = 500;
        assert_eq!(threads(&config, Part::Http), 3);
        assert_eq!(threads(&config, Part::Backend), 500);
        assert_eq!(threads(&config, Part::Serve), 503);
        config.http.threads = 0;
        assert_eq!(threads(&config, Part::Serve), 500);
        assert!(threads(&config, Part::Http) > 0);
    }
}
