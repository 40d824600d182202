//! SWIFT MT940, the customer statement message: <https://www2.swift.com/knowledgecentre/publications/us9m_20230720/>, field by field, and what
//! banks make of it: any number of messages in one file, with or without envelopes, in UTF-8 or ISO 8859-1.

mod details;
mod entry;

use std::io::BufRead;

use self::entry::Entry;
use super::csv::negative;
use super::item::{Frame, Item, RawLine, Unusable, cut};
use super::number;
use crate::domain::day::Day;
use crate::domain::money::Decimal;

/// Most bytes of a line and of all that belongs to a field; the standard has 65 and some 400.
const LINE_BYTES: usize = 4096;
const FIELD_BYTES: usize = 16 * 1024;

/// Reads all messages of a file, as one statement.
///
/// # Errors
///
/// [`Unusable`], if no line begins like a field of such a message.
pub fn read(input: &mut dyn BufRead, take: &mut dyn FnMut(Item)) -> Result<Frame, Unusable> {
    let mut messages =
        Messages { frame: Frame::default(), opened: None, first: None, line: None, fields: 0, skipped: false, take };
    let (mut number, mut field): (u64, Option<Field>) = (0, None);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        number = number.saturating_add(1);
        bytes.truncate(LINE_BYTES);
        let text = decoded(&bytes);
        let text = body(text.trim_end_matches(['\r', '\n']));
        if let Some((tag, value)) = tagged(text) {
            field.take().into_iter().for_each(|field| messages.field(&field));
            field = Some(Field { number, tag: tag.to_owned(), value: value.to_owned() });
        } else if text == "-" || text.starts_with("-}") {
            field.take().into_iter().for_each(|field| messages.field(&field));
        } else if let Some(field) = field.as_mut().filter(|field| field.value.len() < FIELD_BYTES) {
            field.value.push('\n');
            field.value.push_str(text);
        }
    }
    field.take().into_iter().for_each(|field| messages.field(&field));
    messages.end_line();
    match messages.fields {
        0 => Err(Unusable::format("has no field of an MT940 message")),
        _ => Ok(messages.framed()),
    }
}

/// A field as it stands in the file.
struct Field {
    number: u64,
    tag: String,
    value: String,
}

/// UTF-8, or else ISO 8859-1, in which everything is text.
fn decoded(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// What follows on the envelope's blocks, if the message begins in this line.
fn body(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    if !text.starts_with('{') {
        return text;
    }
    text.split_once("{4:").map_or("", |(_, body)| body)
}

/// The tag and the value of a line that begins a field: `:61:...`.
fn tagged(text: &str) -> Option<(&str, &str)> {
    let (tag, value) = text.strip_prefix(':')?.split_once(':')?;
    let (digits, letter) = tag.split_at_checked(2)?;
    let is_tag = digits.bytes().all(|byte| byte.is_ascii_digit())
        && letter.len() <= 1
        && letter.bytes().all(|byte| byte.is_ascii_uppercase());
    is_tag.then_some((tag, value))
}

/// What has been read so far.
struct Messages<'a> {
    frame: Frame,
    /// The day of the first opening balance.
    opened: Option<Day>,
    /// The first day that something is booked on.
    first: Option<Day>,
    /// The line that waits for what is said about it.
    line: Option<RawLine>,
    fields: u64,
    /// Whether the line that a `:86:` would belong to could not be read.
    skipped: bool,
    take: &'a mut dyn FnMut(Item),
}

impl Messages<'_> {
    fn field(&mut self, field: &Field) {
        self.fields = self.fields.saturating_add(1);
        if field.tag != "86" {
            self.end_line();
        }
        match field.tag.as_str() {
            "25" | "25P" => self.frame.name(field.value.lines().next().unwrap_or_default()),
            "60F" | "60M" => self.balance(field, true),
            "62F" | "62M" => self.balance(field, false),
            "61" => self.entry(field),
            "86" => self.details(field),
            _ => {}
        }
    }

    fn entry(&mut self, field: &Field) {
        self.skipped = false;
        match Entry::parse(&field.value) {
            Ok(entry) => {
                self.line = Some(RawLine {
                    number: field.number,
                    day: entry.day,
                    amount: entry.amount,
                    currency: self.frame.currency.clone(),
                    references: entry.references,
                    description: entry.supplementary,
                    pending: entry.pending,
                    ambiguous: false,
                });
            }
            Err(cause) => {
                self.skipped = true;
                (self.take)(Item::Unreadable { number: field.number, cause });
            }
        }
    }

    /// `:86:`: about the line before it, or, after the last balance, about the statement.
    fn details(&mut self, field: &Field) {
        let Some(line) = self.line.as_mut().filter(|_| !self.skipped) else { return };
        let details = details::read(&field.value);
        line.references.extend(details.references);
        line.description = match line.description.as_str() {
            "" => details.text,
            own => cut(&format!("{own} {}", details.text)),
        };
        self.end_line();
    }

    fn end_line(&mut self) {
        if let Some(line) = self.line.take() {
            if !line.pending {
                self.first = Some(self.first.map_or(line.day, |first| first.min(line.day)));
            }
            (self.take)(Item::Line(line));
        }
    }

    /// An opening balance has the day of the closing one before it, and some banks write the statement's own first day.
    fn framed(self) -> Frame {
        let from = self.opened.map(|day| if self.first.is_some_and(|first| first <= day) { day } else { day.plus(1) });
        Frame { from: from.map(|from| self.frame.to.map_or(from, |to| from.min(to))), ..self.frame }
    }

    /// The first opening balance of the file counts, and the last closing one; those between are of single messages.
    fn balance(&mut self, field: &Field, opens: bool) {
        let Some((amount, day, currency)) = balance(&field.value) else {
            let which = if opens { "opening" } else { "closing" };
            let cause = format!("the {which} balance '{}' cannot be read", number::shown(&field.value));
            return (self.take)(Item::Unreadable { number: field.number, cause });
        };
        self.frame.count_in(currency);
        if opens {
            self.frame.opening.get_or_insert(amount);
            self.opened.get_or_insert(day);
        } else {
            self.frame.closing = Some(amount);
            self.frame.to = self.frame.to.max(Some(day));
        }
    }
}

/// `C260301EUR1234,56`.
fn balance(text: &str) -> Option<(Decimal, Day, String)> {
    let text = text.trim();
    let (mark, rest) = text.split_at_checked(1)?;
    let (day, rest) = rest.split_at_checked(6)?;
    let (currency, amount) = rest.split_at_checked(3)?;
    let amount = number::amount(amount, ',').ok().filter(|amount| amount.digits >= 0)?;
    let amount = match mark {
        "C" => amount,
        "D" => negative(amount),
        _ => return None,
    };
    let is_currency = currency.bytes().all(|byte| byte.is_ascii_uppercase());
    is_currency.then_some((amount, number::day(day, "%y%m%d").ok()?, currency.to_owned()))
}
