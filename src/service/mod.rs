//! What the backend does when it is called: check who asks, ask the stores, answer.
//!
//! - [`user`], [`session`], [`token`], [`account`], [`transfer`], [`payment`], [`conversion`], [`wallet`], [`matching`], [`webhook`], [`audit`], [`health`]: one file per service of [`crate::api`], in
//!   the same order.
//! - [`grants`]: sessions with tokens.
//! - [`door`]: who is let in.
//! - [`caller`]: who asks, and what they may see.
//! - [`fees`]: what transfers cost.
//! - [`request`]: a batch under a key as one request.
//! - `running`: requests under a key that are running.
//! - [`attempts`]: sign-ins that fail slow the next ones down.
//! - [`expiry`]: the end of what is held too long.
//! - [`sessions`]: who a session id stands for, looked up for many callers at once, and which sessions are whose.
//! - [`new_password`]: passwords that take the place of others.
//! - [`profiles`]: profiles through the cache, and the one way to change them.
//! - [`cpu`]: a bounded share of the cores for the two below.
//! - [`password`]: hashing and checking passwords.
//! - [`picture`]: uploads decoded, bounded and written anew.
//! - [`import`]: the users of an old table.
//! - [`seed`]: the demo users of development.
//! - `page`: parts of lists.

pub(crate) mod account;
pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod caller;
pub(crate) mod conversion;
pub(crate) mod cpu;
pub(crate) mod door;
pub(crate) mod expiry;
pub mod fees;
pub(crate) mod grants;
pub(crate) mod health;
pub(crate) mod import;
pub mod matching;
pub(crate) mod new_password;
mod page;
pub(crate) mod password;
pub(crate) mod payment;
pub(crate) mod picture;
pub mod profiles;
pub(crate) mod request;
mod running;
pub(crate) mod seed;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod token;
pub(crate) mod transfer;
pub(crate) mod user;
pub(crate) mod wallet;
pub(crate) mod webhook;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use teller_rpc::{Context, Registry, Status};
use tracing::{Instrument, Span};

use self::attempts::Attempts;
use self::audit::Audit;
use self::caller::Callers;
use self::conversion::notary::Notary;
use self::cpu::CpuError;
use self::door::Door;
use self::fees::Fees;
use self::grants::Grants;
use self::new_password::NewPasswords;
use self::password::{Hasher, PasswordError};
use self::payment::{Paying, Payments};
use self::picture::Studio;
use self::profiles::Profiles;
use self::running::Running;
use self::sessions::Sessions;
use self::webhook::{Post, Webhooks};
use crate::coalesce::{CoalesceError, Limits};
use crate::domain::asset::Asset;
use crate::domain::attempt::AttemptRule;
use crate::domain::time::Timestamp;
use crate::error::{Code, Error};
use crate::gateway::Gateway;
use crate::ledger::LedgerError;
use crate::store::{Store, StoreError, Volatile};
use crate::telemetry::trace;

/// Tells the time. An argument, so that tests can tell another.
pub type Clock = fn() -> Timestamp;

/// The time of the machine, in UTC.
pub fn system_clock() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// What the services need to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a session lives after it was last used.
    pub session_ttl: Duration,
    /// How long a profile is cached.
    pub profile_ttl: Duration,
    /// Longer than any change of a profile takes: for as long nothing is cached of one that is being changed.
    pub change_guard: Duration,
    /// How look-ups gather into one round trip.
    pub coalesce: Limits,
    /// Whether the published contracts need no session.
    pub contracts_open: bool,
    /// When failing sign-ins are slowed down.
    pub sign_in: AttemptRule,
    /// What `deduct` takes.
    pub deduct_asset: Asset,
    /// What transfers cost.
    pub tariffs: fees::PriceList,
    /// How long a quote is good for.
    pub quote_ttl: Duration,
    /// How long a request waits for the same one, under the same key, that is running.
    pub same_key_wait: Duration,
    /// How much of statements is in work at once.
    pub statements: matching::Bounds,
}

/// What the backend speaks with outside.
pub struct Outside<S, G> {
    /// Payments, and the gateway that charges them.
    pub paying: Paying<S, G>,
    /// What brings events to webhooks.
    pub post: Post,
}

