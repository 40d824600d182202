//! Ids that follow from what they are for: whoever makes them again, makes the same.

use sha2::{Digest, Sha256};

use crate::domain::payment::PaymentToken;
use crate::domain::transfer::{IdempotencyKey, TransferId};

impl TransferId {
    /// The id that a principal's idempotency key stands for: the first 16 bytes of the SHA-256 of (principal, 0x00, key), as a UUID of version 8
    /// (RFC 9562, section 5.8). A principal must not contain 0x00.
    pub fn of_key(principal: &str, key: &IdempotencyKey) -> Self {
        Self::of([principal.as_bytes(), &[0], key.as_str().as_bytes()])
    }

    /// The same of a principal's refund under a key: a key of refunds is another than the same text for a transfer. No principal begins with 0x00.
    pub fn of_refund_key(principal: &str, key: &IdempotencyKey) -> Self {
        Self::of([b"\0refund\0", principal.as_bytes(), &[0], key.as_str().as_bytes()])
    }

    /// What a principal's batch under a key is known by while it runs, whatever is in it: no transfer bears it.
    pub fn of_batch_key(principal: &str, key: &IdempotencyKey) -> Self {
        Self::of([b"\0batch\0", principal.as_bytes(), &[0], key.as_str().as_bytes()])
    }

    /// The id of one of many that are one request under a key, by its place and the SHA-256 of the whole request: another request under that key
    /// has other ids. No key contains 0x00, so that it is no [`Self::of_key`].
    pub fn in_request(principal: &str, key: &IdempotencyKey, request: &[u8; 32], place: u32) -> Self {
        let (principal, key) = (principal.as_bytes(), key.as_str().as_bytes());
        Self::of([principal, &[0], key, &[0], request, &place.to_be_bytes()])
    }

    /// The id of the transfer that ends the pending transfer `self` because its time is over. No principal's name begins with 0x00.
    pub(super) fn of_expiry(self) -> Self {
        Self::of([b"\0expiry", &[0], &self.0])
    }

    /// The id of the pending transfer that holds the money of a payment's attempt.
    pub fn of_payment(token: &PaymentToken, attempt: u32) -> Self {
        Self::of([b"\0payment\0", &attempt.to_be_bytes(), token.as_str().as_bytes()])
    }

    /// The id of the transfer that ends the pending transfer `self` of a payment: posts it, or voids it.
    pub fn of_payment_end(self, posts: bool) -> Self {
        Self::of([if posts { b"\0payment-post" } else { b"\0payment-void" }, &[0], &self.0])
    }

    /// The id of the transfer that takes the fee of the transfer `self`.
    pub fn of_fee(self) -> Self {
        Self::of([b"\0fee", &[0], &self.0])
    }

    /// The ids of the two halves of the conversion that is known by this token: what is sold, and what is bought.
    pub fn of_conversion(token: &[u8]) -> [Self; 2] {
        [Self::of([b"\0convert-sell\0", token]), Self::of([b"\0convert-buy\0", token])]
    }

    fn of<const N: usize>(parts: [&[u8]; N]) -> Self {
        let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        id[6] = id[6] & 0x0f | 0x80;
        id[8] = id[8] & 0x3f | 0x80;
        Self(id)
    }

    /// Which of `stripes` the id belongs to: by its last bytes, which are random in every version of UUID that is in use here.
    pub(super) fn stripe(self, stripes: usize) -> Option<usize> {
        let [.., a, b, c, d] = self.0;
        usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?.checked_rem(stripes)
    }
}

#[cfg(test)]
mod tests {
    use super::{IdempotencyKey, TransferId};

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text).expect("a good key")
    }

    #[test]
    fn a_key_of_a_principal_is_always_the_same_uuid_of_version_8() {
        // printf 'alice\0order-1' | sha256sum
        assert_eq!(TransferId::of_key("alice", &key("order-1")).to_string(), "bc7a2827-01c3-8aff-af69-b3f84ce68189");
    }

    #[test]
    fn another_principal_or_key_is_another_id_also_where_the_texts_join_up_alike() {
        let ids = [
            ("alice", "order-1"),
            ("bob", "order-1"),
            ("alice", "order-2"),
            ("aliceo", "rder-1"),
            ("", "aliceorder-1"),
        ]
        .map(|(principal, text)| TransferId::of_key(principal, &key(text)));
        for (place, id) in ids.iter().enumerate() {
            assert!(!ids[..place].contains(id));
            assert_eq!((id.0[6] >> 4, id.0[8] >> 6), (8, 2), "version and variant");
        }
    }

    #[test]
    fn a_key_is_another_one_to_each_kind_of_request() {
        let key = key("order-1");
        let kinds = [TransferId::of_key, TransferId::of_refund_key, TransferId::of_batch_key];
        let mut ids: Vec<_> = ["alice", "bob"].iter().flat_map(|who| kinds.map(|of| of(who, &key))).collect();
        ids.push(TransferId::in_request("alice", &key, &[0; 32], 0));
        for (place, id) in ids.iter().enumerate() {
            assert!(!ids[..place].contains(id), "{place}");
        }
    }

    #[test]
    fn stripes_are_used_evenly() {
        let mut used = [0_u32; 8];
        for number in 0..8000 {
            let id = TransferId::of_key("alice", &key(&number.to_string()));
            used[id.stripe(8).expect("eight stripes")] += 1;
        }
        assert!(used.iter().all(|times| (850..1150).contains(times)), "{used:?}");
        assert_eq!(TransferId([7; 16]).stripe(0), None);
    }
}
