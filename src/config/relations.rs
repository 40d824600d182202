//! Rules that hold between two keys.

use super::error::Error;
use super::{Config, Values};

/// What a message needs beside the picture or statement in it, in bytes.
const FRAME_ROOM: u64 = 65_536;

/// Files that are of use together only.
const TOGETHER: [&[&str]; 2] =
    [&["http.tls_cert_file", "http.tls_key_file"], &["rpc.tls_cert_file", "rpc.tls_key_file", "rpc.tls_ca_file"]];

/// Whether all pairs of values fit together.
pub fn check(config: &Config, values: &Values) -> Result<(), Error> {
    for keys in TOGETHER {
        together(keys, values)?;
    }
    let Config { http, rpc, store, token, password, picture, payment, webhook, reconcile, .. } = config;
    let wide = |number: usize| number as u64;
    // A budget shrinks on its way in, so that whoever waits outside hears a reason and not a time-out.
    let pairs = [
        ("http.request_timeout_ms", http.request_timeout_ms, "rpc.request_timeout_ms", rpc.request_timeout_ms + 1),
        (
            "rpc.request_timeout_ms",
            rpc.request_timeout_ms,
            "store.statement_timeout_ms",
            store.statement_timeout_ms + 1,
        ),
        ("http.max_head_bytes", wide(http.max_head_bytes), "http.max_target_bytes", wide(http.max_target_bytes)),
        (
            "rpc.max_frame_bytes",
            wide(rpc.max_frame_bytes),
            "picture.max_upload_bytes",
            wide(picture.max_upload_bytes) + FRAME_ROOM,
        ),
        (
            "rpc.max_frame_bytes",
            wide(rpc.max_frame_bytes),
            "reconcile.max_statement_bytes",
            wide(reconcile.max_statement_bytes) + FRAME_ROOM,
        ),
        (
            "rpc.max_in_flight",
            wide(rpc.max_in_flight),
            "rpc.max_in_flight_per_connection",
            wide(rpc.max_in_flight_per_connection),
        ),
        ("token.refresh_ttl_s", token.refresh_ttl_s, "token.access_ttl_s", token.access_ttl_s),
        ("picture.max_side_px", picture.max_side_px.into(), "picture.output_side_px", picture.output_side_px.into()),
        // A charge and the question what became of it may each take twice the time-out: to connect, and to be answered.
        (
            "payment.recover_after_s",
            payment.recover_after_s,
            "payment.gateway_timeout_ms",
            (4 * payment.gateway_timeout_ms).div_ceil(1000) + 1,
        ),
        (
            "webhook.max_in_flight",
            wide(webhook.max_in_flight),
            "webhook.max_in_flight_per_user",
            wide(webhook.max_in_flight_per_user),
        ),
        ("password.memory_kib", password.memory_kib.into(), "password.lanes", 8 * u64::from(password.lanes)),
    ];
    for (key, value, other, least) in pairs {
        if value < least {
            return Err(too_small(key, value, other, least, values));
        }
    }
    Ok(())
}

fn together(keys: &[&str], values: &Values) -> Result<(), Error> {
    let is_set = |key: &&&str| !values.text(key).is_empty();
    let (Some(set), Some(missing)) = (keys.iter().find(is_set), keys.iter().find(|key| !is_set(key))) else {
        return Ok(());
    };
    Err(Error::Refused {
        problem: format!("{set} is set ({}), and {missing} is not", values.origin(set)),
        fix: format!("set {}, or none of them", keys.join(" and ")),
    })
}

fn too_small(key: &str, value: u64, other: &str, least: u64, values: &Values) -> Error {
    let (origin, other_origin) = (values.origin(key), values.origin(other));
    Error::Refused {
        problem: format!("{key} = {value} ({origin}) is too small beside {other} ({other_origin})"),
        fix: format!("set {key} to {least} or more, or {other} lower"),
    }
}
