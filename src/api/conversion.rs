//! Money of one currency for money of another: rates, quotes and conversions, and the house's accounts that stand behind them.
//!
//! A quote is a token: it says what is sold and bought, for whom and until when, and is what makes a conversion, asked for again, the same.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::domain::account::{Account, AccountId};
use crate::domain::asset::Asset;
use crate::domain::caller::Caller;
use crate::domain::command::Done;
use crate::domain::conversion::{Conversion, Posted, QuoteToken, Rate};
use crate::domain::fee::Percent;
use crate::domain::money::{Amount, Decimal};
use crate::domain::time::Timestamp;

teller_rpc::service! {
    /// Conversions.
    pub service "conversion" {
        /// The house's accounts for fees and liquidity: those in one currency, which are made if they are missing, or all. Refused: `NotOperator`.
        idempotent fn house(House) -> Result<Vec<Account>, Refusal>;

        /// Sets a rate, which holds for quotes from now on; asked for again, it is set and written down again. Refused: `NotOperator`, `Invalid` (one currency, no rate of 38 digits left).
        fn set_rate(SetRate) -> Result<Posted, Refusal>;

        /// The rates that hold.
        idempotent fn rates(Caller) -> Result<Vec<Posted>, Refusal>;

        /// What a conversion would come to. Refused: `Invalid` (one currency), `Ledger` (what is no amount), `NoSuchRate`, `TooSmall`.
        idempotent fn quote(Ask) -> Result<Quote, Refusal>;

        /// Converts as it was quoted, once, however often it is asked for. Refused: `NoSuchQuote`, `QuoteExpired`, `Ledger`, `NoLiquidity`,
        /// `OutcomeUnknown`.
        idempotent fn convert(Convert) -> Result<Converted, Refusal>;
    }
}

/// The house's accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct House {
    /// An operator's.
    pub caller: Caller,
    /// Only those in this currency.
    pub asset: Option<Asset>,
}

/// A rate is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetRate {
    /// An operator's.
    pub caller: Caller,
    /// What is sold.
    pub from: Asset,
    /// What is bought.
    pub to: Asset,
    /// What a unit of `from` is worth in units of `to`.
    pub rate: Rate,
    /// What of that the house keeps.
    pub spread: Percent,
}

/// Which side of a conversion is known, in major units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// This much is to be sold.
    Sold(Decimal),
    /// At least this much is to be bought, and no more sold than that takes.
    Bought(Decimal),
}

/// A quote is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// Whoever wants to convert.
    pub caller: Caller,
    /// What is sold.
    pub from: Asset,
    /// What is bought.
    pub to: Asset,
    /// How much.
    pub known: Known,
}

/// What a conversion comes to, for whoever asked and until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What to convert with.
    pub token: QuoteToken,
    /// What is sold.
    pub from: Asset,
    /// What is bought.
    pub to: Asset,
    /// The rate, less the spread.
    pub rate: Rate,
    /// How much is sold.
    pub sold: Amount,
    /// How much is bought.
    pub bought: Amount,
    /// What it costs besides, in what is sold.
    pub fee: Option<Amount>,
    /// When it is good for nothing any more.
    pub expires_at: Timestamp,
}

/// A conversion is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Convert {
    /// Whose quote it is.
    pub caller: Caller,
    /// The quote.
    pub quote: QuoteToken,
    /// The account that pays; the caller's own in that currency, if it is not said.
    pub from: Option<AccountId>,
    /// The account that is paid, likewise. Both are the caller's.
    pub to: Option<AccountId>,
}

/// A conversion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// What was agreed.
    pub conversion: Conversion,
    /// The transfer to the house, and the fee.
    pub sold: Done,
    /// The transfer from the house.
    pub bought: Done,
}
