//! Flags of the command line as settings.

use super::error::Error;
use super::origin::Origin;
use super::schema;
use super::values::Setting;

/// A flag that sets a key.
pub struct Flag {
    /// The flag with its dashes, such as `--http`.
    pub name: &'static str,
    /// The key it sets.
    pub key: &'static str,
    /// What was given.
    pub text: String,
}

/// Reads what flags said.
pub fn settings(flags: Vec<Flag>) -> Result<Vec<Setting>, Error> {
    flags.into_iter().map(setting).collect()
}

fn setting(flag: Flag) -> Result<Setting, Error> {
    let origin = Origin::Flag(flag.name);
    match schema::find(flag.key) {
        Some((key, rule)) => Ok(Setting { key, value: rule.value(&flag.text), origin }),
        None => Err(schema::unknown(flag.key, origin)),
    }
}
