//! Entries and transfers as CSV or JSON lines, for spreadsheets and other programs.
//!
//! Amounts are in major units, as text. Spreadsheets run text that begins like a formula: in CSV, text that people wrote and that
//! begins with one of `= + - @`, a tab or a carriage return has an apostrophe put before it. JSON lines have it as it is.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use tokio::sync::mpsc;

use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::text::no_formula;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Transfer};
use crate::store::StoreError;
use crate::store::ledger::{LedgerStore, Page};

/// Pages on their way from the store.
const PAGES: usize = 4;

/// What is copied, and how it is written.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    /// Which rows.
    pub rows: Rows,
    /// In which form.
    pub form: Form,
}

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All entries, by account and number.
    Entries,
    /// All transfers, by id.
    Transfers,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 4180, with a line of names first.
    Csv,
    /// A JSON object in each line.
    JsonLines,
}

/// Why a copy is not complete.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store could not be read.
    #[error("cannot read the store")]
    Store(#[from] StoreError),
    /// What was read could not be written.
    #[error("cannot write")]
    Write(#[from] io::Error),
}

/// Copies all rows of one moment and returns how many there were. `done` is called with the number of rows of each page.
///
/// # Errors
///
/// See [`Failure`]; what was written until then stays.
pub async fn export<S: LedgerStore, W: Write>(
    store: &S,
    what: Export,
    out: W,
    mut done: impl FnMut(usize),
) -> Result<u64, Failure> {
    let (sender, mut pages) = mpsc::channel(PAGES);
    // What cannot be written ends the reading too: the channel goes with this future.
    let writing = async move {
        let mut writer = Writer::new(what, out)?;
        while let Some(page) = pages.recv().await {
            done(writer.page(&page)?);
        }
        writer.finish()
    };
    let (sent, written) = tokio::join!(store.snapshot(None, sender), writing);
    let written = written?;
    sent?;
    Ok(written)
}

/// Rows on their way out.
struct Writer<W: Write> {
    rows: Rows,
    form: Form,
    out: Sink<W>,
    /// What each account is counted in, in ascending order: entries do not say it themselves.
    assets: Vec<(AccountId, Asset)>,
    written: u64,
}

enum Sink<W: Write> {
    Csv(Box<csv::Writer<W>>),
    JsonLines(io::BufWriter<W>),
}

impl<W: Write> Writer<W> {
    fn new(what: Export, out: W) -> io::Result<Self> {
        let out = match what.form {
            Form::JsonLines => Sink::JsonLines(io::BufWriter::new(out)),
            Form::Csv => {
                let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
                match what.rows {
                    Rows::Entries => csv.write_record(ENTRY)?,
                    Rows::Transfers => csv.write_record(TRANSFER)?,
                }
                Sink::Csv(Box::new(csv))
            }
        };
        Ok(Self { rows: what.rows, form: what.form, out, assets: Vec::new(), written: 0 })
    }

    fn page(&mut self, page: &Page) -> io::Result<usize> {
        match (page, self.rows) {
            (Page::Accounts(accounts), Rows::Entries) => {
                self.assets.extend(accounts.iter().map(|account| (account.id, account.asset)));
                Ok(0)
            }
            (Page::Entries(entries), Rows::Entries) => {
                entries.iter().try_for_each(|entry| {
                    let asset = self.asset(entry.account)?;
                    self.row(&EntryRow::new(entry, asset))
                })?;
                Ok(entries.len())
            }
            (Page::Transfers(transfers), Rows::Transfers) => {
                let form = self.form;
                transfers.iter().try_for_each(|transfer| self.row(&TransferRow::new(transfer, form)))?;
                Ok(transfers.len())
            }
            (Page::Unreadable(owner, why), _) => Err(io::Error::other(format!("{owner:?}: {why}"))),
            _ => Ok(0),
        }
    }

    fn asset(&self, account: AccountId) -> io::Result<Asset> {
        let place = self.assets.binary_search_by_key(&account, |(id, _)| *id);
        let place =
            place.map_err(|_| io::Error::other(format!("entries of account {account}, which does not exist")))?;
        Ok(self.assets[place].1)
    }

    fn row(&mut self, row: &impl Serialize) -> io::Result<()> {
        self.written = self.written.saturating_add(1);
        match &mut self.out {
            Sink::Csv(out) => out.serialize(row).map_err(Into::into),
            Sink::JsonLines(out) => {
                serde_json::to_writer(&mut *out, row)?;
                out.write_all(b"\n")
            }
        }
    }

    fn finish(mut self) -> Result<u64, Failure> {
        match &mut self.out {
            Sink::Csv(out) => out.flush()?,
            Sink::JsonLines(out) => out.flush()?,
        }
        Ok(self.written)
    }
}

const ENTRY: [&str; 9] = [
    "account_id",
    "currency",
    "seq",
    "transfer_id",
    "amount",
    "balance_before",
    "balance_after",
    "held_after",
    "created_at",
];

#[derive(Serialize)]
struct EntryRow {
    account_id: u64,
    currency: Asset,
    seq: u64,
    transfer_id: String,
    amount: String,
    balance_before: String,
    balance_after: String,
    held_after: String,
    created_at: String,
}

impl EntryRow {
    fn new(entry: &Entry, asset: Asset) -> Self {
        Self {
            account_id: entry.account.0,
            currency: asset,
            seq: entry.seq,
            transfer_id: entry.transfer.to_string(),
            amount: entry.amount.in_major(asset),
            balance_before: entry.balance_before.in_major(asset),
            balance_after: entry.balance_after.in_major(asset),
            held_after: entry.held_after.in_major(asset),
            created_at: in_utc(entry.created_at),
        }
    }
}

const TRANSFER: [&str; 13] = [
    "id",
    "kind",
    "status",
    "from_account_id",
    "to_account_id",
    "currency",
    "amount",
    "settles",
    "timeout_seconds",
    "reference",
    "description",
    "actor",
    "created_at",
];

#[derive(Serialize)]
struct TransferRow<'a> {
    id: String,
    kind: String,
    status: String,
    from_account_id: u64,
    to_account_id: u64,
    currency: Asset,
    amount: String,
    settles: Option<String>,
    timeout_seconds: Option<u32>,
    reference: Option<Cow<'a, str>>,
    description: Cow<'a, str>,
    actor: u64,
    created_at: String,
}

