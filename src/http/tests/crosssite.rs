//! Other sites' pages: whatever changes something, on every route of the table, with every word that a browser may say about where it came from.

use super::Rig;
use super::surface::paths;
use super::wire::{USER, cookie, get, request};

/// What a browser says about the page that makes a request, and whether it may change something then.
const SITES: [(&str, Option<bool>); 6] = [
    ("", None),
    ("sec-fetch-site: same-origin\r\n", Some(true)),
    // Typed, or a bookmark.
    ("sec-fetch-site: none\r\n", Some(true)),
    ("sec-fetch-site: same-site\r\n", Some(false)),
    ("sec-fetch-site: cross-site\r\n", Some(false)),
    ("sec-fetch-site: from-tomorrow\r\n", Some(false)),
];

/// The same of browsers that say nothing of the site.
const ORIGINS: [(&str, bool); 6] = [
    // A program: it holds no one else's cookie.
    ("", true),
    ("origin: http://teller.test\r\n", true),
    ("origin: http://teller.test:8081\r\n", false),
    ("origin: https://teller.test.evil.test\r\n", false),
    ("origin: https://evil.test\r\n", false),
    ("origin: null\r\n", false),
];

/// Every route and method that changes something, and whether the route is the entry task's.
fn changes() -> Vec<(String, String, bool)> {
    let mut all = Vec::new();
    for (path, allow) in paths() {
        let entry_task = path.starts_with("/api/entrytask/");
        let methods: Vec<&str> = allow.split(", ").filter(|method| !["HEAD", "OPTIONS"].contains(method)).collect();
        // A link that changes something takes POST as well; elsewhere on the entry task GET is alone.
        let link = entry_task && methods.len() > 1;
        let unsafe_ones = methods.into_iter().filter(|method| *method != "GET" || link);
        all.extend(unsafe_ones.map(|method| (path.clone(), method.to_owned(), entry_task)));
    }
    all
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let rig = Rig::start().await;
    let changes = changes();
    assert!(changes.len() > 10, "{changes:?}");
    for (path, method, entry_task) in &changes {
        for (site, verdict) in SITES {
            for (origin, alone) in ORIGINS {
                for credential in [cookie(), String::new()] {
                    let lines = format!("{credential}{site}{origin}");
                    let before = rig.backend.seen().len();
                    let answer = rig.ask(request(method, path, &lines)).await;
                    let allowed = verdict.unwrap_or(alone);
                    assert_eq!(answer.status == 403, !allowed, "{method} {path} {lines}: {answer:?}");
                    if !allowed {
                        assert_eq!(answer.code(), if *entry_task { "6" } else { "" }, "{method} {path} {lines}");
                        assert_eq!(rig.backend.seen().len(), before, "the backend hears nothing of it");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn another_sites_page_may_link_to_what_is_only_read() {
    let rig = Rig::start().await;
    let linked = format!("{}sec-fetch-site: cross-site\r\n", cookie());
    let read = rig.ask(get(&format!("{USER}/get_user_info"), &linked)).await;
    assert_eq!(read.code(), "7", "reading is not changing; the answer stays with the browser");
}
