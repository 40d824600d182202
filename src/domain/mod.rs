//! What Teller speaks about, as values that cannot be wrong: pure, without async, I/O, clock or randomness.
//!
//! - [`invalid`]: what is said of a value that breaks a rule: the field and the rule.
//! - [`user`]: users, their names and profiles.
//! - [`person`]: users as `/v1` knows them.
//! - [`password`]: passwords as they are typed, and as they may be chosen.
//! - [`session`]: what a signed-in browser holds, and what the stores know of it.
//! - [`grant`]: sessions of programs that hold tokens.
//! - [`token`]: what programs hold in its place.
//! - [`caller`]: who asks, and from where.
//! - [`attempt`]: tries to sign in.
//! - [`audit`]: what is written down about who did what.
//! - [`picture`]: profile pictures, after they were decoded and written anew.
//! - [`asset`], [`money`]: currencies, and exact amounts of them.
//! - [`account`], [`transfer`]: accounts, and the transfers and entries that change them.
//! - [`payment`]: payments through a gateway, and their steps.
//! - [`refund`]: what of a payment is given back.
//! - [`fee`]: what transfers cost.
//! - [`conversion`]: rates, and money of one asset for money of another.
//! - [`command`]: what the ledger is asked to do, and what it answers.
//! - [`effects`]: what the answer writes.
//! - [`webhook`]: where events are brought to.
//! - [`reconcile`]: what the books say of an account, beside what somebody else's say.
//! - [`matching`]: statements of others beside the books, line by line; [`day`]: what they count time in.
//! - [`text`]: what texts that were checked have in common.
//! - [`time`]: instants in UTC microseconds.

pub mod account;
pub mod asset;
pub mod attempt;
pub mod audit;
pub mod caller;
pub mod command;
pub mod conversion;
pub mod day;
pub mod effects;
pub mod fee;
pub mod grant;
pub mod invalid;
pub mod matching;
pub mod money;
pub mod password;
pub mod payment;
pub mod person;
pub mod picture;
pub mod reconcile;
pub mod refund;
pub mod session;
pub mod text;
pub mod time;
pub mod token;
pub mod transfer;
pub mod user;
pub mod webhook;
