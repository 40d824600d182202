//! Events brought to receivers outside: one signed request each, to an address that was looked at before it is dialled.
//!
//! - [`signature`]: what proves to a receiver who sent it (Standard Webhooks).
//! - [`address`]: which addresses are anybody's to be sent something.
//! - [`dial`]: from a URL to a connection, within TLS where it says so.
//! - [`send`]: the request, and what is kept of the answer.

pub mod address;
mod dial;
pub mod send;
pub mod signature;

pub use self::dial::{Authorities, Resolve, Unusable, system};
pub use self::send::{Answer, Courier, Failure, Parcel};
