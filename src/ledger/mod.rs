//! Money.

pub mod plan;
