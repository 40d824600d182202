//! Which column says what.

use csv::{ByteRecord, ReaderBuilder};

use super::super::item::Unusable;
use super::super::number;
use super::text;
use crate::domain::day::Day;
use crate::domain::matching::Mapping;

/// Names of headers that are understood without a mapping, among them those of Teller's own exports; the first that is there counts.
const DATE: &[&str] = &[
    "date",
    "booking date",
    "booking_date",
    "bookingdate",
    "booked",
    "posting date",
    "posted",
    "transaction date",
    "transaction_date",
    "created_at",
    "buchungstag",
    "buchungsdatum",
    "datum",
    "fecha",
    "completed date",
];
const AMOUNT: &[&str] = &["amount", "transaction amount", "betrag", "umsatz", "importe", "montant", "amt"];
const DEBIT: &[&str] = &["debit", "debit amount", "paid out", "money out", "withdrawal", "withdrawals", "soll"];
const CREDIT: &[&str] = &["credit", "credit amount", "paid in", "money in", "deposit", "deposits", "haben"];
const CURRENCY: &[&str] = &["currency", "ccy", "währung", "waehrung"];
const REFERENCE: &[&str] = &[
    "reference",
    "ref",
    "tx_hash",
    "txhash",
    "transfer_id",
    "transaction id",
    "transaction_id",
    "end_to_end_id",
    "end to end id",
    "endtoendid",
    "payment reference",
    "bank reference",
    "kundenreferenz",
    "id",
];
const DESCRIPTION: &[&str] =
    &["description", "details", "memo", "narrative", "verwendungszweck", "buchungstext", "text", "payee", "name"];
const BALANCE: &[&str] = &["balance", "balance_after", "running balance", "saldo"];

/// Ways to write a day that are told apart by looking at a few.
const DAYS: [&str; 6] = ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y%m%d", "%d %b %Y"];

/// Where everything stands.
pub struct Columns {
    pub date: usize,
    format: Option<String>,
    pub amount: Option<usize>,
    pub debit: Option<usize>,
    pub credit: Option<usize>,
    pub negated: bool,
    pub currency: Option<usize>,
    pub references: Vec<usize>,
    pub description: Option<usize>,
    pub balance: Option<usize>,
    pub decimal: char,
    /// Whether that is said, or some amount shows it.
    pub certain: bool,
}

impl Columns {
    /// Looks for the columns of `mapping`, or for those with known names, in the first line of `sample`.
    pub fn find(
        mapping: Option<&Mapping>,
        builder: &ReaderBuilder,
        sample: &[u8],
        is_latin1: bool,
    ) -> Result<Self, Unusable> {
        let mut reader = builder.from_reader(sample);
        let mut record = ByteRecord::new();
        let mut rows = Vec::new();
        while rows.len() < 50 && reader.read_byte_record(&mut record).is_ok_and(|more| more) {
            rows.push(text(&record, is_latin1).unwrap_or_default());
        }
        let header = rows.first().ok_or_else(|| Unusable::format("is empty"))?;
        let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
        match mapping {
            Some(mapping) => Self::mapped(mapping, &names),
            None => Self::known(&names, rows.get(1..).unwrap_or_default()),
        }
    }

    fn mapped(mapping: &Mapping, names: &[String]) -> Result<Self, Unusable> {
        let place = |column: &String| place(column, names, mapping.headless);
        let maybe = |column: &Option<String>| column.as_ref().map(place).transpose();
        Ok(Self {
            date: place(&mapping.date)?,
            format: Some(mapping.date_format.clone().unwrap_or_else(|| DAYS[0].to_owned())),
            amount: maybe(&mapping.amount)?,
            debit: maybe(&mapping.debit)?,
            credit: maybe(&mapping.credit)?,
            negated: mapping.negated,
            currency: maybe(&mapping.currency)?,
            references: mapping.references.iter().map(place).collect::<Result<_, _>>()?,
            description: maybe(&mapping.description)?,
            balance: maybe(&mapping.balance)?,
            decimal: mapping.decimal.unwrap_or('.'),
            certain: true,
        })
    }

    fn known(names: &[String], rows: &[Vec<String>]) -> Result<Self, Unusable> {
        let first = |known: &[&str]| known.iter().find_map(|name| names.iter().position(|own| own == name));
        let missing = |what| Unusable::format(format!("has no column that is known to be the {what}: give a mapping"));
        let (amount, debit, credit) = (first(AMOUNT), first(DEBIT), first(CREDIT));
        if amount.is_none() && debit.is_none() && credit.is_none() {
            return Err(missing("amount"));
        }
        let column = |place: Option<usize>| {
            rows.iter().filter_map(move |row| row.get(place?)).map(|text| text.trim()).collect::<Vec<_>>()
        };
        let amounts: Vec<&str> = [amount.or(debit), credit].into_iter().flat_map(column).collect();
        let date = first(DATE).ok_or_else(|| missing("date"))?;
        let (decimal, certain) = decimal(&amounts);
        Ok(Self {
            date,
            format: way_of(&column(Some(date))),
            amount,
            debit: debit.filter(|_| amount.is_none()),
            credit: credit.filter(|_| amount.is_none()),
            negated: false,
            currency: first(CURRENCY),
            references: REFERENCE.iter().filter_map(|name| names.iter().position(|own| own == name)).collect(),
            description: first(DESCRIPTION),
            balance: first(BALANCE),
            decimal,
            certain,
        })
    }

