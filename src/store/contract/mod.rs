//! The promises of the stores as facts that any implementation can be put to.
//!
//! - [`volatile`]: what every [`Volatile`](super::Volatile) must hold to.

pub mod volatile;
