//! A TOML file as settings, each with its line.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Value};

use super::environment;
use super::error::Error;
use super::origin::Origin;
use super::schema;
use super::values::Setting;

/// Reads the file at `path`.
pub fn settings(path: &Path) -> Result<Vec<Setting>, Error> {
    let text = fs::read_to_string(path).map_err(|cause| {
        let named_by = format!("--config or {}", environment::FILES);
        Error::Unreadable { path: path.to_owned(), named_by, cause }
    })?;
    let file = File { path, text: &text };
    let table = DeTable::parse(&text).map_err(|error| file.syntax(&error))?;
    let mut settings = Vec::new();
    file.collect("", table.get_ref(), &mut settings)?;
    Ok(settings)
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn collect(&self, section: &str, table: &DeTable<'_>, settings: &mut Vec<Setting>) -> Result<(), Error> {
        let mut entries: Vec<_> = table.iter().collect();
        // Of several mistakes the first in the file is the one to hear of.
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name =
                if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
            let origin = self.origin(key.span().start);
            match (schema::find(&name), value.get_ref()) {
                (Some((key, _)), _) => settings.push(Setting { key, value: self.value(value)?, origin }),
                (None, DeValue::Table(inner)) if schema::is_section(&name) => self.collect(&name, inner, settings)?,
                (None, _) if schema::is_section(&name) => {
                    let rule = "must be a section".to_owned();
                    return Err(Error::Invalid { key: name, shown: None, rule, origin });
                }
                (None, _) => return Err(schema::unknown(&name, origin)),
            }
        }
        Ok(())
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Result<Value, Error> {
        let deserializer = ValueDeserializer::from(value.clone()).into_deserializer();
        Value::deserialize(deserializer).map_err(|error| self.syntax(&error))
    }

    /// The parser's own rendering quotes the line, which may hold a secret: only its message is kept.
    fn syntax(&self, error: &toml::de::Error) -> Error {
        let line = self.line(error.span().map_or(0, |span| span.start));
        Error::Syntax { path: self.path.to_owned(), line, message: error.message().to_owned() }
    }

    fn origin(&self, offset: usize) -> Origin {
        Origin::File(self.path.to_owned(), self.line(offset))
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }
}
