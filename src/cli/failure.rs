//! What is said at the end when something went wrong: one line, a fix where there is one, and an exit code.

use std::process::ExitCode;

use crate::config;

/// The exit code of a failure at run time.
const RUN_TIME: u8 = 1;
/// The exit code of wrong usage or configuration.
pub const USAGE: u8 = 2;

/// What an error's text may end with to say how it is put right.
const FIX: &str = "\nfix: ";

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
pub struct Failure {
    problem: String,
    fix: Option<String>,
    code: u8,
}

impl Failure {
    /// Something went wrong while it ran. A wrong configuration that was only noticed then is still one; the text of any other error
    /// may end in a line `fix: ...`.
    pub fn at_run_time(error: impl Into<anyhow::Error>) -> Self {
        let error = match error.into().downcast::<config::Error>() {
            Ok(configuration) => return configuration.into(),
            Err(error) => error,
        };
        let text = error.to_string();
        let (problem, fix) = match text.split_once(FIX) {
            Some((problem, fix)) => (problem, Some(fix.to_owned())),
            None => (text.as_str(), None),
        };
        let causes = error.chain().skip(1).map(|cause| format!(": {cause}"));
        Self { problem: problem.to_owned() + &causes.collect::<String>(), fix, code: RUN_TIME }
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

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self { problem: error.to_string(), fix: error.fix(), code: USAGE }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::{Failure, RUN_TIME, USAGE};
    use crate::config;

    #[test]
    fn a_failure_names_every_cause_and_keeps_the_fix_apart() {
        let failure = Failure::at_run_time(anyhow!("address in use").context("cannot listen\nfix: use another --http"));
        assert_eq!(failure.problem, "cannot listen: address in use");
        assert_eq!(failure.fix.as_deref(), Some("use another --http"));
        assert_eq!(failure.code, RUN_TIME);
    }

    #[test]
    fn a_configuration_found_wrong_late_is_still_wrong_configuration() {
        let refused = config::Error::Refused { problem: "no".to_owned(), fix: "yes".to_owned() };
        let failure = Failure::at_run_time(refused);
        assert_eq!((failure.problem.as_str(), failure.fix.as_deref(), failure.code), ("no", Some("yes"), USAGE));
    }
}
