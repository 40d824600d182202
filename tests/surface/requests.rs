//! A request of each RPC method, as somebody makes it about something.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use teller::api::account::statement::OfPeriod;
use teller::api::account::{Change, Entries};
use teller::api::audit;
use teller::api::conversion::{self, Known, SetRate};
use teller::api::matching;
use teller::api::payment::{Find, GiveBack, Pay, Payer, PaymentName};
use teller::api::session::SignIn;
use teller::api::token::LogIn;
use teller::api::transfer::{Batch, Deduct, End, External, Handle, Item, Order, Post, Settle, fresh_id};
use teller::api::user::{Register, SetPassword, SetPicture, SignUp};
use teller::api::wallet::{Claimed, History, MoveOutside, OfWallet, Reconcile, ReconcileAll};
use teller::api::webhook::{self, OfWebhook};
use teller::domain::account::AccountId;
use teller::domain::asset::Asset;
use teller::domain::caller::{Caller, Device};
use teller::domain::conversion::Rate;
use teller::domain::fee::Percent;
use teller::domain::matching::{Mapping, Note};
use teller::domain::money::Decimal;
use teller::domain::password::EntryPassword;
use teller::domain::payment::PaymentToken;
use teller::domain::person::{Email, FullName};
use teller::domain::reconcile::{Claim, DEFAULT_TOLERANCE};
use teller::domain::time::Timestamp;
use teller::domain::transfer::{Description, Reference};
use teller::domain::user::{NewPassword, Nickname, Password, UserId, UserName};
use teller::domain::webhook::{EventKinds, WebhookUrl};

use crate::support::pictures;

use super::methods::{Asked, ROWS};

pub(super) fn of(request: impl Serialize) -> Value {
    serde_json::to_value(request).expect("requests are JSON, too")
}

pub(super) fn sign_up(it: &Asked) -> SignUp {
    let user_name = UserName::parse(format!("rpc-{}", it.turn)).expect("a name");
    SignUp { user_name, password: EntryPassword::parse("open-sesame").expect("a password") }
}

pub(super) fn sign_in(user_name: &str) -> SignIn {
    SignIn { user_name: user_name.to_owned(), password: password("teller-demo"), device: Device::default() }
}

pub(super) fn nickname() -> Nickname {
    Nickname::parse("new").expect("a nickname")
}

pub(super) fn picture(it: &Asked) -> SetPicture {
    SetPicture { caller: it.caller.clone(), user_name: None, upload: Bytes::from(pictures::png(8, 8)) }
}

pub(super) fn entries(it: &Asked) -> Entries {
    let (caller, account) = (it.caller.clone(), it.account);
    Entries { caller, account, from: None, until: None, before: None, limit: 10 }
}

pub(super) fn period(it: &Asked) -> OfPeriod {
    let (caller, account) = (it.caller.clone(), it.account);
    OfPeriod { caller, account, from: None, to: None, after: None, limit: 10, totals: true }
}

pub(super) fn lend() -> Change {
    Change::Floor(Decimal { digits: -1, scale: 0 })
}

pub(super) fn post(caller: Caller, order: Order) -> Post {
    Post { caller, handle: Handle::new(None), order }
}

pub(super) fn batch(it: &Asked) -> Batch {
    let items = vec![Item { id: fresh_id(), linked: false, order: order(it.account) }];
    Batch { caller: it.caller.clone(), key: None, atomic: false, items }
}

pub(super) fn settle(it: &Asked) -> Settle {
    Settle { caller: it.caller.clone(), handle: Handle::new(None), pending: it.hold, end: End::Void }
}

pub(super) fn deduct(it: &Asked) -> Deduct {
    Deduct { caller: Some(it.caller.clone()), handle: Handle::new(None), user: it.user, amount: one() }
}

/// The token of that number.
pub(super) fn token(number: u32) -> PaymentToken {
    PaymentToken::parse(format!("00000000-0000-4000-8000-{number:012}")).expect("a UUID")
}

pub(super) fn pay(caller: &Caller, user: UserId, number: u32) -> Pay {
    let (user, description) = (Payer::Number(user.0), Description::default());
    Pay { caller: Some(caller.clone()), token: token(number), user, amount: one(), description }
}

/// The payment of that user's number.
pub(super) fn named(it: &Asked) -> PaymentName {
    PaymentName::Token(token(it.user.0 as u32))
}

pub(super) fn find(it: &Asked) -> Find {
    Find { caller: Some(it.caller.clone()), payment: named(it) }
}

pub(super) fn give_back(it: &Asked) -> GiveBack {
    let (caller, handle) = (Some(it.caller.clone()), Handle::new(None));
    GiveBack { caller, handle, payment: named(it), amount: None, description: Description::default() }
}

