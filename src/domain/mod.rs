//! What Teller speaks about, as values that cannot be wrong: pure, without async, I/O, clock or randomness.
//!
//! - [`invalid`]: what is said of a value that breaks a rule: the field and the rule.
//! - [`user`]: users, their names, passwords and profiles.
//! - [`session`]: what a signed-in browser holds, and what the stores know of it.
//! - [`picture`]: profile pictures, after they were decoded and written anew.
//! - `text`: what texts that were checked have in common.
//! - [`time`]: instants in UTC microseconds.

pub mod invalid;
pub mod picture;
pub mod session;
mod text;
pub mod time;
pub mod user;
