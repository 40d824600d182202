//! Golden hashes, and the bounds of the pool.

use crate::domain::user::Password;
use crate::service::cpu::Cpu;

use super::{Hasher, PasswordError, Scheme};

/// Small, to be quick; the golden hashes carry parameters of their own.
const SMALL: Scheme = Scheme::Argon2id { memory_kib: 64, passes: 1, lanes: 1 };

fn password(text: &str) -> Password {
    Password::parse(text).expect("4 to 13 characters")
}

fn hasher(scheme: Scheme) -> Hasher {
    Hasher::new(scheme, Cpu::new(1, 32)).expect("good parameters")
}

/// Password and stored hash. The Argon2 ones are the reference implementation's own test vectors; the MD5 ones were computed with
/// Python's hashlib.
const GOLDEN: [(&str, &str); 6] = [
    ("password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
    ("password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
    ("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
    ("teller-demo", "$md5-salted$aB3x$7f0ed6c7067d6ac49262d265286bb522"),
    ("hunter22", "$md5-salted$0000$1e8f7a13f28b5ecfd2a15c43a1cf8fdd"),
    ("pass$x", "$md5-salted$a$b$$aab2ccf12d2d2aaace1776be85216854"),
];

#[tokio::test]
async fn golden_hashes_of_both_schemes_verify_whatever_is_configured() {
    for scheme in [SMALL, Scheme::Md5Salted] {
        let hasher = hasher(scheme);
        for (right, stored) in GOLDEN {
            assert_eq!(hasher.verify(password(right), stored.into()).await, Ok(true), "{stored}");
            assert_eq!(hasher.verify(password("something"), stored.into()).await, Ok(false), "{stored}");
        }
    }
}

#[tokio::test]
async fn a_hash_verifies_its_password_and_differs_each_time() {
    for (scheme, begins) in [(SMALL, "$argon2id$v=19$m=64,t=1,p=1$"), (Scheme::Md5Salted, "$md5-salted$")] {
        let hasher = hasher(scheme);
        let one = hasher.hash(password("hunter22")).await.expect("hashed");
        let two = hasher.hash(password("hunter22")).await.expect("hashed");
        assert!(one.starts_with(begins), "{one}");
        assert_ne!(one, two, "a fresh salt each time");
        assert_eq!(hasher.verify(password("hunter22"), one.clone()).await, Ok(true));
        assert_eq!(hasher.verify(password("hunter23"), one).await, Ok(false));
    }
}

/// Salts of old tables with the digest of `teller-demo`, computed with Python's hashlib.
const OLD: [(&str, &str); 2] =
    [("aB3x", "7f0ed6c7067d6ac49262d265286bb522"), ("sälty$$ salt", "1fcfd443e5dfda9c11160a359a6fe68c")];

#[tokio::test]
async fn an_old_digest_is_kept_under_argon2id_and_still_lets_its_password_in() {
    let hasher = hasher(SMALL);
    for (salt, digest) in OLD {
        let stored = hasher.wrap(salt.into(), digest.into()).await.expect("wrapped");
        assert!(!stored.contains(digest) && stored.contains("$v=19$m=64,t=1,p=1$"), "{stored}");
        assert_eq!(hasher.verify(password("teller-demo"), stored.clone()).await, Ok(true), "{stored}");
        assert_eq!(hasher.verify(password("teller-dem0"), stored.clone()).await, Ok(false), "{stored}");
        // Nothing but Argon2id of the digest: whoever knows the digest, and not the password, is not let in by it.
        assert_eq!(hasher.verify(password(digest), stored.clone()).await, Ok(false), "{stored}");
        let inner = stored.replace(&format!("$md5-salted+argon2id${}", hex::encode(salt)), "$argon2id");
        assert_eq!(hasher.verify(password(digest), inner).await, Ok(true), "{stored}");
    }
}

#[tokio::test]
async fn what_is_no_digest_is_not_wrapped() {
    let long = "s".repeat(33);
    let digest = OLD[0].1;
    for scheme in [SMALL, Scheme::Md5Salted] {
        for (salt, digest) in [("aB3x", "7f0e"), ("aB3x", &digest.to_uppercase()), ("aB3x", ""), (&long, digest)] {
            let refused = hasher(scheme).wrap(salt.into(), digest.into()).await;
            assert_eq!(refused, Err(PasswordError::Malformed), "{salt} {digest}");
        }
    }
    let kept = hasher(Scheme::Md5Salted).wrap("aB3x".into(), digest.into()).await;
    assert_eq!(kept.as_deref(), Ok(GOLDEN[3].1));
}

#[tokio::test]
async fn a_hash_is_outdated_if_it_is_not_made_as_new_ones_are() {
    let hasher = hasher(SMALL);
    let fresh = hasher.hash(password("hunter22")).await.expect("hashed");
    let wrapped = hasher.wrap(OLD[0].0.into(), OLD[0].1.into()).await.expect("wrapped");
    let others = [
        fresh.replace("m=64", "m=65"),
        fresh.replace("t=1", "t=2"),
        fresh.replace("p=1", "p=2"),
        fresh.replace("v=19", "v=16"),
        GOLDEN[3].1.to_owned(),
        wrapped,
    ];
    assert!(!hasher.is_outdated(&fresh));
    for other in others {
        assert!(hasher.is_outdated(&other), "{other}");
        assert!(!self::hasher(Scheme::Md5Salted).is_outdated(&other), "{other}");
    }
}

#[tokio::test]
async fn what_is_no_stored_hash_is_an_error_and_not_a_wrong_password() {
    let hasher = hasher(SMALL);
    for stored in [
        "",
        "plain",
        "$md5-salted$",
        "$md5-salted$abc$7f0ed6c7067d6ac49262d265286bb522",
        "$md5-salted$aB3x$7F0ED6C7067D6AC49262D265286BB522",
        "$md5-salted$aB3x$7f0e",
        "$argon2id$",
        "$md5-salted+argon2id$",
        "$md5-salted+argon2id$61423378$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        "$md5-salted+argon2id$6x$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ] {
        assert_eq!(hasher.verify(password("hunter22"), stored.into()).await, Err(PasswordError::Malformed), "{stored}");
    }
}

#[tokio::test]
async fn a_full_pool_refuses_at_once_and_md5_salted_needs_no_place_in_it() {
    let full = Cpu::new(1, 0);
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, running) = tokio::sync::oneshot::channel();
    let busy = full.clone();
    let job = tokio::spawn(async move {
        busy.run(move || {
            begun.send(()).expect("the test waits");
            held.recv().is_ok()
        })
        .await
    });
    running.await.expect("the job runs");
    let hasher = Hasher::new(SMALL, full).expect("good parameters");
    let argon2 = GOLDEN[0];
    assert_eq!(hasher.verify(password(argon2.0), argon2.1.into()).await, Err(PasswordError::Busy));
    assert_eq!(hasher.hash(password("hunter22")).await, Err(PasswordError::Busy));
    assert_eq!(hasher.hash_if_idle(password("hunter22")).await, Err(PasswordError::Busy));
    let md5 = GOLDEN[3];
    assert_eq!(hasher.verify(password(md5.0), md5.1.into()).await, Ok(true));
    release.send(()).expect("the job waits");
    assert_eq!(job.await.expect("no panic"), Ok(true));
}

#[test]
fn parameters_that_argon2_does_not_take_are_refused_at_the_start() {
    for (memory_kib, passes, lanes) in [(7, 1, 1), (64, 0, 1), (64, 1, 0)] {
        let scheme = Scheme::Argon2id { memory_kib, passes, lanes };
        assert_eq!(Hasher::new(scheme, Cpu::new(1, 1)).err(), Some(PasswordError::Failed), "{scheme:?}");
    }
}
