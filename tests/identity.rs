//! Who may, told from outside: the whole program, over HTTP and RPC, on every engine.

#[path = "identity/forged.rs"]
mod forged;
#[path = "identity/keys.rs"]
mod keys;
#[path = "identity/login.rs"]
mod login;
#[path = "identity/others.rs"]
mod others;
#[path = "identity/program.rs"]
mod program;
#[path = "identity/renewal.rs"]
mod renewal;
#[path = "identity/secrets.rs"]
mod secrets;
#[path = "identity/sessions.rs"]
mod sessions;
mod support;

use forged::{a_forged_token_opens_nothing_over_http, a_forged_token_opens_nothing_over_rpc};
use keys::{a_change_of_keys_and_of_the_format_signs_nobody_out, tokens_hold_after_a_restart};
use login::{
    a_token_does_what_a_cookie_does, a_user_signs_up_logs_in_and_is_who_they_said,
    an_unknown_user_takes_as_long_as_a_wrong_password, what_cannot_be_a_user_is_named,
};
use others::what_is_anothers_is_neither_shown_nor_moved_by_any_route;
use renewal::{
    a_lost_answer_is_given_again_for_a_moment, a_token_that_is_used_again_ends_its_session_everywhere,
    of_64_exchanges_at_once_all_get_one_successor, what_is_no_refresh_token_has_one_answer,
};
use secrets::no_token_is_on_disk;
use sessions::{
    a_new_password_ends_all_but_the_session_it_was_chosen_through, a_role_is_given_from_where_the_program_runs,
    a_session_too_many_ends_the_oldest, sessions_are_listed_and_ended_by_their_owner,
};

fn main() {
    support::story::tell(stories![
        a_user_signs_up_logs_in_and_is_who_they_said,
        what_cannot_be_a_user_is_named,
        an_unknown_user_takes_as_long_as_a_wrong_password,
        a_token_does_what_a_cookie_does,
        of_64_exchanges_at_once_all_get_one_successor,
        a_lost_answer_is_given_again_for_a_moment,
        a_token_that_is_used_again_ends_its_session_everywhere,
        what_is_no_refresh_token_has_one_answer,
        sessions_are_listed_and_ended_by_their_owner,
        a_session_too_many_ends_the_oldest,
        a_new_password_ends_all_but_the_session_it_was_chosen_through,
        a_role_is_given_from_where_the_program_runs,
        tokens_hold_after_a_restart,
        a_change_of_keys_and_of_the_format_signs_nobody_out,
        a_forged_token_opens_nothing_over_http,
        a_forged_token_opens_nothing_over_rpc,
        what_is_anothers_is_neither_shown_nor_moved_by_any_route,
        no_token_is_on_disk,
    ]);
}
