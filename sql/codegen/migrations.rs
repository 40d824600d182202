//! The migration files of each database, in order: `NNNN_name.sql`, numbered from 1 without a gap.

use std::fmt::Write;
use std::path::Path;

use super::statement::Engine;
use super::{Wrong, file_name, files};

/// Reads the names of `root`/sqlite and `root`/mysql and returns the Rust that embeds the files.
pub fn migrations(root: &Path) -> Result<String, Wrong> {
    let mut out = String::new();
    for engine in Engine::ALL {
        let folder = root.join(engine.name());
        writeln!(
            out,
            "/// The files of `sql/{0}/`.\npub const {1}: &[Migration] = &[",
            engine.name(),
            engine.name().to_uppercase()
        )
        .expect("a String takes it");
        let numbered =
            files(&folder)?.into_iter().filter(|path| file_name(path).starts_with(|c: char| c.is_ascii_digit()));
        for (index, path) in numbered.enumerate() {
            let name = file_name(&path);
            let shown = format!("sql/{}/{name}", engine.name());
            let number = number(&name).ok_or_else(|| Wrong::new(&shown, 0, "want a name like 0001_users.sql"))?;
            if number != index as u64 + 1 {
                return Err(Wrong::new(&shown, 0, format!("want number {} here: no gaps, none twice", index + 1)));
            }
            let path = path.display().to_string();
            writeln!(out, "    Migration {{ number: {number}, name: {shown:?}, text: include_str!({path:?}) }},")
                .expect("a String takes it");
        }
        out.push_str("];\n");
    }
    Ok(out)
}

fn number(name: &str) -> Option<u64> {
    let (number, _) = name.split_once('_')?;
    if number.len() == 4 { number.parse().ok() } else { None }
}
