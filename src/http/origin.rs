//! Requests that a page of another site made in a browser: cross-site request forgery.
//!
//! Browsers say who made a request, in `Sec-Fetch-Site` (<https://www.w3.org/TR/fetch-metadata/>) and, where that is missing, in `Origin`. A
//! program that is no browser says neither, holds no one else's cookies, and is let through. The cookie is `SameSite=Lax` besides.

use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN};

/// Whether another site's page made this request. `behind_proxy`: the host is what the proxy says was asked for. `tls`: this site is
/// https alone, and a page that came in the clear is anybody's.
pub(super) fn is_foreign(headers: &HeaderMap, behind_proxy: bool, tls: bool) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        // "none": the user typed the address or opened a bookmark.
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let Some((scheme, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else {
        return true;
    };
    (tls && scheme != "https") || Some(authority) != host(headers, behind_proxy)
}

fn host(headers: &HeaderMap, behind_proxy: bool) -> Option<&str> {
    let forwarded = headers.get("x-forwarded-host").filter(|_| behind_proxy);
    let host = forwarded.or_else(|| headers.get(HOST))?.to_str().ok()?;
    // Of several proxies, the outermost comes first.
    Some(host.split(',').next().unwrap_or(host).trim())
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::is_foreign;

    fn headers(text: &'static str) -> HeaderMap {
        let pairs = text.split(", ").filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_change_is_taken_from_this_site_and_from_programs_alone() {
        let cases = [
            ("host=teller.test", false),
            ("host=teller.test, sec-fetch-site=same-origin", false),
            ("host=teller.test, sec-fetch-site=none", false),
            ("host=teller.test, sec-fetch-site=same-site", true),
            ("host=teller.test, sec-fetch-site=cross-site", true),
            ("host=teller.test, sec-fetch-site=cross-site, origin=https://teller.test", true),
            ("host=teller.test, origin=http://teller.test", false),
            ("host=teller.test:8080, origin=http://teller.test:8080", false),
            ("host=teller.test:8080, origin=http://teller.test", true),
            ("host=teller.test, origin=https://evil.test", true),
            ("host=teller.test, origin=https://teller.test.evil.test", true),
            ("host=teller.test, origin=null", true),
            ("origin=https://evil.test", true),
            ("host=inside:1, x-forwarded-host=evil.test, origin=https://evil.test", true),
        ];
        for (text, foreign) in cases {
            assert_eq!(is_foreign(&headers(text), false, false), foreign, "{text}");
        }
    }

    #[test]
    fn within_tls_a_page_that_came_in_the_clear_is_another_sites() {
        for (origin, foreign) in [("https://teller.test", false), ("http://teller.test", true)] {
            let mut headers = headers("host=teller.test");
            headers.insert("origin", origin.parse().expect("a value"));
            assert_eq!(is_foreign(&headers, false, true), foreign, "{origin}");
        }
    }

    #[test]
    fn behind_a_proxy_the_host_is_the_one_that_was_asked_for() {
        let cases = [
            ("host=inside:1, x-forwarded-host=teller.test, origin=https://teller.test", false),
            ("host=inside:1, x-forwarded-host=evil.test, origin=https://teller.test", true),
            ("host=teller.test, origin=https://teller.test", false),
        ];
        for (text, foreign) in cases {
            assert_eq!(is_foreign(&headers(text), true, true), foreign, "{text}");
        }
    }
}
