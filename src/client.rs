//! The typed client, for Rust programs that speak to a Teller backend without HTTP.
//!
//! It is light: with `default-features = false` the crate compiles only this, [`crate::api`] and [`crate::domain`].
//!
//! ```no_run
//! # async fn run() -> Result<(), teller::client::Error> {
//! use teller::client::{Client, Secret};
//!
//! let secret = Secret::new(std::env::var("TELLER_RPC_SECRET").expect("the backend's secret"))?;
//! let client = Client::connect(["127.0.0.1:7070"], secret);
//! let caller = client.sign_in("alice", "teller-demo").await?;
//! println!("{}", client.profile(&caller).await?.nickname);
//! # Ok(())
//! # }
//! ```
//!
//! Money moves under a handle, which makes the same request, sent again, the same:
//!
//! ```no_run
//! # async fn run(client: teller::client::Client, caller: teller::domain::caller::Caller) -> Result<(), teller::client::Error> {
//! use teller::api::transfer::{Handle, Order};
//! use teller::domain::account::AccountId;
//! use teller::domain::asset::Asset;
//! use teller::domain::money::Decimal;
//! use teller::domain::transfer::Description;
//!
//! let order = Order {
//!     from: AccountId(1),
//!     to: AccountId(11),
//!     asset: Asset::parse("CNY")?,
//!     amount: Decimal::parse("amount", "10.00")?,
//!     pending: None,
//!     description: Description::parse("lunch")?,
//! };
//! let handle = Handle::new(None);
//! let done = client.transfer(&caller, &handle, &order).await?;
//! let again = client.transfer(&caller, &handle, &order).await?;
//! assert_eq!((again.receipt, again.replayed), (done.receipt, true));
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use bytes::Bytes;
pub use teller_rpc::Secret;
#[cfg(feature = "tls")]
pub use teller_rpc::tls;
use teller_rpc::{CallError, ClientConfig, Context};

use crate::api::account::statement::{OfPeriod, StatementPage};
use crate::api::account::{BalanceAt, Entries, EntryPage, List, OfAccount, Open, Page, PastBalance};
use crate::api::health::Ready;
use crate::api::session::{EndSession, SignIn, SignedIn};
use crate::api::token::{Granted, LogIn, LoggedIn, Renew};
use crate::api::transfer::{Batch, Brief, End, External, Handle, Item, OfTransfer, Order, Post, Seen, Settle};
use crate::api::user::{Register, SetNickname, SetPicture, SignUp};
use crate::api::{Backend, Refusal, audit};
use crate::domain::account::{Account, AccountId};
use crate::domain::asset::Asset;
use crate::domain::audit::{AuditKind, AuditRecord};
use crate::domain::caller::{Caller, Device};
use crate::domain::command::{self, Done};
use crate::domain::invalid::Invalid;
use crate::domain::person::{Email, FullName, Person};
use crate::domain::picture::{Picture, PictureName};
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::token::RefreshToken;
use crate::domain::transfer::{IdempotencyKey, TransferId};
use crate::domain::user::{EntryPassword, NewPassword, Nickname, Password, Profile, UserId, UserName};

/// Why a call has no answer to give.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer is no; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The call did not get through, or the backend failed; [`CallError::executed`] says whether it may have been carried out.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The shared secret is too short.
    #[error(transparent)]
    Secret(#[from] teller_rpc::SecretTooShort),
}

impl From<Invalid> for Error {
    fn from(broken: Invalid) -> Self {
        Self::Refused(Refusal::Invalid(broken))
    }
}

/// A handle on one or more backends. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    backend: Backend,
    timeout: Duration,
}

impl Client {
    /// How long a call may take unless [`Self::with_timeout`] says otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(2);
    /// What each further transfer of a batch adds to that: as much as a backend's `ledger.transfer_timeout_us` by default.
    pub const TRANSFER_TIMEOUT: Duration = Duration::from_millis(1);

    /// A client of the backends at `addresses` (`host:port`). Connections are made when they are first needed.
    pub fn connect<A: Into<String>>(addresses: impl IntoIterator<Item = A>, secret: Secret) -> Self {
        let addresses = addresses.into_iter().map(Into::into).collect();
        Self::over(teller_rpc::Client::new(addresses, ClientConfig::new(secret)))
    }

    /// The same within mutual TLS: for backends on other machines. Each address must be one that its backend's certificate names.
    #[cfg(feature = "tls")]
    pub fn connect_within<A: Into<String>>(
        addresses: impl IntoIterator<Item = A>,
        secret: Secret,
        tls: tls::ClientTls,
    ) -> Self {
        let addresses = addresses.into_iter().map(Into::into).collect();
        Self::over(teller_rpc::Client::new(addresses, ClientConfig { tls: Some(tls), ..ClientConfig::new(secret) }))
    }

