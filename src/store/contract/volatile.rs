//! The promises of `Volatile`.
