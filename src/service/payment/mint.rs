//! Payment tokens: made here, and known again without having been kept.
//!
//! A token is `pt_` and, signed as [`signed`] has it: user (8 bytes), expiry (8, microseconds), 16 random bytes, whether an amount is given (1) and
//! that (16). What is changed in it, or made without the key, is refused before anything is looked up.

use crate::domain::invalid::Invalid;
use crate::domain::money::Amount;
use crate::domain::payment::PaymentToken;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::token::{Keys, signed};

/// What a token of ours begins with.
const PREFIX: &str = "pt_";
/// For which of all uses of a key another one is made from it.
const PURPOSE: &[u8] = b"teller payment token 1";
const BODY: usize = 8 + 8 + 16 + 1 + 16;

/// Makes tokens, and knows its own. Cloned cheaply; never printed.
#[derive(Clone)]
pub struct Mint {
    keys: Keys,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Who may pay with it.
    pub user: UserId,
    /// Until when a payment may begin.
    pub expires_at: Timestamp,
    /// How much, if that was said.
    pub amount: Option<Amount>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of ours.
    Issued(Bound),
    /// A client's own, which is bound to nothing.
    Own,
}

impl Mint {
    /// Tokens of the `keys` that all backends share.
    pub fn new(keys: Keys) -> Self {
        Self { keys }
    }

    /// What they are made with.
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// A token that is good for `bound`. `random` must be: two payments of the same would else be one. None, if no key signs at the moment.
    pub fn issue(&self, bound: &Bound, random: [u8; 16]) -> Option<PaymentToken> {
        let mut body = Vec::with_capacity(BODY);
        body.extend_from_slice(&bound.user.0.to_be_bytes());
        body.extend_from_slice(&bound.expires_at.0.to_be_bytes());
        body.extend_from_slice(&random);
        body.push(bound.amount.is_some().into());
        body.extend_from_slice(&bound.amount.unwrap_or_default().minor().to_be_bytes());
        let text = format!("{PREFIX}{}", signed::sign(&self.keys, PURPOSE, &body)?);
        Some(PaymentToken::parse(text).expect("base64 is visible ASCII, and short"))
    }

    /// What a token is, and how it is written: a UUID may be in either case, with hyphens and without.
    ///
    /// # Errors
    ///
    /// Names `idempotent_token`: neither ours nor, where those are accepted, a UUID.
    pub fn read(&self, token: &PaymentToken, accept_own: bool) -> Result<(PaymentToken, Kind), Invalid> {
        let invalid = |rule: &'static str| Invalid::new("idempotent_token", rule);
        if let Some(encoded) = token.as_str().strip_prefix(PREFIX) {
            let bound = self.open(encoded).ok_or_else(|| invalid("must be a token as it was issued"))?;
            return Ok((token.clone(), Kind::Issued(bound)));
        }
        if !accept_own {
            return Err(invalid("must be a token that was issued by POST /payment/token"));
        }
        let own = uuid::Uuid::try_parse(token.as_str())
            .map_err(|_| invalid("must be a token that was issued by POST /payment/token, or a UUID"))?;
        let plain = PaymentToken::parse(own.hyphenated().to_string()).expect("hex and hyphens");
        Ok((plain, Kind::Own))
    }

