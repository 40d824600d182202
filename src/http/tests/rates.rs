//! Too many requests: how it is said, on every surface.

use super::Rig;
use super::wire::{USER, cookie, get, post};
use crate::config::Config;

fn two_a_second(config: &mut Config) {
    config.http.behind_proxy = true;
    (config.limits.per_address_per_s, config.limits.per_address_burst) = (1, 2);
    (config.limits.per_caller_per_s, config.limits.per_caller_burst) = (1, 2);
}

fn from(place: &str) -> String {
    format!("x-forwarded-for: 198.51.100.9, {place}\r\n")
}

#[tokio::test]
async fn one_request_too_many_is_told_so_in_the_form_of_its_route() {
    let rig = Rig::with(two_a_second).await;
    for left in [1, 0] {
        let answer = rig.ask(get("/livez", &from("192.0.2.1"))).await;
        assert_eq!((answer.status, answer.header("ratelimit-policy")), (200, "\"address\";q=2;w=2"));
        assert!(answer.header("ratelimit").starts_with(&format!("\"address\";r={left};t=")), "{answer:?}");
    }
    for path in ["/livez", "/v1/accounts", "/nothing", "/signIn.html"] {
        let answer = rig.ask(get(path, &from("192.0.2.1"))).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, "1"), "{path}");
        assert_eq!(answer.json()["type"], "/problems/too-many-requests", "{path}");
        assert_eq!(answer.header("ratelimit"), "\"address\";r=0;t=1");
    }
    let theirs = rig.ask(get(&format!("{USER}/get_user_info"), &from("192.0.2.1"))).await;
    assert_eq!((theirs.status, theirs.code().as_str(), theirs.header("retry-after")), (429, "0", "1"));
    let deduct = rig.ask(post("/deduct", &from("192.0.2.1"), "application/json", b"{}")).await;
    assert_eq!((deduct.status, deduct.json()["code"].as_u64()), (429, Some(429)));
    assert_eq!(rig.ask(get("/livez", &from("192.0.2.2"))).await.status, 200, "others are not meant");
}

#[tokio::test]
async fn a_credential_is_counted_wherever_it_comes_from_and_this_machine_is_not() {
    let rig = Rig::with(two_a_second).await;
    let path = format!("{USER}/get_user_info");
    for number in 0..2 {
        let lines = format!("{}{}", cookie(), from(&format!("192.0.2.{number}")));
        let answer = rig.ask(get(&path, &lines)).await;
        assert_eq!((answer.status, answer.code().as_str()), (200, "7"));
        assert_eq!(answer.header("ratelimit-policy"), "\"address\";q=2;w=2, \"caller\";q=2;w=2");
    }
    assert_eq!(rig.ask(get(&path, &format!("{}{}", cookie(), from("192.0.2.9")))).await.status, 429);
    for lines in [from("127.0.0.1"), from("::1"), String::new(), "x-forwarded-for: somewhere\r\n".to_owned()] {
        for _ in 0..4 {
            let answer = rig.ask(get(&path, &format!("{}{lines}", cookie()))).await;
            assert_eq!((answer.status, answer.header("ratelimit")), (200, ""), "{lines}");
        }
    }
}
