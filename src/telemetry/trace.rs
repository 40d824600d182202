//! The W3C trace of a request in the logs. Its trace id is the request id, which every event about one request carries; a span for
//! each would cost at 100,000 requests a second, so that only sampled ones get one.

use teller_rpc::Trace;
use tracing::Span;

/// The bit of [`Trace::flags`] that asks every hop for a span.
pub const SAMPLED: u8 = 1;

/// One in how many requests is sampled when the caller did not decide.
const SAMPLED_ONE_IN: u64 = 128;

/// The flags of a trace that begins here: sampled now and then.
pub fn new_flags() -> u8 {
    if rand::random::<u64>().is_multiple_of(SAMPLED_ONE_IN) { SAMPLED } else { 0 }
}

/// The request id, for an event's `request_id` field: 32 lower-case hex digits.
pub fn request_id(trace: &Trace) -> String {
    hex::encode(trace.trace_id)
}

/// The span of a request if it is sampled, or one that costs nothing.
pub fn span(trace: &Trace) -> Span {
    if trace.flags & SAMPLED == 0 {
        return Span::none();
    }
    tracing::info_span!("request", request_id = request_id(trace))
}

#[cfg(test)]
mod tests {
    use teller_rpc::Trace;

    use super::{SAMPLED, new_flags, request_id, span};

    #[test]
    fn the_request_id_is_the_trace_id_and_only_a_sampled_request_has_a_span() {
        let trace: Trace =
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().expect("from the standard");
        assert_eq!(request_id(&trace), "4bf92f3577b34da6a3ce929d0e0e4736");
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            assert!(!span(&trace).is_disabled());
            assert!(span(&Trace { flags: 0, ..trace }).is_disabled());
        });
    }

    #[test]
    fn few_requests_are_sampled() {
        let sampled = (0..12_800).filter(|_| new_flags() == SAMPLED).count();
        // 100 are expected; none, or 200 and more, happen less than once in 10^18 runs.
        assert!((1..200).contains(&sampled), "{sampled} of 12800");
    }
}
