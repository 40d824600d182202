//! The headers that every answer carries, whatever it answers.
//!
//! Values are static: putting them into an answer copies pointers, not text.

use hyper::HeaderMap;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};

/// The request's id, for whoever asks about it.
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

static OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// For what is a page or part of one.
pub(super) static PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'self'",
);
/// For everything else: should a browser ever take it for a page, then for one that loads nothing and is shown in no other.
static NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
static NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
static SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
static ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds what is missing: an answer keeps its own content policy and caching, where it has them.
pub(super) fn protect(headers: &mut HeaderMap, request_id: HeaderValue, tls: bool) {
    headers.entry(CONTENT_SECURITY_POLICY).or_insert_with(|| NOTHING.clone());
    headers.entry(CACHE_CONTROL).or_insert_with(|| NO_STORE.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF.clone());
    headers.insert(REFERRER_POLICY, SAME_ORIGIN.clone());
    headers.insert(OPENER_POLICY.clone(), SAME_ORIGIN.clone());
    if tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, ONE_YEAR.clone());
    }
    headers.insert(REQUEST_ID.clone(), request_id);
}
