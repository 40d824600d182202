//! Where the pages come from.

use std::env;

const VARIABLE: &str = "TELLER_TEST_BASE_URL";

/// Why there is no server to ask, if there is none.
pub fn missing() -> Option<String> {
    env::var_os(VARIABLE).is_none().then(|| format!("{VARIABLE} is not set"))
}

/// The address of a running server, without a path.
pub async fn server() -> String {
    env::var(VARIABLE).expect("a story runs only where the variable is set")
}
