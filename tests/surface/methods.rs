//! Who may call which RPC method: every method of the backend's own table, by everybody. The backend trusts no front end, so it is asked itself.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::{Value, json};
use teller::api::account::{Amend, BalanceAt, List, OfAccount, Open};
use teller::api::conversion::{Convert, House};
use teller::api::matching;
use teller::api::payment::{Issue, OfPayment, Payer, Records, Refunds};
use teller::api::session::EndSession;
use teller::api::token::Renew;
use teller::api::transfer::{External, Handle, OfTransfer, Order};
use teller::api::user::SetNickname;
use teller::api::visit;
use teller::api::wallet::{OfUser, OpenWallet, Reconciliations};
use teller::api::webhook::{self, Again, Listed, Replay};
use teller::domain::account::AccountId;
use teller::domain::caller::{Caller, Device};
use teller::domain::command::Pending;
use teller::domain::conversion::QuoteToken;
use teller::domain::money::Decimal;
use teller::domain::picture::{PictureFormat, PictureName};
use teller::domain::session::{SessionId, SessionNumber};
use teller::domain::time::Timestamp;
use teller::domain::token::RefreshToken;
use teller::domain::transfer::{Description, Reference, TransferId};
use teller::domain::user::UserId;
use teller::domain::webhook::WebhookId;
use teller::gateway::simulated::Faults;
use teller_rpc::{Client, Context, Method, MethodVisitor};

use super::requests::{
    asset, audit, batch, deduct, entries, external, find, give_back, history, hook, lend, log_in, named, nickname, of,
    of_webhook, order, outside, pay, period, picture, post, quote, reconcile, reconcile_all, register, resolve,
    set_mapping, set_password, set_rate, settle, sign_in, sign_up, statement, token, unused, upload, wallet,
};
use crate::matrix::{Heard, Rule, Who};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::program::Program;

/// Who asks, and for what.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) caller: Caller,
    pub(super) user: UserId,
    pub(super) account: AccountId,
    pub(super) transfer: TransferId,
    pub(super) hold: TransferId,
    pub(super) session: SessionNumber,
    pub(super) refresh: RefreshToken,
    pub(super) webhook: WebhookId,
    pub(super) quote: QuoteToken,
    pub(super) turn: u32,
}

type Ask = fn(&Asked) -> Value;

