//! What is said at the end when something went wrong: one line, a fix where there is one, and an exit code.

use std::process::ExitCode;

use crate::{app, config};

/// The exit code of a failure at run time.
const RUN_TIME: u8 = 1;
/// The exit code of wrong usage or configuration.
pub const USAGE: u8 = 2;

/// The exit code of a check that found what it looked for.
const FOUND: u8 = 3;

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
pub struct Failure {
    problem: String,
    fix: Option<String>,
    code: u8,
}

impl Failure {
    /// Something went wrong while it ran.
    pub fn at_run_time(error: impl Into<anyhow::Error>) -> Self {
        Self { problem: one_line(error.into().chain().map(ToString::to_string)), fix: None, code: RUN_TIME }
    }

    /// What was asked for cannot be asked for.
    pub fn in_usage(problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { problem: problem.into(), fix: Some(fix.into()), code: USAGE }
    }

    /// What was checked is not as it should be.
    pub fn found(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), fix: None, code: FOUND }
    }

    /// Says it on standard error; returns what to exit with.
    pub fn report(self) -> ExitCode {
        eprintln!("error: {}", self.problem);
        if let Some(fix) = self.fix {
            eprintln!("fix: {fix}");
        }
        ExitCode::from(self.code)
    }
}

/// The causes after each other in one line. Drivers break lines as they like, and put a cause's text into their own: what was said is
/// not said again.
fn one_line(causes: impl Iterator<Item = String>) -> String {
    let mut said = String::new();
    for cause in causes {
        let words: Vec<&str> = cause.split_whitespace().collect();
        let cause = words.join(" ");
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    let mut parts: Vec<&str> = said.split(": ").collect();
    parts.dedup();
    parts.join(": ")
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self { problem: error.to_string(), fix: error.fix(), code: USAGE }
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        let fix = error.fix().map(str::to_owned);
        Self { fix, ..Self::at_run_time(error) }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::{Failure, RUN_TIME, USAGE};
    use crate::config;

    #[test]
    fn a_failure_names_every_cause() {
        let failure = Failure::at_run_time(anyhow!("address in use").context("cannot listen"));
        assert_eq!((failure.problem.as_str(), failure.code), ("cannot listen: address in use", RUN_TIME));
    }

    #[test]
    fn what_a_driver_says_twice_is_said_once_and_in_one_line() {
        let refused = anyhow!("refused (os error 111)").context("I/O: I/O: refused (os error 111)");
        let failure = Failure::at_run_time(refused.context("cannot use\n  it"));
        assert_eq!(failure.problem, "cannot use it: I/O: refused (os error 111)");
    }

    #[test]
    fn a_wrong_configuration_says_its_fix() {
        let refused = config::Error::Refused { problem: "no".to_owned(), fix: "yes".to_owned() };
        let failure = Failure::from(refused);
        assert_eq!((failure.problem.as_str(), failure.fix.as_deref(), failure.code), ("no", Some("yes"), USAGE));
    }
}
