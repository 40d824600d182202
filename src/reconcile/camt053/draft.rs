//! An entry and a balance, as far as their elements were read.

use super::super::csv::negative;
use super::super::item::{REFERENCES_MAX, RawLine, cut};
use super::super::number;
use crate::domain::day::Day;
use crate::domain::money::Decimal;

/// What is in a reference's place where there is none.
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// An entry.
#[derive(Default)]
pub struct Draft {
    amount: String,
    currency: Option<String>,
    sign: String,
    status: String,
    booked: String,
    valued: String,
    references: Vec<String>,
    texts: Vec<String>,
}

impl Draft {
    /// Takes the text of an element, which is named from the entry on.
    pub fn take(&mut self, names: &[&str], text: &str, currency: Option<&str>) {
        match names {
            ["Amt"] => (self.amount, self.currency) = (text.to_owned(), currency.map(str::to_owned)),
            ["CdtDbtInd"] => text.clone_into(&mut self.sign),
            // A text until version 7, a choice of codes since.
            ["Sts"] if !text.is_empty() => text.clone_into(&mut self.status),
            ["Sts", "Cd"] => text.clone_into(&mut self.status),
            ["BookgDt", "Dt" | "DtTm"] => text.clone_into(&mut self.booked),
            ["ValDt", "Dt" | "DtTm"] => text.clone_into(&mut self.valued),
            ["AcctSvcrRef" | "NtryRef"] | ["NtryDtls", "Btch", "MsgId" | "PmtInfId"] => self.reference(text),
            ["NtryDtls", "TxDtls", "Refs", "Prtry", "Ref"]
            | ["NtryDtls", "TxDtls", "RmtInf", "Strd", "CdtrRefInf", "Ref"] => self.reference(text),
            ["NtryDtls", "TxDtls", "Refs", name] if *name != "MndtId" && *name != "Prtry" => self.reference(text),
            ["NtryDtls", "TxDtls", "RmtInf", "Ustrd"] | ["NtryDtls", "TxDtls", "AddtlTxInf"] | ["AddtlNtryInf"] => {
                self.say(text)
            }
            _ => {}
        }
    }

    fn reference(&mut self, text: &str) {
        if !text.is_empty() && text != NOT_PROVIDED && self.references.len() < REFERENCES_MAX {
            self.references.push(cut(text));
        }
    }

    fn say(&mut self, text: &str) {
        if self.texts.len() < 20 {
            self.texts.push(text.to_owned());
        }
    }

    /// The line, or why it is none.
    pub fn line(self, number: u64) -> Result<RawLine, String> {
        let booked = if self.booked.is_empty() { &self.valued } else { &self.booked };
        if booked.is_empty() {
            return Err("has neither a booking date nor a value date".to_owned());
        }
        Ok(RawLine {
            number,
            day: day(booked)?,
            amount: signed(&self.amount, &self.sign)?,
            currency: self.currency,
            references: self.references,
            description: cut(&self.texts.join(" ")),
            // BOOK, or PDNG, INFO, FUTR: the last three have moved nothing. Without a status it was booked.
            pending: !matches!(self.status.as_str(), "" | "BOOK"),
            ambiguous: false,
        })
    }
}

/// The first ten characters; what follows is a time, in whichever zone the bank keeps its books.
fn day(text: &str) -> Result<Day, String> {
    let date = text.get(..10).unwrap_or(text);
    number::day(date, "%Y-%m-%d")
}

/// The sign is the direction of this very entry, of a reversal too.
fn signed(amount: &str, sign: &str) -> Result<Decimal, String> {
    let read = Decimal::parse("amount", amount).ok().filter(|read| read.digits >= 0);
    let amount = read.ok_or_else(|| format!("'{}' is no amount", number::shown(amount)))?;
    match sign {
        "CRDT" => Ok(amount),
        "DBIT" => Ok(negative(amount)),
        _ => Err(format!("'{}' is neither CRDT nor DBIT", number::shown(sign))),
    }
}

/// A balance.
#[derive(Default)]
pub struct Balance {
    code: String,
    amount: String,
    currency: Option<String>,
    sign: String,
}

/// Which end it is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceKind {
    Opening,
    Closing,
}

impl Balance {
    /// Takes the text of an element, which is named from the balance on.
    pub fn take(&mut self, names: &[&str], text: &str, currency: Option<&str>) {
        match names {
            ["Tp", "CdOrPrtry", "Cd"] => text.clone_into(&mut self.code),
            ["Amt"] => (self.amount, self.currency) = (text.to_owned(), currency.map(str::to_owned)),
            ["CdtDbtInd"] => text.clone_into(&mut self.sign),
            _ => {}
        }
    }

    /// Which of those that count it is; available and forward balances do not.
    pub fn kind(&self) -> Option<BalanceKind> {
        match self.code.as_str() {
            "OPBD" | "PRCD" => Some(BalanceKind::Opening),
            "CLBD" => Some(BalanceKind::Closing),
            _ => None,
        }
    }

    pub fn amount(self) -> Result<(Decimal, Option<String>), String> {
        Ok((signed(&self.amount, &self.sign)?, self.currency))
    }
}
