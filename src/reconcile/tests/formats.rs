//! Statements as banks write them.

use super::{day, matched, of_csv};
use crate::domain::matching::Format;
use crate::domain::matching::{LineState, Mapping};
use crate::domain::money::Amount;
use crate::reconcile::{Item, Rules, read};

/// Days, amounts, references and descriptions of all lines.
fn lines(format: Format, mapping: Option<&Mapping>, text: &[u8]) -> Vec<(String, String, String, String)> {
    let mut lines = Vec::new();
    read(format, mapping, &mut &*text, &mut |item| match item {
        Item::Line(line) => {
            let pending = if line.pending { " pending" } else { "" };
            lines.push((
                line.day.to_string(),
                format!("{}{pending}", line.amount),
                line.references.join("|"),
                line.description,
            ));
        }
        Item::Unreadable { number, cause } => lines.push((number.to_string(), String::new(), String::new(), cause)),
    })
    .expect("a statement");
    lines
}

fn row(day: &str, amount: &str, references: &str, description: &str) -> (String, String, String, String) {
    (day.to_owned(), amount.to_owned(), references.to_owned(), description.to_owned())
}

#[test]
fn csv_of_several_banks_is_understood_without_a_word() {
    for (text, expected) in [
        (
            "Date,Description,Amount,Balance\n01/03/2026,Rent,-5.00,10.00\n31/03/2026,\"Pay, March\",1000.50,1010.50\n",
            vec![row("2026-03-01", "-5", "", "Rent"), row("2026-03-31", "1000.5", "", "Pay, March")],
        ),
        (
            "\u{feff}Buchungstag;Verwendungszweck;Betrag;Währung\r\n01.03.2026;Miete;-1.234,56;EUR\r\n\r\n02.03.2026;Lohn;7,00;EUR\r\n",
            vec![row("2026-03-01", "-1234.56", "", "Miete"), row("2026-03-02", "7", "", "Lohn")],
        ),
        (
            "Booking Date\tReference\tDebit\tCredit\n2026-03-01\tA\t5.00\t\n2026-03-02\tB\t0.00\t6.00\n2026-03-02\tC\t1\t1\n",
            vec![
                row("2026-03-01", "-5", "A", ""),
                row("2026-03-02", "6", "B", ""),
                row("4", "", "", "has both a debit and a credit"),
            ],
        ),
        (
            "account_id,currency,seq,transfer_id,amount,balance_before,balance_after,held_after,created_at\n7,EUR,1,018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e,5.00,0.00,5.00,0.00,2026-03-01T23:59:59.9Z\n",
            vec![row("2026-03-01", "5", "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e", "")],
        ),
    ] {
        assert_eq!(lines(Format::Csv, None, text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn csv_is_read_as_its_mapping_says() {
    let mapping = Mapping {
        date: "#1".into(),
        date_format: Some("%d.%m.%y".into()),
        amount: Some("Umsätze".into()),
        negated: true,
        references: vec!["#4".into(), "Zweck".into()],
        delimiter: Some('|'),
        decimal: Some(','),
        skip_lines: 2,
        latin1: true,
        ..Mapping::default()
    };
    let text = b"Bank\n\"unbalanced\nTag|Ums\xe4tze|Zweck|Nr\n01.03.26|1.000,50|Caf\xe9|7\n";
    assert_eq!(lines(Format::Csv, Some(&mapping), text), [row("2026-03-01", "-1000.5", "7|Caf\u{e9}", "")]);
    let headless = Mapping { date: "#1".into(), amount: Some("#2".into()), headless: true, ..Mapping::default() };
    assert_eq!(
        lines(Format::Csv, Some(&headless), b"2026-03-01,5\n\xff,6\n"),
        [row("2026-03-01", "5", "", ""), row("2", "", "", "is not UTF-8")]
    );
    for (broken, field) in [
        (Mapping { date: String::new(), ..headless.clone() }, "date"),
        (Mapping { amount: None, ..headless.clone() }, "amount"),
        (Mapping { debit: Some("#3".into()), ..headless.clone() }, "amount"),
        (Mapping { decimal: Some('x'), ..headless.clone() }, "decimal"),
        (Mapping { delimiter: Some('ä'), ..headless.clone() }, "delimiter"),
        (Mapping { skip_lines: 1001, ..headless.clone() }, "skip_lines"),
        (Mapping { references: vec!["a".into(); 9], ..headless.clone() }, "references"),
    ] {
        assert_eq!(broken.check().expect_err(field).field, field);
    }
    assert!(headless.check().is_ok());
}

#[test]
fn balances_of_csv_frame_its_lines_whichever_comes_first() {
    for text in [
        "date,amount,balance\n2026-03-01,5,105\n2026-03-02,-1,104\n2026-03-02,2,106\n",
        "date,amount,balance\n2026-03-02,2,106\n2026-03-02,-1,104\n2026-03-01,5,105\n",
    ] {
        let summary = of_csv(text, &[]).summary;
        assert_eq!((summary.opening, summary.closing), (Amount::new(10_000).ok(), Amount::new(10_600).ok()), "{text}");
        let proof = summary.proof.expect("balances");
        assert!(proof.holds(&summary.tallies) && proof.gap == Amount::ZERO);
    }
}

const MT940: &str = "{1:F01BANKDEFFAXXX0000000000}{2:O9400000}{4:\r\n:20:STARTUMS\r\n:25:10020030/1234567\r\n:28C:00001/001\r\n:60F:C260228EUR1000,00\r\n\
:61:2603010301DR250,50NTRFREF-1//BANK1\r\nSupplementary\r\n:86:166?00UEBERWEISUNG?20EREF+E2E-77?21SVWZ+Miete ?22M\u{e4}rz?32Vermieter\r\n\
:61:260302RC50,NMSCNONREF\r\n:61:26XX\r\n:86:is lost with it\r\n:62M:C260302EUR699,50\r\n-}{5:}\r\n\
{1:F01BANKDEFFAXXX0000000000}{4:\r\n:20:STARTUMS\r\n:25:10020030/1234567\r\n:28C:00001/002\r\n:60M:C260302EUR699,50\r\n:61:2603310331CR0,5NTRFX\r\n:86:/EREF/ABC/REMI/x/\r\n:62F:C260331EUR700,00\r\n:64:C260331EUR700,00\r\n:86:about the statement\r\n-}";

#[test]
fn mt940_is_read_over_its_messages() {
    let expected = [
        row("2026-03-01", "-250.5", "REF-1|BANK1|E2E-77", "Supplementary Miete M\u{e4}rz"),
        row("2026-03-02", "-50", "", ""),
        row("10", "", "", "is too short"),
        row("2026-03-31", "0.5", "X|ABC", "/EREF/ABC/REMI/x/"),
    ];
    assert_eq!(lines(Format::Mt940, None, MT940.as_bytes()), expected);
    let outcome = matched(MT940.as_bytes(), None, Rules::default(), &[], 100_000).expect("a statement");
    let summary = &outcome.summary;
    assert_eq!((summary.from, summary.to), (day("2026-03-01"), day("2026-03-31")));
    assert_eq!((summary.opening, summary.closing), (Amount::new(100_000).ok(), Amount::new(70_000).ok()));
    assert_eq!(summary.proof.expect("balances").gap, Amount::ZERO);
    // ISO 8859-1 is read too.
    let latin1: Vec<u8> =
        MT940.chars().map(|letter| u8::try_from(u32::from(letter)).expect("it is in ISO 8859-1")).collect();
    assert_eq!(lines(Format::Mt940, None, &latin1).len(), 4);
    assert!(lines(Format::Mt940, None, &latin1)[0].3.ends_with("M\u{e4}rz"));
}

/// Two versions of one document: in the second a status is a choice, as since version 8.
fn camt(status: fn(&str) -> String) -> String {
    let book = status("BOOK");
    let pending = status("PDNG");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id>
<FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm><ToDtTm>2026-03-31T23:59:59</ToDtTm></FrToDt><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-03-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">150.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-31</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLAV</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-31</Dt></Dt></Bal>
<TxsSummry><TtlNtries><Sum>1</Sum></TtlNtries></TxsSummry>
<Ntry><NtryRef>N1</NtryRef><Amt Ccy="EUR">300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{book}<BookgDt><Dt>2026-03-05</Dt></BookgDt><ValDt><Dt>2026-03-06</Dt></ValDt>
<NtryDtls><Btch><MsgId>B1</MsgId></Btch><TxDtls><Refs><EndToEndId>E1</EndToEndId><MndtId>M1</MndtId></Refs><Amt Ccy="EUR">100.00</Amt><RmtInf><Ustrd>one &amp; two</Ustrd></RmtInf></TxDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId><TxId>T2</TxId></Refs><AmtDtls><TxAmt><Amt Ccy="USD">9</Amt></TxAmt></AmtDtls></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">50.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>{book}<BookgDt><DtTm>2026-03-07T10:00:00+01:00</DtTm></BookgDt><AddtlNtryInf><![CDATA[fee <x>]]></AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="EUR">8.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>{pending}<ValDt><Dt>2026-04-01</Dt></ValDt></Ntry>
<Ntry><Amt Ccy="EUR">8,00</Amt><CdtDbtInd>DBIT</CdtDbtInd>{book}<BookgDt><Dt>2026-03-07</Dt></BookgDt></Ntry>
<Ntry><Amt Ccy="EUR">8.00</Amt>{book}<BookgDt><Dt>2026-03-07</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"#
    )
}

#[test]
fn camt053_is_read_in_its_versions() {
    let old: fn(&str) -> String = |status| format!("<Sts>{status}</Sts>");
    let new: fn(&str) -> String = |status| format!("<Sts>\n<Cd>{status}</Cd>\n</Sts>");
    for status in [old, new] {
        let text = camt(status);
        let expected = [
            row("2026-03-05", "300", "N1|B1|E1|T2", "one & two"),
            row("2026-03-07", "-50", "", "fee <x>"),
            row("2026-04-01", "-8 pending", "", ""),
            row("4", "", "", "'8,00' is no amount"),
            row("5", "", "", "'' is neither CRDT nor DBIT"),
        ];
        assert_eq!(lines(Format::Camt053, None, text.as_bytes()), expected);
        let prefixed = text.replace("<Ntry>", "<c:Ntry>").replace("</Ntry>", "</c:Ntry>");
        assert_eq!(lines(Format::Camt053, None, prefixed.as_bytes()), expected);
        let outcome = matched(text.as_bytes(), None, Rules::default(), &[], -10_000).expect("a statement");
        let summary = &outcome.summary;
        assert_eq!((summary.opening, summary.closing), (Amount::new(-10_000).ok(), Amount::new(15_000).ok()));
        assert_eq!(outcome.lines[2].state, LineState::ExpectedLater);
        let proof = summary.proof.expect("balances");
        assert!(proof.holds(&summary.tallies));
        assert_eq!((proof.gap, proof.difference), (Amount::ZERO, Amount::new(25_000).expect("small")));
    }
}
