//! What one side has booked, and the other one only announced.

use std::collections::HashMap;

use super::super::ours;
use super::super::theirs;
use super::{LineFate, Work};

/// Finds for lines that are left the entries that hold their money, and for lines that are not booked the entries that are.
pub fn not_booked_yet(work: &mut Work<'_>) {
    for hit in work.ours.hits.clone() {
        if !work.theirs.is_foreign(hit.line) && work.theirs.amount(hit.line) == work.ours.amount(hit.entry) {
            meet(work, hit.line, hit.entry);
        }
    }
    let mut candidates: HashMap<i128, Vec<ours::Index>> = HashMap::new();
    for entry in
        (0..work.ours.len() as ours::Index).filter(|entry| work.entries[*entry as usize] == super::EntryFate::Free)
    {
        candidates.entry(work.ours.amount(entry)).or_default().push(entry);
    }
    for line in 0..work.theirs.len() as theirs::Index {
        if work.lines[line as usize] != LineFate::Free || work.theirs.is_foreign(line) {
            continue;
        }
        let Some(entries) = candidates.get(&work.theirs.amount(line)) else { continue };
        // Entries are in the order of time: those within the window lie together.
        let window = i32::try_from(work.theirs.rules().window_days).unwrap_or(i32::MAX);
        let day = work.theirs.day(line);
        let first = entries.partition_point(|entry| work.ours.day(*entry) < day.plus(window.saturating_neg()));
        let near = entries[first..].iter().take_while(|entry| work.ours.day(**entry) <= day.plus(window));
        for entry in near.copied().take(LOOKED_AT) {
            let contradicts =
                work.theirs.is_referenced(line) && work.ours.is_referenced(entry) && !work.theirs.rules().by_amount;
            if !contradicts && meet(work, line, entry) {
                break;
            }
        }
    }
}

/// Entries of one amount that are looked at for one line.
const LOOKED_AT: usize = 256;

/// Brings both together, if exactly one of them is booked and nothing belongs to either.
fn meet(work: &mut Work<'_>, line: theirs::Index, entry: ours::Index) -> bool {
    let are_free =
        work.lines[line as usize] == LineFate::Free && work.entries[entry as usize] == super::EntryFate::Free;
    let fate = match (work.theirs.is_pending(line), work.ours.is_held(entry)) {
        (false, true) => LineFate::Held(entry),
        (true, _) => LineFate::Announced(entry),
        (false, false) => return false,
    };
    if are_free {
        work.pair(line, entry, fate);
    }
    are_free
}
