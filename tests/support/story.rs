//! Stories: facts about the whole program, each told once and run on every engine.
//!
//! A story whose engine is not installed is reported as ignored, with what is missing, never as passed.

use std::future::Future;
use std::pin::Pin;

use libtest_mimic::{Arguments, Trial};

use super::engine::Engine;

/// A named fact.
pub struct Story {
    pub name: &'static str,
    pub run: fn(Engine) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Makes [`Story`]s of async functions that take an [`Engine`].
#[macro_export]
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        [$($crate::support::story::Story { name: stringify!($name), run: |engine| Box::pin($name(engine)) }),*]
    };
}

/// Runs the stories on every engine, as the `main` of a test without the usual harness.
pub fn run(stories: impl IntoIterator<Item = Story>) {
    let mut trials = Vec::new();
    for Story { name, run } in stories {
        for engine in Engine::ALL {
            let trial = Trial::test(format!("{}::{name}", engine.name()), move || {
                block_on(run(engine));
                Ok(())
            });
            trials.push(match engine.missing() {
                None => trial,
                Some(what) => trial.with_kind(format!("{what} is not installed")).with_ignored_flag(true),
            });
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn block_on(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(story);
}
