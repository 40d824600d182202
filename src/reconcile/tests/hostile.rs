//! Whatever is sent, nothing panics, and nothing is expanded.

use proptest::prelude::any;
use proptest::{collection, prop_assert, proptest};

use super::{matched, of_csv};
use crate::domain::matching::{Format, Mapping};
use crate::reconcile::{Rules, read};

fn refused(text: &str) -> String {
    matched(text.as_bytes(), None, Rules::default(), &[], 0).err().map(|error| error.to_string()).expect("refused")
}

#[test]
fn what_is_no_statement_says_what_is_wrong() {
    for (text, why) in [
        ("", "is empty"),
        ("a,b\n1,2\n", "has no column that is known to be the amount: give a mapping"),
        ("amount\n2\n", "has no column that is known to be the date: give a mapping"),
        ("date,amount\n", "has no lines"),
        (
            "date,amount\nsoon,5\n",
            "has no line that can be read: 2: 'soon' is no day that is understood without a mapping",
        ),
        ("<a/>", "is no camt.053: it has no Stmt"),
        ("<Document><Stmt><Ntry>", "is broken XML: it ends in the middle"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "has a document type, which no statement needs"),
        ("<a>&b;</a>", "has an entity that is not XML's own"),
        (":xx:", "has no field of an MT940 message"),
        (
            ":20:a\n:25:one\n:60F:C260301EUR1,\n:62F:C260301EUR1,\n:25:two\n",
            "speaks of more than one account: one and two",
        ),
        (":20:a\n:60F:C260301USD1,\n:62F:C260301USD1,\n", "is in USD, and the account in EUR"),
    ] {
        assert_eq!(refused(text), why, "{text}");
    }
    let deep = "<a>".repeat(100_000);
    assert_eq!(refused(&deep), "is nested deeper than any statement");
    assert!(refused("<a></b>").starts_with("is broken XML: "));
}

#[test]
fn a_line_of_any_length_is_cut_and_kept() {
    let text = format!("date,amount,reference\n2026-03-01,5,{}\n", "x".repeat(1_000_000));
    let outcome = of_csv(&text, &[]);
    assert_eq!(outcome.lines[0].reference.len(), 140);
    let text =
        format!(":20:a\n:60F:C260301EUR1,\n:61:260301C5,NTRFX\n:86:{}\n:62F:C260301EUR6,\n", "y\n".repeat(1_000_000));
    let outcome = of_csv(&text, &[]);
    assert!(outcome.lines[0].description.len() <= 140);
}

proptest! {
    #[test]
    fn no_bytes_break_a_parser(bytes in any::<Vec<u8>>(), pieces in collection::vec(0..PIECES.len(), 0..60), latin1 in any::<bool>()) {
        let mapping = Mapping { date: "#1".into(), amount: Some("#2".into()), headless: true, latin1, ..Mapping::default() };
        let joined: Vec<u8> = pieces.iter().flat_map(|piece| PIECES[*piece].as_bytes().iter().copied()).chain(bytes.iter().copied()).collect();
        for text in [&bytes, &joined] {
            for format in Format::ALL {
                for mapping in [None, Some(&mapping)] {
                    let mut items = 0;
                    let _ = read(format, mapping, &mut text.as_slice(), &mut |_| items += 1);
                    prop_assert!(items <= text.len());
                }
            }
            let _ = matched(text, None, Rules::default(), &[], 0);
        }
    }
}

/// What statements are made of, in no order.
const PIECES: [&str; 34] = [
    "\n",
    "\r\n",
    ",",
    ";",
    "\"",
    "2026-03-01",
    "12.50",
    "-7",
    "date,amount\n",
    "debit;credit\n",
    ":20:X\n",
    ":25:ACCT\n",
    ":60F:C260301EUR100,\n",
    ":61:2603010301C1,5NTRFX//Y\n",
    ":61:",
    ":86:",
    ":86:166?20EREF+A?21SVWZ+B\n",
    ":62F:D260331EUR1,\n",
    "{1:F01}{4:",
    "-}",
    "?20",
    "<Document><BkToCstmrStmt><Stmt>",
    "<Ntry>",
    "</Ntry>",
    "<Amt Ccy=\"EUR\">1.00</Amt>",
    "<CdtDbtInd>CRDT</CdtDbtInd>",
    "<BookgDt><Dt>2026-03-01</Dt></BookgDt>",
    "<Sts>BOOK</Sts>",
    "</Stmt>",
    "<Bal>",
    "</Bal>",
    "&amp;",
    "&#x41;",
    "<![CDATA[x]]>",
];
