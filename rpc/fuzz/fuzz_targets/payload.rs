//! Messages out of any payload.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| teller_rpc::fuzz::payload(input));
