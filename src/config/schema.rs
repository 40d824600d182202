//! Every key, in the order of `config/default.toml`, with the rule for its value. A test holds this table, the file and the typed
//! sections against each other.

use teller_rpc::frame::MAX_BODY_BYTES;

use super::error::Error;
use super::origin::Origin;
use super::rule::Rule;

const THREADS: Rule = Rule::Number(0, 1024);
const TIMEOUT_MS: Rule = Rule::Number(1, 600_000);
const SIDE_PX: Rule = Rule::Number(16, 16_384);

/// A key's full name, and what its value may be.
pub const KEYS: &[(&str, Rule)] = &[
    ("environment", Rule::OneOf(&["development", "production"])),
    ("data_dir", Rule::Path),
    ("http.listen", Rule::Listen),
    ("http.threads", THREADS),
    ("http.tls_cert_file", Rule::PathOrNone),
    ("http.tls_key_file", Rule::PathOrNone),
    ("http.max_connections", Rule::Number(1, 1_000_000)),
    ("http.header_timeout_ms", TIMEOUT_MS),
    ("http.body_timeout_ms", TIMEOUT_MS),
    ("http.idle_timeout_ms", TIMEOUT_MS),
    ("http.request_timeout_ms", TIMEOUT_MS),
    ("http.max_target_bytes", Rule::Number(64, 1 << 20)),
    // 8192 is the smallest read buffer that hyper takes.
    ("http.max_head_bytes", Rule::Number(8192, 1 << 20)),
    ("http.max_headers", Rule::Number(8, 1024)),
    ("http.max_body_bytes", Rule::Number(256, 64 << 20)),
    ("http.max_batch_bytes", Rule::Number(256, 64 << 20)),
    ("http.drain_ms", Rule::Number(0, 600_000)),
    ("http.behind_proxy", Rule::Switch),
    ("limits.per_address_per_s", Rule::Number(0, 1_000_000)),
    ("limits.per_address_burst", Rule::Number(1, 1_000_000)),
    ("limits.per_caller_per_s", Rule::Number(0, 1_000_000)),
    ("limits.per_caller_burst", Rule::Number(1, 1_000_000)),
    ("rpc.listen", Rule::Listen),
    ("rpc.threads", THREADS),
    ("rpc.backends", Rule::Addresses),
    ("rpc.secret", Rule::Secret),
    ("rpc.secret_file", Rule::PathOrNone),
    ("rpc.tls_cert_file", Rule::PathOrNone),
    ("rpc.tls_key_file", Rule::PathOrNone),
    ("rpc.tls_ca_file", Rule::PathOrNone),
    ("rpc.request_timeout_ms", TIMEOUT_MS),
    ("rpc.connect_timeout_ms", TIMEOUT_MS),
    ("rpc.hello_timeout_ms", TIMEOUT_MS),
    ("rpc.max_frame_bytes", Rule::Number(65_536, MAX_BODY_BYTES as i64)),
    ("rpc.max_connections", Rule::Number(1, 1_000_000)),
    ("rpc.max_in_flight", Rule::Number(1, 1_000_000)),
    ("rpc.max_in_flight_per_connection", Rule::Number(1, 65_535)),
    ("rpc.pool_connections", Rule::Number(1, 1024)),
    ("rpc.drain_ms", Rule::Number(0, 600_000)),
    ("store.url", Rule::StoreUrl),
    ("store.url_file", Rule::PathOrNone),
    ("store.statement_timeout_ms", TIMEOUT_MS),
    ("store.max_connections", Rule::Number(1, 1024)),
    ("store.readers", Rule::Number(1, 64)),
    ("volatile.url", Rule::VolatileUrl),
    ("volatile.url_file", Rule::PathOrNone),
    ("volatile.timeout_ms", TIMEOUT_MS),
    ("volatile.connections", Rule::Number(1, 64)),
    ("volatile.prefix", Rule::KeyPrefix),
    ("volatile.max_entries", Rule::Number(1, 1_000_000_000)),
    ("sign_in.free_failures", Rule::Number(1, 1_000_000)),
    ("sign_in.free_failures_per_address", Rule::Number(1, 1_000_000)),
    // Not shorter than the longest wait.
    ("sign_in.window_s", Rule::Number(60, 86_400)),
    // A year.
    ("session.ttl_s", Rule::Number(1, 31_536_000)),
    ("token.format", Rule::OneOf(&["paseto", "jwt"])),
    ("token.access_ttl_s", Rule::Number(10, 86_400)),
    // A year.
    ("token.refresh_ttl_s", Rule::Number(10, 31_536_000)),
    ("token.grace_s", Rule::Number(0, 300)),
    ("token.max_sessions", Rule::Number(1, 1000)),
    ("token.keys_file", Rule::PathOrNone),
    ("profile.cache_ttl_s", Rule::Number(1, 86_400)),
    ("password.scheme", Rule::OneOf(&["argon2id", "md5-salted"])),
    ("password.memory_kib", Rule::Number(8, 4 << 20)),
    ("password.passes", Rule::Number(1, 100)),
    ("password.lanes", Rule::Number(1, 64)),
    ("password.threads", THREADS),
    ("password.queue", Rule::Number(0, 10_000)),
    ("picture.max_upload_bytes", Rule::Number(1024, MAX_BODY_BYTES as i64)),
    ("picture.max_side_px", SIDE_PX),
    ("picture.output_side_px", SIDE_PX),
    ("picture.threads", Rule::Number(1, 1024)),
    ("picture.queue", Rule::Number(0, 10_000)),
    ("reconcile.max_statement_bytes", Rule::Number(1024, MAX_BODY_BYTES as i64)),
    ("reconcile.max_lines", Rule::Number(1, 10_000_000)),
    ("reconcile.max_entries", Rule::Number(1, 100_000_000)),
    ("reconcile.threads", Rule::Number(1, 1024)),
    ("reconcile.queue", Rule::Number(0, 10_000)),
    // A hundred years.
    ("audit.keep_days", Rule::Number(1, 36_525)),
    ("log.level", Rule::LogLevel),
    ("log.format", Rule::OneOf(&["auto", "text", "json"])),
    ("coalesce.lanes", Rule::Number(1, 64)),
    ("coalesce.batch_max", Rule::Number(1, 4096)),
    ("ledger.lanes", Rule::Number(1, 64)),
    ("ledger.batch_max", Rule::Number(1, 10_000)),
    // What one caller may ask for at once must find room.
    ("ledger.queue_max", Rule::Number(10_000, 10_000_000)),
    ("ledger.external_stripes", Rule::Number(1, 256)),
    ("ledger.same_key_wait_ms", Rule::Number(0, 600_000)),
    // Ten minutes for the largest batch.
    ("ledger.transfer_timeout_us", Rule::Number(0, 60_000)),
    ("fees.transfer", Rule::Tariffs),
    ("fees.withdrawal", Rule::Tariffs),
    ("fees.conversion", Rule::Tariffs),
    ("conversion.quote_ttl_s", Rule::Number(1, 3600)),
    ("contracts.open", Rule::Switch),
    ("deduct.asset", Rule::Currency),
    ("payment.asset", Rule::Currency),
    ("payment.token_ttl_s", Rule::Number(1, 86_400)),
    ("payment.accept_client_tokens", Rule::Switch),
    ("payment.gateway_url", Rule::GatewayUrl),
    ("payment.gateway_timeout_ms", TIMEOUT_MS),
    ("payment.max_in_flight", Rule::Number(1, 100_000)),
    ("payment.recover_after_s", Rule::Number(1, 86_400)),
    ("webhook.max_per_user", Rule::Number(1, 1000)),
    ("webhook.allow_private", Rule::Switch),
    ("webhook.ca_file", Rule::PathOrNone),
    ("webhook.timeout_ms", TIMEOUT_MS),
    ("webhook.poll_ms", Rule::Number(10, 600_000)),
    ("webhook.retry_after_s", Rule::Pauses),
    // A year.
    ("webhook.give_up_after_h", Rule::Number(1, 8760)),
    ("webhook.max_in_flight", Rule::Number(1, 10_000)),
    ("webhook.max_in_flight_per_user", Rule::Number(1, 10_000)),
];

/// A key and the key of the file that may hold its value instead.
pub const SECRET_FILES: &[(&str, &str)] =
    &[("rpc.secret", "rpc.secret_file"), ("store.url", "store.url_file"), ("volatile.url", "volatile.url_file")];

/// The entry of `name`, if there is such a key.
pub fn find(name: &str) -> Option<&'static (&'static str, Rule)> {
    KEYS.iter().find(|(key, _)| *key == name)
}

/// Whether `name` is a section, such as `http`.
pub fn is_section(name: &str) -> bool {
    sections().any(|section| section == name)
}

fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(|(key, _)| key.split_once('.')).map(|(section, _)| section)
}

/// The error for a key that does not exist: it names the one that was most likely meant.
pub fn unknown(name: &str, origin: Origin) -> Error {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    // The right key in the wrong section is as near as one wrong letter.
    let distance = |key: &str| strsim::osa_distance(name, key).min(1 + strsim::osa_distance(&last(name), &last(key)));
    let keys = KEYS.iter().map(|(key, _)| *key);
    let nearest = keys.chain(sections()).min_by_key(|known| distance(known));
    Error::unknown(name, origin, nearest.expect("there are keys").to_owned())
}