pub(super) fn set_rate(caller: &Caller) -> SetRate {
    let rate = Rate::of_decimal(Decimal { digits: 1275, scale: 4 }).expect("a rate");
    SetRate { caller: caller.clone(), from: asset("CNY"), to: asset("EUR"), rate, spread: Percent::default() }
}

pub(super) fn quote(caller: &Caller) -> conversion::Ask {
    let known = Known::Sold(one());
    conversion::Ask { caller: caller.clone(), from: asset("CNY"), to: asset("EUR"), known }
}

pub(super) fn upload(it: &Asked) -> matching::Upload {
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
pub(super) fn statement(it: &Asked) -> matching::OfStatement {
    matching::OfStatement { caller: it.caller.clone(), statement: it.account.0 }
}

pub(super) fn resolve(it: &Asked) -> matching::Resolve {
    matching::Resolve { of: statement(it), place: 1, note: Note::parse("seen").expect("a note") }
}

pub(super) fn set_mapping(it: &Asked) -> matching::SetMapping {
    let mapping = Mapping { date: "date".to_owned(), amount: Some("amount".to_owned()), ..Mapping::default() };
    matching::SetMapping { caller: it.caller.clone(), account: it.account, mapping }
}

pub(super) fn register(it: &Asked) -> Register {
    Register {
        user_name: UserName::parse(format!("person-{}", it.turn)).expect("a name"),
        password: NewPassword::parse("four-green-keys").expect("a password"),
        full_name: FullName::parse("Dave Doe").expect("a name"),
        email: Email::parse(format!("person-{}@example.com", it.turn)).expect("an address"),
    }
}

pub(super) fn set_password(it: &Asked) -> SetPassword {
    let new = NewPassword::parse("teller-demo").expect("a password");
    SetPassword { caller: it.caller.clone(), current: password("teller-demo"), new }
}

pub(super) fn log_in() -> LogIn {
    LogIn { user_name: "alice".to_owned(), password: password("teller-demo"), device: Device::default() }
}

pub(super) fn audit(it: &Asked) -> audit::List {
    audit::List { caller: it.caller.clone(), user: None, kind: None, before: None, limit: 10 }
}

pub(super) fn wallet(it: &Asked) -> OfWallet {
    OfWallet { caller: Some(it.caller.clone()), wallet: it.account }
}

pub(super) fn outside(it: &Asked) -> MoveOutside {
    let tx_hash = Reference::parse(format!("0x{}", it.turn)).expect("a reference");
    MoveOutside {
        of: wallet(it),
        handle: Handle::new(None),
        amount: one(),
        tx_hash,
        description: Description::default(),
    }
}

pub(super) fn history(it: &Asked) -> History {
    History { of: wallet(it), from: None, until: None, kind: None, status: None, before: None, limit: 10 }
}

pub(super) fn reconcile(it: &Asked) -> Reconcile {
    Reconcile { of: wallet(it), start: Some(Timestamp(0)), end: Timestamp(1), claim: claim() }
}

pub(super) fn reconcile_all(it: &Asked) -> ReconcileAll {
    let item = Claimed { wallet: it.account, start: None, end: None, claim: claim() };
    ReconcileAll { caller: it.caller.clone(), items: vec![item] }
}

pub(super) fn claim() -> Claim {
    Claim { external: one(), tolerance: DEFAULT_TOLERANCE }
}

/// Nothing is ever found there.
pub(super) fn hook(caller: &Caller) -> webhook::Add {
    let url = WebhookUrl::parse("https://hooks.example/teller").expect("an address");
    let (caller, description) = (caller.clone(), Description::default());
    webhook::Add { caller, user: None, url, description, events: EventKinds::ALL }
}

pub(super) fn of_webhook(it: &Asked) -> OfWebhook {
    OfWebhook { caller: it.caller.clone(), webhook: it.webhook }
}

/// A currency that nobody before this one has opened a wallet in.
pub(super) fn unused(it: &Asked) -> Asset {
    asset(["JPY", "GBP", "CHF", "SEK"][it.turn as usize / (ROWS.len() + 1)])
}

pub(super) fn password(text: &str) -> Password {
    Password::parse(text).expect("a password")
}

pub(super) fn asset(code: &str) -> Asset {
    Asset::parse(code).expect("a currency")
}

pub(super) fn one() -> Decimal {
    Decimal { digits: 1, scale: 0 }
}

/// From that account to the demo payer's.
pub(super) fn order(from: AccountId) -> Order {
    Order {
        from,
        to: AccountId(5),
        asset: asset("CNY"),
        amount: one(),
        pending: None,
        description: Description::default(),
    }
}

pub(super) fn external(it: &Asked) -> External {
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
