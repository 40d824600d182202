//! Every key there is.

use std::fmt::Display;

use crate::domain::attempt::AttemptKey;
use crate::domain::session::SessionKey;
use crate::domain::user::UserId;

/// Makes keys under one prefix.
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix }
    }

    pub(super) fn session(&self, key: &SessionKey) -> String {
        self.key("session", hex::encode(key.0))
    }

    pub(super) fn sessions_of(&self, user: UserId) -> String {
        self.key("sessions", user)
    }

    pub(super) fn failures(&self, key: AttemptKey) -> String {
        self.tries("failures", key)
    }

    pub(super) fn wait(&self, key: AttemptKey) -> String {
        self.tries("wait", key)
    }

    pub(super) fn device(&self, key: AttemptKey) -> String {
        self.tries("device", key)
    }

    /// One try touches several of them.
    fn tries(&self, kind: &str, key: AttemptKey) -> String {
        format!("{}:{}", self.key(kind, "tries"), hex::encode(key.0))
    }

    pub(super) fn profile(&self, user: UserId) -> String {
        self.key("profile", user)
    }

    pub(super) fn guard(&self, user: UserId) -> String {
        self.key("guard", user)
    }

    pub(super) fn tombstone(&self, user: UserId) -> String {
        self.key("tombstone", user)
    }

    /// The hash tag in braces keeps what a script touches together, should keys ever be spread over several servers.
    fn key(&self, kind: &str, tag: impl Display) -> String {
        format!("{}{kind}:{{{tag}}}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use crate::domain::session::SessionKey;
    use crate::domain::user::UserId;

    #[test]
    fn keys_of_one_user_share_their_hash_tag() {
        let keys = Keys::new("teller:".into());
        assert_eq!(keys.profile(UserId(42)), "teller:profile:{42}");
        assert_eq!(keys.sessions_of(UserId(42)), "teller:sessions:{42}");
        assert_eq!(keys.guard(UserId(42)), "teller:guard:{42}");
        assert_eq!(keys.tombstone(UserId(42)), "teller:tombstone:{42}");
        assert_eq!(keys.session(&SessionKey([0xab; 32])), format!("teller:session:{{{}}}", "ab".repeat(32)));
    }
}
