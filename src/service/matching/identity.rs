//! What makes a statement the same once more: its file, and all that decides what comes of it.

use std::fmt::Display;

use sha2::{Digest as _, Sha256};

use crate::domain::matching::{Digest, Format, Mapping};
use crate::reconcile::Rules;

/// Of a file with this SHA-256, read in this format, by this mapping, and matched by these rules.
pub fn of(sha256: &Digest, format: Format, rules: &Rules, mapping: Option<&Mapping>) -> Digest {
    let Rules { window_days, settlement_days, by_amount, from, to } = rules;
    let mapping = mapping.map(|mapping| serde_json::to_string(mapping).expect("text and numbers are JSON"));
    let text = format!(
        "{} {window_days} {settlement_days} {by_amount} {} {} {}",
        format.as_str(),
        or_none(from.as_ref()),
        or_none(to.as_ref()),
        or_none(mapping.as_ref())
    );
    Sha256::new().chain_update(sha256).chain_update(text).finalize().into()
}

fn or_none<T: Display>(value: Option<&T>) -> String {
    value.map_or_else(|| "-".to_owned(), T::to_string)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::of;
    use crate::domain::day::Day;
    use crate::domain::matching::{Format, Mapping};
    use crate::reconcile::Rules;

    #[test]
    fn whatever_decides_about_the_outcome_makes_another_statement() {
        let usual = Rules::default();
        let mapping = Mapping { date: "Tag".to_owned(), ..Mapping::default() };
        let comma = Mapping { decimal: Some(','), ..mapping.clone() };
        let all = [
            of(&[1; 32], Format::Csv, &usual, None),
            of(&[2; 32], Format::Csv, &usual, None),
            of(&[1; 32], Format::Mt940, &usual, None),
            of(&[1; 32], Format::Csv, &Rules { window_days: 4, ..usual }, None),
            of(&[1; 32], Format::Csv, &Rules { settlement_days: 4, ..usual }, None),
            of(&[1; 32], Format::Csv, &Rules { by_amount: true, ..usual }, None),
            of(&[1; 32], Format::Csv, &Rules { from: Some(Day(1)), ..usual }, None),
            of(&[1; 32], Format::Csv, &Rules { to: Some(Day(1)), ..usual }, None),
            of(&[1; 32], Format::Csv, &usual, Some(&mapping)),
            of(&[1; 32], Format::Csv, &usual, Some(&comma)),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(of(&[1; 32], Format::Csv, &usual, Some(&comma)), all[9]);
    }
}
