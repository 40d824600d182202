//! The rules of matching, one at a time.

use proptest::prelude::{Just, any, prop_oneof};
use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::{entry, matched, of_csv};
use crate::domain::matching::Booked;
use crate::domain::matching::LineState::{
    AmountMismatch, Duplicate, ExpectedLater, Matched, MissingExternal, MissingInternal, Unreadable,
};
use crate::domain::money::Amount;
use crate::reconcile::Rules;

/// A statement of `lines` (day of March, amount, reference, description), with one line at its end that makes March whole.
fn csv(lines: &[(i32, &str, &str, &str)]) -> String {
    let mut text = "date,amount,reference,description\n".to_owned();
    for (day, amount, reference, description) in lines {
        text.push_str(&format!("2026-03-{day:02},{amount},{reference},{description}\n"));
    }
    text.push_str("2026-03-01,0,,\n2026-03-31,0,,\n");
    text
}

#[track_caller]
fn comes_to(
    lines: &[(i32, &str, &str, &str)],
    entries: &[Booked],
    expected: &[(crate::domain::matching::LineState, &[u64])],
) -> Vec<String> {
    let outcome = of_csv(&csv(lines), entries);
    let told: Vec<_> = outcome.lines.iter().filter(|line| !line.reason.ends_with("moves no money")).collect();
    let states: Vec<_> = told.iter().map(|line| (line.state, line.entries.as_slice())).collect();
    assert_eq!(states, expected, "{:?}", told.iter().map(|line| &line.reason).collect::<Vec<_>>());
    told.iter().map(|line| line.reason.clone()).collect()
}

#[test]
fn a_reference_and_an_amount_belong_together_however_far_apart_within_the_window() {
    let reasons = comes_to(
        &[(5, "10", "A", ""), (6, "20", "", "paid for b-123456"), (7, "-5", "5A5A5A5A5A5A5A5A0000000000000003", "")],
        &[entry(1, 8, 1000, "a"), entry(2, 5, 2000, "B-123456"), entry(3, 7, -500, "")],
        &[(Matched, &[1]), (Matched, &[2]), (Matched, &[3])],
    );
    assert_eq!(reasons[0], "entry 1 has its reference and its amount, 3 days apart");
    // Of two directions under one reference, each finds its own.
    comes_to(
        &[(5, "10", "A", ""), (5, "-4", "A", "")],
        &[entry(1, 5, -400, "A"), entry(2, 5, 1000, "A")],
        &[(Matched, &[2]), (Matched, &[1])],
    );
}

#[test]
fn another_amount_under_one_reference_is_a_mismatch_and_says_both() {
    let reasons = comes_to(
        &[(5, "10.01", "A", ""), (5, "7", "B", ""), (5, "9", "", "see C-123456"), (5, "-9", "", "refund of D-123456")],
        &[entry(1, 5, 1000, "A"), entry(2, 5, -700, "B"), entry(3, 5, 800, "C-123456"), entry(4, 5, 900, "D-123456")],
        &[
            (AmountMismatch, &[1]),
            (AmountMismatch, &[2]),
            (AmountMismatch, &[3]),
            (MissingInternal, &[]),
            (MissingExternal, &[4]),
        ],
    );
    assert_eq!(
        reasons[0],
        "entry 1 has its reference and another amount: the statement has 10.01, the books have 10.00, which is 0.01 between them"
    );
    assert_eq!(
        reasons[1],
        "entry 2 has its reference and the other direction: the statement has 7.00, the books have -7.00"
    );
}

#[test]
fn the_same_once_more_is_a_duplicate_on_whichever_side() {
    let reasons = comes_to(
        &[
            (5, "10", "A", ""),
            (6, "10", "A", ""),
            (5, "3", "B", ""),
            (5, "8", "X", ""),
            (5, "8", "X", ""),
            (15, "8", "X", ""),
        ],
        &[entry(1, 5, 1000, "A"), entry(2, 5, 300, "B"), entry(3, 6, 300, "B")],
        &[
            (Matched, &[1]),
            (Duplicate, &[]),
            (Matched, &[2]),
            (MissingInternal, &[]),
            (Duplicate, &[]),
            (MissingInternal, &[]),
            (Duplicate, &[3]),
        ],
    );
    assert_eq!(reasons[1], "line 2 is the same: one reference, one amount");
    assert_eq!(reasons[6], "line 4 has its reference and its amount, and belongs to another entry");
}

