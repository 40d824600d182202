//! Who may, who did, and how often: the whole program, over HTTP, on every engine.

#[path = "protection/audit.rs"]
mod audit;
#[path = "protection/canary.rs"]
mod canary;
#[path = "protection/stuffing.rs"]
mod stuffing;
mod support;
#[path = "ledger/teller.rs"]
#[allow(dead_code, reason = "the stories of money use all of it")]
mod teller;

use audit::{
    only_an_operator_reads_what_was_written_down_page_by_page, what_operators_do_with_others_money_is_written_down,
    who_signs_in_and_who_does_not_is_written_down,
};

use canary::no_secret_is_in_any_log_figure_or_answer;
use stuffing::{
    a_flood_from_one_address_is_slowed_down_there_alone, passwords_are_not_found_by_trying_from_many_addresses,
};

fn main() {
    support::story::tell(stories![
        who_signs_in_and_who_does_not_is_written_down,
        what_operators_do_with_others_money_is_written_down,
        only_an_operator_reads_what_was_written_down_page_by_page,
        passwords_are_not_found_by_trying_from_many_addresses,
        a_flood_from_one_address_is_slowed_down_there_alone,
        no_secret_is_in_any_log_figure_or_answer,
    ]);
}
