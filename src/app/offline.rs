//! What is done to the durable store by a program that serves nobody meanwhile, or beside those that serve.

use std::io::{BufRead, Read, Write};

use super::{Error, hasher, stores};
use crate::config::{Config, Durable};
use crate::domain::account::AccountId;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::reconcile::Period;
use crate::domain::time::Timestamp;
use crate::domain::user::Role;
use crate::ledger::Ledger;
use crate::ledger::export::{self, Export};
use crate::ledger::reconcile::balances::{self, Totals};
use crate::ledger::statement::Failure;
use crate::ledger::statement::file::{self, Form, Incomplete};
use crate::ledger::verify::{Report, verify as check};
use crate::service;
use crate::service::import::{self, Imported, Told};
use crate::service::seed::{self, Fund};
use crate::store::{Store, StoreError};

/// Work on a store, whichever the configuration names.
pub(super) trait Work {
    type Value;

    async fn on<S: Store>(self, config: &Config, store: S) -> Result<Self::Value, Error>;
}

async fn on_store<W: Work>(config: &Config, work: W) -> Result<W::Value, Error> {
    match config.durable() {
        Durable::Sqlite(path) => work.on(config, stores::sqlite(config, &path)?).await,
        Durable::Memory => work.on(config, stores::sqlite_in_memory(config)?).await,
        Durable::Mysql(url) => work.on(config, stores::mysql(config, &url).await?).await,
    }
}

/// As [`on_store`], for work that makes no store where there is none.
pub(super) async fn on_existing_store<W: Work>(config: &Config, work: W) -> Result<W::Value, Error> {
    match config.durable() {
        Durable::Sqlite(path) if !path.exists() => {
            let what = format!("cannot open the database {}", path.display());
            Err(Error::new(what, "there is none").with_fix("name another with --data DIR or --store URL"))
        }
        _ => on_store(config, work).await,
    }
}

/// Brings the schema of the durable store up to date; returns how many migrations were applied.
pub async fn migrate(config: &Config) -> Result<usize, Error> {
    struct Migrate;
    impl Work for Migrate {
        type Value = usize;
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<usize, Error> {
            migrated(&store).await
        }
    }
    on_store(config, Migrate).await
}

/// Brings the schema up to date; for everyone who is about to use the store.
pub(super) async fn migrated<S: Store>(store: &S) -> Result<usize, Error> {
    store.migrate().await.map_err(|e| Error::new("cannot bring the store's schema up to date", e))
}

/// Makes `count` users for load tests, as [`seed::many`] does, in a store brought up to date.
pub async fn seed_users(config: &Config, count: u64, done: impl Fn(u64)) -> Result<usize, Error> {
    struct Users<F>(u64, F);
    impl<F: Fn(u64)> Work for Users<F> {
        type Value = usize;
        async fn on<S: Store>(self, config: &Config, store: S) -> Result<usize, Error> {
            migrated(&store).await?;
            let made = seed::many(&store, &hasher(&config.password)?, service::system_clock, self.0, self.1).await;
            made.map_err(|e| Error::new("cannot make the users", e))
        }
    }
    on_store(config, Users(count, done)).await
}

/// Gives the users of [`seed_users`] accounts with money, as [`seed::accounts`] does.
pub async fn seed_accounts(config: &Config, fund: Fund, done: impl Fn(u64)) -> Result<(AccountId, AccountId), Error> {
    struct Accounts<F>(Fund, F);
    impl<F: Fn(u64)> Work for Accounts<F> {
        type Value = (AccountId, AccountId);
        async fn on<S: Store>(self, config: &Config, store: S) -> Result<Self::Value, Error> {
            migrated(&store).await?;
            let ledger = Ledger::new(store, super::limits(&config.ledger, 1), service::system_clock);
            let made = seed::accounts(&ledger, service::system_clock, self.0, self.1).await;
            made.map_err(|e| Error::new("cannot make the accounts", e))
        }
    }
    on_store(config, Accounts(fund, done)).await
}

/// Gives the user of that name another role, and writes that down.
pub async fn set_role(config: &Config, user_name: &str, role: Role) -> Result<(), Error> {
    struct SetRole<'a>(&'a str, Role);
    impl Work for SetRole<'_> {
        type Value = ();
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<(), Error> {
            let Self(user_name, role) = self;
            migrated(&store).await?;
            let failed = |e: StoreError| Error::new("cannot change the role", e);
            let nobody = || Error::new(format!("cannot change the role of {user_name}"), "there is no such user");
            let user = store.credentials(user_name).await.map_err(failed)?.ok_or_else(nobody)?.user;
            let event = AuditEvent::new(AuditKind::RoleChanged).about(user);
            let event = event.with_detail(format!("{role:?}, by teller user role"));
            if store.set_role(user, role, event, service::system_clock()).await.map_err(failed)? {
                Ok(())
            } else {
                Err(nobody())
            }
        }
    }
    on_existing_store(config, SetRole(user_name, role)).await
}