#[test]
fn a_batch_is_the_sum_of_what_its_references_name_and_the_converse() {
    comes_to(
        &[(5, "60", "", "A-111111 B-222222 C-333333"), (6, "10", "S", ""), (7, "15", "S", "")],
        &[
            entry(1, 5, 1000, "A-111111"),
            entry(2, 5, 2000, "B-222222"),
            entry(3, 5, 3000, "C-333333"),
            entry(4, 6, 2500, "S"),
        ],
        &[(Matched, &[1, 2, 3]), (Matched, &[4]), (Matched, &[4])],
    );
    let reasons = comes_to(
        &[(5, "61", "", "A-111111 B-222222 C-333333")],
        &[entry(1, 5, 1000, "A-111111"), entry(2, 5, 2000, "B-222222"), entry(3, 5, 3000, "C-333333")],
        &[(AmountMismatch, &[1, 2, 3])],
    );
    assert!(reasons[0].starts_with("the sum of 3 entries"), "{reasons:?}");
}

#[test]
fn without_a_reference_an_amount_finds_the_nearest_day_and_no_other_references_entry() {
    let reasons = comes_to(
        &[(5, "10", "", ""), (6, "10", "", ""), (20, "10", "", ""), (12, "7", "THEIRS", ""), (12, "8", "THEIRS-2", "")],
        &[
            entry(1, 6, 1000, ""),
            entry(2, 7, 1000, "O"),
            entry(3, 12, 700, "OURS"),
            entry(4, 14, 800, ""),
            entry(5, 16, 1000, ""),
        ],
        &[
            (Matched, &[2]),
            (Matched, &[1]),
            (MissingInternal, &[]),
            (MissingInternal, &[]),
            (Matched, &[4]),
            (MissingExternal, &[3]),
            (MissingExternal, &[5]),
        ],
    );
    assert!(reasons[4].ends_with("2 days apart, and no reference speaks against it"), "{reasons:?}");
    let loose = Rules { by_amount: true, ..Rules::default() };
    let text = csv(&[(12, "7", "THEIRS", "")]);
    let outcome = matched(text.as_bytes(), None, loose, &[entry(3, 12, 700, "OURS")], 0).expect("a statement");
    assert_eq!(outcome.lines[0].state, Matched);
    // What cannot be told apart says so.
    let reasons = comes_to(
        &[(5, "10", "", "")],
        &[entry(1, 4, 1000, ""), entry(2, 6, 1000, "")],
        &[(Matched, &[1]), (MissingExternal, &[2])],
    );
    assert!(reasons[0].ends_with("the first of 2 as near"), "{reasons:?}");
}

#[test]
fn what_is_left_of_a_day_may_be_one_batch_and_nothing_less() {
    comes_to(
        &[(6, "60", "BATCH", "")],
        &[entry(1, 5, 1000, "A"), entry(2, 5, 2000, "B"), entry(3, 5, 3000, "C"), entry(4, 5, -100, "D")],
        &[(Matched, &[1, 2, 3]), (MissingExternal, &[4])],
    );
    comes_to(
        &[(6, "30", "BATCH", "")],
        &[entry(1, 5, 1000, "A"), entry(2, 5, 2000, "B"), entry(3, 5, 3000, "C")],
        &[(MissingInternal, &[]), (MissingExternal, &[1]), (MissingExternal, &[2]), (MissingExternal, &[3])],
    );
    comes_to(&[(6, "10", "X", ""), (6, "20", "Y", "")], &[entry(1, 5, 3000, "A")], &[(Matched, &[1]), (Matched, &[1])]);
}