    /// A client over an RPC client that was made and configured elsewhere.
    pub fn over(client: teller_rpc::Client) -> Self {
        Self { backend: Backend::new(client), timeout: Self::TIMEOUT }
    }

    /// The same client with another limit on how long a call may take.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Creates a user.
    pub async fn sign_up(&self, user_name: &str, password: &str) -> Result<UserId, Error> {
        let request = SignUp { user_name: UserName::parse(user_name)?, password: EntryPassword::parse(password)? };
        Ok(self.backend.user.sign_up(&self.cx(), &request).await??)
    }

    /// Begins a session; what it returns is what the other calls ask for.
    pub async fn sign_in(&self, user_name: &str, password: &str) -> Result<Caller, Error> {
        let request =
            SignIn { user_name: user_name.to_owned(), password: Password::parse(password)?, device: Device::default() };
        Ok(self.backend.session.sign_in(&self.cx(), &request).await??.into())
    }

    /// Creates a user as `/v1` knows them: with a name in full, an e-mail address, and a password of 8 to 128 characters.
    pub async fn register(
        &self,
        user_name: &str,
        password: &str,
        full_name: &str,
        email: &str,
    ) -> Result<Person, Error> {
        let request = Register {
            user_name: UserName::parse(user_name)?,
            password: NewPassword::parse(password)?,
            full_name: FullName::parse(full_name)?,
            email: Email::parse(email)?,
        };
        Ok(self.backend.user.register(&self.cx(), &request).await??)
    }

    /// Who one is.
    pub async fn person(&self, caller: &Caller) -> Result<Person, Error> {
        Ok(self.backend.user.person(&self.cx(), caller).await??)
    }

    /// Begins a session with tokens. The access token, as a [`Caller`], is what the other calls ask for; when it has expired, [`Self::renew`].
    pub async fn log_in(&self, user_name: &str, password: &str) -> Result<LoggedIn, Error> {
        let request =
            LogIn { user_name: user_name.to_owned(), password: Password::parse(password)?, device: Device::default() };
        Ok(self.backend.token.log_in(&self.cx(), &request).await??)
    }

    /// Exchanges a refresh token, which is good for that once: keep the new one. Without an answer, do it again at once.
    pub async fn renew(&self, token: &RefreshToken) -> Result<Granted, Error> {
        let request = Renew { token: token.clone(), device: Device::default() };
        Ok(self.backend.token.renew(&self.cx(), &request).await??)
    }

