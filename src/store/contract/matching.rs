//! Promises about statements of others.

use super::{Promise, promises};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::day::Day;
use crate::domain::matching::{Format, Line, LineState, Mapping, Note, Proof, Resolution, Statement, Summary, Tally};
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::domain::user::UserId;
use crate::store::Store;

pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        a_statement_is_seen_once_it_is_finished_and_kept_as_it_was,
        a_file_is_finished_once_for_an_account,
        what_was_never_finished_is_found_by_its_age_and_dropped,
        lines_come_in_their_order_and_by_state,
        a_line_is_resolved_once_and_counted,
        a_mapping_takes_the_place_of_the_one_before,
    ]
}

fn statement(account: u64, digest: u8) -> Statement {
    let huge = Tally { lines: u64::MAX, statement: Amount::MAX, ours: Amount::MIN };
    let proof = Proof { difference: Amount::MIN, opening: Amount::MAX, timing: Amount::ZERO, gap: Amount::MAX };
    Statement {
        id: 0,
        file_name: "Kontoauszug März 📄.csv".to_owned(),
        sha256: [7; 32],
        digest: [digest; 32],
        summary: Summary {
            account: AccountId(account),
            asset: Asset::parse("EUR").expect("a currency"),
            format: Format::Camt053,
            from: Day(-1),
            to: Day(20_000),
            opening: Some(Amount::MIN),
            closing: None,
            our_opening: Amount::MAX,
            our_closing: Amount::ZERO,
            tallies: [huge; 7],
            outside: 3,
            proof: Some(proof),
        },
        resolved: 0,
        created_by: UserId(4),
        created_at: Timestamp(1_760_000_000_000_001),
    }
}

fn line(place: u64, state: LineState) -> Line {
    Line {
        place,
        state,
        reason: "ü".repeat(Line::REASON_CHARS),
        number: Some(place + 1),
        day: Some(Day(-3)),
        amount: Some(Amount::MIN),
        ours: Some(Amount::MAX),
        reference: "€".repeat(Line::TEXT_CHARS),
        description: "📄".repeat(Line::TEXT_CHARS),
        entries: vec![1, 2, 3, 7, i64::MAX as u64],
        transfer: Some(TransferId([7; 16])),
        resolution: None,
    }
}

fn bare(place: u64) -> Line {
    let empty = line(place, LineState::MissingExternal);
    Line {
        number: None,
        day: None,
        amount: None,
        ours: None,
        entries: Vec::new(),
        transfer: None,
        reference: String::new(),
        description: String::new(),
        ..empty
    }
}

async fn finished<S: Store>(store: &S, statement: &Statement, lines: &[Line]) -> u64 {
    let id = store.begin_statement(statement).await.expect("begin");
    store.add_statement_lines(id, lines).await.expect("add");
    assert!(store.finish_statement(id, &statement.digest).await.expect("finish"));
    id
}

async fn a_statement_is_seen_once_it_is_finished_and_kept_as_it_was<S: Store>(store: S) {
    let begun = statement(1, 1);
    let id = store.begin_statement(&begun).await.expect("begin");
    assert_eq!(store.statement(id).await.expect("read"), None);
    assert_eq!(store.statements(AccountId(1), None, 9).await.expect("read"), []);
    assert_eq!(store.statement_of(AccountId(1), &begun.digest).await.expect("read"), None);
    assert!(store.finish_statement(id, &begun.digest).await.expect("finish"));
    let kept = Statement { id, ..begun };
    assert_eq!(store.statement(id).await.expect("read").as_ref(), Some(&kept));
    assert_eq!(store.statement_of(AccountId(1), &kept.digest).await.expect("read").as_ref(), Some(&kept));
    let newer = finished(&store, &statement(1, 2), &[]).await;
    finished(&store, &statement(2, 1), &[]).await;
    let ids = async |before, limit| {
        let page = store.statements(AccountId(1), before, limit).await.expect("read");
        page.into_iter().map(|statement| statement.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 9).await, [newer, id]);
    assert_eq!(ids(None, 1).await, [newer]);
    assert_eq!(ids(Some(newer), 9).await, [id]);
    for nobodys in [0, u64::MAX] {
        assert_eq!(store.statement(nobodys).await.expect("read"), None);
        assert_eq!(store.statements(AccountId(nobodys), None, 9).await.expect("read"), []);
    }
}

async fn a_file_is_finished_once_for_an_account<S: Store>(store: S) {
    let first = finished(&store, &statement(1, 1), &[line(1, LineState::Matched)]).await;
    let second = store.begin_statement(&statement(1, 1)).await.expect("begin");
    assert!(!store.finish_statement(second, &[1; 32]).await.expect("finish"));
    assert_eq!(store.statement(second).await.expect("read"), None);
    let found = store.statement_of(AccountId(1), &[1; 32]).await.expect("read").expect("the first one");
    assert_eq!(found.id, first);
    finished(&store, &statement(2, 1), &[]).await;
}

