//! Every route: its methods, the headers of all its answers, and files.

use teller_rpc::Status;

use super::fake::{Mood, picture_name};
use super::wire::{USER, cookie, get, post, request};
use super::{Answer, Rig};
use crate::api::Refusal;
use crate::domain::transfer::TransferId;
use crate::error::Code;
use crate::http::{page, router};

/// Every path there is, with the methods it takes.
pub(super) fn paths() -> Vec<(String, &'static str)> {
    let router = router::Router::new();
    let rows = router::rows().map(|route| {
        route.name.replace("{name}", picture_name().as_str()).replace("{id}", "1").replace("{place}", "1")
    });
    let allow = |path: &str| router.find(path).expect("it is in the table").allow();
    rows.chain(page::paths()).map(|path| (path.clone(), allow(&path))).collect()
}

#[track_caller]
fn is_protected(answer: &Answer, tls: bool, what: &str) {
    let expected = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("strict-transport-security", if tls { "max-age=31536000" } else { "" }),
    ];
    for (name, value) in expected {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    let policy = answer.header("content-security-policy");
    let own =
        policy.starts_with("default-src 'self'; script-src 'self'; ") && policy.contains("frame-ancestors 'none'");
    let none = ["default-src 'none'; frame-ancestors 'none'", "default-src 'none'; sandbox"].contains(&policy);
    assert!(own || none, "{what}: {policy}");
    let page = own && [200, 304].contains(&answer.status);
    let caching = answer.header("cache-control");
    let picture = what.contains("/pictures/") && answer.status == 200;
    // What the surface is, is the same for everybody.
    let told = what.ends_with(" /openapi.json") && answer.status == 200;
    assert!(caching == "no-store" || (page || picture || told) && !caching.is_empty(), "{what}: {caching}");
    assert_eq!(answer.header("x-request-id").len(), 32, "{what}");
}

