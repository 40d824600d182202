//! No money is lost: told from outside, whatever dies, freezes, fills up or is asked for twice.
//!
//! Stories are quick; `TELLER_TEST_LONG=10` makes them ten times as long.

#[path = "crash/books.rs"]
mod books;
#[path = "crash/contended.rs"]
mod contended;
#[path = "crash/exported.rs"]
mod exported;
#[path = "crash/full.rs"]
mod full;
#[path = "crash/killed.rs"]
mod killed;
#[path = "crash/paying.rs"]
mod paying;
#[path = "crash/planted.rs"]
mod planted;
mod support;
#[path = "ledger/teller.rs"]
#[allow(dead_code, reason = "shared with the stories of the ledger")]
mod teller;
#[path = "crash/verified.rs"]
mod verified;

use contended::{
    of_many_who_want_the_whole_balance_one_gets_it, one_key_is_one_effect_through_every_way_in,
    requests_that_are_given_up_lose_and_double_nothing, transfers_against_each_other_are_all_done,
};
use exported::{a_file_is_whole_or_not_there, every_row_is_exported_and_no_text_is_a_formula};
use full::a_full_disk_refuses_writes_and_nothing_else;
use killed::{
    a_database_that_stops_answering_leaves_nothing_in_doubt, what_was_acknowledged_outlives_a_killed_backend,
    what_was_acknowledged_outlives_a_killed_database, what_was_acknowledged_outlives_a_restart_in_good_order,
};
use planted::every_planted_fault_is_found_and_named;
use support::engine::Kind;
use support::story::{conclude, trials};
use verified::{books_in_use_are_verified_without_false_alarms, what_is_not_there_is_not_made};

/// How much longer than usual the stories are to be.
fn long() -> u32 {
    std::env::var("TELLER_TEST_LONG").map_or(1, |times| times.parse().expect("TELLER_TEST_LONG is a number"))
}

fn main() {
    let mut all = trials(
        stories![
            what_was_acknowledged_outlives_a_killed_backend,
            what_was_acknowledged_outlives_a_restart_in_good_order,
            books_in_use_are_verified_without_false_alarms,
            every_planted_fault_is_found_and_named,
            what_is_not_there_is_not_made,
            every_row_is_exported_and_no_text_is_a_formula,
            a_file_is_whole_or_not_there,
            of_many_who_want_the_whole_balance_one_gets_it,
            transfers_against_each_other_are_all_done,
            one_key_is_one_effect_through_every_way_in,
            requests_that_are_given_up_lose_and_double_nothing,
        ],
        &Kind::ALL,
        Kind::stage,
    );
    let apart = stories![a_database_that_stops_answering_leaves_nothing_in_doubt];
    all.extend(trials(apart, &Kind::ALL, Kind::stage_apart));
    let killed = stories![what_was_acknowledged_outlives_a_killed_database];
    all.extend(trials(killed, &[Kind::Servers], Kind::stage_apart));
    let full = stories![a_full_disk_refuses_writes_and_nothing_else];
    all.extend(trials(full, &[Kind::Embedded], Kind::stage));
    conclude(all);
}