    /// The day that `text` is.
    pub fn day(&self, text: &str) -> Result<Day, String> {
        match &self.format {
            Some(format) => number::day(text, format),
            None => Err(format!("'{}' is no day that is understood without a mapping", number::shown(text))),
        }
    }
}

/// A header as it is compared: without a byte order mark, and in small letters.
fn plain(name: &str) -> String {
    name.trim_start_matches('\u{feff}').trim().to_lowercase()
}

fn place(column: &str, names: &[String], headless: bool) -> Result<usize, Unusable> {
    let numbered = column
        .strip_prefix('#')
        .and_then(|number| number.parse::<usize>().ok())
        .and_then(|number| number.checked_sub(1));
    let named = || names.iter().position(|name| !headless && *name == plain(column));
    numbered.or_else(named).ok_or_else(|| Unusable::format(format!("has no column {}", number::shown(column))))
}

/// What separates columns: of four characters, the one that the first line which has any has most of.
pub fn delimiter(sample: &[u8]) -> u8 {
    const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
    let count = |line: &[u8], delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    let lines = sample.split(|byte| *byte == b'\n');
    let mut counted = lines.map(|line| DELIMITERS.map(|delimiter| (count(line, delimiter), delimiter)));
    let first = counted.find(|counts| counts.iter().any(|(count, _)| *count > 0));
    // Of as many the first one in the list.
    first.and_then(|counts| counts.into_iter().rev().max()).map_or(b',', |(_, delimiter)| delimiter)
}

/// What stands before decimals, and whether some amount shows it.
fn decimal(amounts: &[&str]) -> (char, bool) {
    let found: Vec<bool> = amounts.iter().filter_map(|text| has_decimal_comma(text)).collect();
    (if !found.is_empty() && found.iter().all(|comma| *comma) { ',' } else { '.' }, !found.is_empty())
}

/// Whether a comma stands before an amount's decimals, or a point, if it shows that: what is followed by other than three digits at its end, or
/// has a zero before it, or more digits than a group, or the other separator.
fn has_decimal_comma(text: &str) -> Option<bool> {
    let digits = bare(text);
    let at = digits.rfind(['.', ','])?;
    let (whole, after) = (&digits[..at], digits.len() - at - 1);
    let comma = digits[at..].starts_with(',');
    let shows = match after {
        1..=2 => true,
        3 => {
            whole.contains(if comma { '.' } else { ',' })
                || whole.len() > 3 && !whole.contains([',', '.'])
                || whole == "0"
        }
        _ => false,
    };
    shows.then_some(comma)
}

/// Whether an amount by itself may as well be a thousandth of it: one separator, and three digits behind it.
pub fn is_ambiguous(text: &str) -> bool {
    let digits = bare(text);
    let Some((whole, after)) = digits.split_once(['.', ',']) else { return false };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&whole.len()) && whole != "0" && after.len() == 3 && is_digits(whole) && is_digits(after)
}

/// An amount without its sign.
fn bare(text: &str) -> &str {
    text.trim_matches(['-', '+', '(', ')', ' ', '\u{2212}'])
}

/// The one way to write days in which all of these can be read.
fn way_of(days: &[&str]) -> Option<String> {
    let read = |format: &str| days.iter().filter(|text| number::day(text, format).is_ok()).count();
    let best = DAYS.iter().map(|format| (read(format), *format)).rev().max_by_key(|(count, _)| *count)?;
    if best.0 > 0 || days.is_empty() {
        return Some(best.1.to_owned());
    }
    // 03/04/2026 is two days. Some line has to say which.
    let (first, second) = (read("%d/%m/%Y"), read("%m/%d/%Y"));
    match first.cmp(&second) {
        std::cmp::Ordering::Greater => Some("%d/%m/%Y".to_owned()),
        std::cmp::Ordering::Less => Some("%m/%d/%Y".to_owned()),
        std::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{decimal, delimiter, is_ambiguous, way_of};

    #[test]
    fn what_separates_what_is_found_out() {
        for (sample, expected) in
            [("a,b,c\n1;2;3;4;5", b','), ("a;b\n", b';'), ("a\tb,c\td\n", b'\t'), ("\n\na|b", b'|'), ("", b',')]
        {
            assert_eq!(delimiter(sample.as_bytes()), expected, "{sample}");
        }
        for (amounts, expected) in [
            (&["1.234,50", "2,00"][..], ','),
            (&["1,234.50"], '.'),
            (&["1,5", "1.5"], '.'),
            (&["1,234"], '.'),
            (&["5,00-"], ','),
            (&["0,500"], ','),
            (&["-1.234,567"], ','),
            (&["1234,567"], ','),
        ] {
            assert_eq!(decimal(amounts).0, expected, "{amounts:?}");
        }
        for (amount, expected) in
            [("1,234", true), ("-12.345", true), ("0.500", false), ("1.23", false), ("1,234,567", false)]
        {
            assert_eq!(is_ambiguous(amount), expected, "{amount}");
        }
        for (days, expected) in [
            (&["2026-03-01"][..], Some("%Y-%m-%d")),
            (&["01.03.26"], Some("%d.%m.%y")),
            (&["03/04/2026", "13/04/2026"], Some("%d/%m/%Y")),
            (&["04/13/2026"], Some("%m/%d/%Y")),
            (&["03/04/2026"], None),
            (&["soon"], None),
        ] {
            assert_eq!(way_of(days).as_deref(), expected, "{days:?}");
        }
    }
}
