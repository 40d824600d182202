//! What is on disk opens nothing.

use std::fs;
use std::path::Path;

use crate::program::{Holder, renew};
use crate::support::engine::Engine;
use crate::support::program::Program;

pub async fn no_token_is_on_disk(engine: Engine) {
    let program = Program::start(&engine).await;
    let first = Holder::demo(&program, "alice").await;
    let mut browser = program.browser();
    let reply = renew(&mut browser, &first.refresh).await;
    let second = Holder::of(&browser, &reply);
    let mut found = Vec::new();
    files(program.data(), &mut |path| found.push((path.to_owned(), fs::read(path).expect("a file"))));
    assert!(engine.servers().is_some() || found.iter().any(|(path, _)| path.ends_with("teller.db")));
    for holder in [&first, &second] {
        for token in [&holder.access, &holder.refresh] {
            // The token, and the part of it that is secret.
            for part in [token.as_bytes(), &token.as_bytes()[30..60]] {
                let holds = |bytes: &[u8]| bytes.windows(part.len()).any(|window| window == part);
                assert!(found.iter().all(|(_, bytes)| !holds(bytes)), "a token is on disk");
            }
        }
    }
    program.stop().await;
}

fn files(folder: &Path, each: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, each) } else { each(&path) }
    }
}
