//! Passwords that are tried: by many addresses on one account, and by one address on many accounts.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::engine::Engine;
use crate::support::http::{Browser, Reply};
use crate::support::program::Program;

/// Sign-ins of one account that may fail, and of one address, by default.
const FREE: usize = 10;
const FREE_PER_ADDRESS: usize = 100;
const BEHIND_PROXY: [(&str, &str); 1] = [("TELLER_HTTP_BEHIND_PROXY", "true")];
const RIGHT: &str = "teller-demo";
const WRONG: &str = "open-sesame";

pub async fn passwords_are_not_found_by_trying_from_many_addresses(engine: Engine) {
    let program = Program::start_with(&engine, &BEHIND_PROXY).await;
    let other = program.another_front_end_with(&BEHIND_PROXY).await;
    let fronts = [program.browser(), other.browser()];
    let home = "2001:db8:1:2::7";
    assert_eq!(sign_in(&fronts[0], home, "alice", RIGHT).await.err_code(), "7");

    // The names of customers and of nobody are slowed down alike, whichever front end is asked.
    for (name, code) in [("alice", "5"), ("nobody", "4")] {
        for number in 0..FREE {
            let place = format!("203.0.113.{number}");
            assert_eq!(sign_in(&fronts[number % 2], &place, name, WRONG).await.err_code(), code, "{name} {number}");
        }
        for (front, password) in fronts.iter().zip([WRONG, RIGHT]) {
            must_wait(&sign_in(front, "198.51.100.1", name, password).await, 1);
        }
    }
    assert_eq!(sign_in(&fronts[0], "198.51.100.1", "bob", RIGHT).await.err_code(), "7", "others are not slowed down");
    for front in &fronts {
        assert_eq!(sign_in(front, home, "alice", RIGHT).await.err_code(), "7", "at home strangers count for nothing");
    }

    let patience = Instant::now() + Duration::from_secs(30);
    let entered = loop {
        let reply = sign_in(&fronts[1], "198.51.100.1", "alice", RIGHT).await;
        if reply.status != 429 {
            break reply;
        }
        assert!(Instant::now() < patience, "{reply:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(entered.err_code(), "7", "who waits gets in");
    other.stop().await;
    program.stop().await;
}

pub async fn a_flood_from_one_address_is_slowed_down_there_alone(engine: Engine) {
    let program = Program::start_with(&engine, &BEHIND_PROXY).await;
    let front = program.browser();
    for number in 0..FREE_PER_ADDRESS {
        // What a client says of itself stands before what the proxy saw.
        let place = format!("192.0.2.{number}, 203.0.113.1");
        assert_eq!(sign_in(&front, &place, &format!("name{number}"), WRONG).await.err_code(), "4", "{number}");
    }
    must_wait(&sign_in(&front, "203.0.113.1", "alice", RIGHT).await, 1);
    assert_eq!(sign_in(&front, "203.0.113.2", "alice", RIGHT).await.err_code(), "7");
    program.stop().await;
}

async fn sign_in(front: &Browser, place: &str, user_name: &str, password: &str) -> Reply {
    let mut browser = Browser { seen_at: Some(place.to_owned()), ..front.clone() };
    browser.json("/api/entrytask/user/signin", &json!({"username": user_name, "password": password})).await
}

/// Not even looked at.
#[track_caller]
fn must_wait(reply: &Reply, seconds: u64) {
    assert_eq!((reply.status.as_u16(), reply.err_code().as_str()), (429, "0"), "{reply:?}");
    assert_eq!(reply.header("retry-after"), seconds.to_string());
}
