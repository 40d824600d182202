//! Statements of banks beside the books: told from outside, over HTTP and by the command line, on every engine.

#[path = "reconcile/command.rs"]
mod command;
#[path = "reconcile/limits.rs"]
mod limits;
#[path = "reconcile/sent.rs"]
mod sent;
mod support;

use command::the_command_line_finds_the_same;
use limits::a_statement_holds_at_its_limits_and_not_beyond;
use sent::{
    a_mapping_is_kept_and_read_by, a_statement_is_matched_line_by_line_and_kept, what_is_anothers_is_not_there,
};

fn main() {
    support::story::tell(stories![
        a_statement_is_matched_line_by_line_and_kept,
        a_mapping_is_kept_and_read_by,
        what_is_anothers_is_not_there,
        a_statement_holds_at_its_limits_and_not_beyond,
        the_command_line_finds_the_same,
    ]);
}
