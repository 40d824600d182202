//! Any commands in any batches, against the model.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| teller::ledger::trial::play(input));
