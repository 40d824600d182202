//! The `teller` program.

#![forbid(unsafe_code)]

use std::process::ExitCode;

/// A request is many small values that come and go, on two sides: this one hands them out in less time than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    teller::cli::main()
}
