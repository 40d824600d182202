//! Who may call which RPC method: every method of the backend's own table, by everybody. The backend trusts no front end, so it is asked itself.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use teller::api::account::statement::OfPeriod;
use teller::api::account::{Amend, BalanceAt, Change, Entries, List, OfAccount, Open};
use teller::api::audit;
use teller::api::conversion::{self, Convert, House, Known, SetRate};
use teller::api::matching;
use teller::api::payment::{Find, GiveBack, Issue, OfPayment, Pay, Payer, PaymentName, Records, Refunds};
use teller::api::session::{EndSession, SignIn};
use teller::api::token::{LogIn, Renew};
use teller::api::transfer::{Batch, Deduct, End, External, Handle, Item, OfTransfer, Order, Post, Settle, fresh_id};
use teller::api::user::{Register, SetNickname, SetPassword, SetPicture, SignUp};
use teller::api::visit;
use teller::api::wallet::{
    Claimed, History, MoveOutside, OfUser, OfWallet, OpenWallet, Reconcile, ReconcileAll, Reconciliations,
};
use teller::api::webhook::{self, Again, Listed, OfWebhook, Replay};
use teller::domain::account::AccountId;
use teller::domain::asset::Asset;
use teller::domain::caller::{Caller, Device};
use teller::domain::command::Pending;
use teller::domain::conversion::{QuoteToken, Rate};
use teller::domain::fee::Percent;
use teller::domain::matching::{Mapping, Note};
use teller::domain::money::Decimal;
use teller::domain::password::EntryPassword;
use teller::domain::payment::PaymentToken;
use teller::domain::person::{Email, FullName};
use teller::domain::picture::{PictureFormat, PictureName};
use teller::domain::reconcile::{Claim, DEFAULT_TOLERANCE};
use teller::domain::session::{SessionId, SessionNumber};
use teller::domain::time::Timestamp;
use teller::domain::token::RefreshToken;
use teller::domain::transfer::{Description, Reference, TransferId};
use teller::domain::user::{NewPassword, Nickname, Password, UserId, UserName};
use teller::domain::webhook::{EventKinds, WebhookId, WebhookUrl};
use teller::gateway::simulated::Faults;
use teller_rpc::{Client, Context, Method, MethodVisitor};

use crate::matrix::{Heard, Rule, Who};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::pictures;
use crate::support::program::Program;

/// Who asks, and for what.
#[derive(Clone, Debug)]
struct Asked {
    caller: Caller,
    user: UserId,
    account: AccountId,
    transfer: TransferId,
    hold: TransferId,
    session: SessionNumber,
    refresh: RefreshToken,
    webhook: WebhookId,
    quote: QuoteToken,
    turn: u32,
}

type Ask = fn(&Asked) -> Value;