/// Every method, for whom it is, and how it is called about the owner's things.
#[rustfmt::skip]
pub(super) const ROWS: &[(&str, Rule, Ask)] = &[
    ("user.sign_up",       Rule::Everybody, |it| of(sign_up(it))),
    ("user.profile",       Rule::Own,       |it| of(it.caller.clone())),
    ("user.set_nickname",  Rule::Own,       |it| of(SetNickname { caller: it.caller.clone(), nickname: nickname() })),
    ("user.set_picture",   Rule::Own,       |it| of(picture(it))),
    ("user.picture",       Rule::Everybody, |_| of(PictureName::new([1; 16], PictureFormat::Png))),
    ("session.sign_in",    Rule::Everybody, |_| of(sign_in("alice"))),
    ("session.sign_out",   Rule::Own,       |it| of(it.caller.clone())),
    ("account.open",       Rule::Own,       |it| of(Open { caller: it.caller.clone(), asset: asset("EUR") })),
    ("account.get",        Rule::Owned,     |it| of(OfAccount { caller: it.caller.clone(), account: it.account })),
    ("account.list",       Rule::Own,       |it| of(List { caller: it.caller.clone(), after: None, limit: 10 })),
    ("account.entries",    Rule::Owned,     |it| of(entries(it))),
    ("account.balance_at", Rule::Owned,     |it| of(BalanceAt { caller: it.caller.clone(), account: it.account, at: Timestamp(0) })),
    ("account.statement",  Rule::Owned,     |it| of(period(it))),
    ("account.amend",      Rule::Operators, |it| of(Amend { caller: it.caller.clone(), account: it.account, change: lend() })),
    ("transfer.post",      Rule::Owned,     |it| of(post(it.caller.clone(), order(it.account)))),
    ("transfer.batch",     Rule::Owned,     |it| of(batch(it))),
    ("transfer.settle",    Rule::Owned,     |it| of(settle(it))),
    ("transfer.get",       Rule::Owned,     |it| of(OfTransfer { caller: it.caller.clone(), transfer: it.transfer })),
    ("transfer.deposit",   Rule::Operators, |it| of(external(it))),
    ("transfer.withdraw",  Rule::Operators, |it| of(external(it))),
    ("transfer.deduct",    Rule::Owned,     |it| of(deduct(it))),
    ("payment.issue",      Rule::Owned,     |it| of(Issue { caller: Some(it.caller.clone()), user: Payer::Number(it.user.0), amount: None })),
    ("payment.pay",        Rule::Owned,     |it| of(pay(&it.caller, it.user, it.turn))),
    ("payment.status",     Rule::Owned,     |it| of(OfPayment { caller: Some(it.caller.clone()), token: token(it.user.0 as u32) })),
    ("payment.records",    Rule::Own,       |it| of(Records { caller: Some(it.caller.clone()), after: None, limit: 10 })),
    ("payment.find",       Rule::Owned,     |it| of(find(it))),
    ("payment.refund",     Rule::Operators, |it| of(give_back(it))),
    ("payment.refunds",    Rule::Owned,     |it| of(Refunds { caller: Some(it.caller.clone()), payment: named(it), after: None, limit: 10 })),
    ("conversion.house",       Rule::Operators,        |it| of(House { caller: it.caller.clone(), asset: Some(asset("EUR")) })),
    ("conversion.set_rate",    Rule::Operators,        |it| of(set_rate(&it.caller))),
    ("conversion.rates",       Rule::Own,              |it| of(it.caller.clone())),
    ("conversion.quote",       Rule::Own,              |it| of(quote(&it.caller))),
    ("conversion.convert",     Rule::Private,          |it| of(Convert { caller: it.caller.clone(), quote: it.quote.clone(), from: None, to: None })),
    ("wallet.open",            Rule::Owned,            |it| of(OpenWallet { caller: Some(it.caller.clone()), user: it.user, asset: unused(it) })),
    ("wallet.get",             Rule::Owned,            |it| of(wallet(it))),
    ("wallet.list",            Rule::Owned,            |it| of(OfUser { caller: Some(it.caller.clone()), user: it.user })),
    ("wallet.deposit",         Rule::OperatorsOfOwned, |it| of(outside(it))),
    ("wallet.withdraw",        Rule::Owned,            |it| of(outside(it))),
    ("wallet.history",         Rule::Owned,            |it| of(history(it))),
    ("wallet.reconcile",       Rule::Owned,            |it| of(reconcile(it))),
    ("wallet.reconcile_all",   Rule::Operators,        |it| of(reconcile_all(it))),
    ("wallet.reconciliations", Rule::Owned,            |it| of(Reconciliations { of: wallet(it), before: None, limit: 10 })),
    ("matching.upload",        Rule::Owned,            |it| of(upload(it))),
    ("matching.list",          Rule::Owned,            |it| of(matching::List { caller: it.caller.clone(), account: it.account, before: None, limit: 10 })),
    ("matching.get",           Rule::Owned,            |it| of(statement(it))),
    ("matching.lines",         Rule::Owned,            |it| of(matching::Lines { of: statement(it), state: None, after: 0, limit: 10 })),
    ("matching.resolve",       Rule::Operators,        |it| of(resolve(it))),
    ("matching.set_mapping",   Rule::Owned,            |it| of(set_mapping(it))),
    ("matching.mapping",       Rule::Owned,            |it| of(OfAccount { caller: it.caller.clone(), account: it.account })),
    ("user.register",          Rule::Everybody,        |it| of(register(it))),
    ("user.person",            Rule::Own,              |it| of(it.caller.clone())),
    ("user.set_password",      Rule::Own,              |it| of(set_password(it))),
    ("token.log_in",           Rule::Everybody,        |_| of(log_in())),
    ("token.renew",            Rule::Everybody,        |it| of(Renew { token: it.refresh.clone(), device: Device::default() })),
    ("session.list",           Rule::Own,              |it| of(it.caller.clone())),
    ("session.end",            Rule::Private,          |it| of(EndSession { caller: it.caller.clone(), session: it.session })),
    ("session.end_others",     Rule::Own,              |it| of(it.caller.clone())),
    ("webhook.add",            Rule::Own,              |it| of(hook(&it.caller))),
    ("webhook.list",           Rule::Own,              |it| of(webhook::OfUser { caller: it.caller.clone(), user: None })),
    ("webhook.get",            Rule::Owned,            |it| of(of_webhook(it))),
    ("webhook.amend",          Rule::Owned,            |it| of(webhook::Amend { of: of_webhook(it), url: None, description: None, events: None, enabled: Some(true) })),
    ("webhook.deliveries",     Rule::Owned,            |it| of(Listed { of: of_webhook(it), limit: 10 })),
    ("webhook.dead_letters",   Rule::Owned,            |it| of(Listed { of: of_webhook(it), limit: 10 })),
    ("webhook.replay",         Rule::Owned,            |it| of(Replay { of: of_webhook(it), what: Again::Dead(None) })),
    ("webhook.renew",          Rule::Owned,            |it| of(of_webhook(it))),
    ("webhook.ping",           Rule::Owned,            |it| of(of_webhook(it))),
    ("webhook.end",            Rule::Owned,            |it| of(of_webhook(it))),
    ("audit.list",             Rule::Operators,        |it| of(audit(it))),
    ("health.ready",       Rule::Everybody, |_| Value::Null),
];

