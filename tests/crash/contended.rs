//! Many at once who want the same.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::books::clean;
use crate::long;
use crate::paying::cents;
use crate::support::engine::Engine;
use crate::support::http::{Browser, Kept, Reply};
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{Cast, made, problem};

const CLIENTS: usize = 64;

/// Two front ends, and two backends where sessions are shared.
struct Ways {
    backends: Vec<BackendProcess>,
    fronts: Vec<Program>,
}

impl Ways {
    async fn of(engine: &Engine) -> Self {
        let mut backends = vec![BackendProcess::start(engine).await];
        if engine.sessions_survive() {
            backends.push(BackendProcess::start(engine).await);
        }
        let there: Vec<_> = backends.iter().collect();
        let back: Vec<_> = backends.iter().rev().collect();
        let fronts = vec![Program::front_end(&there).await, Program::front_end(&back).await];
        Self { backends, fronts }
    }

    /// The same browser at one front end after the other, with a connection each.
    async fn spread(&self, browser: &Browser, number: usize) -> Kept {
        Kept::of(&self.browser(browser, number)).await
    }

    fn browser(&self, browser: &Browser, number: usize) -> Browser {
        Browser { address: self.fronts[number % self.fronts.len()].http(), ..browser.clone() }
    }

    /// As many as there are clients.
    async fn clients(&self, browser: &Browser) -> Vec<Kept> {
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            clients.push(self.spread(browser, number).await);
        }
        clients
    }

    async fn close(self) {
        clean(&self.backends[0], &[]).await;
        for front in self.fronts {
            front.stop().await;
        }
    }
}

/// Posts to one path, through all `clients` at once.
async fn at_once(clients: &mut Vec<Kept>, path: &str, key: Option<&str>, body: impl Fn(usize) -> Value) -> Vec<Reply> {
    let mut posts = JoinSet::new();
    for (number, mut client) in clients.drain(..).enumerate() {
        let (path, key, body) = (path.to_owned(), key.map(str::to_owned), body(number));
        posts.spawn(async move { (client.post(&path, key.as_deref(), &body).await, client) });
    }
    let (replies, back): (Vec<_>, Vec<_>) = posts.join_all().await.into_iter().unzip();
    clients.extend(back);
    replies
}

pub async fn of_many_who_want_the_whole_balance_one_gets_it(engine: Engine) {
    let ways = Ways::of(&engine).await;
    let mut cast = Cast::of(&ways.fronts[0]).await;
    let account = format!("/v1/accounts/{}", cast.from);
    let body = |reference: String| json!({"amount": "1000.00", "currency": "CNY", "reference": reference});
    let mut clients = ways.clients(&cast.operator).await;
    for round in 0..100 * long() {
        let path = format!("{account}/withdrawals");
        let replies = at_once(&mut clients, &path, None, |number| body(format!("{round}-{number}"))).await;
        let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
        assert_eq!(won.len(), 1, "round {round}: {:?}", lost.first());
        for reply in lost {
            assert_eq!(problem(reply, 422, "insufficient-funds")["available"], "0.00");
        }
        made(&cast.operator.json(&format!("{account}/deposits"), &body(format!("back-{round}"))).await);
    }
    assert_eq!(cast.alices().await, ("1000.00".to_owned(), "0.00".to_owned()));
    ways.close().await;
}

pub async fn transfers_against_each_other_are_all_done(engine: Engine) {
    let ways = Ways::of(&engine).await;
    let mut cast = Cast::of(&ways.fronts[0]).await;
    let end = Instant::now() + Duration::from_secs(3) * long();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (browser, from, to) =
            if number % 4 < 2 { (&cast.alice, cast.from, cast.to) } else { (&cast.bob, cast.to, cast.from) };
        let mut client = ways.spread(browser, number).await;
        let order = json!({"from_account_id": from, "to_account_id": to, "amount": "0.01", "currency": "CNY"});
        clients.spawn(async move {
            let mut done = 0;
            while Instant::now() < end {
                made(&client.post("/v1/transfers", None, &order).await);
                done += if number % 4 < 2 { 1 } else { -1 };
            }
            done
        });
    }
    let paid: i64 = clients.join_all().await.into_iter().sum();
    assert_eq!((cast.alices().await.0, cast.bobs().await.0), (cents(100_000 - paid), cents(100_000 + paid)));
    ways.close().await;
}

pub async fn one_key_is_one_effect_through_every_way_in(engine: Engine) {
    let ways = Ways::of(&engine).await;
    let mut cast = Cast::of(&ways.fronts[0]).await;
    let rounds = 10 * i64::from(long());
    let mut clients = ways.clients(&cast.alice).await;
    for round in 0..rounds {
        let (key, order) = (format!("round-{round}"), cast.order("1.00"));
        let replies = at_once(&mut clients, "/v1/transfers", Some(&key), |_| order.clone()).await;
        replies.iter().for_each(|reply| drop(made(reply)));
        assert!(replies.iter().all(|reply| reply.body == replies[0].body), "the same bytes");
        let first = replies.iter().filter(|reply| reply.header("idempotency-replayed").is_empty());
        assert_eq!(first.count(), 1, "one of them did it");
    }
    assert_eq!(cast.alices().await.0, cents(100_000 - 100 * rounds));
    ways.close().await;
}

pub async fn requests_that_are_given_up_lose_and_double_nothing(engine: Engine) {
    let ways = Ways::of(&engine).await;
    let mut cast = Cast::of(&ways.fronts[0]).await;
    let each = 1000 * long() as usize / CLIENTS + 1;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (browser, order) = (ways.browser(&cast.alice, client), cast.order("0.01"));
        clients.spawn(async move {
            let mut given_up = 0;
            for number in 0..each {
                let (mut line, key) = (Kept::of(&browser).await, format!("{client}-{number}"));
                let after = Duration::from_micros(rand::random_range(0..40_000));
                let answer = tokio::time::timeout(after, line.post("/v1/transfers", Some(&key), &order)).await;
                given_up += usize::from(answer.is_err());
            }
            let mut line = Kept::of(&browser).await;
            for number in 0..each {
                made(&line.post("/v1/transfers", Some(&format!("{client}-{number}")), &order).await);
            }
            given_up
        });
    }
    let given_up: usize = clients.join_all().await.into_iter().sum();
    assert!(given_up > each, "most of {} were answered before they were given up", CLIENTS * each);
    let paid = (CLIENTS * each) as i64;
    assert_eq!((cast.alices().await.0, cast.bobs().await.0), (cents(100_000 - paid), cents(100_000 + paid)));
    ways.close().await;
}
