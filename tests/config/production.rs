//! What each part refuses to run with.

use teller::config::Part;

use crate::load;

const EVERYWHERE: (&str, &str) = ("http.listen", "0.0.0.0:8080");
const RPC_EVERYWHERE: (&str, &str) = ("rpc.listen", "0.0.0.0:7070");
const BACKENDS: (&str, &str) = ("rpc.backends", "127.0.0.1:7070,backend-2:7070");
const LOCAL_BACKENDS: (&str, &str) = ("rpc.backends", "localhost:7070,[::1]:7071");
const PROXY: (&str, &str) = ("http.behind_proxy", "true");
const CERTIFICATE: (&str, &str) = ("http.tls_cert_file", "http.pem");
const KEY: (&str, &str) = ("http.tls_key_file", "http.key");
const RPC_CERTIFICATE: (&str, &str) = ("rpc.tls_cert_file", "backend.pem");
const RPC_KEY: (&str, &str) = ("rpc.tls_key_file", "backend.key");
const RPC_CA: (&str, &str) = ("rpc.tls_ca_file", "ca.pem");
const SECRET: (&str, &str) = ("rpc.secret", "c0ffee11c0ffee22c0ffee33c0ffee44");
const MEMORY: (&str, &str) = ("store.url", "memory");
const GATEWAY: (&str, &str) = ("payment.gateway_url", "http://127.0.0.1:7300");
const WEAK: (&str, &str) = ("password.scheme", "md5-salted");
const PRIVATE: (&str, &str) = ("webhook.allow_private", "true");
const NO_GATEWAY: (&str, &str) = ("payment.gateway_url", "");

/// What is said when `part` is to run with `flags`; nothing if it may.
fn said(environment: &str, part: Part, flags: &[(&'static str, &str)]) -> String {
    let flags: Vec<_> =
        [GATEWAY].into_iter().chain(flags.iter().copied()).chain([("environment", environment)]).collect();
    let (config, _) = load(None, &[], &flags).expect("each value is right");
    match config.allow(part) {
        Ok(()) => String::new(),
        Err(error) => format!("{error}; fix: {}", error.fix().expect("every refusal has a fix")),
    }
}

#[test]
fn production_refuses_what_is_unsafe_and_names_the_key_that_puts_it_right() {
    let short = ("rpc.secret", "0123456789abcdef0123456789abcde");
    let monotonous = ("rpc.secret", "abcdefgabcdefgabcdefgabcdefgabcdefg");
    for (part, flags, fix) in [
        (Part::Serve, &[EVERYWHERE][..], "http.behind_proxy = true"),
        (Part::Serve, &[EVERYWHERE], "set http.tls_cert_file and http.tls_key_file (TELLER_HTTP_TLS_CERT_FILE, "),
        (Part::Http, &[EVERYWHERE, LOCAL_BACKENDS], "http.behind_proxy = true"),
        (Part::Serve, &[MEMORY], "store.url = \"sqlite\""),
        (Part::Backend, &[MEMORY], "store.url = \"sqlite\""),
        (Part::Serve, &[RPC_EVERYWHERE, SECRET], "set rpc.tls_cert_file, rpc.tls_key_file and rpc.tls_ca_file"),
        (Part::Backend, &[RPC_EVERYWHERE, SECRET], "TELLER_RPC_TLS_CA_FILE) on both sides"),
        (Part::Http, &[BACKENDS, SECRET], "or use loopback (--rpc 127.0.0.1:7070)"),
        (Part::Http, &[BACKENDS, SECRET, CERTIFICATE, KEY, PROXY], "set rpc.tls_cert_file"),
        (Part::Backend, &[RPC_EVERYWHERE, RPC_CERTIFICATE, RPC_KEY, RPC_CA], "TELLER_RPC_SECRET"),
        (Part::Http, &[BACKENDS, RPC_CERTIFICATE, RPC_KEY, RPC_CA], "TELLER_RPC_SECRET"),
        (Part::Serve, &[WEAK], "password.scheme = \"argon2id\""),
        (Part::Backend, &[WEAK], "TELLER_PASSWORD_SCHEME=argon2id"),
        (Part::Serve, &[NO_GATEWAY], "payment.gateway_url"),
        (Part::Backend, &[NO_GATEWAY], "payment.gateway_url"),
        (Part::Serve, &[PRIVATE], "webhook.allow_private = false"),
        (Part::Backend, &[PRIVATE], "TELLER_WEBHOOK_ALLOW_PRIVATE=false"),
        (Part::Serve, &[short], "openssl rand -hex 32"),
        (Part::Backend, &[monotonous], "openssl rand -hex 32"),
    ] {
        let refused = said("production", part, flags);
        assert!(refused.contains("; fix: ") && refused.contains(fix), "{part:?} {flags:?}: {refused}");
        assert_eq!(said("development", part, flags), "", "{part:?} {flags:?}");
    }
}

#[test]
fn production_runs_with_what_is_safe() {
    for (part, flags) in [
        (Part::Serve, &[][..]),
        (Part::Serve, &[EVERYWHERE, PROXY, SECRET]),
        (Part::Serve, &[("payment.gateway_url", "simulated")]),
        (Part::Http, &[LOCAL_BACKENDS, NO_GATEWAY]),
        // What a part does not have is none of its concern.
        (Part::Http, &[LOCAL_BACKENDS, RPC_EVERYWHERE, MEMORY, PRIVATE]),
        (Part::Serve, &[EVERYWHERE, CERTIFICATE, KEY]),
        (Part::Http, &[EVERYWHERE, PROXY, BACKENDS, RPC_CERTIFICATE, RPC_KEY, RPC_CA, SECRET]),
        (Part::Backend, &[EVERYWHERE]),
        (Part::Backend, &[RPC_EVERYWHERE, RPC_CERTIFICATE, RPC_KEY, RPC_CA, SECRET]),
    ] {
        assert_eq!(said("production", part, flags), "", "{part:?} {flags:?}");
    }
}

#[test]
fn a_front_end_alone_needs_backends_and_a_whole_server_has_its_own() {
    for environment in ["development", "production"] {
        assert!(said(environment, Part::Http, &[]).contains("add --backend HOST:PORT"));
        assert!(said(environment, Part::Serve, &[LOCAL_BACKENDS]).contains("run `teller http`"));
    }
}