pub async fn every_rpc_method_is_open_to_those_it_is_for_and_shows_others_nothing(engine: Engine) {
    let gateway = Gateway::start(Faults::none()).await;
    let program = Program::start_closed(&engine.with("TELLER_PAYMENT_GATEWAY_URL", gateway.url())).await;
    let client = program.client();
    let table = client.describe(&context()).await.expect("the backend tells");
    let named = table.services.iter().flat_map(|service| service.methods.iter().map(move |method| (service, method)));
    let there: BTreeSet<String> = named.map(|(service, method)| format!("{}.{}", service.name, method.name)).collect();
    let rows: BTreeSet<String> = ROWS.iter().map(|(method, ..)| (*method).to_owned()).collect();
    assert_eq!(rows, there, "every method has a row in tests/surface/methods.rs, and says for whom it is");

    // The first turn pays under the token that is asked for later: the owner's number.
    let mut backend = Backend { client, turn: 1, webhook: WebhookId(0) };
    backend.webhook = backend.webhook().await;
    let hold = backend.hold().await;
    backend.paid().await;
    backend.sells_euros().await;
    for who in [Who::Other, Who::Nobody, Who::Owner, Who::Operator] {
        for (method, rule, ask) in ROWS {
            backend.tell(method, *rule, *ask, who, hold).await;
        }
    }
    backend.client.close().await;
    program.stop().await;
}

fn context() -> Context {
    Context::with_timeout(Duration::from_secs(10))
}

struct Backend {
    client: Client,
    turn: u32,
    webhook: WebhookId,
}

impl Backend {
    async fn call(&self, method: &str, request: Value) -> Value {
        let (service, method) = method.split_once('.').expect("a service and its method");
        visit(service, method, Typed { client: &self.client, request }).expect("this program knows it").await
    }

    async fn caller(&self, who: Who) -> Caller {
        let user_name = match who {
            Who::Owner => "alice",
            Who::Other => "bob",
            Who::Operator => "operator",
            Who::Nobody => return SessionId::parse("0123456789abcdef0123456789abcdef").expect("32 digits").into(),
        };
        let session = self.call("session.sign_in", of(sign_in(user_name))).await["Ok"].clone();
        SessionId::parse(session.as_str().expect("a session")).expect("32 digits").into()
    }

    /// A pending transfer of the owner's.
    async fn hold(&self) -> TransferId {
        let caller = self.caller(Who::Owner).await;
        let order = Order { pending: Some(Pending { timeout_s: None }), ..order(AccountId(1)) };
        let request = post(caller, order);
        let made = self.call("transfer.post", of(&request)).await;
        assert!(made["Ok"].is_object(), "{made}");
        request.handle.id
    }

