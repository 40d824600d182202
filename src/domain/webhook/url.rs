//! Where a webhook is: an address that means the same to whoever checks it and to whoever dials it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::invalid::Invalid;

/// An address of HTTP: `https://host[:port][/path][?query]`, or `http://` where receivers may be private. 1 to 2048 visible ASCII characters, without
/// a user, a password or a fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookUrl {
    text: String,
    /// Where the authority ends.
    end: usize,
    /// Where in the text the host is.
    host: (usize, usize),
    port: u16,
}

const SECURE: &str = "https://";
const PLAIN: &str = "http://";

impl WebhookUrl {
    /// Most characters.
    pub const CHARS: usize = 2048;
    /// Longest name of a host.
    const HOST_CHARS: usize = 253;

    /// Takes an address as it was sent.
    ///
    /// # Errors
    ///
    /// Names the field `url`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        let parts = parts(&text).ok_or_else(|| {
            Invalid::new(
                "url",
                "must be an address such as https://example.com/hook, of at most 2048 visible ASCII characters",
            )
        })?;
        let (end, host, port) = parts;
        Ok(Self { text, end, host, port })
    }

    /// As it was sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is within TLS.
    pub fn is_secure(&self) -> bool {
        self.text.starts_with(SECURE)
    }

    /// The host: a name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.text[self.host.0..self.host.1]
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as they were written: what the header `Host` says.
    pub fn authority(&self) -> &str {
        let scheme = if self.is_secure() { SECURE } else { PLAIN };
        &self.text[scheme.len()..self.end]
    }

    /// Path and query: what the request is for.
    pub fn target(&self) -> String {
        match &self.text[self.end..] {
            rest if rest.starts_with('/') => rest.to_owned(),
            rest => format!("/{rest}"),
        }
    }
}

/// Where the authority ends, where the host is, and the port.
fn parts(text: &str) -> Option<(usize, (usize, usize), u16)> {
    if text.len() > WebhookUrl::CHARS
        || !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&byte))
    {
        return None;
    }
    let (start, usual) = match text.strip_prefix(SECURE) {
        Some(_) => (SECURE.len(), 443),
        None => text.strip_prefix(PLAIN).map(|_| (PLAIN.len(), 80))?,
    };
    let end = text[start..].find(['/', '?']).map_or(text.len(), |at| start.saturating_add(at));
    let authority = &text[start..end];
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let first = start.saturating_add(usize::from(authority.starts_with('[')));
    let is_host = match authority.starts_with('[') {
        true => host.parse::<std::net::Ipv6Addr>().is_ok(),
        false => is_name(host),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port > 0)?
        }
        None if port.is_empty() => usual,
        _ => return None,
    };
    is_host.then_some((end, (first, first.saturating_add(host.len())), port))
}

/// A name, or an IPv4 address, which is one to look at.
fn is_name(host: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=WebhookUrl::HOST_CHARS).contains(&host.len()) && host.bytes().all(part)
}

impl TryFrom<String> for WebhookUrl {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> Self {
        url.text
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::WebhookUrl;

    #[test]
    fn an_address_is_taken_apart_as_it_was_written() {
        for (text, secure, host, port, authority, target) in [
            ("https://example.com", true, "example.com", 443, "example.com", "/"),
            ("https://example.com/hook?a=b", true, "example.com", 443, "example.com", "/hook?a=b"),
            ("http://127.0.0.1:8080/x", false, "127.0.0.1", 8080, "127.0.0.1:8080", "/x"),
            ("https://[2001:db8::1]:8443?q", true, "2001:db8::1", 8443, "[2001:db8::1]:8443", "/?q"),
            ("http://a_b-c.d?", false, "a_b-c.d", 80, "a_b-c.d", "/?"),
        ] {
            let url = WebhookUrl::parse(text).expect(text);
            assert_eq!((url.is_secure(), url.host(), url.port()), (secure, host, port), "{text}");
            assert_eq!((url.authority(), url.target().as_str(), url.as_str()), (authority, target, text));
        }
    }

    #[test]
    fn what_could_mean_two_things_is_none() {
        let long = format!("https://example.com/{}", "a".repeat(2048));
        for text in [
            "",
            "https://",
            "https:///x",
            "ftp://example.com",
            "HTTPS://example.com",
            "//example.com",
            "example.com",
            "https://user@example.com",
            "https://user:pw@example.com",
            "https://example.com#x",
            "https://example.com\\@127.0.0.1",
            "https://exa mple.com",
            "https://example.com/\u{e9}",
            "https://b\u{fc}cher.example",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:",
            "https://example.com:8x",
            "https://[::1",
            "https://[example]",
            "https://::1",
            "https://[::1]x",
            "https://example.com/\r\nHost: x",
            "https://%31",
            &long,
        ] {
            assert_eq!(WebhookUrl::parse(text).expect_err(text).field, "url");
        }
    }
}
