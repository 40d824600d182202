//! A Rust source file as the rules read it: what is code, what is text, and what is compiled for tests alone.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file, cut apart.
pub struct Source {
    /// Path from the top of the project, with `/`.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// The lines with comments and the contents of literals blanked, so that a word found here is a word of the language.
    pub code: Vec<String>,
    /// String literals without their quotes, each with the number of the line it begins on.
    pub literals: Vec<(usize, String)>,
    /// For each line whether it is compiled for tests alone.
    pub test: Vec<bool>,
}

impl Source {
    /// Cuts `text` apart.
    pub fn new(path: &str, text: &str) -> Self {
        let (code, literals) = blank(text);
        let test = test_lines(&code, path);
        let code = code.lines().map(str::to_owned).collect();
        Self { path: path.to_owned(), text: text.to_owned(), code, literals, test }
    }

    /// The lines of code that are part of the product, numbered from 1.
    pub fn product(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(number, _)| !self.is_test(*number))
    }

    /// All lines of code, numbered from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(index, line)| (index + 1, line.as_str()))
    }

    /// Whether the line is compiled for tests alone.
    pub fn is_test(&self, number: usize) -> bool {
        self.test.get(number - 1).copied().unwrap_or(false)
    }

    /// Whether the file is part of what is shipped, rather than a test, bench, example or build step.
    pub fn is_shipped(&self) -> bool {
        self.path.starts_with("src/") || self.path.starts_with("rpc/src/")
    }
}

/// Every Rust file of the project, in the order of their paths. Build output and hidden folders are not entered.
pub fn project() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src", "rpc", "sql", "tests", "examples", "benches"] {
        rust_files(&top.join(folder), &mut paths);
    }
    paths.extend(Some(top.join("build.rs")).filter(|path| path.is_file()));
    paths.sort();
    let mut sources: Vec<Source> = paths
        .iter()
        .map(|path| {
            let relative = path.strip_prefix(top).expect("found below the top").to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{relative}: {error}"));
            Source::new(&relative, &text)
        })
        .collect();
    mark_test_modules(&mut sources);
    sources
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                rust_files(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// `#[cfg(test)] mod contract;` makes the file `contract.rs`, and all below `contract/`, a test.
fn mark_test_modules(sources: &mut [Source]) {
    let modules: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for source in sources {
        let of =
            |module: &String| source.path == format!("{module}.rs") || source.path.starts_with(&format!("{module}/"));
        if modules.iter().any(of) {
            source.test.fill(true);
        }
    }
}

fn test_modules(source: &Source) -> Vec<String> {
    let folder = match source.path.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder.to_owned(),
        _ => source.path.trim_end_matches(".rs").to_owned(),
    };
    let outside = |(number, line): (usize, &str)| {
        let name = line.trim().strip_suffix(';')?.rsplit_once("mod ")?.1;
        source.is_test(number).then(|| format!("{folder}/{}", name.trim()))
    };
    source.lines().filter_map(outside).collect()
}

/// Blanks comments and the contents of literals, keeping every line break, and collects the string literals.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = match token(&chars, at) {
            Token::Comment(end) | Token::Character(end) => end,
            Token::Text { inner, end } => {
                literals.push((line, chars[inner.0..inner.1].iter().collect()));
                end
            }
            Token::Code => {
                code.push(chars[at]);
                line += usize::from(chars[at] == '\n');
                at += 1;
                continue;
            }
        };
        for &c in &chars[at..end] {
            code.push(if c == '\n' { '\n' } else { ' ' });
            line += usize::from(c == '\n');
        }
        at = end;
    }
    (code, literals)
}

enum Token {
    Comment(usize),
    Character(usize),
    Text { inner: (usize, usize), end: usize },
    Code,
}

/// What begins at `at`.
fn token(chars: &[char], at: usize) -> Token {
    let rest = &chars[at..];
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match rest {
        ['/', '/', ..] => Token::Comment(find(chars, at, |rest| rest[0] == '\n')),
        ['/', '*', ..] => Token::Comment(block_comment_end(chars, at)),
        ['"', ..] => quoted(chars, at + 1),
        ['r', '"' | '#', ..] if !in_word => raw(chars, at + 1),
        ['b' | 'c', 'r', '"' | '#', ..] if !in_word => raw(chars, at + 2),
        ['\'', '\\', ..] => Token::Character(find(chars, at + 3, |rest| rest[0] == '\'') + 1),
        ['\'', _, '\'', ..] => Token::Character(at + 3),
        _ => Token::Code,
    }
}

fn find(chars: &[char], from: usize, holds: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|&at| holds(&chars[at..])).unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at < chars.len() {
        match &chars[at..] {
            ['/', '*', ..] => (at, depth) = (at + 2, depth + 1),
            ['*', '/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(chars: &[char], from: usize) -> Token {
    let mut at = from;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    let close = at.min(chars.len());
    Token::Text { inner: (from, close), end: (close + 1).min(chars.len()) }
}

/// `from` is where the hashes begin; `r#name` is no literal.
fn raw(chars: &[char], from: usize) -> Token {
    let hashes = chars[from..].iter().take_while(|c| **c == '#').count();
    let inner = from + hashes + 1;
    if chars.get(from + hashes) != Some(&'"') {
        return Token::Code;
    }
    let closes = |rest: &[char]| rest[0] == '"' && rest[1..].iter().take_while(|c| **c == '#').count() >= hashes;
    let close = find(chars, inner, closes);
    Token::Text { inner: (inner, close), end: (close + 1 + hashes).min(chars.len()) }
}

/// Marks the item behind each `#[cfg(test)]` up to the end of its braces or its semicolon; and whole files that are tests.
fn test_lines(code: &str, path: &str) -> Vec<bool> {
    let whole = ["tests/", "rpc/tests/", "benches/", "rpc/benches/"].iter().any(|folder| path.starts_with(folder));
    let mut marks = vec![whole; code.lines().count()];
    for (start, attribute) in code.match_indices("#[cfg(") {
        let condition = code[start + attribute.len()..].split(")]").next().unwrap_or_default();
        // `not(test)` and `any(test, ...)` are also compiled into the product.
        let all = condition.strip_prefix("all(").unwrap_or(condition);
        if !all.split(',').any(|part| part.trim() == "test") {
            continue;
        }
        let end = item_end(code, start + attribute.len());
        let (first, last) = (line_of(code, start), line_of(code, end));
        marks[first..=last].fill(true);
    }
    marks
}

fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, c) in code[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return from + offset,
            '}' => depth -= 1,
            ';' if depth == 0 => return from + offset,
            _ => {}
        }
    }
    code.len().saturating_sub(1)
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count()
}
