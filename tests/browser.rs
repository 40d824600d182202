//! Teller's pages in a real browser: every story runs in a fresh headless Chromium, against the whole program.
//!
//! Where Chromium or chromedriver is not installed the stories are reported as ignored, with the reason. A story fails
//! as well when the browser's console holds a warning or an error at the end: a refused script, a violated policy.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::{process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use browser::{
    chromium::Window,
    page::Page,
    stage::{self, Stage},
};

mod support;

mod browser {
    pub mod account;
    pub mod bank;
    pub mod chromium;
    pub mod docs;
    pub mod foreign;
    pub mod money;
    pub mod page;
    pub mod payment;
    pub mod picture;
    pub mod profile;
    pub mod reach;
    pub mod refusals;
    pub mod security;
    pub mod stage;
}

/// Browsers at once, unless the command line says otherwise: each takes most of a core while it starts.
const BROWSERS: usize = 2;

macro_rules! stories {
    ($stage:ident, $($module:ident::$story:ident in $window:ident,)*) => {
        vec![$(trial(&$stage, stringify!($story), Window::$window, browser::$module::$story)),*]
    };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(BROWSERS);
    let stage = Arc::new(Stage::default());
    let trials = stories![stage,
        account::signing_up_leads_to_signing_in_with_the_name_filled_in in Desk,
        account::signing_out_closes_the_profile in Desk,
        account::a_form_is_sent_once_however_often_it_is_pressed in Desk,
        account::a_shown_password_is_hidden_again_when_it_is_sent in Desk,
        account::without_scripts_the_form_posts_and_the_address_stays_clean in Scriptless,
        profile::nickname_and_picture_outlive_a_reload in Desk,
        profile::a_nickname_is_counted_in_characters in Desk,
        profile::escape_leaves_the_nickname_as_it_was in Desk,
        profile::a_file_that_is_no_picture_is_never_sent in Desk,
        refusals::a_wrong_field_says_so_itself_and_takes_the_focus in Desk,
        refusals::a_session_that_has_ended_leads_to_signing_in in Desk,
        refusals::a_refused_picture_says_why in Desk,
        refusals::what_no_field_can_mend_is_said_above_the_form in Desk,
        security::a_changed_password_is_the_only_one_that_lets_in in Desk,
        security::other_devices_are_seen_and_signed_out in Desk,
        reach::the_whole_story_needs_no_mouse in Desk,
        reach::nothing_scrolls_sideways_on_a_narrow_phone in Phone,
        reach::an_inline_script_is_refused in Desk,
        foreign::another_sites_page_cannot_act_for_who_is_signed_in in Desk,
        reach::the_console_says_that_the_backend_is_ready in Desk,
        payment::a_payment_that_is_pressed_twice_is_charged_once in Desk,
        money::a_wallet_is_opened_filled_and_emptied in Desk,
        money::a_statement_adds_up_and_is_printed_without_what_is_for_the_screen in Desk,
        money::a_difference_is_looked_into_until_it_is_settled in Desk,
        bank::what_is_missing_or_wrong_on_a_statement_is_named_and_resolved in Desk,
        money::money_is_for_who_is_signed_in in Desk,
        docs::every_call_is_told_and_opens_at_its_address in Desk,
        docs::a_line_is_copied_whole in Desk,
        docs::without_scripts_the_description_is_linked in Scriptless,
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial<S, F>(stage: &Arc<Stage>, name: &str, window: Window, story: S) -> Trial
where
    S: FnOnce(Page) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let stage = Arc::clone(stage);
    Trial::ignorable_test(name, move || match stage::missing() {
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => stage.play(window, story).map(|()| Completion::Completed).map_err(Failed::from),
    })
}
