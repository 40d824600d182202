//! Which trace a request belongs to. The trace's id is also the request's id, in the answer and in all logs.

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use rand::Rng;
use teller_rpc::Trace;

use crate::telemetry::trace::new_flags;

/// The header that carries a trace context, <https://www.w3.org/TR/trace-context/>.
const TRACEPARENT: &str = "traceparent";

/// The caller's trace with a new span; without a valid one, a new trace.
pub(super) fn of(headers: &HeaderMap) -> Trace {
    let caller: Option<Trace> =
        headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let mut trace = caller.unwrap_or(Trace { trace_id: [0; 16], span_id: [0; 8], flags: new_flags() });
    let mut random = rand::rng();
    random.fill_bytes(&mut trace.span_id);
    if caller.is_none() {
        random.fill_bytes(&mut trace.trace_id);
    }
    trace
}

/// The value of `X-Request-Id`: the trace's id, 32 hex digits.
pub(super) fn request_id(trace: &Trace) -> HeaderValue {
    let mut text = [0; 32];
    hex::encode_to_slice(trace.trace_id, &mut text).expect("16 bytes are 32 digits");
    HeaderValue::from_bytes(&text).expect("hex digits are ASCII")
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::{of, request_id};

    const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn traced(value: &'static str) -> teller_rpc::Trace {
        of(&HeaderMap::from_iter([("traceparent".parse().expect("a name"), value.parse().expect("a value"))]))
    }

    #[test]
    fn a_valid_trace_goes_on_with_a_span_of_its_own() {
        let trace = traced(CALLER);
        assert_eq!(request_id(&trace), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(trace.span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        assert_eq!(trace.flags, 1);
    }

    #[test]
    fn without_a_valid_trace_each_request_begins_one() {
        for value in ["", "junk", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert_ne!(traced(value).trace_id, [0; 16], "{value}");
            assert_ne!(traced(value).trace_id, traced(value).trace_id, "{value}");
        }
    }
}
