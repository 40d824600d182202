//! Stories: facts about the whole program, each told once and run on every engine.
//!
//! A story whose engine is not installed is reported as ignored, with what is missing, never as passed.

use std::future::Future;
use std::pin::Pin;

use libtest_mimic::{Arguments, Completion, Trial};

use super::engine::{Engine, Kind};
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
    let on_each = |story: Story| Kind::ALL.map(|kind| trial(kind, &story));
    let trials = stories.into_iter().flat_map(on_each).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    mysql::end();
    conclusion.exit();
}

fn trial(kind: Kind, story: &Story) -> Trial {
    let tell = story.tell;
    Trial::ignorable_test(format!("{}::{}", kind.name(), story.name), move || match kind.stage() {
        Ok(stage) => {
            run(tell(stage.engine.clone()));
            Ok(Completion::Completed)
        }
        Err(missing) => Ok(Completion::ignored_with(missing)),
    })
}
