//! Transfers: moving money, holding it, and asking what became of it.
//!
//! Every call that moves money may be sent again: it is known by its [`Handle`], and done once. A customer sends from their own accounts; a
//! transfer is shown to the owners of both its accounts, and to operators.
//!
//! A batch of 10,000 takes at most 6.5 MB on the wire, descriptions of 140 four-byte characters and amounts of 38 digits included, and its
//! answer at most 2 MB: both fit into the default `rpc.max_frame_bytes`.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::caller::Caller;
use crate::domain::command::{self, Charged, Done, Pending};
use crate::domain::money::{Amount, Decimal};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Description, Entry, IdempotencyKey, Receipt, Reference, Stored, TransferId, TransferStatus,
};
use crate::domain::user::UserId;

/// Most transfers of one batch.
pub const BATCH_MAX: usize = 10_000;

teller_rpc::service! {
    /// Transfers. `Refusal::OutcomeUnknown` may be answered by any call that moves money.
    pub service "transfer" {
        /// Moves money, or holds it. Refused: `Ledger`.
        idempotent fn post(Post) -> Result<Done, Refusal>;

        /// Moves money many times in one transaction, each answered on its own. Refused: `Invalid` (too many, or none), `Ledger`
        /// (`IdReused`: the key was used for another batch).
        idempotent fn batch(Batch) -> Result<Vec<Result<Brief, command::Refusal>>, Refusal>;

        /// Ends a pending transfer: for the owner of the account that pays. Refused: `Ledger`.
        idempotent fn settle(Settle) -> Result<Done, Refusal>;

        /// A transfer, and what became of it. Refused: `NoSuchTransfer`, also for one between others' accounts.
        idempotent fn get(OfTransfer) -> Result<Seen, Refusal>;

        /// Brings money in from outside. Refused: `NotOperator`, `Ledger`.
        idempotent fn deposit(External) -> Result<Done, Refusal>;

        /// Takes money out. Refused: `NotOperator`, `Ledger`.
        idempotent fn withdraw(External) -> Result<Done, Refusal>;

        /// Takes money out of a user's account in the default currency. Refused: `InvalidSession` unless the published contracts are open,
        /// `NoSuchUser` (also one without such an account), `Ledger`.
        idempotent fn deduct(Deduct) -> Result<Deducted, Refusal>;
    }
}

/// What makes a request, sent again, the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// The id of the transfer it makes, new for each request: what counts without a key.
    pub id: TransferId,
    /// The caller's own name for the request. The id is then made of whoever asks and this.
    pub key: Option<IdempotencyKey>,
}

impl Handle {
    /// A request with this key, or one that is like no other.
    pub fn new(key: Option<IdempotencyKey>) -> Self {
        Self { id: fresh_id(), key }
    }
}

/// An id that no transfer has: a UUID of version 7, so that ids made later sort later.
pub fn fresh_id() -> TransferId {
    TransferId(uuid::Uuid::now_v7().into_bytes())
}

/// Money from one account to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The account that pays.
    pub from: AccountId,
    /// The account that is paid.
    pub to: AccountId,
    /// What the amount is counted in.
    pub asset: Asset,
    /// How much, in major units.
    pub amount: Decimal,
    /// `Some`: only hold it.
    pub pending: Option<Pending>,
    /// What it says to people.
    pub description: Description,
}

/// One transfer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Post {
    /// Who asks.
    pub caller: Caller,
    /// What makes it the same when it is sent again.
    pub handle: Handle,
    /// What to do.
    pub order: Order,
}

/// Many transfers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Who asks.
    pub caller: Caller,
    /// With a key, an item's id is made of whoever asks, the key, the whole batch and its place. Sent again with anything else in it, the batch is
    /// refused with `IdReused`, unless nothing of the first one was in effect.
    pub key: Option<IdempotencyKey>,
    /// All or none: as if all were linked.
    pub atomic: bool,
    /// 1 to [`BATCH_MAX`], done in their order.
    pub items: Vec<Item>,
}

/// One of many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Its id, unless the batch has a key.
    pub id: TransferId,
    /// Whether it stands or falls with the one after it.
    pub linked: bool,
    /// What to do.
    pub order: Order,
}

/// What became of one of many: what its [`Order`] does not say already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// Its id.
    pub id: TransferId,
    /// Whether it was in effect already, from an earlier time.
    pub replayed: bool,
    /// What it did.
    pub status: TransferStatus,
    /// When.
    pub created_at: Timestamp,
    /// The account that pays, after it.
    pub from: After,
    /// The account that is paid, if that changed.
    pub to: Option<After>,
    /// What it cost.
    pub fee: Option<Charged>,
}

/// An account after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// The entry's number.
    pub seq: u64,
    /// What is there, held money included.
    pub balance: Amount,
    /// What pending transfers hold of it.
    pub held: Amount,
}

