//! The fuzz target `signature`, run by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::signature::enter(data));
