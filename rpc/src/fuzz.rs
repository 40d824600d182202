//! What the fuzz targets run, and what holds for any bytes whatsoever. Compiled for `fuzz/` (`--cfg fuzzing`) and for
//! the tests below, which throw mutations of good input at the same functions on every test run.

use std::{
    collections::BTreeMap,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::BytesMut;
use serde::{Deserialize, Serialize};
use tokio::io::{join, sink};

use crate::{
    codec::{CodecError, Message},
    frame::{self, FLAG_TRACE, HEADER_BYTES, Kind, RequestHead},
    greeting::Greeting,
    hello::{self, Agreed, HelloError},
    secret::Secret,
    table::Table,
};

const MAX_BODY: usize = 4096;

/// A message with every shape that the codec knows.
#[derive(Debug, Deserialize, Serialize)]
struct Everything {
    flag: bool,
    letter: char,
    small: (u8, i8, u16, i16),
    wide: (u32, i32, u64, i64, u128, i128),
    real: (f32, f64),
    text: String,
    bytes: Vec<u8>,
    lists: Vec<Vec<u32>>,
    map: BTreeMap<String, Option<u64>>,
    result: Result<[u8; 4], String>,
    choice: Vec<Choice>,
}

#[derive(Debug, Deserialize, Serialize)]
enum Choice {
    Nothing,
    Text(String),
    Pair(i64, Box<str>),
    Named { id: u64, rest: Option<Box<Everything>> },
}

/// Reads `input` as a stream that arrives in pieces: its first byte says how large they are.
///
/// # Panics
/// If what was read as frames is not, written again, what was read, or a body is over the limit.
pub fn frames(input: &[u8]) {
    let Some((step, stream)) = input.split_first() else {
        return;
    };
    let (mut buffer, mut consumed) = (BytesMut::new(), 0);
    for piece in stream.chunks(usize::from(*step) + 1) {
        buffer.extend_from_slice(piece);
        loop {
            let taken = match frame::take(&mut buffer, MAX_BODY) {
                Ok(Some(taken)) => taken,
                Ok(None) => break,
                Err(_) => return,
            };
            assert!(taken.body.len() <= MAX_BODY);
            let mut again = vec![];
            frame::put(&mut again, taken.kind, taken.flags, taken.code, taken.id, &taken.body);
            assert_eq!(again, stream[consumed..consumed + again.len()]);
            consumed += again.len();
            if taken.kind == Kind::Request {
                head(taken.flags, &taken.body);
            }
        }
        assert!(buffer.len() < HEADER_BYTES + MAX_BODY, "a whole frame was left");
    }
}

fn head(flags: u8, body: &bytes::Bytes) {
    let mut payload = body.clone();
    if let Ok(head) = RequestHead::take(&mut payload, flags) {
        assert_eq!(head.flags(), flags & FLAG_TRACE);
        let mut again = vec![];
        head.put(&mut again);
        assert_eq!(again, body[..body.len() - payload.len()]);
    }
}

/// Decodes `input` as messages of several types.
///
/// # Panics
/// If a message that was decoded is not the same after it was encoded and decoded again.
pub fn payload(input: &[u8]) {
    survives::<Everything>(input);
    survives::<Vec<Choice>>(input);
    survives::<(String, Vec<u8>)>(input);
    survives::<BTreeMap<u128, Vec<String>>>(input);
    if let Ok(table) = Table::from_wire(bytes::Bytes::copy_from_slice(input)) {
        assert_eq!(Table::from_wire(table.to_wire().into()), Ok(table));
    }
}

fn survives<T: Message>(input: &[u8]) {
    let Ok(value) = T::decode(input) else {
        return;
    };
    let encode = |value: &T| -> Result<Vec<u8>, CodecError> {
        let mut out = vec![];
        value.encode(&mut out)?;
        Ok(out)
    };
    let once = encode(&value).expect("what was decoded can be encoded");
    let twice = T::decode(&once).and_then(|value| encode(&value)).expect("what was encoded can be decoded");
    assert_eq!(once, twice);
}

/// Plays both parts of the hello against a peer that sends `input`, whatever it is told.
///
/// # Panics
/// If a side accepts a peer that has not sent a good proof.
pub fn hello(input: &[u8]) {
    let mut server = join(input, sink());
    if let Ok(agreed) = at_once(hello::accept(&mut server, &secret(), greeting(), b"\0\0")) {
        assert!(input.len() >= 2 * HEADER_BYTES + 84, "HELLO and PROOF are longer");
        assert!(agreed.max_in_flight >= 1 && agreed.peer_max_frame >= 64);
    }
    let mut client = join(input, sink());
    if let Ok(agreed) = at_once(hello::connect(&mut client, &secret(), greeting())) {
        assert!(input.len() >= 2 * HEADER_BYTES + 86, "CHALLENGE and WELCOME are longer");
        assert!(agreed.max_in_flight >= 1 && agreed.peer_max_frame >= 64);
    }
}

/// With fixed nonces, so that good transcripts exist to begin from.
fn greeting() -> Greeting {
    Greeting { nonce: [7; 32], ..Greeting::new(MAX_BODY, 16) }
}

fn secret() -> Secret {
    Secret::new(*b"sixteen bytes ok").expect("these are sixteen")
}

/// The outcome of a future that never waits.
fn at_once(hello: impl Future<Output = Result<Agreed, HelloError>>) -> Result<Agreed, HelloError> {
    match pin!(hello).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("bytes in memory are never waited for"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{fs, path::Path, time::Instant};

    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    use super::{Everything, Message, at_once, frames, greeting, hello, join, payload, secret, sink};

    /// Mutants of each seed. The fuzzer runs a million times as many; these keep what it found from coming back.
    const MUTANTS: u64 = 1500;

    fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
        let mut seeds: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty());
        seeds
    }

    fn seed(target: &str, name: &str) -> Vec<u8> {
        seeds(target).into_iter().find(|seed| seed.0 == name).unwrap().1
    }

    /// A few bytes or bits changed, put in, left out, doubled or cut off; lengths and limits more often than chance.
    fn mutate(bytes: &mut Vec<u8>, random: &mut SmallRng) {
        for _ in 0..random.random_range(1..5) {
            let at = random.random_range(0..=bytes.len());
            match random.random_range(0..7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
                1 if at < bytes.len() => bytes[at] = random.random(),
                2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff][at % 9],
                3 => bytes.insert(at, random.random()),
                4 if at < bytes.len() => drop(bytes.remove(at)),
                5 => bytes.truncate(at),
                _ => {
                    let tail = bytes[at..].to_vec();
                    bytes.extend(tail);
                }
            }
        }
    }

    fn mutants_of(target: &str, run: fn(&[u8])) {
        for (name, seed) in seeds(target) {
            run(&seed);
            for number in 0..MUTANTS {
                let mut bytes = seed.clone();
                mutate(&mut bytes, &mut SmallRng::seed_from_u64(number));
                let result = std::panic::catch_unwind(|| run(&bytes));
                assert!(result.is_ok(), "seed {name}, mutant {number}: {bytes:02x?}");
            }
        }
    }

    #[test]
    fn frames_out_of_mutated_bytes_are_what_was_sent_or_refused() {
        mutants_of("frame", frames);
    }

    #[test]
    fn payloads_of_mutated_bytes_are_messages_or_refused() {
        mutants_of("payload", payload);
    }

    #[test]
    fn a_mutated_hello_is_refused_or_was_proven() {
        mutants_of("hello", hello);
    }

    #[test]
    fn no_mutant_of_a_payload_takes_long() {
        let good = seed("payload", "everything_nested");
        let start = Instant::now();
        for at in 0..good.len() {
            for byte in [0xfb, 0xfc, 0xfd, 0xfe] {
                let mut bytes = good.clone();
                bytes[at] = byte;
                bytes.resize(4096, 0xff);
                payload(&bytes);
            }
        }
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn the_seeds_reach_what_they_are_named_after() {
        for (name, good) in [("server_accepts", true), ("server_refuses_proof", false)] {
            let bytes = seed("hello", name);
            let mut stream = join(&bytes[..], sink());
            let outcome = at_once(super::hello::accept(&mut stream, &secret(), greeting(), b"\0\0"));
            assert_eq!(outcome.is_ok(), good, "{name}: {outcome:?}");
        }
        for (name, good) in [("client_accepts", true), ("client_refuses_proof", false)] {
            let bytes = seed("hello", name);
            let mut stream = join(&bytes[..], sink());
            let outcome = at_once(super::hello::connect(&mut stream, &secret(), greeting()));
            assert_eq!(outcome.is_ok(), good, "{name}: {outcome:?}");
        }
        Everything::decode(&seed("payload", "everything")).unwrap();
        Everything::decode(&seed("payload", "everything_nested")).unwrap();
    }

    #[test]
    fn a_single_changed_bit_of_a_proven_hello_is_refused() {
        let (server, client) = (seed("hello", "server_accepts"), seed("hello", "client_accepts"));
        for at in 0..server.len() * 8 {
            let mut bytes = server.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            let mut stream = join(&bytes[..], sink());
            let outcome = at_once(super::hello::accept(&mut stream, &secret(), greeting(), b"\0\0"));
            // `code` and `id` of a frame are not looked at here, as the protocol says.
            let ignored = [6, 7, 8, 9, 10, 11, 70, 71, 72, 73, 74, 75].contains(&(at / 8));
            assert_eq!(outcome.is_ok(), ignored, "bit {at}");
        }
        let proof_end = 64 + 12 + 32;
        for at in (12 * 8..64 * 8).chain(76 * 8..proof_end * 8) {
            let mut bytes = client.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            let mut stream = join(&bytes[..], sink());
            assert!(at_once(super::hello::connect(&mut stream, &secret(), greeting())).is_err(), "bit {at}");
        }
    }
}
