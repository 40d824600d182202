//! Habits of the code, line by line: each rule answers the numbers of the lines that break it.

use crate::arrows::words;
use crate::source::Source;

/// The most lines a source file may have.
const MAX_LINES: usize = 500;

/// `bincode` outside the codec.
pub fn codec_alone(source: &Source) -> Vec<usize> {
    if source.path == "rpc/src/codec.rs" {
        return Vec::new();
    }
    lines(source.lines(), |line| words(line).any(|(_, word)| word == "bincode"))
}

/// SQL in a string literal of the product.
pub fn sql(source: &Source) -> Vec<usize> {
    if !source.is_shipped() {
        return Vec::new();
    }
    let ours = source.literals.iter().filter(|(number, _)| !source.is_test(*number));
    ours.filter(|(_, text)| is_sql(text)).map(|(number, _)| *number).collect()
}

/// Upper-case statements count anywhere, lower-case ones only where the literal begins with one: prose says "delete from" too.
fn is_sql(text: &str) -> bool {
    const BEGINNINGS: [[&str; 2]; 13] = [
        ["SELECT", ""],
        ["INSERT", "INTO"],
        ["INSERT", "IGNORE"],
        ["REPLACE", "INTO"],
        ["DELETE", "FROM"],
        ["UPDATE", ""],
        ["CREATE", "TABLE"],
        ["CREATE", "INDEX"],
        ["CREATE", "UNIQUE"],
        ["ALTER", "TABLE"],
        ["DROP", "TABLE"],
        ["DROP", "INDEX"],
        ["TRUNCATE", "TABLE"],
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let begins = |pair: &[&str], upper: bool| {
        let same = |word: &str, key: &str| if upper { word == key } else { word.eq_ignore_ascii_case(key) };
        BEGINNINGS.iter().any(|[first, second]| {
            pair.len() == 2 && same(pair[0], first) && (second.is_empty() || same(pair[1], second))
        })
    };
    let prose = words.first().is_some_and(|word| ["select", "update"].contains(&word.to_lowercase().as_str()))
        && !words.iter().any(|word| ["from", "set"].contains(&word.to_lowercase().as_str()));
    words.windows(2).any(|pair| begins(pair, true)) || (!prose && begins(words.get(..2).unwrap_or_default(), false))
}

/// An HTTP status outside `http/reply.rs`.
pub fn status(source: &Source) -> Vec<usize> {
    if !source.path.starts_with("src/") || source.path == "src/http/reply.rs" {
        return Vec::new();
    }
    let numeric = |line: &str| {
        [".status(", "status: ", "status = ", "from_u16("].iter().any(|before| {
            let after = line.split(before).skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
            after.flatten().any(|digits| digits.len() == 3)
        })
    };
    lines(source.product(), |line| words(line).any(|(_, word)| word == "StatusCode") || numeric(line))
}

/// `unwrap` in the product. A contract suite is a test wherever it stands.
pub fn unwrap(source: &Source) -> Vec<usize> {
    let builds = source.path == "build.rs" || source.path.starts_with("sql/");
    if !(source.is_shipped() || builds) || source.path.contains("/contract") {
        return Vec::new();
    }
    lines(source.product(), |line| {
        [".unwrap()", ".unwrap_err()", ".unwrap_unchecked()"].iter().any(|call| line.contains(call))
    })
}

/// The line on which a file becomes too long.
pub fn length(source: &Source) -> Vec<usize> {
    if source.text.lines().count() > MAX_LINES { vec![MAX_LINES + 1] } else { Vec::new() }
}

/// What is left behind by work that is not finished.
pub fn leftovers(source: &Source) -> Vec<usize> {
    lines(source.lines(), |line| {
        words(line).any(|(at, word)| {
            ["todo", "unimplemented", "dbg"].contains(&word) && line[at + word.len()..].starts_with('!')
        })
    })
}

/// A test that is ignored and does not say why.
pub fn ignored(source: &Source) -> Vec<usize> {
    let silent = |line: &str| {
        let attribute = line.trim_start().starts_with("#[");
        attribute
            && words(line).any(|(at, word)| word == "ignore" && !line[at + word.len()..].trim_start().starts_with('='))
    };
    lines(source.lines(), silent)
}

/// A file that does not begin by saying what it is.
pub fn headers(source: &Source) -> Vec<usize> {
    let said = source.text.trim_start().starts_with("//!");
    if said || !source.is_shipped() { Vec::new() } else { vec![1] }
}

/// An import of everything.
pub fn globs(source: &Source) -> Vec<usize> {
    lines(source.lines(), |line| line.contains("::*"))
}

/// `unsafe`, or leave for it.
pub fn unsafety(source: &Source) -> Vec<usize> {
    lines(source.lines(), |line| words(line).any(|(_, word)| word == "unsafe" || word == "unsafe_code"))
        .into_iter()
        .filter(|number| !source.code[number - 1].contains("forbid(unsafe_code)"))
        .collect()
}

fn lines<'a>(lines: impl Iterator<Item = (usize, &'a str)>, broken: impl Fn(&str) -> bool) -> Vec<usize> {
    lines.filter(|(_, line)| broken(line)).map(|(number, _)| number).collect()
}
