//! Stories: facts about the whole program, each told once and run on every engine.
//!
//! A story whose engine is not installed is reported as ignored, with what is missing, never as passed.

use std::future::Future;
use std::pin::Pin;

use libtest_mimic::{Arguments, Completion, Trial};

use super::engine::{Engine, Kind, Stage};
use super::{mysql, run};

/// A named fact.
pub struct Story {
    /// As a sentence.
    pub name: &'static str,
    /// Panics where the fact is none.
    pub tell: fn(Engine) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Makes [`Story`]s of async functions that take an [`Engine`].
#[macro_export]
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        [$($crate::support::story::Story { name: stringify!($name), tell: |engine| Box::pin($name(engine)) }),*]
    };
}

/// Tells every story on every engine: the `main` of a test without the usual harness.
pub fn tell(stories: impl IntoIterator<Item = Story>) {
    conclude(trials(stories, &Kind::ALL, Kind::stage));
}

/// Every story on each of `kinds`, with what `stage` makes of them.
pub fn trials(
    stories: impl IntoIterator<Item = Story>,
    kinds: &[Kind],
    stage: fn(Kind) -> Result<Stage, String>,
) -> Vec<Trial> {
    stories.into_iter().flat_map(|story| kinds.iter().map(move |kind| trial(*kind, &story, stage))).collect()
}

/// Runs them, and ends the process.
pub fn conclude(trials: Vec<Trial>) {
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    mysql::end();
    conclusion.exit();
}

fn trial(kind: Kind, story: &Story, stage: fn(Kind) -> Result<Stage, String>) -> Trial {
    let tell = story.tell;
    Trial::ignorable_test(format!("{}::{}", kind.name(), story.name), move || match stage(kind) {
        Ok(stage) => {
            run(tell(stage.engine.clone()));
            Ok(Completion::Completed)
        }
        Err(missing) => Ok(Completion::ignored_with(missing)),
    })
}
