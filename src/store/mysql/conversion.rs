//! Rates and conversions: units of work.

use mysql_async::{Conn, Result};

use super::Mysql;
use super::unit::{Attempt, Unit};
use crate::domain::asset::Asset;
use crate::domain::conversion::{Conversion, Posted};
use crate::domain::transfer::TransferId;
use crate::store::StoreError;
use crate::store::conversion::ConversionStore;
use crate::store::queries::ledger::read;
use crate::store::queries::mysql as queries;

impl ConversionStore for Mysql {
    async fn post_rate(&self, posted: &Posted) -> std::result::Result<(), StoreError> {
        self.unit(Post(posted.clone())).await
    }

    async fn rate(&self, from: Asset, to: Asset) -> std::result::Result<Option<Posted>, StoreError> {
        self.unit(Newest { from, to }).await
    }

    async fn rates(&self) -> std::result::Result<Vec<Posted>, StoreError> {
        self.unit(All).await
    }

    async fn conversion(&self, id: TransferId) -> std::result::Result<Option<Conversion>, StoreError> {
        self.unit(Get(id)).await
    }
}

/// One statement that commits by itself. If its answer is lost it is done again, and the rate is kept twice, which is as true.
struct Post(Posted);

impl Unit for Post {
    type Value = ();

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<()> {
        let Posted { from, to, rate, spread, actor, created_at } = &self.0;
        let (numerator, denominator) = (rate.numerator(), rate.denominator());
        let spread = spread.millionths().into();
        queries::insert_rate(db, *from, *to, numerator, denominator, spread, actor.0, created_at.0).await.map(drop)
    }
}

struct Newest {
    from: Asset,
    to: Asset,
}

impl Unit for Newest {
    type Value = Option<Posted>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Posted>> {
        Ok(queries::rate(db, self.from, self.to).await?.map(Posted::try_from).transpose()?)
    }
}

struct All;

impl Unit for All {
    type Value = Vec<Posted>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Posted>> {
        Ok(read(queries::rates(db).await?)?)
    }
}

struct Get(TransferId);

impl Unit for Get {
    type Value = Option<Conversion>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Conversion>> {
        Ok(queries::conversion(db, self.0.0).await?.map(Conversion::try_from).transpose()?)
    }
}
