//! A batch under a key, as the one request that it is: the same body sent again is the same transfers, and another body is found out.

use sha2::{Digest, Sha256};

use crate::api::transfer::{Batch, Item};
use crate::domain::command::Pending;
use crate::domain::money::Decimal;
use crate::domain::transfer::{IdempotencyKey, Reference, TransferId};
use crate::domain::user::UserId;

/// A user's batch under a key.
pub(super) struct Request<'a> {
    principal: String,
    key: &'a IdempotencyKey,
    digest: [u8; 32],
}

impl<'a> Request<'a> {
    /// `batch`, if it has a key.
    pub(super) fn of(user: UserId, batch: &'a Batch) -> Option<Self> {
        let key = batch.key.as_ref()?;
        Some(Self { principal: user.to_string(), key, digest: digest(batch.atomic, &batch.items) })
    }

    /// What it is known by while it runs, whatever it asks for.
    pub(super) fn turn(&self) -> TransferId {
        TransferId::of_batch_key(&self.principal, self.key)
    }

    /// What its first transfer bears: the same for whatever this user sends under this key.
    pub(super) fn seal(&self) -> Reference {
        let id = TransferId::of_key(&self.principal, self.key);
        Reference::parse(format!("batch:{id}")).expect("it is short and visible ASCII")
    }

    /// The id of the transfer at this place, which no other body has under this key.
    pub(super) fn id(&self, place: usize) -> TransferId {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        TransferId::in_request(&self.principal, self.key, &self.digest, place)
    }
}

/// The SHA-256 of all that a batch asks for. What has no fixed length begins with it, so that no two batches read alike.
fn digest(atomic: bool, items: &[Item]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update([u8::from(atomic)]);
    for Item { id: _, linked, order } in items {
        digest.update([u8::from(*linked)]);
        digest.update(order.from.0.to_be_bytes());
        digest.update(order.to.0.to_be_bytes());
        text(&mut digest, order.asset.code());
        // The same amount is the same, however many zeros it was written with.
        let Decimal { digits, scale } = order.amount;
        let (digits, scale) = match order.amount.amount_of(order.asset) {
            Ok(amount) => (amount.minor(), order.asset.scale()),
            Err(_) => (digits, scale),
        };
        digest.update(digits.to_be_bytes());
        digest.update([scale]);
        match order.pending {
            None => digest.update([0]),
            Some(Pending { timeout_s: None }) => digest.update([1]),
            Some(Pending { timeout_s: Some(seconds) }) => {
                digest.update([2]);
                digest.update(seconds.to_be_bytes());
            }
        }
        text(&mut digest, order.description.as_str());
    }
    digest.finalize().into()
}

fn text(digest: &mut Sha256, text: &str) {
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text);
}

#[cfg(test)]
mod tests {
    use super::digest;
    use crate::api::transfer::{Item, Order, fresh_id};
    use crate::domain::account::AccountId;
    use crate::domain::asset::Asset;
    use crate::domain::command::Pending;
    use crate::domain::money::Decimal;
    use crate::domain::transfer::Description;

    fn item() -> Item {
        let order = Order {
            from: AccountId(1),
            to: AccountId(2),
            asset: Asset::parse("CNY").expect("a currency"),
            amount: Decimal { digits: 10, scale: 0 },
            pending: None,
            description: Description::default(),
        };
        Item { id: fresh_id(), linked: false, order }
    }

    #[test]
    fn the_same_body_is_the_same_request_and_whatever_differs_makes_another() {
        let first = digest(false, &[item(), item()]);
        let mut same = [item(), item()];
        same[0].order.amount = Decimal { digits: 1000, scale: 2 };
        assert_eq!(digest(false, &same), first, "its ids do not count, nor does how an amount is written");

        let changes: [fn(&mut Item); 10] = [
            |item| item.linked = true,
            |item| item.order.from = AccountId(3),
            |item| item.order.to = AccountId(3),
            |item| item.order.asset = Asset::parse("USD").expect("a currency"),
            |item| item.order.amount.digits = 11,
            |item| item.order.amount.scale = 3,
            |item| item.order.pending = Some(Pending { timeout_s: None }),
            |item| item.order.pending = Some(Pending { timeout_s: Some(0) }),
            |item| item.order.pending = Some(Pending { timeout_s: Some(1) }),
            |item| item.order.description = Description::parse("x").expect("a description"),
        ];
        let changed = changes.iter().map(|change| {
            let mut items = [item(), item()];
            change(&mut items[0]);
            digest(false, &items)
        });
        let others =
            [digest(true, &[item(), item()]), digest(false, &[item()]), digest(false, &[item(), item(), item()])];
        let all: std::collections::HashSet<_> = changed.chain(others).chain([first]).collect();
        assert_eq!(all.len(), changes.len() + others.len() + 1);
    }
}
