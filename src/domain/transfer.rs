//! Transfers and their entries: what a ledger is made of. Both are written once and never changed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::asset::Asset;
use super::invalid::Invalid;
use super::money::Amount;
use super::text::text_conversions;
use super::time::Timestamp;
use super::user::UserId;

/// A transfer's id, a UUID. It is what makes the same transfer, asked for again, the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransferId(pub [u8; 16]);

impl TransferId {
    /// Takes a UUID as it was written: 32 hex digits in groups of 8, 4, 4, 4 and 12, in either case.
    ///
    /// # Errors
    ///
    /// Names the field `id`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let malformed = || Invalid::new("id", "must be a UUID, such as 018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e");
        let is_cut = |at: usize| matches!(at, 8 | 13 | 18 | 23);
        let text = text.as_bytes();
        if text.len() != 36 || !text.iter().enumerate().all(|(at, byte)| is_cut(at) == (*byte == b'-')) {
            return Err(malformed());
        }
        let mut digits = text.iter().filter(|byte| **byte != b'-').map(|byte| char::from(*byte).to_digit(16));
        let mut id = [0; 16];
        for byte in &mut id {
            let (high, low) = (digits.next().flatten(), digits.next().flatten());
            let (high, low) = high.zip(low).ok_or_else(malformed)?;
            *byte = u8::try_from(high << 4 | low).expect("two hex digits are a byte");
        }
        Ok(Self(id))
    }
}

/// What a transfer is for. A [`Reference`] is unique among those of one kind. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TransferKind {
    /// From one user's account to another.
    Transfer = 1,
    /// From the world outside.
    Deposit = 2,
    /// To the world outside.
    Withdrawal = 3,
    /// What `POST /deduct` takes.
    Deduction = 4,
    /// What a gateway charges for us.
    Payment = 5,
    /// What of a payment is given back.
    Refund = 6,
}

impl TransferKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Transfer, Self::Deposit, Self::Withdrawal, Self::Deduction, Self::Payment, Self::Refund];

    /// What it is called in answers and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Deduction => "deduction",
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }
}

/// What a transfer did to the balances when it was made. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TransferStatus {
    /// The money moved: at once, or, if [`Transfer::settles`] names a pending one, out of what that held.
    Posted = 1,
    /// The money is held and has not moved.
    Pending = 2,
    /// What the pending one held was released.
    Voided = 3,
    /// The same, because its time was over.
    Expired = 4,
}

/// A transfer as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// What it is for.
    pub kind: TransferKind,
    /// What it did.
    pub status: TransferStatus,
    /// The account that pays.
    pub from: AccountId,
    /// The account that is paid.
    pub to: AccountId,
    /// What the amount is counted in.
    pub asset: Asset,
    /// What moved, or is held, or, of one that was voided or expired, was released: more than zero.
    pub amount: Amount,
    /// The pending transfer that this one ends.
    pub settles: Option<TransferId>,
    /// Of a pending one: after how many seconds it expires.
    pub timeout_s: Option<u32>,
    /// The bank's or the chain's own name for it, unique for each kind. Between users: the mark of the request that it is the first of.
    pub reference: Option<Reference>,
    /// What it says to people.
    pub description: Description,
    /// Who asked for it.
    pub actor: UserId,
    /// When.
    pub created_at: Timestamp,
    /// The sequence number of its entry in the account that pays.
    pub from_seq: u64,
    /// The same in the account that is paid, if that changed.
    pub to_seq: Option<u64>,
}

/// One change of an account. An account's entries are numbered from 1 without gaps, and each begins where the one before ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose.
    pub account: AccountId,
    /// Its number in that account: the account's version after it.
    pub seq: u64,
    /// Why.
    pub transfer: TransferId,
    /// What the balance grew by; less than zero if it shrank, zero if only what is held changed.
    pub amount: Amount,
    /// The balance before it.
    pub balance_before: Amount,
    /// The balance after it: before plus amount.
    pub balance_after: Amount,
    /// What is held after it.
    pub held_after: Amount,
    /// When: the transfer's time.
    pub created_at: Timestamp,
}

/// A transfer with the entries it made: all that an answer, also one given again later, is built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The transfer.
    pub transfer: Transfer,
    /// What it did to the account that pays.
    pub from_entry: Entry,
    /// What it did to the account that is paid; nothing, unless money moved.
    pub to_entry: Option<Entry>,
}

