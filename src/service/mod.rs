//! What each call does: authorise, ask the stores, answer.
//!
//! - [`cpu`]: a bounded share of the cores for the work below.
//! - [`password`]: hashing and checking passwords.
//! - [`picture`]: decoding uploads and writing them anew.

pub mod cpu;
pub mod password;
