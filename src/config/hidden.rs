//! Texts that are never printed.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// What stands where a secret was. A value that contains it was printed by `teller config`, and is refused.
pub const MASK: &str = "***";

/// A secret text: wiped from memory when dropped.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "Hidden(none)" } else { "Hidden(..)" })
    }
}

/// Where a store is, perhaps with a password in it: `Debug` and `Display` show everything else.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Url(Hidden);

impl Url {
    /// The whole URL, for the driver that connects.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<String> for Url {
    fn from(text: String) -> Self {
        Self(Hidden::from(text))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(self.expose()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// `url` with a [`MASK`] for its password. The last `@` ends the password: one that should have been percent-encoded is hidden too.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((credentials, address)) = rest.rsplit_once('@') else { return url.to_owned() };
    match credentials.split_once(':') {
        Some((_, "")) | None => url.to_owned(),
        Some((user, _)) => format!("{scheme}://{user}:{MASK}@{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Hidden, Url, without_password};

    #[test]
    fn a_password_is_hidden_and_the_rest_of_a_url_is_shown() {
        for (url, shown) in [
            ("sqlite", "sqlite"),
            ("sqlite:a@b/teller.db", "sqlite:a@b/teller.db"),
            ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
            ("mysql://root@db/teller", "mysql://root@db/teller"),
            ("mysql://root:@db/teller", "mysql://root:@db/teller"),
            ("mysql://teller:canary@db:3306/teller", "mysql://teller:***@db:3306/teller"),
            ("mysql://teller:can@ry/?#:@db/teller", "mysql://teller:***@db/teller"),
            ("redis://:canary@db/0", "redis://:***@db/0"),
        ] {
            assert_eq!(without_password(url), shown);
            assert_eq!(format!("{:?}", Url::from(url.to_owned())), format!("Url({shown})"));
        }
    }

    #[test]
    fn a_hidden_text_says_only_whether_it_is_there() {
        assert_eq!(format!("{:?}", Hidden::default()), "Hidden(none)");
        assert_eq!(format!("{:?}", Hidden::from("canary".to_owned())), "Hidden(..)");
    }
}
