//! Rows of conversions to and from what they mean, the same for every database.

use super::ledger::{Owned, Unreadable};
use super::rows;
use crate::domain::conversion::{Conversion, Posted, Rate};
use crate::domain::fee::Percent;
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::domain::user::UserId;
use crate::store::ledger::Owner;

impl TryFrom<rows::Rate> for Posted {
    type Error = Unreadable;

    fn try_from(row: rows::Rate) -> Result<Self, Unreadable> {
        let spread = u32::try_from(row.spread).ok().and_then(|millionths| Percent::try_from(millionths).ok());
        Ok(Self {
            from: row.from_asset,
            to: row.to_asset,
            rate: rate(row.numerator, row.denominator)?,
            spread: spread.ok_or(Unreadable("spread"))?,
            actor: UserId(row.actor),
            created_at: Timestamp(row.created_at),
        })
    }
}

impl TryFrom<rows::Conversion> for Conversion {
    type Error = Unreadable;

    fn try_from(row: rows::Conversion) -> Result<Self, Unreadable> {
        Ok(Self {
            id: TransferId(row.id),
            bought_by: TransferId(row.bought_by),
            user: UserId(row.user_id),
            from: row.from_asset,
            to: row.to_asset,
            sold: row.sold,
            bought: row.bought,
            rate: rate(row.numerator, row.denominator)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

impl From<&Conversion> for rows::Conversion {
    fn from(made: &Conversion) -> Self {
        Self {
            id: made.id.0,
            bought_by: made.bought_by.0,
            user_id: made.user.0,
            from_asset: made.from,
            to_asset: made.to,
            sold: made.sold,
            bought: made.bought,
            numerator: made.rate.numerator(),
            denominator: made.rate.denominator(),
            created_at: made.created_at.0,
        }
    }
}

impl Owned for rows::Conversion {
    fn owner(&self) -> Owner {
        Owner::Transfer(TransferId(self.id))
    }
}

fn rate(numerator: Amount, denominator: Amount) -> Result<Rate, Unreadable> {
    Rate::new(numerator, denominator).map_err(|_| Unreadable("rate"))
}
