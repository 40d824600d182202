//! Webhooks: the whole program over HTTP, on every engine, with receivers of every kind.

#[path = "crash/books.rs"]
#[allow(dead_code, reason = "shared with the stories of crashes")]
mod books;
#[path = "webhook/bringing.rs"]
mod bringing;
#[path = "webhook/deaths.rs"]
mod deaths;
#[path = "webhook/owners.rs"]
mod owners;
#[path = "webhook/receiver.rs"]
mod receiver;
mod support;
#[path = "ledger/teller.rs"]
#[allow(dead_code, reason = "shared with the stories of the ledger")]
mod teller;
#[path = "webhook/trouble.rs"]
mod trouble;

use bringing::{every_entry_is_brought_once_in_order_and_signed, only_events_that_were_asked_for_are_brought};
use deaths::{
    several_backends_bring_each_account_in_order, what_was_committed_is_brought_whoever_is_killed_and_whenever,
};
use owners::{
    a_secret_that_was_replaced_signs_beside_the_new_one, a_user_has_as_many_webhooks_as_may_be,
    an_operator_sees_and_ends_what_is_anybodys, no_private_address_is_ever_brought_anything,
};
use trouble::{
    a_receiver_that_is_gone_is_brought_nothing_more, a_silent_receiver_holds_up_nobody_else,
    what_fails_is_tried_again_and_nothing_overtakes_it, what_is_given_up_is_listed_and_brought_when_it_is_asked_for,
    what_waits_is_brought_at_once_to_another_address,
};

fn main() {
    support::story::tell(stories![
        every_entry_is_brought_once_in_order_and_signed,
        only_events_that_were_asked_for_are_brought,
        what_fails_is_tried_again_and_nothing_overtakes_it,
        what_is_given_up_is_listed_and_brought_when_it_is_asked_for,
        a_receiver_that_is_gone_is_brought_nothing_more,
        what_waits_is_brought_at_once_to_another_address,
        a_silent_receiver_holds_up_nobody_else,
        a_secret_that_was_replaced_signs_beside_the_new_one,
        a_user_has_as_many_webhooks_as_may_be,
        an_operator_sees_and_ends_what_is_anybodys,
        no_private_address_is_ever_brought_anything,
        what_was_committed_is_brought_whoever_is_killed_and_whenever,
        several_backends_bring_each_account_in_order,
    ]);
}
