//! Health: whether the backend can serve.

use teller_rpc::{Context, Status};

use super::answer;
use crate::api::health::{Ready, Service};
use crate::store::{Store, Volatile};

/// The service `health`.
pub struct Health<S, V> {
    pub(super) store: S,
    pub(super) volatile: V,
}

impl<S: Store, V: Volatile> Service for Health<S, V> {
    async fn ready(&self, cx: Context, (): ()) -> Result<Ready, Status> {
        answer("health.ready", &cx, async {
            let (store, volatile) = tokio::join!(self.store.ping(), self.volatile.ping());
            store?;
            volatile?;
            Ok(Ready { version: env!("CARGO_PKG_VERSION").to_owned() })
        })
        .await
    }
}
