//! Payments, as the published contract has them.
mod support;
fn main() {}
