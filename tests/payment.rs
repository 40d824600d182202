//! Payments, as the published contract has them: the whole program over HTTP, on every engine, with a gateway that does as it is told.

#[path = "payment/again.rs"]
mod again;
#[path = "crash/books.rs"]
#[allow(dead_code, reason = "shared with the stories of crashes")]
mod books;
#[path = "payment/contract.rs"]
mod contract;
#[path = "payment/crashes.rs"]
mod crashes;
#[path = "payment/faults.rs"]
mod faults;
#[path = "payment/paying.rs"]
mod paying;
#[path = "payment/refunds.rs"]
mod refunds;
mod support;
#[path = "ledger/teller.rs"]
#[allow(dead_code, reason = "shared with the stories of the ledger")]
mod teller;

use again::{
    a_token_at_once_through_every_front_end_and_backend_is_one_charge, an_answer_is_the_same_after_a_restart,
    another_payment_under_the_same_token_is_refused_by_field,
};
use contract::{
    payments_are_answered_to_the_letter, records_are_newest_first_page_by_page, what_cannot_be_a_payment_is_an_error,
    without_open_contracts_only_the_payer_pays,
};
use crashes::{a_killed_backend_leaves_no_payment_open, a_killed_database_leaves_no_payment_open};
use faults::{
    a_lost_answer_is_found_out_by_asking, a_payment_that_failed_is_tried_again_under_the_same_token,
    a_slow_gateway_is_told_of_and_waited_for, both_ledgers_agree_to_the_cent_whatever_goes_wrong,
    what_a_payment_holds_is_not_the_payers_to_take_back,
};
use refunds::{
    a_killed_backend_leaves_no_refund_open, a_payment_is_given_back_in_parts_and_never_more_than_was_paid,
    a_refund_and_a_transfer_under_one_key_are_two_requests, a_refund_is_for_operators_and_is_written_down,
    a_refund_that_is_declined_or_delayed_is_told_of_as_it_is,
    of_64_refunds_at_once_no_more_is_given_back_than_was_paid,
};

fn main() {
    let mut all = support::story::trials(
        stories![
            payments_are_answered_to_the_letter,
            what_cannot_be_a_payment_is_an_error,
            records_are_newest_first_page_by_page,
            without_open_contracts_only_the_payer_pays,
            another_payment_under_the_same_token_is_refused_by_field,
            a_token_at_once_through_every_front_end_and_backend_is_one_charge,
            an_answer_is_the_same_after_a_restart,
            a_payment_that_failed_is_tried_again_under_the_same_token,
            a_lost_answer_is_found_out_by_asking,
            a_slow_gateway_is_told_of_and_waited_for,
            what_a_payment_holds_is_not_the_payers_to_take_back,
            both_ledgers_agree_to_the_cent_whatever_goes_wrong,
            a_killed_backend_leaves_no_payment_open,
            a_payment_is_given_back_in_parts_and_never_more_than_was_paid,
            of_64_refunds_at_once_no_more_is_given_back_than_was_paid,
            a_refund_and_a_transfer_under_one_key_are_two_requests,
            a_refund_is_for_operators_and_is_written_down,
            a_refund_that_is_declined_or_delayed_is_told_of_as_it_is,
            a_killed_backend_leaves_no_refund_open,
        ],
        &support::engine::Kind::ALL,
        support::engine::Kind::stage,
    );
    all.extend(support::story::trials(
        stories![a_killed_database_leaves_no_payment_open],
        &[support::engine::Kind::Servers],
        support::engine::Kind::stage_apart,
    ));
    support::story::conclude(all);
}
