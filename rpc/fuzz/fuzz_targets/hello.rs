//! Both parts of the hello against any peer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| teller_rpc::fuzz::hello(input));
