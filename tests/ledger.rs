//! Money, told from outside: the whole program, over HTTP, on every engine.

#[path = "ledger/accounts.rs"]
mod accounts;
#[path = "ledger/again.rs"]
mod again;
#[path = "ledger/batches.rs"]
mod batches;
#[path = "ledger/conversion.rs"]
mod conversion;
#[path = "ledger/deductions.rs"]
mod deductions;
#[path = "ledger/fees.rs"]
mod fees;
#[path = "ledger/hostile.rs"]
mod hostile;
#[path = "ledger/refusals.rs"]
mod refusals;
mod support;
#[path = "ledger/teller.rs"]
mod teller;
#[path = "ledger/transfers.rs"]
mod transfers;

use accounts::{
    accounts_are_opened_once_and_listed_page_by_page, entries_are_paged_and_every_past_balance_is_known,
    only_an_operator_freezes_closes_and_lends,
};
use again::{
    a_key_is_one_transfer_through_every_front_end_and_backend, a_key_stands_for_one_request_and_says_what_differs,
    a_restart_answers_the_same_to_the_byte, the_same_request_beside_one_that_is_running_is_told_so,
};
use batches::{
    a_batch_is_answered_one_by_one, a_batch_under_a_key_is_one_request, a_chain_stands_or_falls_together,
    a_full_batch_fits_and_one_more_does_not,
};
use conversion::{
    a_conversion_is_exact_in_every_currency_and_the_rest_is_the_houses,
    a_quote_converts_once_as_it_was_given_whatever_happens_meanwhile,
    of_64_conversions_at_once_as_many_succeed_as_the_house_can_pay, what_is_no_quote_of_ones_own_converts_nothing,
};
use deductions::{a_thousand_deductions_at_once_lose_nothing, deductions_are_answered_to_the_letter};
use fees::{
    a_fee_is_taken_with_its_transfer_and_once, a_hold_pays_when_it_is_posted_for_what_is_posted,
    a_withdrawal_has_its_fee_and_the_house_takes_its_own_for_nothing,
    each_transfer_of_a_batch_has_its_fee_and_a_broken_chain_none,
};
use hostile::{
    every_currency_has_its_decimals_and_38_digits, no_wrong_value_anywhere_leaves_a_trace,
    the_world_outside_pays_nothing_to_itself,
};
use refusals::{
    refusals_have_types_in_order_of_precedence, what_is_anothers_is_not_there, what_is_not_understood_is_named,
};
use transfers::{
    a_reference_is_used_once_in_each_direction, a_transfer_moves_money_and_shows_both_sides,
    held_money_is_posted_voided_or_released_when_its_time_is_over,
};

fn main() {
    support::story::tell(stories![
        accounts_are_opened_once_and_listed_page_by_page,
        entries_are_paged_and_every_past_balance_is_known,
        only_an_operator_freezes_closes_and_lends,
        a_transfer_moves_money_and_shows_both_sides,
        held_money_is_posted_voided_or_released_when_its_time_is_over,
        a_reference_is_used_once_in_each_direction,
        refusals_have_types_in_order_of_precedence,
        what_is_anothers_is_not_there,
        what_is_not_understood_is_named,
        no_wrong_value_anywhere_leaves_a_trace,
        the_world_outside_pays_nothing_to_itself,
        every_currency_has_its_decimals_and_38_digits,
        a_batch_is_answered_one_by_one,
        a_chain_stands_or_falls_together,
        a_full_batch_fits_and_one_more_does_not,
        a_batch_under_a_key_is_one_request,
        a_key_stands_for_one_request_and_says_what_differs,
        a_key_is_one_transfer_through_every_front_end_and_backend,
        the_same_request_beside_one_that_is_running_is_told_so,
        a_restart_answers_the_same_to_the_byte,
        deductions_are_answered_to_the_letter,
        a_thousand_deductions_at_once_lose_nothing,
        a_fee_is_taken_with_its_transfer_and_once,
        a_hold_pays_when_it_is_posted_for_what_is_posted,
        each_transfer_of_a_batch_has_its_fee_and_a_broken_chain_none,
        a_withdrawal_has_its_fee_and_the_house_takes_its_own_for_nothing,
        a_conversion_is_exact_in_every_currency_and_the_rest_is_the_houses,
        a_quote_converts_once_as_it_was_given_whatever_happens_meanwhile,
        what_is_no_quote_of_ones_own_converts_nothing,
        of_64_conversions_at_once_as_many_succeed_as_the_house_can_pay,
    ]);
}
