//! A line of an old table: what it must be, and how lines are read without trust in their length.

use std::io::{self, BufRead, Read};

use crate::domain::invalid::Invalid;
use crate::domain::user::{Nickname, UserName};
use crate::store::USER_NAME_MAX_BYTES;

/// Most bytes of a line.
const LINE_MAX_BYTES: u64 = 4096;

/// The columns, as a first line may name them.
const COLUMNS: [&str; 5] = ["username", "nickname", "password", "salt", "profile_path"];

/// Most characters of a nickname that the store holds. Old ones may be longer than those of today.
const NICKNAME_MAX_CHARS: usize = 32;

/// A user of an old table: user name, nickname, the hex of `MD5(salt + hex(MD5(password)) + salt)`, the salt, and the profile picture's path, as RFC
/// 4180 writes a record, without line breaks in it.
///
/// The path is read and not kept: it led to a file of the old server. Who has no nickname is called by the first characters of the user name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OldUser {
    pub(super) user_name: String,
    pub(super) nickname: String,
    /// Lower-case hex.
    pub(super) digest: String,
    pub(super) salt: String,
}

impl OldUser {
    fn parse(line: &[u8]) -> Result<Self, Invalid> {
        let [user_name, nickname, digest, salt, _path] = fields(line)?;
        let digest = digest.to_ascii_lowercase();
        if digest.len() != 32 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Invalid::new("password", "must be 32 hex digits"));
        }
        if !(1..=32).contains(&salt.len()) {
            return Err(Invalid::new("salt", "must be 1 to 32 bytes"));
        }
        let nickname = nickname_of(&user_name, nickname)?;
        Ok(Self { user_name: old_name(user_name)?, nickname, digest, salt })
    }
}

/// An old name may be shorter or longer than one of today, as far as it can be kept and told apart.
fn old_name(name: String) -> Result<String, Invalid> {
    if !(1..=USER_NAME_MAX_BYTES).contains(&name.len()) {
        return Err(Invalid::new("username", format!("must be 1 to {USER_NAME_MAX_BYTES} bytes")));
    }
    UserName::printable(&name)?;
    Ok(name)
}

fn nickname_of(user_name: &str, nickname: String) -> Result<String, Invalid> {
    if nickname.is_empty() {
        let first: String = user_name.chars().take(Nickname::CHARS.1).collect();
        return Ok(first.trim_end().to_owned());
    }
    if nickname.chars().count() > NICKNAME_MAX_CHARS {
        return Err(Invalid::new("nickname", format!("must be at most {NICKNAME_MAX_CHARS} characters")));
    }
    Nickname::printable(&nickname)?;
    Ok(nickname)
}

fn fields(line: &[u8]) -> Result<[String; 5], Invalid> {
    let mut record = csv::StringRecord::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
    let read = reader.read_record(&mut record);
    // A record that goes on after the line would swallow others.
    let whole = read.is_ok_and(|read| read) && reader.position().byte() == line.len() as u64;
    if !whole {
        return Err(Invalid::new("line", "must be one CSV record in UTF-8"));
    }
    let fields: Vec<_> = record.iter().map(str::to_owned).collect();
    fields.try_into().map_err(|_| Invalid::new("line", format!("must have {} columns", COLUMNS.len())))
}

/// Reads lines.
pub(super) struct Lines<R> {
    file: R,
    /// The number of the line before.
    number: u64,
}

/// A line's number, from 1, and what it says.
pub(super) type Numbered = (u64, Result<OldUser, Invalid>);

impl<R: BufRead> Lines<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file, number: 0 }
    }

    /// At most `most` lines, and how many bytes they have; none at the end. A first line that names the columns is passed over, and so are empty ones.
    pub(super) fn some(&mut self, most: usize) -> io::Result<(Vec<Numbered>, u64)> {
        let (mut read, mut bytes) = (Vec::new(), 0);
        let mut line = Vec::new();
        for _ in 0..most {
            line.clear();
            let begun = self.file.by_ref().take(LINE_MAX_BYTES + 1).read_until(b'\n', &mut line)? as u64;
            if begun == 0 {
                break;
            }
            self.number += 1;
            let too_long = begun > LINE_MAX_BYTES;
            let rest = if too_long && !line.ends_with(b"\n") { self.skip_line()? } else { 0 };
            bytes += begun + rest;
            let text = line.trim_ascii_end();
            if too_long {
                let broken = Invalid::new("line", format!("must be at most {LINE_MAX_BYTES} bytes"));
                read.push((self.number, Err(broken)));
            } else if !(text.is_empty() || self.number == 1 && names_columns(text)) {
                read.push((self.number, OldUser::parse(text)));
            }
        }
        Ok((read, bytes))
    }

    /// Reads to the end of the line and keeps nothing of it; returns how long that was.
    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let buffer = self.file.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(buffer.len(), |end| end + 1);
            self.file.consume(length);
            skipped += length as u64;
            if end.is_some() || length == 0 {
                return Ok(skipped);
            }
        }
    }
}

/// Whether a first line is the columns' names, perhaps after a byte-order mark.
fn names_columns(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    fields(line).is_ok_and(|names| names == COLUMNS)
}
