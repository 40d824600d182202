//! Environment variables as settings: `http.listen` is `TELLER_HTTP_LISTEN`.

use std::env;
use std::ffi::OsString;

use super::error::Error;
use super::origin::Origin;
use super::schema;
use super::values::Setting;

/// The variable that names configuration files, separated as in `PATH`, when no flag does.
pub const FILES: &str = "TELLER_CONFIG";

const PREFIX: &str = "TELLER_";
/// Variables of the test suites, which are none of ours to judge.
const TESTS: &str = "TELLER_TEST_";

/// The variables of this process that begin with `TELLER_`. Fails if one of them is not UTF-8.
pub fn of_process() -> Result<Vec<(String, String)>, Error> {
    let ours = |(name, _): &(OsString, OsString)| name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
    env::vars_os().filter(ours).map(|(name, text)| as_text(name.to_string_lossy().into_owned(), text)).collect()
}

/// Reads the variables that are meant for Teller.
pub fn settings(variables: Vec<(String, String)>) -> Result<Vec<Setting>, Error> {
    let ours = |name: &str| name.starts_with(PREFIX) && !name.starts_with(TESTS) && name != FILES;
    variables.into_iter().filter(|(name, _)| ours(name)).map(|(name, text)| setting(name, &text)).collect()
}

/// The variable of `key`.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

fn as_text(name: String, text: OsString) -> Result<(String, String), Error> {
    match text.into_string() {
        Ok(text) => Ok((name, text)),
        Err(_) => {
            let (rule, origin) = ("must be UTF-8".to_owned(), Origin::Environment(name.clone()));
            Err(Error::Invalid { key: name, shown: None, rule, origin })
        }
    }
}

fn setting(name: String, text: &str) -> Result<Setting, Error> {
    match schema::KEYS.iter().find(|(key, _)| variable(key) == name) {
        Some((key, rule)) => Ok(Setting { key, value: rule.value(text), origin: Origin::Environment(name) }),
        None => Err(unknown(&name)),
    }
}

fn unknown(name: &str) -> Error {
    let known = schema::KEYS.iter().map(|(key, _)| variable(key)).chain([FILES.to_owned()]);
    let nearest = known.min_by_key(|variable| strsim::osa_distance(name, variable)).expect("there are keys");
    Error::unknown(name, Origin::Environment(name.to_owned()), nearest)
}
