//! Batches without a reference: everything of a day that is left, and nothing less, in one sum. Parts of what is left are not tried: among a
//! few dozen amounts some part sums up to almost anything.

use std::collections::BTreeMap;

use super::super::ours;
use super::super::theirs;
use super::{LineFate, Work};
use crate::domain::day::Day;

/// What is left of one day in one direction (`true`: in).
type Rest<T> = BTreeMap<(Day, bool), Vec<T>>;

/// Gives the one line that is left of a day all entries that are left of that day, or of one of those before it within the window, if their
/// sum is its amount; and the same the other way round.
pub fn of_days(work: &mut Work<'_>) {
    let window = i32::try_from(work.theirs.rules().window_days).unwrap_or(i32::MAX);
    let (lines, mut entries) = (rest_of_lines(work), rest_of_entries(work));
    for ((day, inward), lines) in &lines {
        let [line] = lines.as_slice() else { continue };
        for before in 0..=window {
            let Some(found) = entries.get(&(day.plus(before.saturating_neg()), *inward)) else { continue };
            if found.len() > 1 && work.sum_of_entries(found) == Some(work.theirs.amount(*line)) {
                let found = entries.remove(&(day.plus(before.saturating_neg()), *inward)).unwrap_or_default();
                work.gather(*line, found, LineFate::DayBatch);
                break;
            }
        }
    }
    let mut lines = rest_of_lines(work);
    for ((day, inward), entries) in &entries {
        let [entry] = entries.as_slice() else { continue };
        for after in 0..=window {
            let Some(found) = lines.get(&(day.plus(after), *inward)) else { continue };
            if found.len() > 1 && work.sum_of_lines(found) == Some(work.ours.amount(*entry)) {
                let found = lines.remove(&(day.plus(after), *inward)).unwrap_or_default();
                work.share(&found, *entry, LineFate::DayPart);
                break;
            }
        }
    }
}

fn rest_of_lines(work: &Work<'_>) -> Rest<theirs::Index> {
    let mut rest = Rest::new();
    for line in 0..work.theirs.len() as theirs::Index {
        if work.is_open(line) && !work.theirs.is_foreign(line) {
            rest.entry((work.theirs.day(line), work.theirs.amount(line) > 0)).or_insert_with(Vec::new).push(line);
        }
    }
    rest
}

fn rest_of_entries(work: &Work<'_>) -> Rest<ours::Index> {
    let mut rest = Rest::new();
    for entry in 0..work.ours.len() as ours::Index {
        if work.is_free(entry) {
            rest.entry((work.ours.day(entry), work.ours.amount(entry) > 0)).or_insert_with(Vec::new).push(entry);
        }
    }
    rest
}
