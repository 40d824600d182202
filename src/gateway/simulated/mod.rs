//! A gateway to try things out with: a service of its own, with its own ledger, that misbehaves as it is told.
//!
//! It keeps its books in another way than Teller keeps its own, so that one mistake is not in both, and they can be compared.
//!
//! - [`book`]: its ledger, a file that is only ever added to.
//! - [`faults`]: how it misbehaves, settable while it runs.
//! - [`server`]: the two over HTTP. Besides what [`super::wire`] says: `GET /ledger` (all orders), `GET` and `PUT /faults`.

pub mod book;
pub mod faults;
pub mod server;

pub use book::Book;
pub use faults::Faults;
pub use server::serve;
