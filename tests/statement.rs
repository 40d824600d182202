//! Statements: told from outside, over HTTP and by `teller statement`, on every engine.

#[path = "statement/file.rs"]
mod file;
#[path = "statement/paged.rs"]
mod paged;
mod support;
#[path = "ledger/teller.rs"]
#[allow(dead_code, reason = "shared with the stories of the ledger")]
mod teller;

use file::the_program_writes_the_same_statement_as_the_server;
use paged::{
    a_csv_file_begins_and_ends_with_the_balances_and_runs_nothing, a_day_is_all_of_it_and_both_ends_count,
    a_statement_leads_from_the_opening_balance_to_the_closing_one_on_pages_of_any_size,
    what_cannot_be_a_statement_is_refused_by_name,
};

fn main() {
    support::story::tell(stories![
        a_statement_leads_from_the_opening_balance_to_the_closing_one_on_pages_of_any_size,
        a_day_is_all_of_it_and_both_ends_count,
        a_csv_file_begins_and_ends_with_the_balances_and_runs_nothing,
        what_cannot_be_a_statement_is_refused_by_name,
        the_program_writes_the_same_statement_as_the_server,
    ]);
}