/// Every service of the backend, over the ledger that payments go through, its store, and `volatile`, ready to be served.
pub fn registry<S: Store, V: Volatile, G: Gateway>(
    Outside { paying, post }: Outside<S, G>,
    volatile: V,
    hasher: Hasher,
    studio: Studio,
    grants: Grants<S>,
    clock: Clock,
    settings: &Settings,
) -> Registry {
    let ledger = paying.flow.ledger().clone();
    let store = ledger.store().clone();
    let audit = Audit::new(store.clone(), settings.coalesce, clock);
    let attempts = Attempts::new(volatile.clone(), settings.sign_in);
    let door = Door::new(store.clone(), hasher.clone(), attempts.clone(), audit.clone(), settings.coalesce);
    let sessions = Sessions::new(store.clone(), volatile.clone(), clock, settings);
    let passwords = NewPasswords::new(store.clone(), sessions.clone(), hasher.clone(), clock);
    let tokens = token::Tokens {
        store: store.clone(),
        grants: grants.clone(),
        passwords: passwords.clone(),
        door: door.clone(),
    };
    let fees = Fees::new(ledger.clone(), settings.tariffs.clone());
    let callers = Callers::new(store.clone(), sessions.clone(), grants.clone());
    let profiles = Profiles::new(store.clone(), volatile.clone(), settings);
    let notary = Notary::new(paying.mint.keys());
    let running = Running::new(settings.same_key_wait);
    let payments = Payments::new(paying, callers.clone(), audit.clone(), running.clone());
    let conversions = conversion::Conversions {
        ledger: ledger.clone(),
        callers: callers.clone(),
        audit: audit.clone(),
        fees: fees.clone(),
        notary,
        quote_ttl: settings.quote_ttl,
        clock,
    };
    Registry::new()
        .with(crate::api::user::serve(user::Users {
            store: store.clone(),
            callers: callers.clone(),
            profiles,
            passwords: passwords.clone(),
            attempts,
            audit: audit.clone(),
            hasher: hasher.clone(),
            studio,
            clock,
        }))
        .with(crate::api::wallet::serve(wallet::Wallets {
            ledger: ledger.clone(),
            callers: callers.clone(),
            audit: audit.clone(),
            clock,
            fees: fees.clone(),
            contracts_open: settings.contracts_open,
        }))
        .with(crate::api::session::serve(session::SignIns {
            callers: callers.clone(),
            sessions,
            grants,
            passwords,
            door,
            audit: audit.clone(),
        }))
        .with(crate::api::token::serve(tokens))
        .with(crate::api::account::serve(account::Accounts {
            store: store.clone(),
            callers: callers.clone(),
            audit: audit.clone(),
            clock,
        }))
        .with(crate::api::transfer::serve(transfer::Transfers {
            ledger,
            callers: callers.clone(),
            audit: audit.clone(),
            fees,
            contracts_open: settings.contracts_open,
            deduct_asset: settings.deduct_asset,
            running,
        }))
        .with(crate::api::payment::serve(payments))
        .with(crate::api::webhook::serve(Webhooks {
            store: store.clone(),
            callers: callers.clone(),
            audit: audit.clone(),
            post,
            clock,
        }))
        .with(crate::api::conversion::serve(conversions))
        .with(crate::api::matching::serve(matching::Matching {
            store: store.clone(),
            callers: callers.clone(),
            audit: audit.clone(),
            clock,
            bounds: settings.statements.clone(),
        }))
        .with(crate::api::audit::serve(audit::Records { store: store.clone(), callers }))
        .with(crate::api::health::serve(health::Health { store, volatile }))
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::new(Code::Store, error)
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        let code = match error {
            LedgerError::Busy | LedgerError::TooLate => Code::Busy,
            LedgerError::Unknown(_) | LedgerError::Undone(_) => Code::Store,
        };
        Self::new(code, error)
    }
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        let code = if error == PasswordError::Busy { Code::Busy } else { Code::Internal };
        Self::new(code, error)
    }
}

impl From<CpuError> for Error {
    fn from(error: CpuError) -> Self {
        let code = if error == CpuError::Busy { Code::Busy } else { Code::Internal };
        Self::new(code, error)
    }
}

impl From<CoalesceError<Arc<StoreError>>> for Error {
    fn from(error: CoalesceError<Arc<StoreError>>) -> Self {
        let code = match error {
            CoalesceError::Failed(_) => Code::Store,
            CoalesceError::Busy => Code::Busy,
            CoalesceError::Lost => Code::Internal,
        };
        Self::new(code, error)
    }
}

/// Answers a call. A failure is logged here, once, with its causes and the request's id; only code and public text leave.
async fn answer<T>(
    method: &'static str,
    cx: &Context,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Status> {
    let request_id = || cx.trace().map(trace::request_id);
    let span = cx.trace().map_or_else(Span::none, trace::span);
    match work.instrument(span).await {
        Ok(answer) => {
            tracing::debug!(method, request_id = request_id(), "answered");
            Ok(answer)
        }
        Err(error) => {
            // Under overload refusing is the work, and a line for each would only add to it.
            match error.is_busy() {
                true => tracing::debug!(method, request_id = request_id(), error = chain(&error), "call refused"),
                false => tracing::error!(method, request_id = request_id(), error = chain(&error), "call failed"),
            }
            Err(Status::from(&error))
        }
    }
}

/// The error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Runs `work` to its end even if whoever waits for it goes away: a change of several steps never stops between two of them.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|panic| Err(Error::new(Code::Internal, panic)))
}
