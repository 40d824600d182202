//! Who asks: a secret, and where it came from.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::session::SessionId;
use super::token::AccessToken;

/// What somebody shows to be known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credential {
    /// A browser's cookie.
    Session(SessionId),
    /// A program's token.
    Access(AccessToken),
}

impl Credential {
    /// The cookie, if it is one.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Session(session) => Some(session),
            Self::Access(_) => None,
        }
    }
}

/// Who asks. The backend finds out by itself whom the credential stands for; the address is what the front end saw, for the record and
/// for limits alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// What they show.
    pub credential: Credential,
    /// Where they are; `None` for a program that speaks RPC itself.
    #[serde(default)]
    pub address: Option<IpAddr>,
}

impl From<SessionId> for Caller {
    fn from(session: SessionId) -> Self {
        Self { credential: Credential::Session(session), address: None }
    }
}

impl From<AccessToken> for Caller {
    fn from(token: AccessToken) -> Self {
        Self { credential: Credential::Access(token), address: None }
    }
}

/// From where somebody signs in, as they say it themselves: shown to them again, and kept for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// As in [`Caller::address`].
    pub address: Option<IpAddr>,
    /// The program, as it calls itself: at most [`USER_AGENT_MAX_CHARS`] characters, none of them a control character.
    user_agent: String,
}

/// Most characters that are kept of a user agent.
pub const USER_AGENT_MAX_CHARS: usize = 256;

impl Device {
    /// What is kept of `user_agent` is cut, never refused.
    pub fn new(address: Option<IpAddr>, user_agent: &str) -> Self {
        let plain = user_agent.chars().filter(|character| !character.is_control());
        Self { address, user_agent: plain.take(USER_AGENT_MAX_CHARS).collect() }
    }

    /// The program.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }
}

/// An address as it is written down; nothing where there is none.
#[derive(Clone, Copy, Debug)]
pub struct Written(pub Option<IpAddr>);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |address| address.to_canonical().fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::{Device, USER_AGENT_MAX_CHARS, Written};

    #[test]
    fn a_user_agent_is_cut_and_cannot_write_a_second_line() {
        assert_eq!(Device::new(None, "curl/8\r\nforged: 1\u{7f}").user_agent(), "curl/8forged: 1");
        let long = "ü".repeat(USER_AGENT_MAX_CHARS + 1);
        assert_eq!(Device::new(None, &long).user_agent().chars().count(), USER_AGENT_MAX_CHARS);
    }

    #[test]
    fn an_address_is_written_in_one_way() {
        let written = |text: &str| Written(text.parse().ok()).to_string();
        assert_eq!(written("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(written("2001:DB8::1"), "2001:db8::1");
        assert_eq!(written("somewhere"), "");
    }
}
