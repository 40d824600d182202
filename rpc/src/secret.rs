//! [`Secret`]: what both ends of a connection share, and the keyed proofs made with it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The shortest secret accepted, in bytes.
pub const MIN_SECRET_BYTES: usize = 16;
/// Bytes of a proof.
pub(crate) const PROOF_BYTES: usize = 32;

/// Bytes known to both ends and to nobody else. Wiped on drop, never shown.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// The secret is under [`MIN_SECRET_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret needs at least {MIN_SECRET_BYTES} bytes")]
pub struct SecretTooShort;

/// Who proves. It is part of what is proven, so that neither side's proof can be sent back to it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Client,
    Server,
}

impl Secret {
    /// Takes over `bytes`.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SecretTooShort> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(SecretTooShort);
        }
        Ok(Self(bytes))
    }

    /// HMAC-SHA-256 over the role and both greetings as they were sent: fresh nonces of both sides are in them, so a
    /// proof is worth nothing on another connection, and no limit or version in them can be altered.
    pub(crate) fn prove(&self, role: Role, hello: &[u8], challenge: &[u8]) -> [u8; PROOF_BYTES] {
        let label: &[u8] = match role {
            Role::Client => b"teller-rpc/1 client",
            Role::Server => b"teller-rpc/1 server",
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(label);
        mac.update(hello);
        mac.update(challenge);
        mac.finalize().into_bytes().into()
    }

    /// Whether `proof` is the one that `role` owes, in time that does not depend on where it differs.
    pub(crate) fn accepts(&self, role: Role, hello: &[u8], challenge: &[u8], proof: &[u8]) -> bool {
        self.prove(role, hello, challenge).ct_eq(proof).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Role, Secret, SecretTooShort};

    #[test]
    fn a_short_secret_is_refused_and_no_secret_is_shown() {
        assert_eq!(Secret::new([7; 15]).err(), Some(SecretTooShort));
        let secret = Secret::new(*b"very secret bytes").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn a_proof_holds_for_its_role_its_greetings_and_its_secret_only() {
        let secret = Secret::new([1; 16]).unwrap();
        let proof = secret.prove(Role::Client, b"hello", b"challenge");
        assert!(secret.accepts(Role::Client, b"hello", b"challenge", &proof));
        assert!(!secret.accepts(Role::Server, b"hello", b"challenge", &proof));
        assert!(!secret.accepts(Role::Client, b"hellO", b"challenge", &proof));
        assert!(!secret.accepts(Role::Client, b"hello", b"challengE", &proof));
        assert!(!secret.accepts(Role::Client, b"hello", b"challenge", &proof[..31]));
        assert!(!secret.accepts(Role::Client, b"hello", b"challenge", b""));
        assert!(!Secret::new([2; 16]).unwrap().accepts(Role::Client, b"hello", b"challenge", &proof));
    }

    #[test]
    fn the_proofs_are_those_that_the_protocol_page_shows() {
        let secret = Secret::new(*b"0123456789abcdef").unwrap();
        for (role, shown) in [
            (Role::Client, "73ec8561f16ce33bc583f11e3438f949d119b66049cf1dabbf68b331ea8ea5a1"),
            (Role::Server, "51d78269775863eb634e68af7a4962100c6c93078358eef2cd003f1ae3e35a2c"),
        ] {
            let proof = secret.prove(role, &[0; 52], &[1; 52]);
            let hex: String = proof.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, shown, "{role:?}");
        }
    }
}