/// Every method, for whom it is, and how it is called about the owner's things.
#[rustfmt::skip]
const ROWS: &[(&str, Rule, Ask)] = &[
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

fn of(request: impl Serialize) -> Value {
    serde_json::to_value(request).expect("requests are JSON, too")
}

fn sign_up(it: &Asked) -> SignUp {
    let user_name = UserName::parse(format!("rpc-{}", it.turn)).expect("a name");
    SignUp { user_name, password: EntryPassword::parse("open-sesame").expect("a password") }
}

fn sign_in(user_name: &str) -> SignIn {
    SignIn { user_name: user_name.to_owned(), password: password("teller-demo"), device: Device::default() }
}

fn nickname() -> Nickname {
    Nickname::parse("new").expect("a nickname")
}

fn picture(it: &Asked) -> SetPicture {
    SetPicture { caller: it.caller.clone(), user_name: None, upload: Bytes::from(pictures::png(8, 8)) }
}

fn entries(it: &Asked) -> Entries {
    let (caller, account) = (it.caller.clone(), it.account);
    Entries { caller, account, from: None, until: None, before: None, limit: 10 }
}

fn period(it: &Asked) -> OfPeriod {
    let (caller, account) = (it.caller.clone(), it.account);
    OfPeriod { caller, account, from: None, to: None, after: None, limit: 10, totals: true }
}

fn lend() -> Change {
    Change::Floor(Decimal { digits: -1, scale: 0 })
}

fn post(caller: Caller, order: Order) -> Post {
    Post { caller, handle: Handle::new(None), order }
}

fn batch(it: &Asked) -> Batch {
    let items = vec![Item { id: fresh_id(), linked: false, order: order(it.account) }];
    Batch { caller: it.caller.clone(), key: None, atomic: false, items }
}

fn settle(it: &Asked) -> Settle {
    Settle { caller: it.caller.clone(), handle: Handle::new(None), pending: it.hold, end: End::Void }
}

fn deduct(it: &Asked) -> Deduct {
    Deduct { caller: Some(it.caller.clone()), handle: Handle::new(None), user: it.user, amount: one() }
}

/// The token of that number.
fn token(number: u32) -> PaymentToken {
    PaymentToken::parse(format!("00000000-0000-4000-8000-{number:012}")).expect("a UUID")
}

fn pay(caller: &Caller, user: UserId, number: u32) -> Pay {
    let (user, description) = (Payer::Number(user.0), Description::default());
    Pay { caller: Some(caller.clone()), token: token(number), user, amount: one(), description }
}

/// The payment of that user's number.
fn named(it: &Asked) -> PaymentName {
    PaymentName::Token(token(it.user.0 as u32))
}

fn find(it: &Asked) -> Find {
    Find { caller: Some(it.caller.clone()), payment: named(it) }
}

fn give_back(it: &Asked) -> GiveBack {
    let (caller, handle) = (Some(it.caller.clone()), Handle::new(None));
    GiveBack { caller, handle, payment: named(it), amount: None, description: Description::default() }
}

fn set_rate(caller: &Caller) -> SetRate {
    let rate = Rate::of_decimal(Decimal { digits: 1275, scale: 4 }).expect("a rate");
    SetRate { caller: caller.clone(), from: asset("CNY"), to: asset("EUR"), rate, spread: Percent::default() }
}

fn quote(caller: &Caller) -> conversion::Ask {
    let known = Known::Sold(one());
    conversion::Ask { caller: caller.clone(), from: asset("CNY"), to: asset("EUR"), known }
}

fn upload(it: &Asked) -> matching::Upload {
    matching::Upload {
        caller: it.caller.clone(),
        account: it.account,
        file_name: String::new(),
        format: None,
        rules: matching::Rules::default(),
        content: Bytes::from("date,amount\n2026-01-01,1\n"),
    }
}

/// The first one: the owner's account is the first one, too.
fn statement(it: &Asked) -> matching::OfStatement {
    matching::OfStatement { caller: it.caller.clone(), statement: it.account.0 }
}

fn resolve(it: &Asked) -> matching::Resolve {
    matching::Resolve { of: statement(it), place: 1, note: Note::parse("seen").expect("a note") }
}

fn set_mapping(it: &Asked) -> matching::SetMapping {
    let mapping = Mapping { date: "date".to_owned(), amount: Some("amount".to_owned()), ..Mapping::default() };
    matching::SetMapping { caller: it.caller.clone(), account: it.account, mapping }
}

fn register(it: &Asked) -> Register {
    Register {
        user_name: UserName::parse(format!("person-{}", it.turn)).expect("a name"),
        password: NewPassword::parse("four-green-keys").expect("a password"),
        full_name: FullName::parse("Dave Doe").expect("a name"),
        email: Email::parse(format!("person-{}@example.com", it.turn)).expect("an address"),
    }
}

fn set_password(it: &Asked) -> SetPassword {
    let new = NewPassword::parse("teller-demo").expect("a password");
    SetPassword { caller: it.caller.clone(), current: password("teller-demo"), new }
}

fn log_in() -> LogIn {
    LogIn { user_name: "alice".to_owned(), password: password("teller-demo"), device: Device::default() }
}

fn audit(it: &Asked) -> audit::List {
    audit::List { caller: it.caller.clone(), user: None, kind: None, before: None, limit: 10 }
}

fn wallet(it: &Asked) -> OfWallet {
    OfWallet { caller: Some(it.caller.clone()), wallet: it.account }
}

fn outside(it: &Asked) -> MoveOutside {
    let tx_hash = Reference::parse(format!("0x{}", it.turn)).expect("a reference");
    MoveOutside {
        of: wallet(it),
        handle: Handle::new(None),
        amount: one(),
        tx_hash,
        description: Description::default(),
    }
}

fn history(it: &Asked) -> History {
    History { of: wallet(it), from: None, until: None, kind: None, status: None, before: None, limit: 10 }
}

fn reconcile(it: &Asked) -> Reconcile {
    Reconcile { of: wallet(it), start: Some(Timestamp(0)), end: Timestamp(1), claim: claim() }
}

fn reconcile_all(it: &Asked) -> ReconcileAll {
    let item = Claimed { wallet: it.account, start: None, end: None, claim: claim() };
    ReconcileAll { caller: it.caller.clone(), items: vec![item] }
}

fn claim() -> Claim {
    Claim { external: one(), tolerance: DEFAULT_TOLERANCE }
}

/// Nothing is ever found there.
fn hook(caller: &Caller) -> webhook::Add {
    let url = WebhookUrl::parse("https://hooks.example/teller").expect("an address");
    let (caller, description) = (caller.clone(), Description::default());
    webhook::Add { caller, user: None, url, description, events: EventKinds::ALL }
}

fn of_webhook(it: &Asked) -> OfWebhook {
    OfWebhook { caller: it.caller.clone(), webhook: it.webhook }
}

/// A currency that nobody before this one has opened a wallet in.
fn unused(it: &Asked) -> Asset {
    asset(["JPY", "GBP", "CHF", "SEK"][it.turn as usize / (ROWS.len() + 1)])
}

fn password(text: &str) -> Password {
    Password::parse(text).expect("a password")
}

fn asset(code: &str) -> Asset {
    Asset::parse(code).expect("a currency")
}

fn one() -> Decimal {
    Decimal { digits: 1, scale: 0 }
}

/// From that account to the demo payer's.
fn order(from: AccountId) -> Order {
    Order {
        from,
        to: AccountId(5),
        asset: asset("CNY"),
        amount: one(),
        pending: None,
        description: Description::default(),
    }
}

fn external(it: &Asked) -> External {
    External {
        caller: it.caller.clone(),
        handle: Handle::new(None),
        account: it.account,
        asset: asset("CNY"),
        amount: one(),
        reference: Reference::parse(format!("rpc-{}", it.turn)).expect("a reference"),
        description: Description::default(),
    }
}

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