impl From<&Entry> for After {
    fn from(entry: &Entry) -> Self {
        Self { seq: entry.seq, balance: entry.balance_after, held: entry.held_after }
    }
}

impl From<&Done> for Brief {
    fn from(Done { receipt, replayed, fee }: &Done) -> Self {
        let Receipt { transfer, from_entry, to_entry } = receipt;
        Self {
            id: transfer.id,
            replayed: *replayed,
            status: transfer.status,
            created_at: transfer.created_at,
            from: from_entry.into(),
            to: to_entry.as_ref().map(After::from),
            fee: *fee,
        }
    }
}

/// The end of a pending transfer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settle {
    /// Who asks.
    pub caller: Caller,
    /// What makes it the same when it is sent again.
    pub handle: Handle,
    /// The pending transfer.
    pub pending: TransferId,
    /// How it ends.
    pub end: End,
}

/// How a pending transfer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The money moves: all of it, or this much of it, in major units, while the rest is released.
    Post(Option<Decimal>),
    /// The money is released.
    Void,
}

/// One transfer, by its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfTransfer {
    /// Who asks.
    pub caller: Caller,
    /// Which.
    pub transfer: TransferId,
}

/// A transfer, as somebody may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The transfer and what became of it.
    pub stored: Stored,
    /// Whether it is shown to the one who pays, or to an operator. Whoever is paid is not to see what is left in the other's account.
    pub by_payer: bool,
    /// What it cost whoever paid; nobody else is told.
    pub fee: Option<Charged>,
}

/// Money between an account and the world outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct External {
    /// An operator's.
    pub caller: Caller,
    /// What makes it the same when it is sent again.
    pub handle: Handle,
    /// The account.
    pub account: AccountId,
    /// What the amount is counted in.
    pub asset: Asset,
    /// How much, in major units.
    pub amount: Decimal,
    /// The bank's own name for it, used once in each direction.
    pub reference: Reference,
    /// What it says to people.
    pub description: Description,
}

/// Money taken from a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deduct {
    /// The user's own, or an operator's; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// What makes it the same when it is sent again.
    pub handle: Handle,
    /// From whom.
    pub user: UserId,
    /// How much, in major units of the default currency.
    pub amount: Decimal,
}

/// What was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deducted {
    /// The transfer.
    pub id: TransferId,
    /// Whether it was in effect already, from an earlier time.
    pub replayed: bool,
    /// What the account is counted in.
    pub asset: Asset,
    /// What is left: of the account as this left it.
    pub balance: Amount,
}

#[cfg(test)]
mod tests {
    use teller_rpc::Message;

    use super::{After, BATCH_MAX, Batch, Brief, Item, Order, fresh_id};
    use crate::domain::account::AccountId;
    use crate::domain::asset::Asset;
    use crate::domain::command::{self, Charged, Pending};
    use crate::domain::money::{Amount, Decimal};
    use crate::domain::session::SessionId;
    use crate::domain::time::Timestamp;
    use crate::domain::transfer::{Description, IdempotencyKey, TransferStatus};

    fn size(message: &impl Message) -> usize {
        let mut bytes = Vec::new();
        message.encode(&mut bytes).expect("it can be encoded");
        bytes.len()
    }

    #[test]
    fn the_longest_batch_and_its_answer_are_as_long_as_they_are_said_to_be() {
        let order = Order {
            from: AccountId(u64::MAX),
            to: AccountId(u64::MAX),
            asset: Asset::parse("CNY").expect("a currency"),
            amount: Decimal { digits: i128::MAX, scale: u8::MAX },
            pending: Some(Pending { timeout_s: Some(u32::MAX) }),
            description: Description::parse("\u{1F4B0}".repeat(Description::CHARS)).expect("as long as it may be"),
        };
        let batch = Batch {
            caller: SessionId::parse("0".repeat(32)).expect("32 digits").into(),
            key: Some(IdempotencyKey::parse("k".repeat(IdempotencyKey::CHARS)).expect("as long as it may be")),
            atomic: true,
            items: vec![Item { id: fresh_id(), linked: true, order }; BATCH_MAX],
        };
        assert!(size(&batch) <= 6_500_000, "{}", size(&batch));

        let after = After { seq: u64::MAX, balance: Amount::MAX, held: Amount::MAX };
        let brief = Brief {
            id: fresh_id(),
            replayed: true,
            status: TransferStatus::Pending,
            created_at: Timestamp(i64::MAX),
            from: after,
            to: Some(after),
            fee: Some(Charged { id: fresh_id(), amount: Amount::MAX }),
        };
        let answer: Vec<Result<Brief, command::Refusal>> = vec![Ok(brief); BATCH_MAX];
        assert!(size(&answer) <= 2_000_000, "{}", size(&answer));
    }
}
