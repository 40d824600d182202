//! Comma-separated values: RFC 4180, and what banks make of it.

mod columns;

use std::io::{BufRead, Read};

use csv::{ByteRecord, ReaderBuilder};

use self::columns::Columns;
use super::item::{Frame, Item, RawLine, Unusable, cut};
use super::number;
use crate::domain::day::Day;
use crate::domain::matching::Mapping;
use crate::domain::money::Decimal;

/// Bytes that are looked at to find out what separates what.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// Reads a file by `mapping`, or by the names of its headers.
///
/// # Errors
///
/// [`Unusable`], if a column that is needed is not there.
pub fn read(mapping: Option<&Mapping>, input: &mut dyn BufRead, take: &mut dyn FnMut(Item)) -> Result<Frame, Unusable> {
    let skipped = mapping.map_or(0, |mapping| mapping.skip_lines);
    for _ in 0..skipped {
        skip_line(input)?;
    }
    let mut sample = Vec::new();
    input.take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    let delimiter = mapping.and_then(|mapping| mapping.delimiter).and_then(|delimiter| u8::try_from(delimiter).ok());
    let delimiter = delimiter.unwrap_or_else(|| columns::delimiter(&sample));
    let is_latin1 = mapping.is_some_and(|mapping| mapping.latin1);
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true);
    let columns = Columns::find(mapping, &builder, &sample, is_latin1)?;
    let mut reader = builder.from_reader(sample.as_slice().chain(input));
    let mut record = ByteRecord::new();
    let mut header = mapping.is_none_or(|mapping| !mapping.headless);
    let mut balances = Balances::default();
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        if std::mem::take(&mut header) || is_empty(&record) {
            continue;
        }
        let number = record.position().map_or(0, csv::Position::line).saturating_add(u64::from(skipped));
        match text(&record, is_latin1).and_then(|fields| line(&columns, number, &fields)) {
            Ok((line, balance)) => {
                balances.add(line.day, line.amount, balance);
                take(Item::Line(line));
            }
            Err(cause) => take(Item::Unreadable { number, cause }),
        }
    }
    Ok(balances.frame())
}

fn skip_line(input: &mut dyn BufRead) -> Result<(), Unusable> {
    input.skip_until(b'\n')?;
    Ok(())
}

fn unreadable(error: csv::Error) -> Unusable {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Unusable::Io(error),
        _ => Unusable::format("is no CSV file"),
    }
}

fn is_empty(record: &ByteRecord) -> bool {
    record.iter().all(|field| field.trim_ascii().is_empty())
}

/// The fields as text.
fn text(record: &ByteRecord, is_latin1: bool) -> Result<Vec<String>, String> {
    let field = |bytes: &[u8]| match is_latin1 {
        true => Ok(bytes.iter().copied().map(char::from).collect()),
        false => String::from_utf8(bytes.to_vec()).map_err(|_| "is not UTF-8".to_owned()),
    };
    record.iter().map(field).collect()
}

fn line(columns: &Columns, number: u64, fields: &[String]) -> Result<(RawLine, Option<Decimal>), String> {
    let field = |place: Option<usize>| place.and_then(|place| fields.get(place)).map_or("", |text| text.trim());
    let day = columns.day(field(Some(columns.date)))?;
    let amount = match columns.amount {
        Some(place) => number::amount(field(Some(place)), columns.decimal)?,
        None => two_columns(field(columns.debit), field(columns.credit), columns.decimal)?,
    };
    let amount = if columns.negated { negative(amount) } else { amount };
    let balance = Some(field(columns.balance)).filter(|text| !text.is_empty());
    let balance = balance.map(|text| number::amount(text, columns.decimal)).transpose()?;
    let references = columns.references.iter().map(|place| field(Some(*place)));
    let amounts = [columns.amount, columns.debit, columns.credit];
    let currency = Some(field(columns.currency)).filter(|text| !text.is_empty());
    let line = RawLine {
        number,
        day,
        amount,
        currency: currency.map(str::to_owned),
        references: references.filter(|text| !text.is_empty()).map(cut).collect(),
        description: cut(field(columns.description)),
        pending: false,
        ambiguous: !columns.certain && amounts.into_iter().any(|place| columns::is_ambiguous(field(place))),
    };
    Ok((line, balance))
}

/// What came in less what went out, of which one is empty or zero.
fn two_columns(debit: &str, credit: &str, decimal: char) -> Result<Decimal, String> {
    let read = |text: &str| match text {
        "" => Ok(None),
        text => number::amount(text, decimal).map(|amount| Some(amount).filter(|amount| amount.digits != 0)),
    };
    match (read(debit)?, read(credit)?) {
        (Some(_), Some(_)) => Err("has both a debit and a credit".to_owned()),
        // Some write a sign before what went out as well.
        (Some(debit), None) => Ok(negative(debit.abs())),
        (None, Some(credit)) => Ok(credit),
        (None, None) if debit.is_empty() && credit.is_empty() => Err("has no amount".to_owned()),
        (None, None) => Ok(Decimal { digits: 0, scale: 0 }),
    }
}

pub(super) fn negative(amount: Decimal) -> Decimal {
    Decimal { digits: amount.digits.saturating_neg(), ..amount }
}

/// The balances of the first and the last line, from which those around all lines follow.
#[derive(Default)]
struct Balances {
    first: Option<(Day, Decimal, Decimal)>,
    last: Option<(Day, Decimal, Decimal)>,
    /// Whether the newest line comes first, once that is known.
    descends: Option<bool>,
    /// Whether a line has none.
    broken: bool,
}

impl Balances {
    fn add(&mut self, day: Day, amount: Decimal, balance: Option<Decimal>) {
        let Some(balance) = balance else {
            self.broken = true;
            return;
        };
        let this = (day, amount, balance);
        if let Some((before_day, before_amount, before)) = self.last
            && self.descends.is_none()
        {
            self.descends = match day.cmp(&before_day) {
                std::cmp::Ordering::Less => Some(true),
                std::cmp::Ordering::Greater => Some(false),
                std::cmp::Ordering::Equal if balance.minus(amount) == Some(before.shortened()) => Some(false),
                std::cmp::Ordering::Equal if before.minus(before_amount) == Some(balance.shortened()) => Some(true),
                std::cmp::Ordering::Equal => None,
            };
        }
        self.first.get_or_insert(this);
        self.last = Some(this);
    }

    fn frame(self) -> Frame {
        let (Some(first), Some(last), false) = (self.first, self.last, self.broken) else { return Frame::default() };
        let (oldest, newest) = if self.descends == Some(true) { (last, first) } else { (first, last) };
        let (_, amount, balance) = oldest;
        Frame { opening: balance.minus(amount), closing: Some(newest.2), ..Frame::default() }
    }
}
