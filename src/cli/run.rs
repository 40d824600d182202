//! From a configuration to a running process and its end.

use std::pin::pin;
use std::time::Instant;

use tokio::runtime::Builder;

use super::failure::Failure;
use super::{banner, print, signals};
use crate::app;
use crate::config::{Config, Part, Sources};
use crate::telemetry::{log, metrics};

/// Runs `part` until it is told to stop.
pub fn run(sources: Sources, part: Part) -> Result<(), Failure> {
    let began = Instant::now();
    let (config, _) = Config::load(sources)?;
    config.allow(part)?;
    let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
    let stop = signals::stop().map_err(Failure::at_run_time)?;
    once(async {
        tokio::spawn(metrics::install().keep_up());
        let mut stop = pin!(stop);
        let app = tokio::select! {
            // Nobody is served yet, and a migration that is cut short goes on at the next start.
            () = &mut stop => return Ok(()),
            app = app::start(&config, part) => app?,
        };
        print(&banner::text(&config, &app, began.elapsed()))?;
        Ok(app.run_until(stop).await?)
    })?
}

/// Runs `work` on a runtime of its own: the front end and the backend bring theirs.
pub fn once<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::at_run_time)?;
    Ok(runtime.block_on(work))
}