#[test]
fn what_is_young_or_held_is_expected_later() {
    let held = Booked { amount: Amount::ZERO, held: Amount::new(500).ok(), ..entry(2, 10, 0, "H") };
    let reasons = comes_to(
        &[(10, "-5", "H", "")],
        &[held.clone(), entry(3, 30, 900, "LATE"), entry(4, 31, 900, "YOUNG"), entry(5, 32, 900, "NEXT")],
        &[(ExpectedLater, &[2]), (MissingExternal, &[3]), (ExpectedLater, &[4])],
    );
    assert_eq!(reasons[0], "entry 2 holds the money and has not moved it yet");
    comes_to(&[(12, "-5", "", "")], std::slice::from_ref(&held), &[(ExpectedLater, &[2])]);
    comes_to(&[], &[held], &[]);
}

#[test]
fn a_line_that_cannot_be_read_is_told_and_never_zero() {
    let reasons = comes_to(
        &[(5, "ten", "A", ""), (32, "5", "B", ""), (5, "1.005", "C", ""), (5, "", "D", "")],
        &[entry(1, 5, 1000, "A")],
        &[(Unreadable, &[]), (Unreadable, &[]), (Unreadable, &[]), (Unreadable, &[]), (MissingExternal, &[1])],
    );
    assert_eq!(reasons[0], "cannot be read: 'ten' is no amount");
    assert_eq!(reasons[2], "cannot be read: the amount 1.005 has too many decimals for EUR");
}

#[test]
fn another_currency_is_named_and_not_compared() {
    let text = "date,amount,currency,reference\n2026-03-01,10,USD,A\n2026-03-05,10,usd,B\n2026-03-09,1,eur,C\n";
    let outcome = of_csv(text, &[entry(1, 1, 1000, "A"), entry(2, 5, 1000, ""), entry(3, 9, 100, "C")]);
    let states: Vec<_> = outcome.lines.iter().map(|line| (line.state, line.amount.is_some())).collect();
    assert_eq!(states, [(AmountMismatch, false), (MissingInternal, false), (Matched, true), (MissingExternal, false)]);
    assert_eq!(
        outcome.lines[0].reason,
        "entry 1 has its reference; the statement has 10 USD, and the account is in EUR"
    );
    assert_eq!(outcome.lines[1].reason, "it is in usd, and the account in EUR");
}

#[test]
fn only_the_days_that_were_asked_for_count() {
    let text = csv(&[(5, "10", "A", ""), (9, "10", "B", "")]);
    let rules = Rules { from: Some(super::day("2026-03-08")), to: Some(super::day("2026-03-20")), ..Rules::default() };
    let entries = [entry(1, 5, 1000, "X"), entry(2, 8, 1000, "B"), entry(3, 21, 1000, "Y")];
    let outcome = matched(text.as_bytes(), None, rules, &entries, 0).expect("a statement");
    assert_eq!(outcome.told(), [(Matched, vec![2])]);
    assert_eq!((outcome.summary.outside, outcome.summary.proof), (3, None));
}

