//! The surface, held to its description: `/openapi.json` against the answers of the whole program, and every call of it against everybody who
//! may and may not make it, on every engine.

#[path = "surface/answers.rs"]
mod answers;
#[path = "surface/described.rs"]
mod described;
#[path = "surface/matrix.rs"]
mod matrix;
#[path = "surface/methods.rs"]
mod methods;
#[path = "surface/refusals.rs"]
mod refusals;
#[path = "surface/requests.rs"]
mod requests;
mod support;

use answers::every_example_works_and_is_answered_as_described;
use matrix::every_call_is_open_to_those_it_is_for_and_shows_others_nothing;
use methods::every_rpc_method_is_open_to_those_it_is_for_and_shows_others_nothing;
use refusals::every_refusal_is_a_described_one;

fn main() {
    support::story::tell(stories![
        every_example_works_and_is_answered_as_described,
        every_refusal_is_a_described_one,
        every_call_is_open_to_those_it_is_for_and_shows_others_nothing,
        every_rpc_method_is_open_to_those_it_is_for_and_shows_others_nothing,
    ]);
}
