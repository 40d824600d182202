//! A backend that does as it is told, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use teller_rpc::{Client, Context, Registry, Status};
use tokio::sync::{Notify, Semaphore};

use crate::api::account::statement::{OfPeriod, StatementPage};
use crate::api::account::{self, Amend, BalanceAt, Entries, EntryPage, List, OfAccount, Open, Page, PastBalance};
use crate::api::session::{self, EndSession, SessionKind, SignIn, SignedIn};
use crate::api::token::{self, Granted, LogIn, LoggedIn, Renew};
use crate::api::transfer::{self, Batch, Brief, Deduct, Deducted, External, OfTransfer, Post, Settle};
use crate::api::user::{self, Register, SetNickname, SetPassword, SetPicture, SignUp};
use crate::api::wallet::{
    self, Events, History, MoveOutside, OfUser, OfWallet, OpenWallet, Reconcile, ReconcileAll, Reconciled,
    Reconciliations,
};
use crate::api::{Refusal, audit, health};
use crate::domain::account::statement::Span;
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::audit::{AuditEvent, AuditKind, AuditRecord};
use crate::domain::caller::{Caller, Credential, Device};
use crate::domain::command::{self, Done};
use crate::domain::money::Amount;
use crate::domain::person::Person;
use crate::domain::picture::{Picture, PictureFormat, PictureName};
use crate::domain::reconcile::{Books, Period, Reconciliation};
use crate::domain::session::{SessionId, SessionNumber};
use crate::domain::time::Timestamp;
use crate::domain::token::{AccessToken, RefreshToken};
use crate::domain::transfer::{
    Description, Entry, Receipt, Stored, Transfer, TransferId, TransferKind, TransferStatus,
};
use crate::domain::user::{Profile, Role, UserId};

/// The one session there is.
pub(super) const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// What the backend does with every call.
#[derive(Clone, Debug, Default)]
pub(super) enum Mood {
    /// What it was asked.
    #[default]
    Works,
    /// Says no.
    Refuses(Refusal),
    /// Fails with this code.
    Fails(u16),
    /// Panics.
    Panics,
    /// Panics, unless it is asked who somebody is.
    PanicsMoving,
    /// Waits for [`Fake::gate`] first.
    Waits,
}

#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: &'static str,
    pub(super) trace_id: [u8; 16],
    pub(super) remaining: Duration,
}

pub(super) struct Fake {
    mood: Mutex<Mood>,
    seen: Mutex<Vec<Seen>>,
    /// Told about every call that begins.
    pub(super) begun: Notify,
    /// A permit lets one waiting call go on.
    pub(super) gate: Semaphore,
    /// The last uploaded file and the user name beside it.
    pub(super) uploaded: Mutex<Option<(Vec<u8>, Option<String>)>>,
}

impl Default for Fake {
    fn default() -> Self {
        let gate = Semaphore::new(0);
        Self { gate, mood: Mutex::default(), seen: Mutex::default(), begun: Notify::new(), uploaded: Mutex::default() }
    }
}

impl Fake {
    pub(super) fn client(self: &Arc<Self>) -> Client {
        let services = Registry::new()
            .with(user::serve(self.clone()))
            .with(session::serve(self.clone()))
            .with(token::serve(self.clone()))
            .with(account::serve(self.clone()))
            .with(transfer::serve(self.clone()))
            .with(wallet::serve(self.clone()))
            .with(audit::serve(self.clone()))
            .with(health::serve(self.clone()));
        Client::in_process(services)
    }

    pub(super) fn becomes(&self, mood: Mood) {
        *self.mood.lock().expect("no panic while locked") = mood;
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic while locked").clone()
    }

    async fn call<T>(&self, method: &'static str, cx: Context, value: T) -> Answer<T> {
        let trace_id = cx.trace().expect("every request has a trace").trace_id;
        let seen = Seen { method, trace_id, remaining: cx.remaining() };
        self.seen.lock().expect("no panic while locked").push(seen);
        self.begun.notify_one();
        let mood = self.mood.lock().expect("no panic while locked").clone();
        match mood {
            Mood::Works => Ok(Ok(value)),
            Mood::Refuses(refusal) => Ok(Err(refusal)),
            Mood::Fails(code) => Err(Status { code, message: "secret cause".to_owned() }),
            Mood::PanicsMoving if method == "profile" => Ok(Ok(value)),
            Mood::Panics | Mood::PanicsMoving => panic!("as it was told"),
            Mood::Waits => {
                self.gate.acquire().await.expect("never closed").forget();
                Ok(Ok(value))
            }
        }
    }
}

