//! The pages under `web/`, which are part of the program. A debug build reads them from the source tree, so that a page can be worked on.

use std::borrow::Cow;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_SECURITY_POLICY, ETAG, HeaderValue, IF_NONE_MATCH};
use rust_embed::{Embed, EmbeddedFile};

use super::front::Call;
use super::problem::Problem;
use super::reply::{Reply, Trouble};
use super::security;

#[derive(Embed)]
#[folder = "web/"]
struct Web;

/// Asked for again each time, and answered 304 while it is the same: a new release is seen at once.
pub(super) static REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The path of every page and of all that pages need. `/` is `index.html`, `/docs` is `docs.html`.
pub(super) fn paths() -> impl Iterator<Item = String> {
    Web::iter().map(|name| format!("/{name}")).chain(["/".to_owned(), "/docs".to_owned()])
}

/// `GET` of one of [`paths`].
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Trouble> {
    let name = match call.head.uri().path() {
        "/" => "index.html",
        "/docs" => "docs.html",
        path => path.trim_start_matches('/'),
    };
    let file = Web::get(name).ok_or(Problem::NotFound)?;
    let tag = tag(&file);
    if has(call.headers(), &tag) {
        // Its headers take the place of those that the browser has kept.
        return Ok(policed(Reply::not_modified(tag, &REVALIDATE)));
    }
    let body = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Ok(policed(Reply::file(&media_type(name), &REVALIDATE, body).with(ETAG, tag)))
}

/// What a page may load and who may show it.
fn policed(reply: Reply) -> Reply {
    reply.with(CONTENT_SECURITY_POLICY, security::PAGES.clone())
}

/// The content's own digest, so that every front end gives the same.
fn tag(file: &EmbeddedFile) -> HeaderValue {
    let digest = hex::encode(&file.metadata.sha256_hash()[..16]);
    HeaderValue::try_from(format!("\"{digest}\"")).expect("hex digits in quotes are ASCII")
}

/// Whether the client says that it has it. Proxies that compress make tags weak; for a GET that is the same.
pub(super) fn has(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|known| known == "*" || known.as_bytes() == tag.as_bytes())
}

fn media_type(name: &str) -> HeaderValue {
    let guess = mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream");
    let text = if guess.starts_with("text/") { format!("{guess}; charset=utf-8") } else { guess.to_owned() };
    HeaderValue::try_from(text).expect("media types are ASCII")
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::header::{HeaderValue, IF_NONE_MATCH};

    use super::{Web, has, media_type, paths};

    #[test]
    fn a_copy_is_recognised_in_a_list_and_when_weak() {
        let tag = HeaderValue::from_static("\"abc\"");
        let cases = [
            ("\"abc\"", true),
            ("\"x\", W/\"abc\"", true),
            ("*", true),
            ("\"abcd\"", false),
            ("abc", false),
            ("", false),
        ];
        for (known, same) in cases {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(known))]);
            assert_eq!(has(&headers, &tag), same, "{known}");
        }
    }

    #[test]
    fn all_that_pages_need_has_its_media_type() {
        for (name, expected) in [
            ("signUp.html", "text/html; charset=utf-8"),
            ("teller.css", "text/css; charset=utf-8"),
            ("api.js", "text/javascript; charset=utf-8"),
            ("logo.svg", "image/svg+xml"),
        ] {
            assert_eq!(media_type(name), expected);
            assert!(paths().any(|path| path == format!("/{name}")), "{name}");
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_found() {
        for name in ["../Cargo.toml", "/etc/passwd", "..", "", "./../Cargo.toml", "x/../../Cargo.toml"] {
            assert!(Web::get(name).is_none(), "{name}");
        }
    }
}