/// Imports the users of an old table, as [`import::users`] does, into a store brought up to date.
pub async fn import_users(config: &Config, file: impl BufRead, told: impl FnMut(Told)) -> Result<Imported, Error> {
    struct Users<R, F>(R, F);
    impl<R: BufRead, F: FnMut(Told)> Work for Users<R, F> {
        type Value = Imported;
        async fn on<S: Store>(self, config: &Config, store: S) -> Result<Imported, Error> {
            migrated(&store).await?;
            let hasher = hasher(&config.password)?;
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let at_once = if config.password.threads == 0 { cores } else { config.password.threads };
            let imported = import::users(&store, &hasher, service::system_clock, at_once, self.0, self.1).await;
            imported.map_err(|e| Error::new("cannot import the users", e))
        }
    }
    on_store(config, Users(file, told)).await
}

/// Checks the books, as [`check`] does.
pub async fn verify(config: &Config, since: Option<Timestamp>, done: impl FnMut(usize)) -> Result<Report, Error> {
    struct Verify<F>(Option<Timestamp>, F);
    impl<F: FnMut(usize)> Work for Verify<F> {
        type Value = Report;
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<Report, Error> {
            check(&store, self.0, self.1).await.map_err(unreadable)
        }
    }
    on_existing_store(config, Verify(since, done)).await
}

/// Copies entries or transfers to `out`, as [`export::export`] does.
pub async fn export(config: &Config, what: Export, out: impl Write, done: impl FnMut(usize)) -> Result<u64, Error> {
    struct Copy<W, F>(Export, W, F);
    impl<W: Write, F: FnMut(usize)> Work for Copy<W, F> {
        type Value = u64;
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<u64, Error> {
            let Self(what, out, done) = self;
            export::export(&store, what, out, done).await.map_err(|e| match e {
                export::Failure::Store(e) => unreadable(e),
                export::Failure::Write(e) => Error::new("cannot write", e),
            })
        }
    }
    on_existing_store(config, Copy(what, out, done)).await
}

/// Writes the statement of an account to `out`, as [`file::write`] does: from its opening and until now unless a bound is given.
pub async fn statement(
    config: &Config,
    account: AccountId,
    bounds: (Option<Timestamp>, Option<Timestamp>),
    form: Form,
    out: impl Write,
    done: impl FnMut(usize),
) -> Result<u64, Error> {
    struct Told<W, F>(AccountId, (Option<Timestamp>, Option<Timestamp>), Form, W, F);
    impl<W: Write, F: FnMut(usize)> Work for Told<W, F> {
        type Value = u64;
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<u64, Error> {
            let Self(id, (from, to), form, out, done) = self;
            let failed = |why: &str| Error::new(format!("cannot write the statement of account {id}"), why);
            let number = AccountId(id.0.min(i64::MAX.unsigned_abs()));
            let account = store.account(number).await.map_err(unreadable)?.ok_or_else(|| failed("there is none"))?;
            let end = to.unwrap_or_else(service::system_clock);
            let period = Period { start: from.unwrap_or(account.created_at.min(end)), end };
            if period.start > period.end {
                return Err(failed("its period ends before it begins").with_fix("give --from a time before --to"));
            }
            file::write(&store, &account, period, form, out, done).await.map_err(|error| match error {
                Incomplete::Statement(Failure::Store(error)) => unreadable(error),
                Incomplete::Statement(wrong) => Error::new("the books are wrong", wrong),
                Incomplete::Write(error) => Error::new("cannot write", error),
            })
        }
    }
    on_existing_store(config, Told(account, bounds, form, out, done)).await
}

/// Compares the balances in a file with those of the books, as [`balances::balances`] does, in a store brought up to date.
pub async fn reconcile_balances(
    config: &Config,
    file: impl Read,
    at_once: usize,
    told: impl FnMut(balances::Told),
) -> Result<Totals, Error> {
    struct Compare<R, F>(R, usize, F);
    impl<R: Read, F: FnMut(balances::Told)> Work for Compare<R, F> {
        type Value = Totals;
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<Totals, Error> {
            migrated(&store).await?;
            let compared = balances::balances(&store, self.0, self.1, service::system_clock, self.2).await;
            compared.map_err(|e| Error::new("cannot compare the balances", e))
        }
    }
    on_existing_store(config, Compare(file, at_once, told)).await
}

pub(super) fn unreadable(error: StoreError) -> Error {
    Error::new("cannot read the books", error)
        .with_fix("if the database is older than this program, run `teller migrate`")
}
