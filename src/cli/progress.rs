//! How far a long piece of work is, on standard error, where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// Of work whose size is known.
pub fn of(count: u64, what: &str) -> ProgressBar {
    let template = format!("{{wide_bar}} {{human_pos}} of {{human_len}} {what}, {{per_sec}}, {{eta}} left");
    ProgressBar::new(count).with_style(ProgressStyle::with_template(&template).expect("a template of known keys"))
}

/// Of rows of which nobody knows how many there are.
pub fn rows() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} rows, {per_sec}, {elapsed}");
    ProgressBar::no_length().with_style(style.expect("a template of known keys"))
}