/// Alice, with that nickname and picture.
fn alice(nickname: &str, picture: &str) -> Profile {
    let (nickname, picture) = (nickname.to_owned(), picture.to_owned());
    Profile { id: UserId(1), user_name: "alice".to_owned(), nickname, picture, version: 1 }
}

/// The same to herself.
fn person() -> Person {
    Person {
        id: UserId(1),
        user_name: "alice".to_owned(),
        full_name: "Alice".to_owned(),
        email: None,
        role: Role::Customer,
        created_at: Timestamp(0),
    }
}

/// Her tokens.
fn granted() -> Granted {
    Granted {
        session: SessionNumber([7; 16]),
        access: AccessToken::parse("access").expect("a token"),
        access_expires_at: Timestamp(0),
        refresh: RefreshToken::parse("refresh").expect("a token"),
        refresh_expires_at: Timestamp(0),
    }
}

/// Where Alice is signed in.
fn signed_in() -> SignedIn {
    SignedIn {
        number: SessionNumber([7; 16]),
        kind: SessionKind::Browser,
        current: true,
        device: Device::new("192.0.2.1".parse().ok(), "curl/8"),
        created_at: Timestamp(0),
        seen_at: Timestamp(1_000_000),
        expires_at: None,
    }
}

/// The one picture there is.
pub(super) fn picture_name() -> PictureName {
    PictureName::new([7; 16], PictureFormat::Png)
}

fn cny() -> Asset {
    Asset::parse("CNY").expect("a currency")
}

