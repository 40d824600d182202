//! `teller verify`, run as a program.

use serde_json::Value;

use crate::support::process::BackendProcess;

/// What it says.
#[derive(Debug)]
#[allow(dead_code, reason = "what it says of errors is for whoever reads why a story failed")]
pub struct Verdict {
    /// Its exit code.
    pub code: Option<i32>,
    /// Its report; null where it has none.
    pub report: Value,
    /// What it says of errors.
    pub error: String,
}

/// Runs it on the backend's books, whether that runs or not.
pub async fn verify(backend: &BackendProcess, more: &[&str]) -> Verdict {
    let arguments = [&["verify", "--json"], more].concat();
    let output = backend.command(&arguments).output().await.expect("teller starts");
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    Verdict { code: output.status.code(), report, error: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// Runs it, and expects that all is right. Returns the report.
pub async fn clean(backend: &BackendProcess, more: &[&str]) -> Value {
    let verdict = verify(backend, more).await;
    assert_eq!((verdict.code, &verdict.report["ok"]), (Some(0), &Value::Bool(true)), "{verdict:?}");
    verdict.report
}
