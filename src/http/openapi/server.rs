//! What is told of the server itself, described: health, figures, problems, pictures, and this document.

use hyper::header::HeaderValue;
use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::Get;

use super::answer::Said;
use super::operation::{JSON, Operation};
use super::value::{Others, like, record, text};
use crate::http::catalog::{Explanation, Kind};
use crate::http::health::Health;
use crate::http::page::REVALIDATE;
use crate::http::problem::Problem;
use crate::http::reply::Reply;

/// What they are, in short.
pub(super) const ABOUT: &str = "Whether it runs and serves, what it counts, what its problems mean. For everybody.";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        health("/livez", "live", "Whether the front end runs", json!({"status": "alive"})),
        health(
            "/readyz",
            "ready",
            "Whether the backend and its stores answer",
            json!({"status": "ready", "version": "0.1.0"}),
        )
        .asks(),
        health("/health", "health", "The same in one word", json!({"status": "healthy"})),
        metrics(),
        problem(),
        picture(),
        document(),
    ]
}

fn health(path: &'static str, name: &str, summary: &str, example: Value) -> Operation {
    Operation::new(Get, path, name, summary).answers::<Health<'_>>("It does.", example)
}

fn metrics() -> Operation {
    let said = Said::file(ok(), "Prometheus' text format.", "text/plain", text(0, usize::MAX, ""));
    Operation::new(Get, "/metrics", "metrics", "Counts and timings").says(said)
}

fn problem() -> Operation {
    let slug = |kind: &Kind| kind.uri().trim_start_matches("/problems/");
    let pattern = Kind::ALL.iter().map(slug).collect::<Vec<_>>().join("|");
    let shape = like(&format!("^({pattern})$"), "", "insufficient-funds");
    let shown = Reply::explanation(Kind::InsufficientFunds);
    let example = serde_json::from_slice(&shown.body).expect("it is JSON");
    Operation::new(Get, "/problems/{name}", "explainProblem", "What a type of problem means")
        .part("name", shape, "insufficient-funds", "What follows `/problems/` in `type`.")
        .answers::<Explanation>("It.", example)
        .meets(Problem::NotFound)
}

fn picture() -> Operation {
    let shape = like("^[0-9a-f]{32}\\.(jpg|png)$", "", "0123456789abcdef0123456789abcdef.png");
    let file =
        |media_type| Said::file(ok(), "The picture, to be kept for ever.", media_type, record(Others::Ignored, []));
    Operation::new(Get, "/pictures/{name}", "getPicture", "Get a picture")
        .about("For anyone who knows its name, which says nothing of whose it is. A new picture has a new name.")
        .part("name", shape, "0123456789abcdef0123456789abcdef.png", "What a profile says as `profilePath`.")
        .says(file("image/png"))
        .says(file("image/jpeg"))
        .meets(Problem::NotFound)
        .asks()
}

fn document() -> Operation {
    let said = Said::file(ok(), "This document.", JSON, record(Others::Ignored, [])).with_header("ETag", "Its digest.");
    Operation::new(Get, "/openapi.json", "describe", "This document").says(said).says(Said::bare(
        Reply::not_modified(HeaderValue::from_static("\"\""), &REVALIDATE).status(),
        "The copy that `If-None-Match` names is still the right one.",
    ))
}

fn ok() -> u16 {
    Reply::document(&()).status()
}
