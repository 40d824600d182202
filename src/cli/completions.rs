//! `teller completions`: what a shell needs to complete commands and flags.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::failure::Failure;
use super::{Arguments, print};

/// Print completions for a shell, for example `teller completions bash > /etc/bash_completion.d/teller`
#[derive(Args)]
pub struct Completions {
    /// The shell to print them for
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn execute(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut Arguments::command(), "teller", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