proptest! {
    #[test]
    fn every_line_and_every_entry_is_told_once_and_the_balances_are_explained_to_the_last_digit(
        lines in collection::vec((1..28_i32, -4..5_i64, 0..6_usize), 0..40),
        entries in collection::vec((1..30_i32, -4..5_i64, 0..6_usize), 0..40),
        by_amount in any::<bool>(),
        window_days in prop_oneof![Just(0_u32), Just(3)],
    ) {
        let references = ["", "AAAAA1", "BBBBB2", "CCCCC3", "AAAAA1 BBBBB2", ""];
        let mut text = "date,amount,description,reference,balance\n2026-03-01,0,,,7.00\n".to_owned();
        let mut balance = 700;
        let mut sorted = lines;
        sorted.sort();
        for (day, minor, reference) in &sorted {
            balance += minor;
            let sign = if balance < 0 { "-" } else { "" };
            let (whole, cents) = (balance.abs() / 100, balance.abs() % 100);
            let own = references[*reference];
            let (words, own) = if own.contains(' ') { (own, "") } else { ("", own) };
            text.push_str(&format!("2026-03-{day:02},0.0{},{words},{own},{sign}{whole}.{cents:02}\n", minor.abs()).replace(",0.0", if *minor < 0 { ",-0.0" } else { ",0.0" }));
        }
        text.push_str(&format!("2026-03-28,0,,,{}{}.{:02}\n", if balance < 0 { "-" } else { "" }, balance.abs() / 100, balance.abs() % 100));
        let mut entries: Vec<_> = entries;
        entries.sort();
        let ours: Vec<Booked> = entries.iter().zip(1..).map(|((day, minor, reference), seq)| {
            entry(seq, *day, (*minor).into(), references[*reference].split(' ').next().unwrap_or_default())
        }).collect();
        let rules = Rules { by_amount, window_days, ..Rules::default() };
        let outcome = matched(text.as_bytes(), None, rules, &ours, 500).expect("a statement");
        let again = matched(text.as_bytes(), None, rules, &ours, 500).expect("a statement");
        prop_assert_eq!(&outcome.lines, &again.lines, "the same again");
        let numbers: Vec<u64> = outcome.lines.iter().filter_map(|line| line.number).collect();
        prop_assert_eq!(numbers, (2..sorted.len() as u64 + 4).collect::<Vec<_>>(), "every line once, in its order");
        // An entry's money is told once, though several lines may name it.
        let mut told: Vec<u64> = outcome.lines.iter().filter(|line| line.ours.is_some()).flat_map(|line| line.entries.clone()).collect();
        told.sort_unstable();
        let all = told.len();
        told.dedup();
        prop_assert_eq!(told.len(), all, "no entry twice");
        let inside = ours.iter().filter(|entry| entry.amount != Amount::ZERO && entry.at.0 < super::day("2026-03-29").start().0);
        for entry in inside {
            prop_assert!(told.contains(&entry.seq), "entry {} is told", entry.seq);
        }
        let proof = outcome.summary.proof.expect("balances");
        prop_assert!(proof.holds(&outcome.summary.tallies), "{:?}", outcome.summary);
        let sum: i64 = sorted.iter().map(|(_, minor, _)| minor).sum();
        prop_assert_eq!((proof.gap, proof.opening.minor()), (Amount::ZERO, 200));
        let booked: i64 = entries.iter().filter(|(day, ..)| *day <= 28).map(|(_, minor, _)| minor).sum();
        prop_assert_eq!(proof.difference.minor(), i128::from(700 + sum - 500 - booked));
    }
}

/// A statement of an announced line and a booked one, in days of March, with what it says of its own days.
fn camt(own_days: &str, balances: [&str; 2], lines: [(&str, &str); 2]) -> String {
    let lines = lines.map(|(status, day)| {
        format!("<Ntry><Amt Ccy=\"EUR\">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts><BookgDt><Dt>{day}</Dt></BookgDt></Ntry>")
    });
    let balance = |(code, currency): (&str, &str)| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"{currency}\">0</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        )
    };
    let [opening, closing] = balances;
    let balances = [("OPBD", opening), ("CLBD", closing)].map(balance);
    format!("<Document><Stmt>{own_days}{}{}</Stmt></Document>", balances.concat(), lines.concat())
}

