//! Frames out of any bytes, in any cuts.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| teller_rpc::fuzz::frames(input));
