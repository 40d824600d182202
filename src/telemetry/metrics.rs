//! Figures for Prometheus. There is no listener of their own: `/metrics` renders them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{Unit, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// How often what histograms gathered is moved to where it takes no room.
const UPKEEP: Duration = Duration::from_secs(5);

/// Upper bounds of the buckets of everything that ends in `_seconds`: from a cached answer to a time-out.
const SECONDS: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

static METRICS: OnceLock<Metrics> = OnceLock::new();

/// Sets figures that are kept elsewhere, just before they are rendered.
type Source = dyn Fn() + Send + Sync;

/// The figures of this process.
pub struct Metrics {
    handle: PrometheusHandle,
    sources: Mutex<Vec<Weak<Source>>>,
}

/// Figures that are brought up to date whenever figures are rendered, until this is dropped.
#[must_use]
pub struct Shown {
    _source: Arc<Source>,
}

/// The figures of this process, gathered from the first call on.
///
/// # Panics
/// If somebody other than Teller gathers figures in this process.
pub fn install() -> &'static Metrics {
    METRICS.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
        let handle = builder.expect("there are buckets").install_recorder();
        let handle = handle.expect("this is the only recorder, and it is installed once");
        let metrics = Metrics { handle, sources: Mutex::default() };
        describe_process();
        metrics
    })
}

impl Metrics {
    /// All figures in Prometheus's text format.
    pub fn render(&self) -> String {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.retain(|source| source.upgrade().map(|set| set()).is_some());
        drop(sources);
        self.handle.render()
    }

    /// Has `set` bring figures up to date whenever they are rendered, as long as the result is kept.
    pub fn show(&self, set: impl Fn() + Send + Sync + 'static) -> Shown {
        let source: Arc<Source> = Arc::new(set);
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&source));
        Shown { _source: source }
    }

    /// Keeps memory bounded while nobody asks for figures. Runs for ever: spawn it.
    pub async fn keep_up(&self) {
        let mut interval = tokio::time::interval(UPKEEP);
        loop {
            interval.tick().await;
            self.handle.run_upkeep();
        }
    }
}

fn describe_process() {
    describe_gauge!("process_start_time_seconds", Unit::Seconds, "When the process started, in seconds since 1970.");
    describe_gauge!("teller_build_info", "1, with the version that runs.");
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    gauge!("process_start_time_seconds").set(since_1970.as_secs_f64());
    gauge!("teller_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

#[cfg(test)]
mod tests {
    use super::install;

    #[test]
    fn figures_say_what_runs_since_when_and_seconds_have_buckets() {
        let metrics = install();
        metrics::histogram!("probe_duration_seconds").record(0.002);
        let text = install().render();
        assert!(text.contains(concat!("teller_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")), "{text}");
        assert!(text.contains("\nprocess_start_time_seconds 1"), "{text}");
        assert!(text.contains("probe_duration_seconds_bucket{le=\"0.0025\"} 1"), "{text}");
        let shown = metrics.show(|| metrics::gauge!("probe_kept_elsewhere").increment(1.0));
        assert!(metrics.render().contains("probe_kept_elsewhere 1"));
        assert!(metrics.render().contains("probe_kept_elsewhere 2"));
        drop(shown);
        assert!(metrics.render().contains("probe_kept_elsewhere 2"), "nobody keeps it any more");
        assert!(std::ptr::eq(metrics, install()), "two servers in one process share their figures");
    }
}
