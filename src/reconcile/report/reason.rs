//! Why a line is in its state, in words for whoever has to do something about it.

use super::Report;
use crate::domain::matching::{Line, LineState};
use crate::domain::money::Amount;
use crate::reconcile::item::RawLine;
use crate::reconcile::matching::{EntryFate, LineFate};
use crate::reconcile::{ours, theirs};

/// Why a line of the statement is in its state.
pub fn of_line(report: &Report<'_>, index: theirs::Index, fate: LineFate, raw: &RawLine) -> String {
    let theirs = report.theirs;
    let amount = |amount: i128| money(report, amount);
    let reason = match fate {
        LineFate::Free if theirs.is_pending(index) => "the statement announces it and has not booked it yet".to_owned(),
        LineFate::Free if theirs.is_foreign(index) => {
            format!("it is in {}, and the account in {}", raw.currency.as_deref().unwrap_or_default(), theirs.asset())
        }
        LineFate::Free if theirs.is_referenced(index) => {
            format!(
                "no entry has its reference, and none without a reference its amount within {} days",
                theirs.rules().window_days
            )
        }
        LineFate::Free => format!("no entry that is left has its amount within {} days", theirs.rules().window_days),
        LineFate::Nothing => "it moves no money".to_owned(),
        LineFate::Reference(entry) => {
            format!("{} has its reference and its amount{}", number(report, entry), days(report, index, entry))
        }
        LineFate::Amount(entry, rivals) => {
            let others = if rivals > 1 { format!("; the first of {rivals} as near") } else { String::new() };
            format!(
                "{} has its amount{}, and no reference speaks against it{others}",
                number(report, entry),
                days(report, index, entry)
            )
        }
        LineFate::Batch(group) => format!("{} entries of its references sum up to it", size(report, group)),
        LineFate::DayBatch(group) => {
            format!("all {} entries that are left of {} sum up to it", size(report, group), day_of(report, group))
        }
        LineFate::Part(entry, first) => {
            format!(
                "the lines of its reference from line {} on sum up to {} of {}",
                line(report, first),
                number(report, entry),
                amount(report.ours.amount(entry))
            )
        }
        LineFate::DayPart(entry, first) => {
            format!(
                "all lines that are left of this day, from line {} on, sum up to {} of {}",
                line(report, first),
                number(report, entry),
                amount(report.ours.amount(entry))
            )
        }
        LineFate::Mismatch(entry) => {
            different(report, theirs.amount(index), report.ours.amount(entry), raw, &number(report, entry))
        }
        LineFate::MismatchedBatch(group) => {
            let sum = report.matches.groups[group as usize]
                .iter()
                .map(|entry| report.ours.amount(*entry))
                .fold(0, i128::saturating_add);
            let what = format!("the sum of {} entries of its references", size(report, group));
            different(report, theirs.amount(index), sum, raw, &what)
        }
        LineFate::Duplicate(first) => format!("line {} is the same: one reference, one amount", line(report, first)),
        LineFate::Held(entry) => format!("{} holds the money and has not moved it yet", number(report, entry)),
        LineFate::Announced(entry) => {
            format!("{} is it, and the statement has not booked it yet", number(report, entry))
        }
    };
    shortened(&reason)
}

fn different(report: &Report<'_>, theirs: i128, ours: i128, raw: &RawLine, what: &str) -> String {
    if let Some(currency) =
        raw.currency.as_deref().filter(|own| !own.eq_ignore_ascii_case(report.theirs.asset().code()))
    {
        return format!(
            "{what} has its reference; the statement has {} {currency}, and the account is in {}",
            raw.amount,
            report.theirs.asset()
        );
    }
    let [shown_theirs, shown_ours] = [theirs, ours].map(|amount| money(report, amount));
    if theirs.signum() != ours.signum() {
        return format!(
            "{what} has its reference and the other direction: the statement has {shown_theirs}, the books have {shown_ours}"
        );
    }
    let difference = money(report, theirs.saturating_sub(ours));
    format!(
        "{what} has its reference and another amount: the statement has {shown_theirs}, the books have {shown_ours}, which is {difference} between them"
    )
}

/// Why an entry that no line has is in its state.
pub fn of_entry(report: &Report<'_>, fate: EntryFate, state: LineState) -> String {
    let (_, to) = report.theirs.period();
    match (fate, state) {
        (EntryFate::Duplicate(first), _) => {
            format!("line {} has its reference and its amount, and belongs to another entry", line(report, first))
        }
        (_, LineState::ExpectedLater) => {
            format!("it was booked in the last days before {to}, and may be on the next statement")
        }
        _ => "no line of the statement has its reference, and none that is left its amount near its day".to_owned(),
    }
}

fn money(report: &Report<'_>, amount: i128) -> String {
    Amount::new(amount)
        .map_or_else(|_| "more than 38 digits".to_owned(), |amount| amount.in_major(report.theirs.asset()))
}

fn number(report: &Report<'_>, entry: ours::Index) -> String {
    format!("entry {}", report.ours.seqs[entry as usize])
}

fn line(report: &Report<'_>, line: theirs::Index) -> u64 {
    report.theirs.numbers[line as usize]
}

fn size(report: &Report<'_>, group: u32) -> usize {
    report.matches.groups[group as usize].len()
}

fn day_of(report: &Report<'_>, group: u32) -> String {
    report.matches.groups[group as usize].first().map_or_else(String::new, |entry| report.ours.day(*entry).to_string())
}

/// How far apart both are, if they are.
fn days(report: &Report<'_>, line: theirs::Index, entry: ours::Index) -> String {
    match report.theirs.day(line).apart(report.ours.day(entry)) {
        0 => String::new(),
        1 => ", 1 day apart".to_owned(),
        days => format!(", {days} days apart"),
    }
}

/// A reason that fits.
pub fn shortened(reason: &str) -> String {
    reason.chars().take(Line::REASON_CHARS).collect()
}
