//! Which layer may name which: the drawing in `ARCHITECTURE.md`, as a table.

use crate::source::Source;

/// A layer (a module at the top of `src/`) and the layers it may name besides itself.
/// A layer that is not listed may name any: it wires (`app`, `cli`, `main`).
const LAYERS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("error", &["domain"]),
    ("coalesce", &[]),
    ("api", &["domain", "error"]),
    ("client", &["api", "domain"]),
    ("http", &["api", "domain", "error", "config", "telemetry"]),
    ("reconcile", &["domain"]),
    (
        "service",
        &[
            "ledger",
            "store",
            "domain",
            "api",
            "error",
            "coalesce",
            "gateway",
            "courier",
            "reconcile",
            "telemetry",
            "token",
        ],
    ),
    ("gateway", &["domain"]),
    ("courier", &["domain"]),
    ("telemetry", &["config"]),
    ("ledger", &["store", "domain", "error", "coalesce"]),
    ("store", &["domain"]),
    ("token", &["domain"]),
];

/// What stands beside the layers, so that naming it from one is a choice, too.
const WIRING: [&str; 4] = ["app", "cli", "config", "main"];

/// Drivers, and the only folders that may name each. Statements are generated for both SQL stores in one file beside them.
const DRIVERS: [(&str, &[&str]); 9] = [
    ("rusqlite", &["src/store/"]),
    ("mysql_async", &["src/store/"]),
    ("deadpool_redis", &["src/store/redis/"]),
    ("redis", &["src/store/redis/"]),
    ("hyper", &["src/http/", "src/gateway/", "src/courier/"]),
    ("governor", &["src/http/"]),
    ("rustls", &["src/http/", "src/courier/"]),
    ("tokio_rustls", &["src/http/", "src/courier/"]),
    ("rcgen", &["src/cli/certs/"]),
];

/// Lines on which a layer names one that it may not see.
pub fn layers(source: &Source) -> Vec<usize> {
    let Some(inside) = source.path.strip_prefix("src/") else { return Vec::new() };
    let own = inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs");
    let Some((_, seen)) = LAYERS.iter().find(|(layer, _)| *layer == own) else { return Vec::new() };
    let known = |name: &str| LAYERS.iter().any(|(layer, _)| *layer == name) || WIRING.contains(&name);
    let allowed = |name: &str| name == own || seen.contains(&name) || !known(name);
    let depth = depth(inside);
    let mut found: Vec<usize> =
        named(source, depth).into_iter().filter(|(_, name)| !allowed(name)).map(|(line, _)| line).collect();
    found.dedup();
    found
}

/// Lines of the RPC crate that name the program built on it.
pub fn rpc_alone(source: &Source) -> Vec<usize> {
    let names = |line: &str| words(line).any(|(at, word)| word == "teller" && line[at..].starts_with("teller::"));
    match source.path.starts_with("rpc/") {
        true => source.lines().filter(|(_, line)| names(line)).map(|(number, _)| number).collect(),
        false => Vec::new(),
    }
}

/// Lines that name a store's driver outside that store, or hyper outside the front end, the gateway and the courier.
pub fn drivers(source: &Source) -> Vec<usize> {
    if !source.path.starts_with("src/") {
        return Vec::new();
    }
    let strays = |line: &str| {
        words(line).any(|(at, word)| {
            let named = line[at + word.len()..].starts_with("::") && !line[..at].ends_with("::");
            let away = |homes: &[&str]| !homes.iter().any(|home| source.path.starts_with(home));
            named && DRIVERS.iter().any(|(driver, homes)| *driver == word && away(homes))
        })
    };
    source.product().filter(|(_, line)| strays(line)).map(|(number, _)| number).collect()
}

/// How many `super::` lead from a file's module to the top of the crate.
fn depth(inside: &str) -> usize {
    let parts = inside.split('/').count();
    if inside.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// The modules at the top of the crate that the product names, by `crate::` or by as many `super::` as it takes.
fn named(source: &Source, depth: usize) -> Vec<(usize, String)> {
    // One string, so that a `use crate::{ ... }` over several lines is read as one.
    let code: String = source
        .lines()
        .map(|(number, line)| if source.is_test(number) { "\n".into() } else { format!("{line}\n") })
        .collect();
    let up = "super::".repeat(depth);
    let mut found = Vec::new();
    for root in ["crate::", up.as_str()] {
        for (start, _) in code.match_indices(root) {
            let before = &code[..start];
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') || before.ends_with("super::") {
                continue;
            }
            let from = start + root.len();
            found.extend(heads(&code[from..]).into_iter().map(|(at, name)| (line_of(&code, from + at), name)));
        }
    }
    found
}

/// The first names of a path: one of `a::b`, several of `{a::b, c}`.
fn heads(path: &str) -> Vec<(usize, String)> {
    if !path.starts_with('{') {
        return words(path)
            .next()
            .into_iter()
            .filter(|(at, _)| *at == 0)
            .map(|(at, word)| (at, word.to_owned()))
            .collect();
    }
    let (mut found, mut depth, mut fresh) = (Vec::new(), 0_usize, false);
    for (at, c) in path.char_indices() {
        match c {
            '{' => (depth, fresh) = (depth + 1, depth == 0),
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' => fresh = depth == 1,
            _ if fresh && !c.is_whitespace() => {
                found.extend(words(&path[at..]).next().map(|(_, word)| (at, word.to_owned())));
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

/// The words of a line, each with where it begins.
pub fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.char_indices().filter_map(move |(at, c)| {
        let begins = part(c) && !line[..at].ends_with(part);
        begins.then(|| (at, line[at..].split(|c| !part(c)).next().unwrap_or_default()))
    })
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}