    /// Ends a session.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Error> {
        Ok(self.backend.session.sign_out(&self.cx(), caller).await??)
    }

    /// Where one is signed in, the session that was used last first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SignedIn>, Error> {
        Ok(self.backend.session.list(&self.cx(), caller).await??)
    }

    /// Ends one of one's own sessions, at once and everywhere.
    pub async fn end_session(&self, caller: &Caller, session: SessionNumber) -> Result<(), Error> {
        let request = EndSession { caller: caller.clone(), session };
        Ok(self.backend.session.end(&self.cx(), &request).await??)
    }

    /// Ends all of one's own sessions but the caller's; answers how many.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<u32, Error> {
        Ok(self.backend.session.end_others(&self.cx(), caller).await??)
    }

    /// One's own profile.
    pub async fn profile(&self, caller: &Caller) -> Result<Profile, Error> {
        Ok(self.backend.user.profile(&self.cx(), caller).await??)
    }

    /// Changes one's nickname; answers the profile after it.
    pub async fn set_nickname(&self, caller: &Caller, nickname: &str) -> Result<Profile, Error> {
        let request = SetNickname { caller: caller.clone(), nickname: Nickname::parse(nickname)? };
        Ok(self.backend.user.set_nickname(&self.cx(), &request).await??)
    }

    /// Changes one's picture to `upload`, the bytes of a PNG, JPEG or WebP file; answers the profile after it.
    pub async fn set_picture(&self, caller: &Caller, upload: impl Into<Bytes>) -> Result<Profile, Error> {
        let request = SetPicture { caller: caller.clone(), user_name: None, upload: upload.into() };
        Ok(self.backend.user.set_picture(&self.cx(), &request).await??)
    }

    /// What was written down about `user`, of `kind`, before the number `before`: newest first, at most `limit` (1 to 1000). For operators.
    pub async fn audit(
        &self,
        caller: &Caller,
        user: Option<UserId>,
        kind: Option<AuditKind>,
        before: Option<u64>,
        limit: u16,
    ) -> Result<Page<AuditRecord>, Error> {
        let request = audit::List { caller: caller.clone(), user, kind, before, limit };
        Ok(self.backend.audit.list(&self.cx(), &request).await??)
    }

    /// A picture by the name that a profile gives.
    pub async fn picture(&self, name: &PictureName) -> Result<Option<Picture>, Error> {
        Ok(self.backend.user.picture(&self.cx(), name).await?)
    }

    /// Opens an account for oneself.
    pub async fn open_account(&self, caller: &Caller, asset: Asset) -> Result<Account, Error> {
        let request = Open { caller: caller.clone(), asset };
        Ok(self.backend.account.open(&self.cx(), &request).await??)
    }

    /// An account as it stands.
    pub async fn account(&self, caller: &Caller, account: AccountId) -> Result<Account, Error> {
        let request = OfAccount { caller: caller.clone(), account };
        Ok(self.backend.account.get(&self.cx(), &request).await??)
    }

    /// One's own accounts after the number `after`, at most `limit` (1 to 1000).
    pub async fn accounts(
        &self,
        caller: &Caller,
        after: Option<AccountId>,
        limit: u16,
    ) -> Result<Page<Account>, Error> {
        let request = List { caller: caller.clone(), after, limit };
        Ok(self.backend.account.list(&self.cx(), &request).await??)
    }

    /// An account's entries, newest first.
    pub async fn entries(&self, request: &Entries) -> Result<EntryPage, Error> {
        Ok(self.backend.account.entries(&self.cx(), request).await??)
    }

    /// What an account held at an instant.
    pub async fn balance_at(&self, caller: &Caller, account: AccountId, at: Timestamp) -> Result<PastBalance, Error> {
        let request = BalanceAt { caller: caller.clone(), account, at };
        Ok(self.backend.account.balance_at(&self.cx(), &request).await??)
    }

    /// What became of an account in a period, oldest first, page by page.
    pub async fn statement(&self, request: &OfPeriod) -> Result<StatementPage, Error> {
        Ok(self.backend.account.statement(&self.cx(), request).await??)
    }

    /// Moves money, or holds it. Sent again under the same handle it is done once.
    pub async fn transfer(&self, caller: &Caller, handle: &Handle, order: &Order) -> Result<Done, Error> {
        let request = Post { caller: caller.clone(), handle: handle.clone(), order: order.clone() };
        Ok(self.backend.transfer.post(&self.cx(), &request).await??)
    }

    /// Moves money many times in one transaction, 10,000 times at most: an answer for each, in their order. With a key the ids of `items` do not
    /// count. May take [`Self::TRANSFER_TIMEOUT`] longer for each item but the first.
    pub async fn transfers(
        &self,
        caller: &Caller,
        key: Option<IdempotencyKey>,
        items: Vec<Item>,
    ) -> Result<Vec<Result<Brief, command::Refusal>>, Error> {
        let request = Batch { caller: caller.clone(), key, atomic: false, items };
        let extra = command::extra_time(Self::TRANSFER_TIMEOUT, request.items.len());
        let cx = Context::with_timeout(self.timeout.saturating_add(extra));
        Ok(self.backend.transfer.batch(&cx, &request).await??)
    }

    /// Ends a pending transfer.
    pub async fn settle(&self, caller: &Caller, handle: &Handle, pending: TransferId, end: End) -> Result<Done, Error> {
        let request = Settle { caller: caller.clone(), handle: handle.clone(), pending, end };
        Ok(self.backend.transfer.settle(&self.cx(), &request).await??)
    }

    /// A transfer and what became of it. After [`Refusal::OutcomeUnknown`] only that it is there is proof: if it is not, it may come into effect
    /// yet, and the same request under the same handle will tell.
    pub async fn find_transfer(&self, caller: &Caller, transfer: TransferId) -> Result<Seen, Error> {
        let request = OfTransfer { caller: caller.clone(), transfer };
        Ok(self.backend.transfer.get(&self.cx(), &request).await??)
    }

    /// Brings money in from outside: for operators.
    pub async fn deposit(&self, request: &External) -> Result<Done, Error> {
        Ok(self.backend.transfer.deposit(&self.cx(), request).await??)
    }

    /// Takes money out: for operators.
    pub async fn withdraw(&self, request: &External) -> Result<Done, Error> {
        Ok(self.backend.transfer.withdraw(&self.cx(), request).await??)
    }

    /// Whether the backend can serve.
    pub async fn ready(&self) -> Result<Ready, Error> {
        Ok(self.backend.health.ready(&self.cx(), &()).await?)
    }

    fn cx(&self) -> Context {
        Context::with_timeout(self.timeout)
    }
}
