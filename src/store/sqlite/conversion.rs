//! Rates and conversions: units of work.

use rusqlite::{Connection, Result};

use crate::domain::asset::Asset;
use crate::domain::conversion::{Conversion, Posted};
use crate::domain::transfer::TransferId;
use crate::store::StoreError;
use crate::store::conversion::ConversionStore;
use crate::store::queries::ledger::read;
use crate::store::queries::sqlite as queries;
use crate::store::sqlite::Sqlite;

impl ConversionStore for Sqlite {
    async fn post_rate(&self, posted: &Posted) -> std::result::Result<(), StoreError> {
        let posted = posted.clone();
        self.write(move |db| post(db, &posted)).await
    }

    async fn rate(&self, from: Asset, to: Asset) -> std::result::Result<Option<Posted>, StoreError> {
        self.read(move |db| newest(db, from, to)).await
    }

    async fn rates(&self) -> std::result::Result<Vec<Posted>, StoreError> {
        self.read(|db: &Connection| Ok::<_, rusqlite::Error>(read(queries::rates(db)?)?)).await
    }

    async fn conversion(&self, id: TransferId) -> std::result::Result<Option<Conversion>, StoreError> {
        self.read(move |db| get(db, id)).await
    }
}

fn post(db: &Connection, posted: &Posted) -> Result<()> {
    let Posted { from, to, rate, spread, actor, created_at } = posted;
    let (numerator, denominator) = (rate.numerator(), rate.denominator());
    let spread = spread.millionths().into();
    queries::insert_rate(db, *from, *to, numerator, denominator, spread, actor.0, created_at.0).map(drop)
}

fn newest(db: &Connection, from: Asset, to: Asset) -> Result<Option<Posted>> {
    Ok(queries::rate(db, from, to)?.map(Posted::try_from).transpose()?)
}

fn get(db: &Connection, id: TransferId) -> Result<Option<Conversion>> {
    Ok(queries::conversion(db, id.0)?.map(Conversion::try_from).transpose()?)
}
