//! Who may, who did, and how often: the whole program, over HTTP, on every engine.

#[path = "protection/audit.rs"]
mod audit;
mod support;
#[path = "ledger/teller.rs"]
mod teller;

use audit::{
    only_an_operator_reads_what_was_written_down_page_by_page, what_operators_do_with_others_money_is_written_down,
    who_signs_in_and_who_does_not_is_written_down,
};

fn main() {
    support::story::tell(stories![
        who_signs_in_and_who_does_not_is_written_down,
        what_operators_do_with_others_money_is_written_down,
        only_an_operator_reads_what_was_written_down_page_by_page,
    ]);
}
