//! What references say: the same amount, the same sum, another amount, or the same once more.

use super::super::ours::{self, Hit};
use super::super::theirs;
use super::{EntryFate, LineFate, Work};

/// A line and an entry of one reference and one amount belong together; of several the two that are nearest in time.
pub fn equal(work: &mut Work<'_>) {
    let is_candidate = |hit: &&Hit| work.is_open(hit.line) && work.is_free(hit.entry) && is_equal(work, hit);
    let mut pairs: Vec<(u32, Hit)> =
        work.ours.hits.iter().filter(is_candidate).map(|hit| (work.days_apart(hit.line, hit.entry), *hit)).collect();
    pairs.sort_unstable();
    for (_, hit) in pairs {
        if work.is_open(hit.line) && work.is_free(hit.entry) {
            work.pair(hit.line, hit.entry, LineFate::Reference(hit.entry));
        }
    }
}

fn is_equal(work: &Work<'_>, hit: &Hit) -> bool {
    !work.theirs.is_foreign(hit.line) && work.theirs.amount(hit.line) == work.ours.amount(hit.entry)
}

/// Several entries of one line's references whose sum is its amount are its batch; and the same the other way round.
pub fn sums(work: &mut Work<'_>) {
    let ours = work.ours;
    for hits in ours.hits.chunk_by(|one, other| one.line == other.line) {
        let line = hits[0].line;
        if !work.is_open(line) || work.theirs.is_foreign(line) {
            continue;
        }
        let entries: Vec<ours::Index> = hits.iter().map(|hit| hit.entry).filter(|entry| work.is_free(*entry)).collect();
        if entries.len() > 1 && work.sum_of_entries(&entries) == Some(work.theirs.amount(line)) {
            work.gather(line, entries, LineFate::Batch);
        }
    }
    for hits in by_entry(work).chunk_by(|one, other| one.entry == other.entry) {
        let entry = hits[0].entry;
        let is_part = |line: &theirs::Index| work.is_open(*line) && !work.theirs.is_foreign(*line);
        let lines: Vec<theirs::Index> = hits.iter().map(|hit| hit.line).filter(is_part).collect();
        if work.is_free(entry) && lines.len() > 1 && work.sum_of_lines(&lines) == Some(work.ours.amount(entry)) {
            work.share(&lines, entry, LineFate::Part);
        }
    }
}

fn by_entry(work: &Work<'_>) -> Vec<Hit> {
    let mut hits = work.ours.hits.clone();
    hits.sort_unstable_by_key(|hit| (hit.entry, hit.line));
    hits
}

/// A line and an entry of one reference that are left have different amounts; of several those with the smallest difference. A line of
/// several references is compared with the sum of their entries, where that is nearer than any one of them.
pub fn different(work: &mut Work<'_>) {
    let ours = work.ours;
    for hits in ours.hits.chunk_by(|one, other| one.line == other.line) {
        let line = hits[0].line;
        if !work.is_open(line) || work.theirs.is_foreign(line) {
            continue;
        }
        let left: Vec<ours::Index> = hits.iter().filter(|hit| is_plausible(work, hit)).map(|hit| hit.entry).collect();
        let Some(sum) = work.sum_of_entries(&left).filter(|_| left.len() > 1) else { continue };
        let away = |amount: i128| amount.abs_diff(work.theirs.amount(line));
        if left.iter().all(|entry| away(sum) < away(work.ours.amount(*entry))) {
            work.gather(line, left, LineFate::MismatchedBatch);
        }
    }
    let mut pairs: Vec<(u128, u32, Hit)> = work
        .ours
        .hits
        .iter()
        .filter(|hit| work.is_open(hit.line) && is_plausible(work, hit))
        .map(|hit| {
            let difference = work.theirs.amount(hit.line).abs_diff(work.ours.amount(hit.entry));
            (difference, work.days_apart(hit.line, hit.entry), *hit)
        })
        .collect();
    pairs.sort_unstable();
    for (.., hit) in pairs {
        if work.is_open(hit.line) && work.is_free(hit.entry) {
            work.pair(hit.line, hit.entry, LineFate::Mismatch(hit.entry));
        }
    }
}

/// Words of a description often name what a line is about, and not what it is: a refund names the payment. Then the direction differs.
fn is_plausible(work: &Work<'_>, hit: &Hit) -> bool {
    let same_direction = work.theirs.amount(hit.line).signum() == work.ours.amount(hit.entry).signum();
    work.is_free(hit.entry) && (hit.strong || same_direction)
}

/// What is left of a reference that was matched, with the same amount, is there once too often: a line, or an entry.
pub fn repeated(work: &mut Work<'_>) {
    for hit in &work.ours.hits {
        let EntryFate::Taken(first) = work.entries[hit.entry as usize] else { continue };
        let is_same = work.theirs.amount(hit.line) == work.theirs.amount(first) && !work.theirs.is_foreign(hit.line);
        if first != hit.line && work.is_open(hit.line) && is_same {
            work.lines[hit.line as usize] = LineFate::Duplicate(first);
        }
    }
    for hit in &work.ours.hits {
        let is_matched = matches!(work.lines[hit.line as usize], LineFate::Reference(_) | LineFate::Mismatch(_));
        if work.is_free(hit.entry) && is_matched && is_equal(work, hit) {
            work.entries[hit.entry as usize] = EntryFate::Duplicate(hit.line);
        }
    }
}

/// Of lines that we have nothing of, those with one reference and one amount, within the window, are one line several times.
pub fn repeated_on_the_statement(work: &mut Work<'_>) {
    let theirs = work.theirs;
    for run in theirs.runs() {
        let open: Vec<theirs::Index> = run
            .iter()
            .filter(|(.., strong)| *strong)
            .map(|(_, line, _)| *line)
            .filter(|line| work.is_open(*line))
            .collect();
        for (place, line) in open.iter().enumerate() {
            let is_same = |first: &&theirs::Index| {
                theirs.amount(**first) == theirs.amount(*line)
                    && work.is_open(**first)
                    && theirs.day(**first).apart(theirs.day(*line)) <= theirs.rules().window_days
            };
            // The first one of them is near in most cases; how many are looked at is bounded all the same.
            let first = open[..place].iter().take(LOOKED_AT).find(is_same).copied();
            if let Some(first) = first {
                work.lines[*line as usize] = LineFate::Duplicate(first);
            }
        }
    }
}

/// Lines of one reference among which the first of its kind is looked for.
const LOOKED_AT: usize = 64;