    fn open(&self, encoded: &str) -> Option<Bound> {
        let body: [u8; BODY] = signed::open(&self.keys, PURPOSE, encoded)?;
        let (user, body) = body.split_at(8);
        let (expiry, body) = body.split_at(8);
        let (has_amount, amount) = body[16..].split_at(1);
        let amount = Amount::new(i128::from_be_bytes(amount.try_into().ok()?)).ok()?;
        Some(Bound {
            user: UserId(u64::from_be_bytes(user.try_into().ok()?)),
            expires_at: Timestamp(i64::from_be_bytes(expiry.try_into().ok()?)),
            amount: (has_amount == [1]).then_some(amount),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bound, Kind, Mint};
    use crate::domain::money::Amount;
    use crate::domain::payment::PaymentToken;
    use crate::domain::time::Timestamp;
    use crate::domain::user::UserId;
    use crate::token::{Format, Keys, Lifetime, Ring};

    const OLD: &str = "0123456789abcdef paseto 2025-01-01T00:00:00Z 2025-01-01T00:00:00Z \
        000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    const NEW: &str = "fedcba9876543210 paseto 2025-02-01T00:00:00Z 2025-02-01T00:00:00Z \
        ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n";

    fn mint_of(keys: &str) -> Mint {
        let clock = || Timestamp(1_760_000_000_000_000);
        let lifetime = Lifetime { format: Format::Paseto, ttl: Duration::from_secs(900), clock };
        Mint::new(Keys::new("token.keys".into(), Ring::parse(keys).expect("keys"), lifetime))
    }

    fn bound(amount: Option<i128>) -> Bound {
        let amount = amount.map(|minor| Amount::new(minor).expect("small"));
        Bound { user: UserId(3), expires_at: Timestamp(1_760_000_000_000_000), amount }
    }

    fn token(text: &str) -> PaymentToken {
        PaymentToken::parse(text).expect("visible ASCII")
    }

    #[test]
    fn a_token_says_what_it_was_issued_for() {
        let mint = mint_of(OLD);
        for bound in [bound(None), bound(Some(0)), bound(Some(1000)), bound(Some(Amount::MAX.minor()))] {
            let issued = mint.issue(&bound, [7; 16]).expect("a key");
            assert_eq!(issued.as_str().len(), 122);
            assert_eq!(mint.read(&issued, false), Ok((issued.clone(), Kind::Issued(bound))));
            assert_ne!(mint.issue(&bound, [8; 16]), Some(issued));
        }
    }

    #[test]
    fn a_token_with_one_bit_changed_or_of_another_key_is_refused() {
        let mint = mint_of(OLD);
        let issued = mint.issue(&bound(Some(1000)), [7; 16]).expect("a key");
        assert!(mint_of(NEW).read(&issued, true).is_err());
        let text = issued.as_str();
        for place in 3..text.len() {
            for other in ['A', 'B', '_', '='] {
                let mut changed = text.to_owned();
                changed.replace_range(place..=place, &other.to_string());
                if changed != text {
                    assert!(mint.read(&token(&changed), true).is_err(), "{changed}");
                }
            }
        }
        for wrong in ["pt_", &text[..text.len() - 1], &format!("{text}A"), &text.to_uppercase()] {
            let refused = mint.read(&token(wrong), true).expect_err(wrong);
            assert_eq!(refused.field, "idempotent_token");
        }
    }

    /// Computed apart: HMAC-SHA-256(HMAC-SHA-256(secret, "teller payment token 1"), body).
    #[test]
    fn a_token_follows_from_its_key_as_it_is_written_down() {
        let issued = mint_of(OLD).issue(&bound(Some(1000)), [7; 16]).expect("a key");
        assert_eq!(
            issued.as_str(),
            "pt_ASNFZ4mrze8AAAAAAAAAAwAGQLXuzgAABwcHBwcHBwcHBwcHBwcHBwEAAAAAAAAAAAAAAAAAAAPobd5nHsonAu4E1siRFKe_h3L5aJjmzRPOjKQpLr_K7KQ"
        );
    }

    #[test]
    fn a_key_that_was_relieved_still_knows_its_tokens_and_makes_no_more() {
        let old = mint_of(OLD).issue(&bound(None), [7; 16]).expect("a key");
        let both = mint_of(&format!("{OLD}{NEW}"));
        assert_eq!(both.read(&old, false), Ok((old.clone(), Kind::Issued(bound(None)))));
        let new = both.issue(&bound(None), [7; 16]).expect("a key");
        assert!(mint_of(NEW).read(&new, false).is_ok() && mint_of(OLD).read(&new, false).is_err());
        assert!(mint_of(NEW).read(&old, false).is_err(), "once it is gone");
    }

    #[test]
    fn a_uuid_is_taken_where_it_may_be_and_is_the_same_however_it_is_written() {
        let mint = mint_of(OLD);
        let plain = token("018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e");
        for text in [
            "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e",
            "018F4E5C-7A3B-7C21-9D10-0B5F6A7C8D9E",
            "018f4e5c7a3b7c219d100b5f6a7c8d9e",
        ] {
            assert_eq!(mint.read(&token(text), true), Ok((plain.clone(), Kind::Own)), "{text}");
            assert!(mint.read(&token(text), false).is_err(), "{text}");
        }
        for text in ["x", "order-1", "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9"] {
            assert!(mint.read(&token(text), true).is_err(), "{text}");
        }
    }
}
