//! The merged values as TOML again: each with its origin, secrets hidden. Read back, it makes the same configuration, except that a
//! hidden secret is refused until the real one is put in its place.

use std::fmt::Write;

use toml::Value;

use super::Values;
use super::hidden::{MASK, without_password};
use super::origin::Origin;
use super::schema;
use super::values::Setting;

/// Where origins begin, if the line leaves room.
const COLUMN: usize = 44;

impl Values {
    /// All values as TOML, in the order of the manual.
    pub fn to_toml(&self) -> String {
        let mut toml = String::new();
        let mut section = "";
        for setting in self.iter() {
            let (inner, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
            if inner != section {
                section = inner;
                toml.push_str(&format!("\n[{section}]\n"));
            }
            writeln!(toml, "{:COLUMN$}  # {}", line(name, setting), setting.origin).expect("a String takes everything");
        }
        toml
    }
}

fn line(name: &str, setting: &Setting) -> String {
    // The key that names the file is printed as it is; this value is only shown, or it would be given twice.
    let mark = if matches!(setting.origin, Origin::SecretFile(..)) { "# " } else { "" };
    format!("{mark}{name} = {}", hide(setting))
}

fn hide(setting: &Setting) -> Value {
    let (_, rule) = schema::find(setting.key).expect("values hold only keys of the schema");
    match &setting.value {
        Value::String(text) if rule.is_secret() && !text.is_empty() => Value::String(MASK.to_owned()),
        Value::String(text) if rule.is_url() => Value::String(without_password(text)),
        value => value.clone(),
    }
}