/// The one account that anybody has.
fn account() -> Account {
    Account {
        id: AccountId(1),
        owner: Some(UserId(1)),
        kind: AccountKind::User,
        stripe: None,
        asset: cny(),
        balance: Amount::new(100_000).expect("small"),
        held: Amount::ZERO,
        floor: Amount::ZERO,
        version: 1,
        status: AccountStatus::Open,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

/// The one transfer there is.
fn done() -> Done {
    let (id, amount) = (TransferId([7; 16]), Amount::new(1000).expect("small"));
    let entry = |account, amount: Amount| Entry {
        account: AccountId(account),
        seq: 2,
        transfer: id,
        amount,
        balance_before: Amount::new(100_000).expect("small"),
        balance_after: Amount::new(100_000 + amount.minor()).expect("small"),
        held_after: Amount::ZERO,
        created_at: Timestamp(0),
    };
    let transfer = Transfer {
        id,
        kind: TransferKind::Transfer,
        status: TransferStatus::Posted,
        from: AccountId(1),
        to: AccountId(2),
        asset: cny(),
        amount,
        settles: None,
        timeout_s: None,
        reference: None,
        description: Description::parse("lunch").expect("short"),
        actor: UserId(1),
        created_at: Timestamp(0),
        from_seq: 2,
        to_seq: Some(2),
    };
    let (from_entry, to_entry) = (entry(1, amount.negated()), Some(entry(2, amount)));
    Done { receipt: Receipt { transfer, from_entry, to_entry }, replayed: false }
}

fn of_caller<T>(caller: &Caller, value: T) -> Result<T, Refusal> {
    match &caller.credential {
        Credential::Session(session) if session.expose() == SESSION => Ok(value),
        _ => Err(Refusal::InvalidSession),
    }
}

type Answer<T> = Result<Result<T, Refusal>, Status>;

impl user::Service for Arc<Fake> {
    async fn sign_up(&self, cx: Context, _: SignUp) -> Answer<UserId> {
        self.call("sign_up", cx, UserId(1)).await
    }

    async fn register(&self, cx: Context, _: Register) -> Answer<Person> {
        self.call("register", cx, person()).await
    }

    async fn person(&self, cx: Context, _: Caller) -> Answer<Person> {
        self.call("person", cx, person()).await
    }

    async fn profile(&self, cx: Context, caller: Caller) -> Answer<Profile> {
        let answer = self.call("profile", cx, alice("Ali", "")).await?;
        Ok(answer.and_then(|profile| of_caller(&caller, profile)))
    }

    async fn set_nickname(&self, cx: Context, request: SetNickname) -> Answer<Profile> {
        let answer = self.call("set_nickname", cx, alice(request.nickname.as_str(), "")).await?;
        Ok(answer.and_then(|profile| of_caller(&request.caller, profile)))
    }

    async fn set_password(&self, cx: Context, request: SetPassword) -> Answer<()> {
        let answer = self.call("set_password", cx, ()).await?;
        Ok(answer.and_then(|()| of_caller(&request.caller, ())))
    }

    async fn set_picture(&self, cx: Context, request: SetPicture) -> Answer<Profile> {
        let upload = (request.upload.to_vec(), request.user_name);
        *self.uploaded.lock().expect("no panic while locked") = Some(upload);
        self.call("set_picture", cx, alice("Ali", picture_name().as_str())).await
    }

    async fn picture(&self, cx: Context, name: PictureName) -> Result<Option<Picture>, Status> {
        let found = (name == picture_name()).then(|| Picture { name, bytes: "pixels".into() });
        self.call("picture", cx, found).await.map(|answer| answer.expect("pictures are not refused"))
    }
}

impl session::Service for Arc<Fake> {
    async fn list(&self, cx: Context, caller: Caller) -> Answer<Vec<SignedIn>> {
        let answer = self.call("list", cx, vec![signed_in()]).await?;
        Ok(answer.and_then(|sessions| of_caller(&caller, sessions)))
    }

    async fn end(&self, cx: Context, request: EndSession) -> Answer<()> {
        let answer = self.call("end", cx, ()).await?;
        Ok(answer.and_then(|()| of_caller(&request.caller, ())))
    }

    async fn end_others(&self, cx: Context, caller: Caller) -> Answer<u32> {
        let answer = self.call("end_others", cx, 2).await?;
        Ok(answer.and_then(|count| of_caller(&caller, count)))
    }

    async fn sign_in(&self, cx: Context, _: SignIn) -> Answer<SessionId> {
        self.call("sign_in", cx, SessionId::parse(SESSION).expect("32 digits")).await
    }

    async fn sign_out(&self, cx: Context, caller: Caller) -> Answer<()> {
        let answer = self.call("sign_out", cx, ()).await?;
        Ok(answer.and_then(|()| of_caller(&caller, ())))
    }
}

impl token::Service for Arc<Fake> {
    async fn log_in(&self, cx: Context, _: LogIn) -> Answer<LoggedIn> {
        self.call("log_in", cx, LoggedIn { granted: granted(), person: person() }).await
    }

    async fn renew(&self, cx: Context, _: Renew) -> Answer<Granted> {
        self.call("renew", cx, granted()).await
    }
}

impl account::Service for Arc<Fake> {
    async fn open(&self, cx: Context, _: Open) -> Answer<Account> {
        self.call("open", cx, account()).await
    }

    async fn get(&self, cx: Context, _: OfAccount) -> Answer<Account> {
        self.call("get", cx, account()).await
    }

    async fn list(&self, cx: Context, _: List) -> Answer<Page<Account>> {
        self.call("list", cx, Page { items: vec![account()], more: true }).await
    }

    async fn entries(&self, cx: Context, _: Entries) -> Answer<EntryPage> {
        let page = Page { items: vec![done().receipt.from_entry], more: false };
        self.call("entries", cx, EntryPage { asset: cny(), page }).await
    }

    async fn balance_at(&self, cx: Context, _: BalanceAt) -> Answer<PastBalance> {
        self.call("balance_at", cx, PastBalance { asset: cny(), balance: Amount::ZERO, held: Amount::ZERO, seq: 0 })
            .await
    }

    async fn statement(&self, cx: Context, request: OfPeriod) -> Answer<StatementPage> {
        let (account, zero) = (request.account, Amount::ZERO);
        let period = Period { start: Timestamp(0), end: Timestamp(0) };
        let span = Span { account, asset: cny(), period, opening: zero, closing: zero, before: 0, last: 0 };
        let page = StatementPage { span, turnover: None, lines: Vec::new(), next: None };
        self.call("statement", cx, page).await
    }

    async fn amend(&self, cx: Context, _: Amend) -> Answer<Account> {
        self.call("amend", cx, account()).await
    }
}

impl transfer::Service for Arc<Fake> {
    async fn post(&self, cx: Context, _: Post) -> Answer<Done> {
        self.call("post", cx, done()).await
    }

    async fn batch(&self, cx: Context, batch: Batch) -> Answer<Vec<Result<Brief, command::Refusal>>> {
        self.call("batch", cx, batch.items.iter().map(|_| Ok(Brief::from(&done()))).collect()).await
    }

    async fn settle(&self, cx: Context, _: Settle) -> Answer<Done> {
        self.call("settle", cx, done()).await
    }

    async fn get(&self, cx: Context, _: OfTransfer) -> Answer<transfer::Seen> {
        let stored = Stored { receipt: done().receipt, hold: None };
        self.call("get", cx, transfer::Seen { stored, by_payer: true }).await
    }

    async fn deposit(&self, cx: Context, _: External) -> Answer<Done> {
        self.call("deposit", cx, done()).await
    }

    async fn withdraw(&self, cx: Context, _: External) -> Answer<Done> {
        self.call("withdraw", cx, done()).await
    }

    async fn deduct(&self, cx: Context, request: Deduct) -> Answer<Deducted> {
        let balance = Amount::new(99_000).expect("small");
        self.call("deduct", cx, Deducted { id: request.handle.id, replayed: false, asset: cny(), balance }).await
    }
}

impl wallet::Service for Arc<Fake> {
    async fn open(&self, cx: Context, _: OpenWallet) -> Answer<Account> {
        self.call("open", cx, account()).await
    }

    async fn get(&self, cx: Context, _: OfWallet) -> Answer<Account> {
        self.call("get", cx, account()).await
    }

    async fn list(&self, cx: Context, _: OfUser) -> Answer<Vec<Account>> {
        self.call("list", cx, vec![account()]).await
    }

    async fn deposit(&self, cx: Context, request: MoveOutside) -> Answer<TransferId> {
        self.call("deposit", cx, request.handle.id).await
    }

    async fn withdraw(&self, cx: Context, request: MoveOutside) -> Answer<TransferId> {
        self.call("withdraw", cx, request.handle.id).await
    }

    async fn history(&self, cx: Context, _: History) -> Answer<Events> {
        self.call("history", cx, Events { asset: cny(), items: Vec::new(), next: None }).await
    }

    async fn reconcile(&self, cx: Context, request: Reconcile) -> Answer<Reconciled> {
        let books = Books { opening: Amount::ZERO, closing: Amount::ZERO, entries: 0 };
        let (wallet, now) = (request.of.wallet, Timestamp(0));
        let period = Period { start: request.start.unwrap_or(now), end: request.end };
        let made = Reconciliation::of(wallet, cny(), period, books, request.claim, now).expect("comparable");
        self.call("reconcile", cx, Reconciled { asset: cny(), made }).await
    }

    async fn reconcile_all(&self, cx: Context, request: ReconcileAll) -> Answer<Vec<Result<Reconciled, Refusal>>> {
        let refused = request.items.iter().map(|_| Err(Refusal::NoSuchAccount)).collect();
        self.call("reconcile_all", cx, refused).await
    }

    async fn reconciliations(&self, cx: Context, _: Reconciliations) -> Answer<Page<Reconciled>> {
        self.call("reconciliations", cx, Page { items: Vec::new(), more: false }).await
    }
}

impl audit::Service for Arc<Fake> {
    async fn list(&self, cx: Context, _: audit::List) -> Answer<Page<AuditRecord>> {
        let event = AuditEvent::new(AuditKind::SignIn).about(UserId(1)).by(UserId(1));
        let record = AuditRecord { id: 7, at: Timestamp(0), event };
        self.call("audit", cx, Page { items: vec![record], more: true }).await
    }
}

impl health::Service for Arc<Fake> {
    async fn ready(&self, cx: Context, (): ()) -> Result<health::Ready, Status> {
        let ready = health::Ready { version: "0.1.0".to_owned() };
        self.call("ready", cx, ready).await.map(|answer| answer.expect("readiness is not refused"))
    }
}
