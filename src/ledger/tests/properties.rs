//! Any commands in any batches, against the model and against each other.

use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, any, prop};
use proptest::{prop_assert_eq, proptest};

use crate::domain::command::{Command, Done};
use crate::domain::time::Timestamp;
use crate::ledger::trial::book::Book;
use crate::ledger::trial::script::{self, Script};
use crate::ledger::trial::{play, run};

/// Whatever the script's batches are, as one list of chains, all at one time.
fn chains(input: &[u8], world: u8) -> Vec<Vec<Command>> {
    let groups = Script::read(input, world).batches.into_iter().flat_map(|(_, groups)| groups);
    groups
        .flat_map(|group| group.chunk_by(|command, _| command.linked).map(<[_]>::to_vec).collect::<Vec<_>>())
        .collect()
}

const NOW: Timestamp = Timestamp(5_000_000);

#[test]
fn two_commands_with_one_reference_are_looked_up_together() {
    // The fuzzer found it: what was looked up for the first one refused the second, which then had to be looked up as well.
    play(include_bytes!("found/shared_reference.bin"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_commands_in_any_batches_come_to_what_the_model_says(input in prop::collection::vec(any::<u8>(), 0..1500)) {
        play(&input);
    }

    #[test]
    fn however_commands_are_batched_they_come_to_the_same(
        input in prop::collection::vec(any::<u8>(), 0..600),
        cuts in prop::collection::vec(1..9_usize, 100),
    ) {
        let chains = chains(&input, 0);
        let mut one_batch = Book::new(script::accounts(0));
        let expected = run(&mut one_batch, &chains, NOW);
        let mut many = Book::new(script::accounts(0));
        let (mut rest, mut outcomes) = (&chains[..], Vec::new());
        for cut in cuts.iter().cycle() {
            let (batch, later) = rest.split_at((*cut).min(rest.len()));
            outcomes.extend(run(&mut many, batch, NOW));
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(outcomes, expected);
        prop_assert_eq!(many, one_batch);
    }

    #[test]
    fn what_was_done_is_answered_the_same_for_ever_and_changes_nothing(input in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut book = Book::new(script::accounts(0));
        let chains = chains(&input, 0);
        let outcomes = run(&mut book, &chains, NOW);
        let done: Vec<(Command, Done)> = chains.iter().flatten().zip(outcomes)
            .filter_map(|(command, outcome)| Some((Command { linked: false, ..command.clone() }, outcome.ok()?)))
            .collect();
        let before = book.clone();
        let commands: Vec<_> = done.iter().map(|(command, _)| vec![command.clone()]).collect();
        let again = run(&mut book, &commands, Timestamp(NOW.0 + 1));
        for ((_, first), second) in done.iter().zip(again) {
            prop_assert_eq!(second, Ok(Done { replayed: true, ..first.clone() }));
        }
        prop_assert_eq!(book, before);
    }

    #[test]
    fn commands_that_have_nothing_in_common_may_come_in_any_order(
        one in prop::collection::vec(any::<u8>(), 0..300),
        other in prop::collection::vec(any::<u8>(), 0..300),
        order in prop::collection::vec(any::<bool>(), 200),
    ) {
        let (one, other) = (chains(&one, 0), chains(&other, 1));
        let both = || Book::new([script::accounts(0), script::accounts(1)].concat());
        let mut after_another = both();
        let expected = (run(&mut after_another, &one, NOW), run(&mut after_another, &other, NOW));
        let (mut ones, mut others) = (one.iter(), other.iter());
        let mut mixed: Vec<(bool, Vec<Command>)> = Vec::new();
        for first in order.iter().copied().cycle().take(2 * (one.len() + other.len()) + 400) {
            let next = if first { ones.next() } else { others.next() };
            mixed.extend(next.map(|chain| (first, chain.clone())));
        }
        mixed.extend(ones.map(|chain| (true, chain.clone())).chain(others.map(|chain| (false, chain.clone()))).collect::<Vec<_>>());
        let mut at_once = both();
        let batch: Vec<_> = mixed.iter().map(|(_, chain)| chain.clone()).collect();
        let outcomes = run(&mut at_once, &batch, NOW);
        let owners = mixed.iter().flat_map(|(first, chain)| vec![*first; chain.len()]);
        let (ones, others): (Vec<_>, Vec<_>) = owners.zip(outcomes).partition(|(first, _)| *first);
        let outcomes = |of: Vec<(bool, _)>| of.into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>();
        prop_assert_eq!((outcomes(ones), outcomes(others)), expected);
        prop_assert_eq!(at_once, after_another);
    }
}

#[test]
fn the_scripts_reach_every_refusal_and_every_end() {
    let mut reached = BTreeSet::new();
    for input in scripts(600, 1000) {
        let mut book = Book::new(script::accounts(0));
        for (now, groups) in Script::read(&input, 0).batches {
            reached.extend(run(&mut book, &groups, now).iter().map(|outcome| match outcome {
                Ok(done) => format!("{:?}{}", done.receipt.transfer.status, if done.replayed { " again" } else { "" }),
                Err(refusal) => format!("{refusal:?}").split([' ', '(']).next().unwrap_or_default().to_owned(),
            }));
        }
    }
    assert_eq!(reached.len(), 4 + 4 + 19, "{reached:?}");
}

/// The same random bytes on every run.
pub(super) fn scripts(count: usize, length: usize) -> Vec<Vec<u8>> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 32) as u8
    };
    (0..count).map(|_| (0..length).map(|_| byte()).collect()).collect()
}
