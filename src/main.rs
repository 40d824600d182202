//! The `teller` program.

fn main() {}
