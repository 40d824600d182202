//! Wallets, as published: told from outside, over HTTP, on every engine.

#[path = "wallet/contract.rs"]
mod contract;
#[path = "wallet/many.rs"]
mod many;
#[path = "wallet/owners.rs"]
mod owners;
#[path = "wallet/reconciled.rs"]
mod reconciled;
mod support;

use contract::{
    a_hash_is_used_once_in_each_direction_whoever_comes_first, a_wallet_is_answered_to_the_letter,
    history_is_paged_and_filtered, of_many_who_withdraw_everything_one_does,
    what_is_wrong_is_said_in_the_contracts_words,
};
use many::{
    a_comparison_goes_on_where_the_last_that_matched_ended, a_file_of_balances_is_compared_line_by_line,
    many_balances_are_compared_by_one_call_of_an_operator,
};
use owners::without_open_contracts_a_wallet_is_its_owners;
use reconciled::{a_balance_is_compared_to_the_last_digit_and_kept, a_period_begins_and_ends_where_it_says};

fn main() {
    support::story::tell(stories![
        a_wallet_is_answered_to_the_letter,
        what_is_wrong_is_said_in_the_contracts_words,
        a_hash_is_used_once_in_each_direction_whoever_comes_first,
        of_many_who_withdraw_everything_one_does,
        history_is_paged_and_filtered,
        a_balance_is_compared_to_the_last_digit_and_kept,
        a_period_begins_and_ends_where_it_says,
        a_comparison_goes_on_where_the_last_that_matched_ended,
        many_balances_are_compared_by_one_call_of_an_operator,
        a_file_of_balances_is_compared_line_by_line,
        without_open_contracts_a_wallet_is_its_owners,
    ]);
}
