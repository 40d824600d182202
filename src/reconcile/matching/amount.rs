//! What has no reference in common: equal amounts, the nearest day first.

use std::collections::{HashMap, VecDeque};

use super::super::ours;
use super::super::theirs;
use super::{LineFate, Work};
use crate::domain::day::Day;

/// Entries of one amount that are left, by day, oldest first: those without a reference, and those with one.
type Left = HashMap<(i128, Day), [VecDeque<ours::Index>; 2]>;

/// Pairs lines and entries of one amount: those of one day first, then those of neighbouring days, up to the window. Where both have
/// references, these are different ones, and an amount is not enough, unless the rules say so.
pub fn nearest(work: &mut Work<'_>) {
    let rules = *work.theirs.rules();
    let mut lines: Vec<theirs::Index> =
        (0..work.theirs.len() as theirs::Index).filter(|line| is_open(work, *line)).collect();
    // Those that may take fewer entries choose first.
    lines.sort_by_key(|line| !work.theirs.is_referenced(*line));
    let mut left = left(work, &lines);
    let days = i32::try_from(rules.window_days).unwrap_or(i32::MAX);
    for distance in 0..=days {
        lines.retain(|line| {
            let Some((entry, rivals)) = take(work, &mut left, *line, distance, rules.by_amount) else { return true };
            work.pair(*line, entry, LineFate::Amount(entry, rivals));
            false
        });
    }
}

fn is_open(work: &Work<'_>, line: theirs::Index) -> bool {
    work.is_open(line) && !work.theirs.is_foreign(line)
}

fn left(work: &Work<'_>, lines: &[theirs::Index]) -> Left {
    let amounts: std::collections::HashSet<i128> = lines.iter().map(|line| work.theirs.amount(*line)).collect();
    let mut left = Left::new();
    for entry in 0..work.ours.len() as ours::Index {
        let amount = work.ours.amount(entry);
        if amounts.contains(&amount) && work.is_free(entry) {
            let queues = left.entry((amount, work.ours.day(entry))).or_default();
            queues[usize::from(work.ours.is_referenced(entry))].push_back(entry);
        }
    }
    left
}

/// The first entry that is so many days away and may be the line's, and how many of them there are.
fn take(
    work: &Work<'_>,
    left: &mut Left,
    line: theirs::Index,
    distance: i32,
    by_amount: bool,
) -> Option<(ours::Index, u32)> {
    let (amount, day) = (work.theirs.amount(line), work.theirs.day(line));
    let kinds = if by_amount || !work.theirs.is_referenced(line) { 0..2 } else { 0..1 };
    let days = [day.plus(distance.saturating_neg()), day.plus(distance)];
    let days = if distance == 0 { &days[..1] } else { &days[..] };
    let (mut first, mut rivals) = (None, 0_usize);
    for day in days {
        let Some(queues) = left.get(&(amount, *day)) else { continue };
        for kind in kinds.clone() {
            rivals += queues[kind].len();
            let candidate = queues[kind].front().map(|entry| (*entry, *day, kind));
            // Numbers of entries grow with time: the smaller one is the older one.
            first = first.into_iter().chain(candidate).min();
        }
    }
    let (entry, day, kind) = first?;
    left.get_mut(&(amount, day))?[kind].pop_front();
    Some((entry, u32::try_from(rivals).unwrap_or(u32::MAX)))
}
