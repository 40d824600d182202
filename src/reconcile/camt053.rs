//! ISO 20022 camt.053, `BankToCustomerStatement`, of any version (<https://www.iso20022.org/message-set/camt>): read as a stream, by the local
//! names of its elements. A document type is refused, and so is every entity but the five of XML: there is nothing to expand.

mod draft;

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use self::draft::{Balance, Draft};
use super::item::{Frame, Item, TEXT_CHARS, Unusable};
use super::number;
use crate::domain::day::Day;

/// Deepest element; the standard's are not half as deep.
const DEPTH_MAX: usize = 64;
/// Most bytes of the text of one element that are looked at.
const TEXT_BYTES: usize = 4 * TEXT_CHARS;

/// Reads all statements of a file, as one.
///
/// # Errors
///
/// [`Unusable`], if it is no such document, or its XML is broken anywhere: half of a statement would make discrepancies of the other half.
pub fn read(input: &mut dyn BufRead, take: &mut dyn FnMut(Item)) -> Result<Frame, Unusable> {
    let mut reader = Reader::from_reader(input);
    let mut document =
        Document { path: Vec::new(), text: String::new(), currency: None, state: State::default(), take };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(broken)?;
        match event {
            Event::Start(element) => document.begin(&element)?,
            Event::Empty(element) => {
                document.begin(&element)?;
                document.end();
            }
            Event::End(_) => document.end(),
            Event::Text(text) => document.text(&text.xml10_content()),
            Event::CData(text) => document.text(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let known = resolved(&entity.xml10_content())
                    .ok_or_else(|| Unusable::format("has an entity that is not XML's own"))?;
                document.text(known.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err(Unusable::format("has a document type, which no statement needs")),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    document.finish()
}

fn broken(error: quick_xml::Error) -> Unusable {
    match error {
        quick_xml::Error::Io(error) => Unusable::Io(std::io::Error::other(error)),
        error => Unusable::format(format!("is broken XML: {error}")),
    }
}

/// The character that an entity stands for.
fn resolved(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// The document, as far as it was read.
struct Document<'a> {
    /// Local names from the root to where we are.
    path: Vec<String>,
    /// The text of the innermost element.
    text: String,
    /// The attribute `Ccy` of the innermost element that has one.
    currency: Option<String>,
    state: State,
    take: &'a mut dyn FnMut(Item),
}

#[derive(Default)]
struct State {
    frame: Frame,
    statements: u64,
    entries: u64,
    entry: Option<Draft>,
    balance: Balance,
}

impl Document<'_> {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), Unusable> {
        if self.path.len() >= DEPTH_MAX {
            return Err(Unusable::format("is nested deeper than any statement"));
        }
        let name = element.local_name().as_ref().to_owned();
        self.text.clear();
        match name.as_str() {
            "Stmt" => self.state.statements = self.state.statements.saturating_add(1),
            "Ntry" if self.state.entry.is_none() => {
                self.state.entries = self.state.entries.saturating_add(1);
                self.state.entry = Some(Draft::default());
            }
            "Bal" => self.state.balance = Balance::default(),
            "Amt" => {
                let attribute = element.try_get_attribute("Ccy").map_err(|error| broken(error.into()))?;
                self.currency = attribute.map(|attribute| attribute.value.into_owned());
            }
            _ => {}
        }
        self.path.push(name);
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.text.len() < TEXT_BYTES {
            self.text.push_str(text);
        }
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        let inside = |name: &str| self.path.iter().position(|own| own == name);
        if let Some(place) = inside("Ntry") {
            let names: Vec<&str> = self.path[place + 1..].iter().map(String::as_str).collect();
            if let Some(entry) = &mut self.state.entry {
                match names.as_slice() {
                    [] => self.end_entry(),
                    names => entry.take(names, text, self.currency.as_deref()),
                }
            }
        } else if let Some(place) = inside("Bal") {
            let names: Vec<&str> = self.path[place + 1..].iter().map(String::as_str).collect();
            match names.as_slice() {
                [] => self.end_balance(),
                names => self.state.balance.take(names, text, self.currency.as_deref()),
            }
        } else if let Some(place) = inside("Stmt") {
            let frame = &mut self.state.frame;
            match self.path[place + 1..].iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["Acct", "Id", "IBAN"] | ["Acct", "Id", "Othr", "Id"] => frame.name(text),
                ["FrToDt", "FrDtTm"] => frame.from = earlier(frame.from, number::day(text, "%Y-%m-%d").ok()),
                ["FrToDt", "ToDtTm"] => frame.to = frame.to.max(number::day(text, "%Y-%m-%d").ok()),
                _ => {}
            }
        }
        self.path.pop();
    }

    fn end_entry(&mut self) {
        let number = self.state.entries;
        if let Some(draft) = self.state.entry.take() {
            (self.take)(draft.line(number).map_or_else(|cause| Item::Unreadable { number, cause }, Item::Line));
        }
    }

    /// The first opening balance of the file counts, and the last closing one.
    fn end_balance(&mut self) {
        let balance = std::mem::take(&mut self.state.balance);
        let frame = &mut self.state.frame;
        let Some(kind) = balance.kind() else { return };
        match balance.amount() {
            Err(cause) => {
                let number = self.state.entries;
                (self.take)(Item::Unreadable { number, cause: format!("a balance {cause}") });
            }
            Ok((amount, currency)) => {
                if let Some(currency) = currency {
                    frame.count_in(currency);
                }
                match kind {
                    draft::BalanceKind::Opening => _ = frame.opening.get_or_insert(amount),
                    draft::BalanceKind::Closing => frame.closing = Some(amount),
                }
            }
        }
    }

    fn finish(self) -> Result<Frame, Unusable> {
        match self.state {
            _ if !self.path.is_empty() => Err(Unusable::format("is broken XML: it ends in the middle")),
            State { statements: 0, .. } => Err(Unusable::format("is no camt.053: it has no Stmt")),
            State { frame, .. } => Ok(frame),
        }
    }
}

fn earlier(one: Option<Day>, other: Option<Day>) -> Option<Day> {
    one.into_iter().chain(other).min()
}