/// What became of a pending transfer. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum HoldStatus {
    /// It still holds its money.
    Pending = 1,
    /// Its money moved, whole or in part.
    Posted = 2,
    /// Its money was released.
    Voided = 3,
    /// The same, because its time was over.
    Expired = 4,
}

/// The state of a pending transfer: the one thing about transfers that changes, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The pending transfer.
    pub transfer: TransferId,
    /// The account whose money it holds.
    pub account: AccountId,
    /// How much.
    pub amount: Amount,
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// What became of it.
    pub status: HoldStatus,
    /// The transfer that ended it.
    pub settled_by: Option<TransferId>,
}

/// A transfer as a store knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// As it was made.
    pub receipt: Receipt,
    /// Of a pending one: what became of it.
    pub hold: Option<Hold>,
}

/// The bank's or the chain's own name for a transfer: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

impl Reference {
    /// Most characters.
    pub const CHARS: usize = 128;

    /// Takes a reference as it was written.
    ///
    /// # Errors
    ///
    /// Names the field `reference`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if (1..=Self::CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        Err(Invalid::new("reference", "must be 1 to 128 visible ASCII characters"))
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a caller calls a request, so that the same request sent again is known to be the same: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Most characters.
    pub const CHARS: usize = 255;

    /// Takes a key as it was sent.
    ///
    /// # Errors
    ///
    /// Names the field `Idempotency-Key`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if (1..=Self::CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        Err(Invalid::new("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a transfer says to people: up to 140 characters, none of them a control character.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

impl Description {
    /// Most characters.
    pub const CHARS: usize = 140;

    /// Takes a description as it was typed.
    ///
    /// # Errors
    ///
    /// Names the field `description`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if text.chars().count() > Self::CHARS {
            return Err(Invalid::new("description", "must be at most 140 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::new("description", "must not contain control characters"));
        }
        Ok(Self(text))
    }

    /// The description as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(Reference, IdempotencyKey, Description);

impl fmt::Display for TransferId {
    /// As a UUID: lower-case hex in groups of 8, 4, 4, 4 and 12.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::{prop_assert_eq, proptest};

    use super::{Description, IdempotencyKey, Reference, TransferId};

    proptest! {
        #[test]
        fn an_id_is_read_as_it_is_written_in_either_case(bytes in any::<[u8; 16]>()) {
            let text = TransferId(bytes).to_string();
            prop_assert_eq!(TransferId::parse(&text), Ok(TransferId(bytes)));
            prop_assert_eq!(TransferId::parse(&text.to_uppercase()), Ok(TransferId(bytes)));
        }

        #[test]
        fn no_text_breaks_the_reader_of_ids(text in ".{0,40}") {
            if let Ok(id) = TransferId::parse(&text) {
                prop_assert_eq!(id.to_string(), text.to_lowercase());
            }
        }
    }

    #[test]
    fn what_is_no_uuid_is_no_id() {
        let good = "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e";
        assert!(TransferId::parse(good).is_ok());
        for text in [
            "",
            &good[1..],
            &good.replace('-', ""),
            &good.replace('a', "g"),
            &format!("{{{good}}}"),
            "018f4e5c7-a3b-7c21-9d10-0b5f6a7c8d9e",
            "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d-e",
        ] {
            assert_eq!(TransferId::parse(text).expect_err(text).field, "id");
        }
    }

    #[test]
    fn texts_have_their_limits() {
        let of = |length| "x".repeat(length);
        for (length, reference, key, description) in [
            (0, false, false, true),
            (1, true, true, true),
            (128, true, true, true),
            (129, false, true, true),
            (140, false, true, true),
            (141, false, true, false),
            (255, false, true, false),
            (256, false, false, false),
        ] {
            assert_eq!(Reference::parse(of(length)).is_ok(), reference, "{length}");
            assert_eq!(IdempotencyKey::parse(of(length)).is_ok(), key, "{length}");
            assert_eq!(Description::parse(of(length)).is_ok(), description, "{length}");
        }
        for text in ["a b", "\u{e9}", "a\n", "\0"] {
            assert!(Reference::parse(text).is_err());
            assert_eq!(IdempotencyKey::parse(text).expect_err(text).field, "Idempotency-Key");
        }
        assert!(Description::parse("\u{8336}".repeat(140)).is_ok(), "characters, not bytes");
        assert!(Description::parse("a\tb").is_err());
    }
}
