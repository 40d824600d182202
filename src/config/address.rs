//! The shape of addresses and of URLs of servers. Whether somebody answers there is seen when they are asked.

use super::hidden::MASK;

/// Whether `text` is `host:port` with a port from 1, the host a name or an IP address (version 6 in brackets).
pub fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Whether `host` of an address given as `host:port` stays on this machine.
pub fn is_loopback(address: &str) -> bool {
    let Some((host, _)) = address.rsplit_once(':') else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether `text` is `scheme://[user[:password]@]host[:port][/path]`, with a real password and, if so wished, a path.
pub fn is_url(text: &str, scheme: &str, with_path: bool) -> bool {
    let Some(rest) = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")) else { return false };
    let (credentials, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let has_host = is_host_and_port(address) || is_host(address);
    let is_real = credentials.split_once(':').is_none_or(|(_, password)| password != MASK);
    has_host && is_real && !(with_path && path.is_empty())
}

fn is_host(host: &str) -> bool {
    if let Some(bare) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return bare.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !host.is_empty() && host.bytes().all(in_name)
}

#[cfg(test)]
mod tests {
    use super::{is_host_and_port, is_loopback, is_url};

    #[test]
    fn a_backend_is_a_host_and_a_port_from_1() {
        for (text, right) in [
            ("backend-1:7070", true),
            ("10.0.0.1:1", true),
            ("[::1]:65535", true),
            ("backend-1", false),
            (":7070", false),
            ("a:0", false),
            ("a:65536", false),
            ("::1:7070", false),
            ("http://a:1", false),
            ("a b:1", false),
        ] {
            assert_eq!(is_host_and_port(text), right, "{text}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_by_number() {
        for (address, loopback) in [
            ("localhost:1", true),
            ("127.8.0.1:1", true),
            ("[::1]:1", true),
            ("10.0.0.1:1", false),
            ("localhost.example:1", false),
        ] {
            assert_eq!(is_loopback(address), loopback, "{address}");
        }
    }

    #[test]
    fn a_url_has_a_host_and_not_the_mask_of_a_hidden_password() {
        for (text, right) in [
            ("mysql://teller:p@ss/w@db:3306/teller", true),
            ("mysql://db/teller", true),
            ("mysql://[::1]:3306/teller", true),
            ("mysql://teller:***@db/teller", false),
            ("mysql://teller:secret@/teller", false),
            ("mysql://teller:secret", false),
            ("mysql://db:x/teller", false),
            ("mysql://db/", false),
            ("mysql:/db/teller", false),
            ("redis://db/teller", false),
        ] {
            assert_eq!(is_url(text, "mysql", true), right, "{text}");
        }
        assert!(is_url("redis://:secret@127.0.0.1", "redis", false));
    }
}
