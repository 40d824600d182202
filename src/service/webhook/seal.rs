//! Secrets of webhooks: worked out when they are needed, and kept nowhere. Whoever reads the database signs nothing with it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::courier::signature::Secret;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Seal;

/// For which of all uses of a secret the key is made from it.
const PURPOSE: &[u8] = b"teller webhook secret 1";

/// How long a secret that was replaced still signs, in microseconds: a day.
const FORMER_US: i64 = 24 * 60 * 60 * 1_000_000;

/// The key that secrets of webhooks follow from. Cloned cheaply; never printed.
#[derive(Clone)]
pub struct Sealer {
    key: Zeroizing<[u8; 32]>,
    kid: [u8; 4],
}

impl Sealer {
    /// A key of its own that follows from a `secret` that all backends share.
    pub fn new(secret: &[u8]) -> Self {
        let key = Zeroizing::new(mac(secret, PURPOSE));
        let digest = mac(&*key, b"kid");
        Self { kid: std::array::from_fn(|index| digest[index]), key }
    }

    /// The key's name.
    pub fn kid(&self) -> [u8; 4] {
        self.kid
    }

    /// What a new secret follows from. `salt` must be random.
    pub fn fresh(&self, salt: [u8; 16]) -> Seal {
        Seal { salt, kid: self.kid, former: None }
    }

    /// The same in the place of `old`, whose secret signs for a day longer: or, if it is not a day old itself, the one before it to the end of its day.
    /// That is the one that receivers know; whoever renews twice has lost the one in between, or lost hold of it.
    pub fn renewed(&self, old: &Seal, salt: [u8; 16], now: Timestamp) -> Seal {
        let until = Timestamp(now.0.saturating_add(FORMER_US));
        let still_good = old.former.filter(|(_, until)| now < *until);
        let former = (old.kid == self.kid).then_some(still_good.unwrap_or((old.salt, until)));
        Seal { former, ..self.fresh(salt) }
    }

    /// The secrets that are good `now`, the newest first; `None` if they follow from another key.
    pub fn open(&self, seal: &Seal, now: Timestamp) -> Option<Vec<Secret>> {
        if seal.kid != self.kid {
            return None;
        }
        let former = seal.former.filter(|(_, until)| now < *until).map(|(salt, _)| salt);
        Some([Some(seal.salt), former].into_iter().flatten().map(|salt| Secret::new(mac(&*self.key, &salt))).collect())
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::{FORMER_US, Sealer};
    use crate::domain::time::Timestamp;

    #[test]
    fn a_secret_follows_from_key_and_salt_and_from_no_other_key() {
        let (sealer, other) = (Sealer::new(b"a secret"), Sealer::new(b"another"));
        let shown = |sealer: &Sealer, salt| {
            let open = sealer.open(&Sealer::new(b"a secret").fresh(salt), Timestamp(0))?;
            Some(open.iter().map(|secret| secret.expose()).collect::<Vec<_>>())
        };
        assert_eq!(shown(&sealer, [1; 16]), shown(&Sealer::new(b"a secret"), [1; 16]));
        assert_ne!(shown(&sealer, [1; 16]), shown(&sealer, [2; 16]));
        assert_eq!(shown(&other, [1; 16]), None);
    }

    #[test]
    fn a_secret_that_was_replaced_signs_for_a_day_longer() {
        let (sealer, now) = (Sealer::new(b"a secret"), Timestamp(1_760_000_000_000_000));
        let old = sealer.fresh([1; 16]);
        let new = sealer.renewed(&old, [2; 16], now);
        let count = |at| sealer.open(&new, Timestamp(at)).expect("its key").len();
        assert_eq!((count(now.0), count(now.0 + FORMER_US - 1), count(now.0 + FORMER_US)), (2, 2, 1));
        let (soon, later) = (Timestamp(now.0 + 1), Timestamp(now.0 + FORMER_US));
        assert_eq!(sealer.renewed(&new, [3; 16], soon).former, new.former, "renewed twice, the one in use is good");
        assert_eq!(sealer.renewed(&new, [3; 16], later).former.map(|(salt, _)| salt), Some([2; 16]));
        let other = Sealer::new(b"another").renewed(&old, [2; 16], now);
        assert_eq!(other.former, None, "what another key made cannot be signed with");
    }
}
