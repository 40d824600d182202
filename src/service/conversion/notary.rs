//! Quotes that are known again without having been kept.
//!
//! A quote is `cq_` and, signed as [`signed`] has it: user (8 bytes), expiry (8, microseconds), 16 random bytes, both currencies (3 each), what is
//! sold, bought and taken as fee, and the rate's two parts (16 each).

use crate::domain::asset::Asset;
use crate::domain::conversion::{QuoteToken, Rate};
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::token::{Keys, signed};

/// For which of all uses of a key another one is made from it.
const PURPOSE: &[u8] = b"teller conversion quote 1";
/// What a quote begins with.
const PREFIX: &str = "cq_";
const BODY: usize = 8 + 8 + 16 + 3 + 3 + 5 * 16;

/// Signs quotes, and knows its own. Cloned cheaply; never printed.
#[derive(Clone)]
pub struct Notary {
    keys: Keys,
}

/// What a quote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who may convert with it.
    pub user: UserId,
    /// Until when.
    pub expires_at: Timestamp,
    /// What is sold.
    pub from: Asset,
    /// What is bought.
    pub to: Asset,
    /// How much is sold.
    pub sold: Amount,
    /// How much is bought.
    pub bought: Amount,
    /// What it costs besides, in what is sold; zero for nothing.
    pub fee: Amount,
    /// At which rate.
    pub rate: Rate,
}

impl Notary {
    /// Quotes under the `keys` that all backends share.
    pub fn new(keys: Keys) -> Self {
        Self { keys }
    }

    /// A quote of these terms. `random` must be: two conversions of the same terms would else be one. None, if no key signs at the moment.
    pub fn sign(&self, terms: &Terms, random: [u8; 16]) -> Option<QuoteToken> {
        let mut bytes = Vec::with_capacity(BODY);
        bytes.extend_from_slice(&terms.user.0.to_be_bytes());
        bytes.extend_from_slice(&terms.expires_at.0.to_be_bytes());
        bytes.extend_from_slice(&random);
        bytes.extend_from_slice(terms.from.code().as_bytes());
        bytes.extend_from_slice(terms.to.code().as_bytes());
        for amount in [terms.sold, terms.bought, terms.fee, terms.rate.numerator(), terms.rate.denominator()] {
            bytes.extend_from_slice(&amount.minor().to_be_bytes());
        }
        let text = format!("{PREFIX}{}", signed::sign(&self.keys, PURPOSE, &bytes)?);
        Some(QuoteToken::parse(text).expect("base64 is visible ASCII, and short"))
    }

    /// What a quote says; nothing, if it was not signed here or is not as it was signed.
    pub fn read(&self, token: &QuoteToken) -> Option<Terms> {
        let encoded = token.as_str().strip_prefix(PREFIX)?;
        let body: [u8; BODY] = signed::open(&self.keys, PURPOSE, encoded)?;
        let mut rest = &body[..];
        let mut take = |length| {
            let (part, after) = rest.split_at(length);
            rest = after;
            part
        };
        let user = UserId(u64::from_be_bytes(take(8).try_into().ok()?));
        let expires_at = Timestamp(i64::from_be_bytes(take(8).try_into().ok()?));
        take(16);
        let mut asset = || Asset::parse(std::str::from_utf8(take(Asset::CODE_BYTES)).ok()?).ok();
        let (from, to) = (asset()?, asset()?);
        let mut amount = || Amount::new(i128::from_be_bytes(take(16).try_into().ok()?)).ok();
        let (sold, bought, fee) = (amount()?, amount()?, amount()?);
        let rate = Rate::new(amount()?, amount()?).ok()?;
        Some(Terms { user, expires_at, from, to, sold, bought, fee, rate })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Notary, Terms};
    use crate::domain::asset::Asset;
    use crate::domain::conversion::{QuoteToken, Rate};
    use crate::domain::money::Amount;
    use crate::domain::time::Timestamp;
    use crate::domain::user::UserId;
    use crate::token::{Format, Keys, Lifetime, Ring};

    fn notary(key: u8) -> Notary {
        let digits = format!("{key:02x}");
        let since = "2025-01-01T00:00:00Z";
        let line = format!("{} paseto {since} {since} {}\n", digits.repeat(8), digits.repeat(32));
        let clock = || Timestamp(1_760_000_000_000_000);
        let lifetime = Lifetime { format: Format::Paseto, ttl: Duration::from_secs(900), clock };
        Notary::new(Keys::new("token.keys".into(), Ring::parse(&line).expect("keys"), lifetime))
    }

    fn terms(sold: i128) -> Terms {
        let amount = |minor| Amount::new(minor).expect("38 digits");
        Terms {
            user: UserId(3),
            expires_at: Timestamp(1_760_000_000_000_000),
            from: Asset::parse("CNY").expect("a currency"),
            to: Asset::parse("USD").expect("a currency"),
            sold: amount(sold),
            bought: amount(1),
            fee: Amount::ZERO,
            rate: Rate::new(amount(7), amount(50)).expect("a rate"),
        }
    }

    #[test]
    fn a_quote_says_what_it_was_signed_for_and_no_two_are_the_same() {
        for terms in [terms(1), terms(Amount::MAX.minor())] {
            let quote = notary(1).sign(&terms, [7; 16]).expect("a key");
            assert_eq!(quote.as_str().len(), 3 + 211);
            assert_eq!(notary(1).read(&quote), Some(terms));
            assert_ne!(notary(1).sign(&terms, [8; 16]), Some(quote));
        }
    }

    #[test]
    fn a_quote_with_one_character_changed_or_of_another_key_says_nothing() {
        let quote = notary(1).sign(&terms(100), [7; 16]).expect("a key");
        assert_eq!(notary(2).read(&quote), None);
        let text = quote.as_str();
        for place in 0..text.len() {
            for other in ['A', 'B', '_', '='] {
                let mut changed = text.to_owned();
                changed.replace_range(place..=place, &other.to_string());
                let changed = QuoteToken::parse(changed).expect("visible ASCII");
                assert_eq!(notary(1).read(&changed), (changed == quote).then_some(terms(100)), "{place}");
            }
        }
        for wrong in ["x", "cq_", &text[..text.len() - 1], &format!("{text}A")] {
            assert_eq!(notary(1).read(&QuoteToken::parse(wrong).expect("visible ASCII")), None, "{wrong}");
        }
    }
}