impl<'a> TransferRow<'a> {
    fn new(transfer: &'a Transfer, form: Form) -> Self {
        let text = |text: &'a str| if form == Form::Csv { no_formula(text) } else { text.into() };
        Self {
            id: transfer.id.to_string(),
            kind: format!("{:?}", transfer.kind).to_lowercase(),
            status: format!("{:?}", transfer.status).to_lowercase(),
            from_account_id: transfer.from.0,
            to_account_id: transfer.to.0,
            currency: transfer.asset,
            amount: transfer.amount.in_major(transfer.asset),
            settles: transfer.settles.map(|id| id.to_string()),
            timeout_seconds: transfer.timeout_s,
            reference: transfer.reference.as_ref().map(|reference| text(reference.as_str())),
            description: text(transfer.description.as_str()),
            actor: transfer.actor.0,
            created_at: in_utc(transfer.created_at),
        }
    }
}

/// RFC 3339, with as many decimals of a second as there are.
pub fn in_utc(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::{ENTRY, EntryRow, Form, TRANSFER, TransferRow};
    use crate::domain::account::AccountId;
    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;
    use crate::domain::text::no_formula;
    use crate::domain::time::Timestamp;
    use crate::domain::transfer::{Description, Entry, Reference, Transfer, TransferId, TransferKind, TransferStatus};
    use crate::domain::user::UserId;

    fn transfer() -> Transfer {
        Transfer {
            id: TransferId([1; 16]),
            kind: TransferKind::Deposit,
            status: TransferStatus::Posted,
            from: AccountId(1),
            to: AccountId(2),
            asset: Asset::parse("CNY").expect("known"),
            amount: Amount::new(12_345).expect("small"),
            settles: None,
            timeout_s: None,
            reference: Some(Reference::parse("=1+1").expect("short")),
            description: Description::parse("@SUM(A1), \"quoted\"").expect("short"),
            actor: UserId(4),
            created_at: Timestamp(1_760_000_000_000_001),
            from_seq: 1,
            to_seq: Some(1),
        }
    }

    #[test]
    fn the_names_are_those_of_the_fields_in_their_order() {
        let names = |row: &serde_json::Value| row.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        let row = serde_json::to_value(TransferRow::new(&transfer(), Form::Csv)).expect("serializes");
        assert_eq!(sorted(names(&row)), sorted(TRANSFER));
        let entry = Entry {
            account: AccountId(1),
            seq: 1,
            transfer: TransferId([1; 16]),
            amount: Amount::new(-5).expect("small"),
            balance_before: Amount::ZERO,
            balance_after: Amount::new(-5).expect("small"),
            held_after: Amount::ZERO,
            created_at: Timestamp(0),
        };
        let row = serde_json::to_value(EntryRow::new(&entry, transfer().asset)).expect("serializes");
        assert_eq!(sorted(names(&row)), sorted(ENTRY));
        assert_eq!(row["amount"], "-0.05");
    }

    fn sorted(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
        let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
        names.sort();
        names
    }

    #[test]
    fn a_spreadsheet_runs_nothing_that_people_wrote() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(no_formula(text), format!("'{text}"));
        }
        assert_eq!(no_formula("rent = 5"), "rent = 5");
        let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        csv.serialize(TransferRow::new(&transfer(), Form::Csv)).expect("serializes");
        let line = String::from_utf8(csv.into_inner().expect("flushes")).expect("text");
        assert_eq!(
            line,
            "01010101-0101-0101-0101-010101010101,deposit,posted,1,2,CNY,123.45,,,'=1+1,\"'@SUM(A1), \"\"quoted\"\"\",4,\
             2025-10-09T08:53:20.000001Z\n"
        );
    }
}
