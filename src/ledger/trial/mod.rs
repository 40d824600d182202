//! The ledger against a model of it, on any commands whatsoever. Compiled for `fuzz/` (`--cfg fuzzing`), and for the tests, which draw the
//! bytes at random.
//!
//! - [`script`]: commands out of bytes: hostile ones, duplicates, chains, amounts at the limits.
//! - [`model`]: what they should come to, written once more as simply as can be.
//! - [`book`]: the least that keeps a store's promises.
#![allow(clippy::arithmetic_side_effects)]

pub(super) mod book;
pub(super) mod model;
pub(super) mod script;

use std::time::Duration;

use book::Book;
use model::Model;
use script::Script;

use super::commit::{Lent, ended};
use super::plan::Asked;
use crate::domain::command::{Command, Outcome, Refusal};
use crate::domain::time::Timestamp;

/// Plays `input` as batches of commands.
///
/// # Panics
///
/// If an outcome is another than the model's, or the books do not add up.
pub fn play(input: &[u8]) {
    let script = Script::read(input, 0);
    let (mut book, mut model) = (Book::new(script::accounts(0)), Model::new(script::accounts(0)));
    for (now, groups) in &script.batches {
        let outcomes = run(&mut book, groups, *now);
        let expected: Vec<Outcome> = groups.iter().flat_map(|group| model.run(group, *now)).collect();
        for (place, (outcome, expected)) in outcomes.iter().zip(&expected).enumerate() {
            let command = groups.iter().flatten().nth(place);
            assert_eq!(unnamed(outcome), unnamed(expected), "command {place} of a batch: {command:#?}");
        }
        assert_eq!(outcomes.len(), expected.len());
        book.check();
    }
    assert_eq!(book.accounts, model.accounts);
}

/// The outcomes of one batch.
pub(super) fn run(book: &mut Book, groups: &[Vec<Command>], now: Timestamp) -> Vec<Outcome> {
    let pending =
        groups.iter().flatten().filter_map(ended).filter_map(|id| Some((id, book.transfers.get(&id)?.clone())));
    book.transact(&Lent::new(groups.iter().cloned().map(Asked::from).collect(), pending.collect(), now, Duration::ZERO))
}

/// The model does not say in which field two commands differ.
pub(super) fn unnamed(outcome: &Outcome) -> Outcome {
    match outcome {
        Err(Refusal::IdReused { .. }) => Err(Refusal::IdReused { field: String::new() }),
        outcome => outcome.clone(),
    }
}