    /// A webhook of the owner's: all but one are deleted again.
    async fn webhook(&self) -> WebhookId {
        let made = self.call("webhook.add", of(hook(&self.caller(Who::Owner).await))).await;
        let id = &made["Ok"]["shown"]["webhook"]["id"];
        WebhookId(id.as_u64().unwrap_or_else(|| panic!("{made}")))
    }

    /// A payment of the owner's, under the token of their number.
    async fn paid(&self) {
        let caller = self.caller(Who::Owner).await;
        let said = self.call("payment.pay", of(pay(&caller, UserId(1), 1))).await;
        assert!(said["Ok"]["Success"].is_string(), "{said}");
    }

    /// An operator sets a rate, and brings in what the house sells.
    async fn sells_euros(&self) {
        let caller = self.caller(Who::Operator).await;
        self.call("conversion.set_rate", of(set_rate(&caller))).await;
        let house = House { caller: caller.clone(), asset: Some(asset("EUR")) };
        let house = self.call("conversion.house", of(house)).await;
        let euros = External {
            caller,
            handle: Handle::new(None),
            account: serde_json::from_value(house["Ok"][0]["id"].clone()).expect("a number"),
            asset: asset("EUR"),
            amount: Decimal { digits: 100, scale: 0 },
            reference: Reference::parse("treasury-1").expect("a reference"),
            description: Description::default(),
        };
        let brought = self.call("transfer.deposit", of(euros)).await;
        assert!(brought["Ok"].is_object(), "{brought}");
    }

    async fn tell(&mut self, method: &str, rule: Rule, ask: Ask, who: Who, transfer: TransferId) {
        self.turn += 1;
        let done = rule.says(who) == Heard::Done;
        let hold = if done && method == "transfer.settle" { self.hold().await } else { transfer };
        let caller = self.caller(who).await;
        let granted = &self.call("token.log_in", of(log_in())).await["Ok"]["granted"];
        let session = serde_json::from_value(granted["session"].clone()).expect("a number");
        let refresh = serde_json::from_value(granted["refresh"].clone()).expect("a token");
        let quoted = self.call("conversion.quote", of(quote(&self.caller(Who::Owner).await))).await;
        let quote = serde_json::from_value(quoted["Ok"]["token"].clone()).expect("a quote");
        let (user, account, webhook) = (UserId(1), AccountId(1), self.webhook);
        let asked = Asked { session, refresh, quote, caller, user, account, transfer, hold, webhook, turn: self.turn };
        let said = self.call(method, ask(&asked)).await;
        if done && method == "webhook.end" {
            self.webhook = self.webhook().await;
        }
        let what = format!("{method} by {who:?}: {said}");
        match rule.says(who) {
            Heard::Done => assert!(said.get("Err").is_none() && said["Ok"][0].get("Err").is_none(), "{what}"),
            Heard::Nobody => assert_eq!(said, json!({"Err": "InvalidSession"}), "{what}"),
            Heard::Operators => assert_eq!(said, json!({"Err": "NotOperator"}), "{what}"),
            Heard::Absent => {
                let nothing = TransferId([0x0f; 16]);
                let session = SessionNumber([0x0f; 16]);
                let absent = Asked {
                    user: UserId(999_999),
                    account: AccountId(999_999),
                    transfer: nothing,
                    hold: nothing,
                    session,
                    webhook: WebhookId(999_999),
                    quote: QuoteToken::parse("cq_none").expect("visible ASCII"),
                    ..asked
                };
                assert!(said.get("Err").is_some() || said["Ok"][0].get("Err").is_some(), "{what}");
                assert_eq!(said, self.call(method, ask(&absent)).await, "{what}: it tells what is there");
            }
        }
    }
}

/// A call whose messages are JSON until they meet their types.
struct Typed<'a> {
    client: &'a Client,
    request: Value,
}

impl<'a> MethodVisitor for Typed<'a> {
    type Output = Pin<Box<dyn Future<Output = Value> + Send + 'a>>;

    fn visit<M: Method>(self) -> Self::Output {
        Box::pin(async move {
            let request: M::Request = serde_json::from_value(self.request).expect("a request of this method");
            let response = self.client.call::<M>(&context(), &request).await.expect("an answer");
            serde_json::to_value(response).expect("answers are JSON, too")
        })
    }
}
