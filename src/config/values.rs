//! The layers merged: one value and one origin for each key.

use std::fs;
use std::path::PathBuf;

use toml::{Table, Value};

use super::Config;
use super::error::Error;
use super::hidden::without_password;
use super::origin::Origin;
use super::rule::Rule;
use super::schema::{KEYS, SECRET_FILES};

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// What one layer says of one key.
pub struct Setting {
    /// The full name of the key.
    pub key: &'static str,
    /// Its value, not yet checked.
    pub value: Value,
    /// Where it is from.
    pub origin: Origin,
}

/// Every key with its value and origin, in the order of [`KEYS`]. Without a `Debug`, since there are secrets in it.
pub struct Values(Vec<Setting>);

impl Default for Values {
    fn default() -> Self {
        let table: Table = DEFAULTS.parse().expect("config/default.toml is built in, and a test parses it");
        let setting =
            |(key, _): &(&'static str, Rule)| Setting { key, value: default(&table, key), origin: Origin::Default };
        Self(KEYS.iter().map(setting).collect())
    }
}

fn default(table: &Table, key: &str) -> Value {
    let value = match key.split_once('.') {
        Some((section, name)) => table.get(section).and_then(|section| section.get(name)),
        None => table.get(key),
    };
    value.expect("every key has its default: a test walks both").clone()
}

impl Values {
    /// Puts one layer over those before it.
    pub fn apply(&mut self, layer: Vec<Setting>) -> Result<(), Error> {
        for setting in &layer {
            check(setting)?;
        }
        for (key, file_key) in SECRET_FILES {
            let says = |setting: &&Setting| setting.value.as_str() != Some("");
            let given = |key: &str| layer.iter().find(|setting| setting.key == key).filter(says);
            match (given(key), given(file_key)) {
                (Some(_), Some(file)) => return Err(Error::Twice { key, file_key, origin: file.origin.clone() }),
                (Some(_), None) => self.reset(file_key),
                (None, Some(_)) => self.reset(key),
                (None, None) => {}
            }
        }
        for setting in layer {
            self.set(setting);
        }
        Ok(())
    }

    /// Reads the values that are kept in files of their own.
    pub fn read_secret_files(&mut self) -> Result<(), Error> {
        for (key, file_key) in SECRET_FILES {
            let path = PathBuf::from(self.text(file_key));
            if path.as_os_str().is_empty() {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|cause| {
                let named_by = format!("{file_key}, {}", self.origin(file_key));
                Error::Unreadable { path: path.clone(), named_by, cause }
            })?;
            let value = Value::String(text.trim_end_matches(['\n', '\r']).to_owned());
            let setting = Setting { key, value, origin: Origin::SecretFile(path, file_key) };
            check(&setting)?;
            self.set(setting);
        }
        Ok(())
    }

    /// The values as the program uses them.
    pub fn typed(&self) -> Result<Config, Error> {
        let mut table = Table::new();
        for Setting { key, value, .. } in &self.0 {
            match key.split_once('.') {
                Some((section, name)) => {
                    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                    section
                        .as_table_mut()
                        .expect("no key is named as a section")
                        .insert(name.to_owned(), value.clone());
                }
                None => drop(table.insert((*key).to_owned(), value.clone())),
            }
        }
        // The message alone: the whole error would show the value.
        let broken = |error: toml::de::Error| Error::Refused {
            problem: format!("the settings do not fit the program: {}", error.message()),
            fix: "this is an error in Teller, please report it".to_owned(),
        };
        table.try_into().map_err(broken)
    }

    /// Every key with its value and origin, in the order of the manual.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// Where the value of `key` is from.
    pub fn origin(&self, key: &str) -> &Origin {
        &self.get(key).origin
    }

    /// The value of a key that holds a text.
    pub(super) fn text(&self, key: &str) -> &str {
        self.get(key).value.as_str().unwrap_or_default()
    }

    fn get(&self, key: &str) -> &Setting {
        self.0.iter().find(|setting| setting.key == key).expect("only keys of the schema are asked for")
    }

    fn reset(&mut self, key: &str) {
        let default = Self::default().0.into_iter().find(|setting| setting.key == key);
        self.set(default.expect("only keys of the schema are reset"));
    }

    fn set(&mut self, setting: Setting) {
        let place = self.0.iter_mut().find(|known| known.key == setting.key);
        *place.expect("the layers know only keys of the schema") = setting;
    }
}

fn check(setting: &Setting) -> Result<(), Error> {
    let Setting { key, value, origin } = setting;
    let (_, rule) = super::schema::find(key).expect("the layers know only keys of the schema");
    rule.check(value).map_err(|words| Error::Invalid {
        key: (*key).to_owned(),
        shown: shown(*rule, value),
        rule: words,
        origin: origin.clone(),
    })
}

/// A wrong value as an error may show it: a URL that cannot be read cannot be relied on to keep its password in its place.
fn shown(rule: Rule, value: &Value) -> Option<String> {
    let text = value.to_string();
    let doubtful = rule.is_url() && (text.contains([':', '@']) || without_password(&text) != text);
    (!rule.is_secret() && !doubtful).then_some(text)
}
