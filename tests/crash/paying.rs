//! Customers who pay each other without a pause, and remember what they were told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::http::{Browser, Reply};
use crate::support::program::Program;
use crate::teller::{Cast, signed_in, text};

/// Transfers of a batch.
const MANY: usize = 20;
/// What whoever was not served waits.
const PAUSE: Duration = Duration::from_millis(10);
/// A restart on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that moves money.
#[derive(Clone, Debug)]
pub struct Sent {
    pub key: String,
    pub body: Value,
    pub path: String,
    /// Who pays, of the two.
    pub payer: usize,
    /// How much that is, in cents.
    pub cents: i64,
    /// The answer's status, how long it took, and after how long it says to come back.
    pub heard: (u16, Duration, String),
    /// What it says, if it is done.
    pub receipt: Option<Value>,
}

impl Sent {
    /// Whether whoever sent it was told that it is done.
    pub fn is_acknowledged(&self) -> bool {
        self.receipt.is_some()
    }

    /// Sends it through `browser`, and keeps what is said.
    async fn send(&mut self, browser: &mut Browser) {
        let begun = Instant::now();
        let reply = browser.keyed(&self.path, &self.key, &self.body).await;
        self.heard = (reply.status.as_u16(), begun.elapsed(), reply.header("retry-after").to_owned());
        self.receipt = receipt(&reply);
    }
}

/// What a request did, without what differs when it is sent again.
fn receipt(reply: &Reply) -> Option<Value> {
    if !reply.status.is_success() {
        return None;
    }
    let mut receipt = reply.json();
    for result in receipt["results"].as_array_mut().into_iter().flatten() {
        assert_eq!(result["status"], "posted", "{result}");
        result.as_object_mut().expect("an object").remove("replayed");
    }
    Some(receipt)
}

/// Alice and Bob, each in several places at once.
pub struct Paying {
    /// How many requests were acknowledged, and how many were not served.
    counts: watch::Receiver<[usize; 2]>,
    stop: watch::Sender<bool>,
    payers: JoinSet<Vec<Sent>>,
}

impl Paying {
    /// Lets them begin: `payers` each, who send single transfers, batches, and transfers that are pending until they are posted.
    pub async fn begin(program: &Program, payers: usize) -> Self {
        let cast = Cast::of(program).await;
        let (count, counts) = watch::channel([0, 0]);
        let (stop, stopped) = watch::channel(false);
        let mut set = JoinSet::new();
        for place in 0..payers * 2 {
            let (name, browser, from, to) = match place % 2 {
                0 => ("alice", &cast.alice, cast.from, cast.to),
                _ => ("bob", &cast.bob, cast.to, cast.from),
            };
            let order = json!({"from_account_id": from, "to_account_id": to, "amount": "0.01", "currency": "CNY"});
            let payer = Payer { name, place, order, browser: browser.clone(), count: count.clone(), held: None };
            set.spawn(payer.pay(stopped.clone()));
        }
        Self { counts, stop, payers: set }
    }

    /// Waits until `more` further requests are acknowledged.
    pub async fn until_more(&mut self, more: usize) {
        let goal = self.counts.borrow()[0] + more;
        self.until(|[acknowledged, _]| *acknowledged >= goal).await;
    }

    /// Waits until a further request is not served.
    pub async fn until_turned_away(&mut self) {
        let before = self.counts.borrow()[1];
        self.until(|[_, turned_away]| *turned_away > before).await;
    }

    async fn until(&mut self, reached: impl Fn(&[usize; 2]) -> bool) {
        let reached = tokio::time::timeout(PATIENCE, self.counts.wait_for(reached)).await;
        reached.expect("it happens in time").expect("somebody pays");
    }

    /// Lets them finish, and returns all that they sent.
    pub async fn end(self) -> Vec<Sent> {
        self.stop.send(true).expect("somebody pays");
        self.payers.join_all().await.into_iter().flatten().collect()
    }
}

struct Payer {
    name: &'static str,
    place: usize,
    order: Value,
    browser: Browser,
    count: watch::Sender<[usize; 2]>,
    /// A transfer of theirs that is pending.
    held: Option<String>,
}

impl Payer {
    async fn pay(mut self, stopped: watch::Receiver<bool>) -> Vec<Sent> {
        let mut all = Vec::new();
        while !*stopped.borrow() {
            let mut sent = self.next(all.len());
            sent.send(&mut self.browser).await;
            match sent.heard.0 {
                200 | 201 => self.count.send_modify(|count| count[0] += 1),
                401 => self.sign_in().await,
                _ => {
                    self.count.send_modify(|count| count[1] += 1);
                    tokio::time::sleep(PAUSE).await;
                }
            }
            let made = sent.receipt.as_ref().map(|receipt| &receipt["transfer"]);
            self.held = made.filter(|made| made["status"] == "pending").map(|made| text(&made["id"]));
            all.push(sent);
        }
        all
    }

    fn next(&self, number: usize) -> Sent {
        let mut pending = self.order.clone();
        pending["pending"] = json!(true);
        let (path, body, cents) = match (&self.held, number % 3) {
            (Some(held), _) => (format!("/v1/transfers/{held}/post"), json!({}), 1),
            (None, 0) => ("/v1/transfers".to_owned(), self.order.clone(), 1),
            (None, 1) => ("/v1/transfers/batch".to_owned(), json!({"transfers": vec![&self.order; MANY]}), MANY as i64),
            // What is held has not moved.
            (None, _) => ("/v1/transfers".to_owned(), pending, 0),
        };
        let key = format!("{}-{number}", self.place);
        Sent { key, body, path, payer: self.place % 2, cents, heard: (0, Duration::ZERO, String::new()), receipt: None }
    }

    /// Sessions in memory die with their backend.
    async fn sign_in(&mut self) {
        let body = json!({"username": self.name, "password": "teller-demo"});
        let mut fresh = Browser::new(self.browser.address);
        match fresh.json("/api/entrytask/user/signin", &body).await {
            reply if reply.err_code() == "7" => self.browser = fresh,
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Sends everything again. What was acknowledged is answered with the same receipt, what was not is done now or was done before, and the
/// balances are those of all requests done once.
pub async fn each_is_done_once(program: &Program, all: &[Sent]) {
    let payers = [signed_in(program, "alice").await, signed_in(program, "bob").await];
    let mut tries = JoinSet::new();
    for part in all.chunks(all.len().div_ceil(16).max(1)) {
        let (part, mut payers) = (part.to_vec(), payers.clone());
        tries.spawn(async move {
            for sent in part {
                let mut again = sent.clone();
                again.send(&mut payers[sent.payer]).await;
                assert!(again.is_acknowledged(), "{again:?}");
                if sent.is_acknowledged() {
                    assert_eq!(again.receipt, sent.receipt, "{}: acknowledged, and another one now", sent.key);
                }
            }
        });
    }
    tries.join_all().await;
    let paid = |by: usize| all.iter().filter(|sent| sent.payer == by).map(|sent| sent.cents).sum::<i64>();
    let (alice, bob) = (paid(0), paid(1));
    let mut cast = Cast::of(program).await;
    let found = (cast.alices().await.0, cast.bobs().await.0);
    assert_eq!(found, (cents(100_000 - alice + bob), cents(100_000 - bob + alice)), "all requests, each once");
}

/// As an amount of `CNY`.
pub fn cents(cents: i64) -> String {
    assert!(cents >= 0, "{cents}");
    format!("{}.{:02}", cents / 100, cents % 100)
}