async fn what_was_never_finished_is_found_by_its_age_and_dropped<S: Store>(store: S) {
    let kept = finished(&store, &statement(1, 1), &[line(1, LineState::Matched)]).await;
    let begun = store.begin_statement(&statement(1, 2)).await.expect("begin");
    let lines: Vec<Line> = (1..=2001).map(bare).collect();
    for some in lines.chunks(500) {
        store.add_statement_lines(begun, some).await.expect("add");
    }
    let at = statement(1, 1).created_at;
    let unfinished = async |before, limit| store.unfinished_statements(Timestamp(before), limit).await.expect("read");
    assert_eq!(unfinished(at.0, 9).await, Vec::<u64>::new());
    assert_eq!((unfinished(at.0 + 1, 9).await, unfinished(at.0 + 1, 0).await), (vec![begun], vec![]));
    let mut rounds = 1;
    while store.drop_statement(begun).await.expect("drop") {
        rounds += 1;
    }
    assert_eq!(rounds, 3, "lines, a line, and the statement");
    assert_eq!(unfinished(i64::MAX, 9).await, Vec::<u64>::new());
    assert_eq!(store.statement_lines(begun, None, 0, 9).await.expect("read"), []);
    for stays in [kept, u64::MAX] {
        assert!(!store.drop_statement(stays).await.expect("drop"));
    }
    assert_eq!(store.statement_lines(kept, None, 0, 9).await.expect("read").len(), 1);
    assert!(store.statement(kept).await.expect("read").is_some());
}

async fn lines_come_in_their_order_and_by_state<S: Store>(store: S) {
    let lines: Vec<Line> = (1..=600)
        .map(|place| {
            if place == 3 {
                bare(place)
            } else {
                line(place, if place % 2 == 0 { LineState::Matched } else { LineState::Duplicate })
            }
        })
        .collect();
    let id = finished(&store, &statement(1, 1), &lines).await;
    let read = async |state, after, limit| store.statement_lines(id, state, after, limit).await.expect("read");
    assert_eq!(read(None, 0, 1000).await, lines);
    assert_eq!(read(None, 1, 2).await, lines[1..3]);
    assert_eq!(read(Some(LineState::MissingExternal), 0, 9).await, lines[2..3]);
    assert_eq!(read(Some(LineState::Matched), 2, 1).await, lines[3..4]);
    assert_eq!(read(Some(LineState::Unreadable), 0, 9).await, []);
    assert_eq!(read(None, u64::MAX, 9).await, []);
    assert_eq!(store.statement_lines(u64::MAX, None, 0, 9).await.expect("read"), []);
}

async fn a_line_is_resolved_once_and_counted<S: Store>(store: S) {
    let id = finished(&store, &statement(1, 1), &[line(1, LineState::Duplicate), line(2, LineState::Matched)]).await;
    let resolution =
        |by, note: &str| Resolution { by: UserId(by), at: Timestamp(5), note: Note::parse(note).expect("a note") };
    let first = resolution(4, "ß: charged back");
    let resolved = Line { resolution: Some(first.clone()), ..line(1, LineState::Duplicate) };
    for other in [first, resolution(5, "too late")] {
        let found = store.resolve_line(id, 1, &other).await.expect("resolve");
        assert_eq!(found.as_ref(), Some(&resolved));
    }
    assert_eq!(store.statement(id).await.expect("read").expect("it is there").resolved, 1);
    for place in [0, 3, u64::MAX] {
        assert_eq!(store.resolve_line(id, place, &resolution(4, "x")).await.expect("resolve"), None, "{place}");
    }
    assert_eq!(store.resolve_line(u64::MAX, 1, &resolution(4, "x")).await.expect("resolve"), None);
}

async fn a_mapping_takes_the_place_of_the_one_before<S: Store>(store: S) {
    assert_eq!(store.mapping(AccountId(1)).await.expect("read"), None);
    let mapping =
        Mapping { date: "Täg".to_owned(), amount: Some("#2".to_owned()), delimiter: Some(';'), ..Mapping::default() };
    for kept in
        [mapping.clone(), Mapping { headless: true, skip_lines: 4, references: vec!["a".to_owned()], ..mapping }]
    {
        store.set_mapping(AccountId(1), &kept, Timestamp(1)).await.expect("set");
        assert_eq!(store.mapping(AccountId(1)).await.expect("read"), Some(kept));
    }
    assert_eq!(store.mapping(AccountId(u64::MAX)).await.expect("read"), None);
}
