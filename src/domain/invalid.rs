//! What is said of a value that breaks a rule.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A value from outside broke a rule: the field and the rule, in words for whoever sent it.
///
/// The value itself is never repeated: it may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{field}: {rule}")]
pub struct Invalid {
    /// The field's name as the caller wrote it.
    pub field: Cow<'static, str>,
    /// The rule that was broken, as `must ...`.
    pub rule: Cow<'static, str>,
}

impl Invalid {
    /// `field` broke `rule`.
    pub fn new(field: impl Into<Cow<'static, str>>, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), rule: rule.into() }
    }
}
