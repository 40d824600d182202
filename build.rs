//! Turns `sql/` into typed Rust functions. A build without the feature `server` has no database and needs none of it.

#[path = "sql/codegen/mod.rs"]
mod codegen;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=sql");
    if env::var_os("CARGO_FEATURE_SERVER").is_none() {
        return ExitCode::SUCCESS;
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("sql");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for (file, generated) in
        [("queries.rs", codegen::queries(&root)), ("migrations.rs", codegen::migrations::migrations(&root))]
    {
        match generated {
            Ok(rust) => write(&out.join(file), &rust),
            Err(wrong) => {
                println!("cargo::error={wrong}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn write(path: &Path, rust: &str) {
    fs::write(path, rust).expect("OUT_DIR can be written to");
}
