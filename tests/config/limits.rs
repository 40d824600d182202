//! Every rule at its edges, for one key and between two.

use std::time::Duration;

use teller::config::flag::{self, Flag};
use teller::config::rule::Rule;
use teller::config::schema::KEYS;
use teller::config::{Config, Error, Values};
use teller::domain::command::extra_time;

use crate::{load, load_text, refusal};

/// One value over the defaults, without what must hold between two keys.
fn alone(key: &'static str, text: &str) -> Result<Config, Error> {
    let mut values = Values::default();
    values.apply(flag::settings(vec![Flag { name: "--flag", key, text: text.to_owned() }])?)?;
    values.typed()
}

#[test]
fn every_number_holds_at_both_edges_and_is_refused_beyond() {
    for (key, rule) in KEYS {
        let Rule::Number(min, max) = *rule else { continue };
        for number in [min, max] {
            alone(key, &number.to_string()).unwrap_or_else(|error| panic!("{key} = {number}: {error}"));
        }
        for number in [min - 1, max + 1] {
            let refused = alone(key, &number.to_string()).expect_err(key).to_string();
            let expected = format!("{key} = {number} must be a whole number from {min} to {max} (flag --flag)");
            assert_eq!(refused, expected);
        }
    }
}

#[test]
fn every_text_holds_to_its_rule() {
    let (most, more) = ("x".repeat(1024), "x".repeat(1025));
    let cases: [(&'static str, &[&str], &[&str]); 13] = [
        ("environment", &["development", "production"], &["", "Production", "test"]),
        ("data_dir", &["/var/lib/teller"], &[""]),
        ("http.listen", &["0.0.0.0:0", "[::]:65535"], &["", "localhost:80", "127.0.0.1", "127.0.0.1:65536", ":80"]),
        ("http.behind_proxy", &["true", "false"], &["", "yes", "1"]),
        ("rpc.backends", &["", "a:1, b:2"], &["a", "a:0", "a:1,b"]),
        ("rpc.secret", &["", "0123456789abcdef", &most], &["0123456789abcde", &more, "***"]),
        (
            "store.url",
            &["sqlite", "memory", "sqlite:a/b.db"],
            &["", "sqlite:", "mysql", "postgres://a/b", "mysql://u:***@a/b"],
        ),
        ("volatile.url", &["memory", "redis://a", "redis://u:p@a:1/2"], &["", "redis", "redis://:***@a", "sqlite"]),
        (
            "fees.transfer",
            &["", "CNY 0.25% + 0.10 min 0.20 max 5.00, * 1%"],
            &["1%", "CNY", "CNY -1%", "* 1", "CNY 1%, CNY 2%", "CNY 0.001"],
        ),
        ("deduct.asset", &["CNY", "JPY"], &["", "cny", "XAU", "ABC"]),
        (
            "payment.gateway_url",
            &["", "simulated", "http://a:1"],
            &["a:1", "http://a", "https://a:1", "http://a:1/b", "Simulated"],
        ),
        ("webhook.retry_after_s", &["1", "5, 300", "2678400"], &["", "0", "5,", "1.5", "2678401", "5;6"]),
        ("log.level", &["info", "WARN", "info,hyper=off"], &["", "inof", "info,", "teller", "teller=loud"]),
    ];
    for (key, right, wrong) in cases {
        for text in right {
            alone(key, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        for text in wrong {
            let refused = alone(key, text).expect_err(text).to_string();
            assert!(
                refused.starts_with(key) && refused.contains("must be") && refused.ends_with("(flag --flag)"),
                "{refused}"
            );
        }
    }
}

#[test]
fn budgets_shrink_on_the_way_in_and_what_holds_another_is_larger() {
    // The key, the smallest value that fits beside the defaults of the other, and the other.
    for (key, least, other) in [
        ("http.request_timeout_ms", 1801, "rpc.request_timeout_ms"),
        ("rpc.request_timeout_ms", 1501, "store.statement_timeout_ms"),
        ("http.max_head_bytes", 8192, "http.max_target_bytes"),
        ("rpc.max_frame_bytes", 4_194_304 + 65_536, "picture.max_upload_bytes"),
        ("rpc.max_in_flight", 1024, "rpc.max_in_flight_per_connection"),
        ("token.refresh_ttl_s", 900, "token.access_ttl_s"),
        ("picture.max_side_px", 512, "picture.output_side_px"),
        ("webhook.max_in_flight", 8, "webhook.max_in_flight_per_user"),
    ] {
        load(None, &[], &[(key, &least.to_string())]).unwrap_or_else(|error| panic!("{key}: {error}"));
        // One less for the key, unless its own rule forbids that: then one more for the other.
        let said = match key {
            "http.max_head_bytes" => refusal(load(None, &[], &[(key, "8192"), (other, "8193")])),
            _ => refusal(load(None, &[], &[(key, &(least - 1).to_string())])),
        };
        assert!(said.contains(key) && said.contains(other) && said.contains("(flag --flag)"), "{said}");
        assert!(said.contains("fix: set "), "{said}");
    }
    // What a batch has longer, all three have longer alike.
    let config = Config::default();
    for transfers in [1, 2, 10_000] {
        let extra = extra_time(config.ledger.transfer_timeout(), transfers);
        assert_eq!(extra, Duration::from_millis(transfers as u64 - 1), "{transfers}");
    }
    load_text("password = { memory_kib = 32, lanes = 4 }").expect("8 KiB for each lane");
    let said = refusal(load_text("password = { memory_kib = 31, lanes = 4 }"));
    assert!(said.contains("fix: set password.memory_kib to 32 or more, or password.lanes lower"), "{said}");
}

#[test]
fn the_files_of_a_certificate_are_set_together() {
    let all = ["http.tls_cert_file", "http.tls_key_file"];
    let of_rpc = ["rpc.tls_cert_file", "rpc.tls_key_file", "rpc.tls_ca_file"];
    for (keys, more) in [(&all[..], "http.tls_key_file, or none"), (&of_rpc[..], "rpc.tls_ca_file, or none")] {
        let set: Vec<_> = keys.iter().map(|key| (*key, "file.pem")).collect();
        load(None, &[], &set).expect("all of them");
        for alone in &set {
            let said = refusal(load(None, &[], &[*alone]));
            assert!(said.contains(&format!("{} is set (flag --flag), and ", alone.0)), "{said}");
            assert!(said.contains("fix: set ") && said.contains(more), "{said}");
        }
    }
}
