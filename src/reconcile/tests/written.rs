//! Statements written in each format from the same lines.

use std::fmt::Write;

use crate::domain::day::Day;
use crate::domain::matching::Format;

/// A line of a statement that is to be written.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub day: Day,
    /// Cents; `None` for a line that nobody can read.
    pub minor: Option<i64>,
    pub currency: &'static str,
    pub references: Vec<String>,
}

/// The file. `None` of what a format cannot say: MT940 has one currency.
pub fn statement(format: Format, opening: i64, lines: &[Wanted]) -> String {
    let closing =
        opening + lines.iter().filter(|line| line.currency == "EUR").filter_map(|line| line.minor).sum::<i64>();
    let last = lines.iter().map(|line| line.day).max().expect("a line");
    match format {
        Format::Csv => csv(lines),
        Format::Mt940 => mt940(opening, closing, last, lines),
        Format::Camt053 => camt053(opening, closing, last, lines),
    }
}

fn plain(minor: i64, point: char) -> String {
    format!("{}{point}{:02}", minor.abs() / 100, minor.abs() % 100)
}

fn csv(lines: &[Wanted]) -> String {
    let mut text = "Buchungstag;Betrag;Currency;Reference;Description\n".to_owned();
    for line in lines {
        let amount = line
            .minor
            .map_or("12,3x".to_owned(), |minor| format!("{}{}", if minor < 0 { "-" } else { "" }, plain(minor, ',')));
        let (first, words) = one_or_words(&line.references);
        writeln!(text, "{};{amount};{};{first};{words}", line.day, line.currency).expect("memory");
    }
    text
}

/// Of one reference a field, of several a text.
fn one_or_words(references: &[String]) -> (&str, String) {
    match references {
        [one] => (one, String::new()),
        many => ("", many.join(", ")),
    }
}

fn mt940(opening: i64, closing: i64, last: Day, lines: &[Wanted]) -> String {
    let day = |day: Day| day.to_string()[2..].replace('-', "");
    let balance =
        |minor: i64, at: Day| format!("{}{}EUR{}", if minor < 0 { 'D' } else { 'C' }, day(at), plain(minor, ','));
    let mut text = format!(":20:T\n:25:ACCT\n:28C:1/1\n:60F:{}\n", balance(opening, lines[0].day));
    for line in lines {
        let (first, words) = one_or_words(&line.references);
        let first = if first.is_empty() { "NONREF" } else { first };
        match line.minor {
            Some(minor) => writeln!(
                text,
                ":61:{0}{1}{2}{3}NTRF{first}",
                day(line.day),
                &day(line.day)[2..],
                if minor < 0 { 'D' } else { 'C' },
                plain(minor, ',')
            ),
            None => writeln!(text, ":61:{}C12,3x,NTRF", day(line.day)),
        }
        .expect("memory");
        writeln!(text, ":86:{words}").expect("memory");
    }
    write!(text, ":62F:{}\n-", balance(closing, last)).expect("memory");
    text
}

fn camt053(opening: i64, closing: i64, last: Day, lines: &[Wanted]) -> String {
    let sign = |minor: i64| if minor < 0 { "DBIT" } else { "CRDT" };
    let balance = |code: &str, minor: i64, at: Day| {
        let (amount, sign) = (plain(minor, '.'), sign(minor));
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{at}</Dt></Dt></Bal>\n"
        )
    };
    let mut text =
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>".to_owned();
    text.push_str(&balance("OPBD", opening, lines[0].day));
    text.push_str(&balance("CLBD", closing, last));
    for line in lines {
        let minor = line.minor.unwrap_or_default();
        let amount = line.minor.map_or("many".to_owned(), |minor| plain(minor, '.'));
        write!(
            text,
            "<Ntry><Amt Ccy=\"{}\">{amount}</Amt><CdtDbtInd>{}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>",
            line.currency,
            sign(minor)
        )
        .expect("memory");
        write!(text, "<BookgDt><Dt>{}</Dt></BookgDt><NtryDtls>", line.day).expect("memory");
        for reference in &line.references {
            write!(text, "<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls>").expect("memory");
        }
        text.push_str("</NtryDtls></Ntry>\n");
    }
    text.push_str("</Stmt></BkToCstmrStmt></Document>");
    text
}