#[test]
fn announced_lines_never_widen_a_statement_and_its_own_days_win() {
    let own = "<FrToDt><FrDtTm>2026-03-02T00:00:00</FrDtTm><ToDtTm>2026-03-08T00:00:00</ToDtTm></FrToDt>";
    let lines = [("PDNG", "2026-03-31"), ("BOOK", "2026-03-05")];
    let period = |text: &str, rules| {
        let summary = matched(text.as_bytes(), None, rules, &[], 0).expect("a statement").summary;
        (summary.from.to_string(), summary.to.to_string())
    };
    let days = |from: &str, to: &str| (format!("2026-03-{from}"), format!("2026-03-{to}"));
    assert_eq!(period(&camt("", ["EUR"; 2], lines), Rules::default()), days("05", "05"));
    assert_eq!(period(&camt(own, ["EUR"; 2], lines), Rules::default()), days("02", "08"));
    let early = [("BOOK", "2026-03-01"), ("BOOK", "2026-03-05")];
    assert_eq!(period(&camt(own, ["EUR"; 2], early), Rules::default()), days("02", "08"));
    let asked = Rules { to: Some(super::day("2026-03-06")), ..Rules::default() };
    assert_eq!(period(&camt(own, ["EUR"; 2], early), asked), days("02", "06"));
}

#[test]
fn an_opening_balance_is_of_the_day_before_unless_a_line_is_of_its_day() {
    for (line, from) in [
        ("2603020302C5,NTRFX", "2026-03-02"),
        ("2603010301C5,NTRFX", "2026-03-01"),
        ("2603010301EC5,NTRFX", "2026-03-02"),
    ] {
        let text = format!(":20:X\n:25:1\n:60F:C260301EUR0,\n:61:{line}\n:62F:C260303EUR5,\n");
        let summary = matched(text.as_bytes(), None, Rules::default(), &[], 0).expect("a statement").summary;
        assert_eq!(
            (summary.from.to_string().as_str(), summary.to.to_string().as_str()),
            (from, "2026-03-03"),
            "{line}"
        );
    }
}

#[test]
fn balances_in_two_currencies_are_refused() {
    let lines = [("BOOK", "2026-03-05"); 2];
    let mt940 = ":20:X\n:25:1\n:60F:C260301EUR0,\n:62F:C260303USD5,\n".to_owned();
    for text in [camt("", ["EUR", "USD"], lines), camt("", ["USD", "EUR"], lines), mt940] {
        let refused = matched(text.as_bytes(), None, Rules::default(), &[], 0).err().expect("two currencies");
        assert!(refused.to_string().starts_with("speaks of more than one currency: "), "{refused}");
    }
}

#[test]
fn nothing_is_kept_of_more_lines_than_are_allowed() {
    let text = "date,amount\n2026-03-01,1\nbad,bad\n2026-03-02,2\n2026-03-03,3\n";
    let mut left = 3;
    let mut more = || {
        left -= 1;
        left >= 0
    };
    let format = crate::domain::matching::Format::Csv;
    let theirs = crate::reconcile::Theirs::read(
        (super::euro(), Rules::default()),
        format,
        None,
        &mut text.as_bytes(),
        &mut more,
    )
    .expect("a statement");
    assert_eq!((theirs.len(), left), (2, -1), "the unreadable one counts");
}

#[test]
fn a_thousandth_is_not_guessed() {
    let dinar = crate::domain::asset::Asset::parse("KWD").expect("a currency");
    let admitted = |amounts: &[&str], mapping: Option<&crate::domain::matching::Mapping>| {
        let lines: String = amounts.iter().map(|amount| format!("2026-03-01;{amount}\n")).collect();
        let text = format!("date;amount\n{lines}");
        let format = crate::domain::matching::Format::Csv;
        let read = crate::reconcile::Theirs::read(
            (dinar, Rules::default()),
            format,
            mapping,
            &mut text.as_bytes(),
            &mut || true,
        );
        read.map_or(0, |theirs| theirs.len())
    };
    let mapping = crate::domain::matching::Mapping {
        date: "date".into(),
        amount: Some("amount".into()),
        delimiter: Some(';'),
        decimal: Some(','),
        ..crate::domain::matching::Mapping::default()
    };
    assert_eq!((admitted(&["1,234"], None), admitted(&["1,234"], Some(&mapping))), (0, 1));
    assert_eq!(admitted(&["1.234", "0.500"], None), 2, "another amount shows it");
    assert_eq!(admitted(&["1.234", "5"], None), 1);
}