#[tokio::test]
async fn every_answer_of_every_route_is_protected() {
    for tls in [false, true] {
        let rig = Rig::with(|config| config.http.behind_proxy = tls).await;
        for mood in [Mood::Works, Mood::Fails(256), Mood::Fails(257), Mood::Refuses(Refusal::InvalidSession)] {
            rig.backend.becomes(mood);
            for (path, _) in paths() {
                for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"] {
                    let answer = rig.ask(request(method, &path, &cookie())).await;
                    is_protected(&answer, tls, &format!("{method} {path}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn what_reached_no_route_is_protected_as_well() {
    let long = "x".repeat(9000);
    for tls in [false, true] {
        let rig = Rig::with(|config| {
            config.http.behind_proxy = tls;
            (config.limits.per_address_per_s, config.limits.per_address_burst) = (1, 1);
        })
        .await;
        let sign_in = format!("{USER}/signin");
        let mut asked = vec![
            (get("/nothing", "").into_bytes(), 404),
            (get("/pictures/x.png", "").into_bytes(), 404),
            (get(&format!("{USER}/nothing"), "").into_bytes(), 404),
            (get(&format!("/{long}"), "").into_bytes(), 414),
            (get("/", &format!("x: {long}{long}\r\n")).into_bytes(), 431),
            (post(&sign_in, "", "application/json", &[b'x'; 70_000]), 413),
            (post(&sign_in, "", "text/plain", b"x"), 415),
            (post(&sign_in, "origin: https://evil.test\r\n", "application/json", b"{}"), 403),
            (b"BREW\r\n\r\n".to_vec(), 400),
        ];
        if tls {
            let limited = get("/", "x-forwarded-for: 192.0.2.1\r\n").into_bytes();
            asked.extend([(limited.clone(), 200), (limited, 429)]);
        }
        for (bytes, status) in asked {
            let what = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
            let answer = rig.ask(bytes).await;
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            is_protected(&answer, tls, &what);
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_answered_with_those_it_takes() {
    let rig = Rig::start().await;
    for (path, allow) in paths() {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            let taken = allow.split(", ").any(|known| known == method);
            let answer = rig.ask(request(method, &path, &cookie())).await;
            assert_eq!(answer.status == 405, !taken, "{method} {path}: {answer:?}");
            assert_eq!(answer.header("allow"), if taken { "" } else { allow }, "{method} {path}");
        }
        let options = rig.ask(request("OPTIONS", &path, "")).await;
        assert_eq!((options.status, options.header("allow"), options.body.len()), (204, allow, 0), "{path}");
    }
}

#[tokio::test]
async fn what_reached_no_handler_is_explained_in_the_form_of_its_route() {
    let rig = Rig::start().await;
    let ours = rig.get("/nothing").await;
    assert_eq!(ours.header("content-type"), "application/problem+json");
    assert_eq!((ours.json()["title"].as_str(), ours.json()["status"].as_u64()), (Some("Not Found"), Some(404)));

    let theirs = rig.get(&format!("{USER}/signin")).await;
    assert_eq!((theirs.status, theirs.header("content-type"), theirs.code().as_str()), (405, "application/json", "6"));
    assert_eq!(rig.get(&format!("{USER}/nothing")).await.code(), "6");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let rig = Rig::start().await;
    let picture = format!("/pictures/{}", picture_name());
    for path in [format!("{USER}/get_user_info"), picture, "/".into(), "/livez".into(), "/nothing".into()] {
        let mut wire = rig.connect().await;
        let head = wire.ask(request("HEAD", &path, &cookie())).await;
        let full = wire.ask(get(&path, &cookie())).await;
        let length = full.body.len().to_string();
        assert_eq!((head.status, head.header("content-length")), (full.status, length.as_str()), "{path}");
    }
}

#[tokio::test]
async fn a_page_is_kept_and_asked_for_again() {
    let rig = Rig::start().await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/signUp.html", "text/html; charset=utf-8"),
        ("/signIn.html", "text/html; charset=utf-8"),
        ("/userInfo.html", "text/html; charset=utf-8"),
        ("/security.html", "text/html; charset=utf-8"),
        ("/teller.css", "text/css; charset=utf-8"),
        ("/api.js", "text/javascript; charset=utf-8"),
    ] {
        let page = rig.get(path).await;
        assert_eq!((page.status, page.header("content-type")), (200, media_type), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        let again = rig.ask(get(path, &format!("if-none-match: {}\r\n", page.header("etag")))).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, page.header("etag")), "{path}");
        let policies = [&page, &again].map(|answer| answer.header("content-security-policy"));
        assert!(policies[0].starts_with("default-src 'self'") && policies[0] == policies[1], "{path}: {policies:?}");
        let other = rig.ask(get(path, "if-none-match: \"other\"\r\n")).await;
        assert_eq!((other.status, other.body == page.body), (200, true), "{path}");
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_pages_and_pictures() {
    let rig = Rig::start().await;
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/./index.html",
        "//etc/passwd",
        "/pictures/../Cargo.toml",
        "/pictures/..%2f..%2fetc%2fpasswd",
        "/pictures/",
        "/pictures/0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.svg",
        "/pictures/0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.png",
        "http://teller.test/../Cargo.toml",
    ] {
        assert_eq!(rig.get(path).await.status, 404, "{path}");
    }
    assert_eq!(rig.get("http://teller.test/livez").await.status, 200, "the absolute form is a path, too");
    assert_eq!(rig.get("/livez?more=1").await.status, 200);
    assert_eq!(rig.ask(request("OPTIONS", "*", "")).await.status, 404);
    let tunnel = rig.ask("CONNECT evil.test:443 HTTP/1.1\r\nhost: evil.test\r\n\r\n").await;
    assert_eq!(tunnel.status, 404);
}

#[tokio::test]
async fn a_picture_is_kept_for_ever_and_can_do_nothing() {
    let rig = Rig::start().await;
    let picture = rig.get(&format!("/pictures/{}", picture_name())).await;
    assert_eq!(picture.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(picture.header("content-security-policy"), "default-src 'none'; sandbox");
}

#[tokio::test]
async fn what_is_no_page_may_load_nothing_and_be_shown_in_none() {
    let rig = Rig::start().await;
    for path in [&format!("{USER}/get_user_info"), "/livez", "/readyz", "/metrics", "/nothing"] {
        let answer = rig.get(path).await;
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{path}");
    }
}

#[tokio::test]
async fn it_lives_whatever_the_backend_does_and_is_ready_only_with_it() {
    let rig = Rig::start().await;
    assert_eq!(rig.get("/health").await.body, br#"{"status":"healthy"}"#);
    assert_eq!(rig.get("/readyz").await.json()["status"], "ready");
    let cases = [(Mood::Fails(257), 503), (Mood::Fails(258), 503), (Mood::Fails(256), 500), (Mood::Works, 200)];
    for (mood, status) in cases {
        rig.backend.becomes(mood.clone());
        assert_eq!(rig.get("/readyz").await.status, status, "{mood:?}");
        assert_eq!(rig.get("/livez").await.status, 200, "{mood:?}");
    }
}

#[tokio::test]
async fn no_cause_leaks() {
    let rig = Rig::start().await;
    for mood in [Mood::Fails(256), Mood::Fails(257), Mood::Fails(1), Mood::Panics] {
        rig.backend.becomes(mood);
        for path in [format!("/pictures/{}", picture_name()), format!("{USER}/get_user_info"), "/readyz".into()] {
            let answer = rig.ask(get(&path, &cookie())).await;
            let text = format!("{answer:?}{}", String::from_utf8_lossy(&answer.body));
            assert!(!text.contains("secret") && !text.contains("as it was told"), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_outcome() {
    let rig = Rig::start().await;
    let body = b"username=alice&password=secret";
    rig.ask(post(&format!("{USER}/signin"), "", "application/x-www-form-urlencoded", body)).await;
    rig.get("/signIn.html").await;
    let figures = String::from_utf8(rig.get("/metrics").await.body).expect("text");
    for line in [
        r#"teller_http_requests_total{route="/api/entrytask/user/signin",status="200",code="7"} "#,
        r#"teller_http_requests_total{route="page",status="200",code=""} "#,
        r#"teller_http_request_seconds_bucket{route="/api/entrytask/user/signin",status="200",code="7",le="0.25"} "#,
        "teller_http_connections ",
    ] {
        assert!(figures.contains(line), "{line}\n{figures}");
    }
}

#[tokio::test]
async fn nobody_is_told_that_nothing_happened_when_nobody_knows() {
    let rig = Rig::start().await;
    let order = br#"{"from_account_id":1,"to_account_id":2,"amount":"1.00","currency":"CNY"}"#;
    let post = || post("/v1/transfers", &cookie(), "application/json", order);
    let id = TransferId([7; 16]);
    rig.backend.becomes(Mood::Refuses(Refusal::OutcomeUnknown(Some(id))));
    let told = rig.ask(post()).await;
    assert_eq!((told.status, told.header("retry-after")), (503, "1"));
    assert_eq!(
        (&told.json()["type"], &told.json()["transfer_id"]),
        (&"/problems/outcome-unknown".into(), &id.to_string().into())
    );

    // A panic, an answer that was too large, a failure that nobody foresaw: after the commit, for all that is known. The store and the
    // queue have said that nothing is in effect.
    for (mood, problem) in [
        (Mood::Panics, "outcome-unknown"),
        (Mood::Fails(Status::RESPONSE_TOO_LARGE), "outcome-unknown"),
        (Mood::Fails(Code::Internal as u16), "outcome-unknown"),
        (Mood::Fails(Code::Store as u16), "unavailable"),
        (Mood::Fails(Code::Busy as u16), "unavailable"),
    ] {
        rig.backend.becomes(mood.clone());
        let told = rig.ask(post()).await;
        assert_eq!((told.status, &told.json()["type"]), (503, &format!("/problems/{problem}").into()), "{mood:?}");
    }

    let rig = Rig::with(|config| config.rpc.request_timeout_ms = 30).await;
    rig.backend.becomes(Mood::Waits);
    let silent = rig.ask(post()).await;
    assert_eq!((silent.status, &silent.json()["type"]), (503, &"/problems/outcome-unknown".into()), "{silent:?}");
    assert!(silent.json()["transfer_id"].is_string(), "it was made here");
    let read = rig.ask(get("/v1/accounts/1", &cookie())).await;
    assert_eq!((read.status, &read.json()["type"]), (503, &"/problems/unavailable".into()), "reading changes nothing");
}

#[tokio::test]
async fn a_deduction_of_unknown_outcome_names_its_transfer() {
    let rig = Rig::start().await;
    let (json, body) = ("application/json", br#"{"user_id":1,"amount":1}"#);
    let id = TransferId([7; 16]);
    rig.backend.becomes(Mood::Refuses(Refusal::OutcomeUnknown(Some(id))));
    let told = rig.ask(post("/deduct", "", json, body)).await;
    assert!(told.json()["message"].as_str().expect("a text").contains(&format!("transfer {id} may")), "{told:?}");

    rig.backend.becomes(Mood::Panics);
    let told = rig.ask(post("/deduct", "", json, body)).await;
    assert!(told.json()["message"].as_str().expect("a text").contains("transfer 0"), "its id is young: {told:?}");
    let keyed = rig.ask(post("/deduct", "idempotency-key: k\r\n", json, body)).await;
    let message = "outcome unknown: send it again with its Idempotency-Key";
    assert_eq!((keyed.status, &keyed.json()["message"]), (503, &message.into()), "the backend alone knows the id");
}

#[tokio::test]
async fn no_transfer_stands_for_a_batch_that_nobody_knows_the_outcome_of() {
    let rig = Rig::start().await;
    let order = r#"{"from_account_id":1,"to_account_id":2,"amount":"1.00","currency":"CNY"}"#;
    let batch = format!(r#"{{"transfers":[{order},{order}]}}"#);
    rig.backend.becomes(Mood::PanicsMoving);
    let told = rig.ask(post("/v1/transfers/batch", &cookie(), "application/json", batch.as_bytes())).await;
    assert_eq!((told.status, &told.json()["type"]), (503, &"/problems/outcome-unknown".into()));
    assert!(told.json().get("transfer_id").is_none(), "the first may be refused, and the second in effect: {told:?}");
}
