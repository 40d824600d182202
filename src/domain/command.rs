//! What the ledger is asked to do, and what it answers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::asset::Asset;
use super::conversion::Conversion;
use super::money::{Amount, Decimal, TooLarge};
use super::payment::Record;
use super::time::Timestamp;
use super::transfer::{Description, HoldStatus, Receipt, Reference, TransferId, TransferKind};
use super::user::UserId;

/// One thing to do, wholly or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The id of the transfer that it makes. The same command with the same id is done once, however often it is asked for.
    pub id: TransferId,
    /// Who asks.
    pub actor: UserId,
    /// What they may do.
    pub authority: Authority,
    /// Whether it stands or falls with the command after it. A chain ends with the first command that is not linked.
    pub linked: bool,
    /// What to do.
    pub action: Action,
    /// The step of a payment that is in effect with it, in one transaction, or not at all. A command that is answered again takes no step again.
    pub record: Option<Box<Record>>,
    /// What else is in effect with it, or not at all. A command that is answered again does nothing of it again.
    pub along: Option<Box<Along>>,
}

impl Command {
    /// What it costs, if anything.
    pub fn fee(&self) -> Option<&Fee> {
        self.along.as_deref().and_then(|along| along.fee.as_ref())
    }
}

/// What goes along with a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Along {
    /// What it costs whoever pays, if money moves: a transfer of its own, whose id follows from the command's. One that is pending costs nothing
    /// until it is posted.
    pub fee: Option<Fee>,
    /// It takes effect before this or not at all. What did is answered afterwards too.
    pub until: Option<Timestamp>,
    /// The conversion of which the command is the second half.
    pub conversion: Option<Conversion>,
}

/// What a command costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// The house's account for it.
    pub to: AccountId,
    /// How much, in minor units of what the command moves: more than zero.
    pub amount: Amount,
}

/// A fee that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charged {
    /// The transfer that took it.
    pub id: TransferId,
    /// How much, in the asset of the transfer that it was for.
    pub amount: Amount,
}

/// Whose money may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// What belongs to the actor.
    Owner,
    /// Anybody's.
    Operator,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Move money, or hold it so that it can be moved later.
    Move(Move),
    /// End a pending transfer.
    Settle(Settle),
}

/// How much longer a batch of so many commands may take than one alone, if each further one has `each`.
pub fn extra_time(each: Duration, commands: usize) -> Duration {
    each.saturating_mul(u32::try_from(commands.saturating_sub(1)).unwrap_or(u32::MAX))
}

/// Money from one account to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// What for.
    pub kind: TransferKind,
    /// The account that pays.
    pub from: AccountId,
    /// The account that is paid.
    pub to: AccountId,
    /// What the amount is counted in, as the caller believes.
    pub asset: Asset,
    /// How much, in major units.
    pub amount: Decimal,
    /// `Some`: only hold it.
    pub pending: Option<Pending>,
    /// The bank's or the chain's own name for it.
    pub reference: Option<Reference>,
    /// What it says to people.
    pub description: Description,
}

/// How long money is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Seconds until it expires; none: until it is posted or voided.
    pub timeout_s: Option<u32>,
}

/// How a pending transfer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// The pending transfer.
    pub pending: TransferId,
    /// How.
    pub how: Settlement,
}

/// How a pending transfer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The money moves: all of it, or this much of it, in major units, while the rest is released.
    Post(Option<Decimal>),
    /// The money is released.
    Void,
    /// The same, because its time is over. Refused before that.
    Expire,
}

/// What became of a command.
pub type Outcome = Result<Done, Refusal>;

/// It is in effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What it made.
    pub receipt: Receipt,
    /// Whether it was in effect already, from an earlier time.
    pub replayed: bool,
    /// What it cost when it was done, whatever it would cost now.
    pub fee: Option<Charged>,
}

/// Which account of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The one that pays.
    From,
    /// The one that is paid.
    To,
}

/// Why a command had no effect. The order is the order of precedence: of several reasons the first is given.
///
/// A refusal is an answer, not a failure: nothing was written, and the same id may be tried again later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// Another transfer has this id: in which field it differs.
    #[error("the id or key was used for another transfer, which differs in {field}")]
    IdReused {
        /// The field that differs, by its name on the wire.
        field: String,
    },
    /// It was to take effect before now.
    #[error("the time for it is over")]
    TooLate,
    /// There is no such pending transfer.
    #[error("there is no such transfer")]
    UnknownTransfer,
    /// The transfer was never a pending one.
    #[error("the transfer is not a pending one")]
    NotPending,
    /// The pending transfer holds a payment's money: what the gateway says ends it, and nobody else.
    #[error("the transfer belongs to a payment, which ends it")]
    OfPayment,
    /// The payment is not where its step begins: somebody else has taken one.
    #[error("the payment is at another step")]
    PaymentMoved,
    /// Both accounts are the same one.
    #[error("both accounts are the same")]
    SameAccount,
    /// There is no such account. The one that is paid is looked for when the other is known to be the actor's own: after [`Self::NotYours`].
    #[error("there is no such account")]
    UnknownAccount(Side),
    /// The account that pays is another user's.
    #[error("the account belongs to another user")]
    NotYours,
    /// The account is frozen.
    #[error("the account is frozen")]
    Frozen(Side),
    /// The account is closed.
    #[error("the account is closed")]
    Closed(Side),
    /// The account is in another currency than the transfer.
    #[error("the account is in {account}, the transfer in {transfer}")]
    CurrencyMismatch {
        /// Which.
        side: Side,
        /// What the account is in.
        account: Asset,
        /// What the transfer is in.
        transfer: Asset,
    },
    /// The pending transfer was posted, voided or has expired before.
    #[error("the transfer is pending no more")]
    AlreadySettled(HoldStatus),
    /// The pending transfer's time is over; it is about to be released.
    #[error("the transfer has expired")]
    HoldExpired,
    /// The pending transfer's time is not over yet.
    #[error("the transfer has not expired yet")]
    NotExpired,
    /// The amount is zero or less.
    #[error("the amount must be more than zero")]
    NotPositive,
    /// The amount has more decimals than the currency.
    #[error("the amount must have at most {most} decimals")]
    TooManyDecimals {
        /// As many as the currency has.
        most: u8,
    },
    /// The amount, or a balance after it, has more than 38 digits.
    #[error("the amount is too large")]
    TooLarge,
    /// More is to be posted than is held.
    #[error("more than what is held")]
    MoreThanHeld {
        /// What is held, in minor units.
        held: Amount,
        /// Of this asset.
        asset: Asset,
    },
    /// The reference was used by another transfer of the same kind.
    #[error("the reference was used before")]
    ReferenceUsed {
        /// By which.
        by: TransferId,
    },
    /// More than may leave the account.
    #[error("only {} {asset} is available", available.in_major(*asset))]
    InsufficientFunds {
        /// What may leave it, in minor units; never less than zero.
        available: Amount,
        /// Of this asset.
        asset: Asset,
    },
    /// Another command of its chain was refused.
    #[error("another transfer of the same chain was refused")]
    ChainBroken {
        /// The place of that command in the batch, from 0.
        at: u32,
    },
}

impl From<TooLarge> for Refusal {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}
