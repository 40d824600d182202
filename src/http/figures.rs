//! Counts and durations of requests, per route and outcome.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram};

use super::errcode::Code;
use super::reply::Reply;

/// Statuses that get figures of their own; any other is counted as the last.
const STATUSES: [u16; 19] =
    [200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 422, 431, 503, 504, 500];

/// The figures of one route. What they are counted under is looked up once per route and outcome, not per request.
#[derive(Debug)]
pub(super) struct Figures {
    route: &'static str,
    statuses: [OnceLock<Outcome>; STATUSES.len()],
    codes: [OnceLock<Outcome>; Code::COUNT],
}

#[derive(Debug)]
struct Outcome {
    requests: Counter,
    seconds: Histogram,
}

impl Figures {
    /// Figures under the name `route`.
    pub(super) fn of(route: &'static str) -> Self {
        Self { route, statuses: Default::default(), codes: Default::default() }
    }

    /// Counts an answer that took `elapsed` to make.
    pub(super) fn count(&self, reply: &Reply, elapsed: Duration) {
        let (status, code) = (reply.status(), reply.code());
        // The entry task answers 200 whatever happened, so its outcome is its code.
        let outcome = match code {
            Some(code) if status == STATUSES[0] => &self.codes[code as usize],
            _ => &self.statuses[STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1)],
        };
        let outcome = outcome.get_or_init(|| Outcome::new(self.route, status, code));
        outcome.requests.increment(1);
        outcome.seconds.record(elapsed);
    }
}

impl Outcome {
    fn new(route: &'static str, status: u16, code: Option<Code>) -> Self {
        let labels = [
            ("route", route.to_owned()),
            ("status", status.to_string()),
            ("code", code.map_or("", Code::digit).to_owned()),
        ];
        Self {
            requests: metrics::counter!("teller_http_requests_total", &labels),
            seconds: metrics::histogram!("teller_http_request_seconds", &labels),
        }
    }
}
