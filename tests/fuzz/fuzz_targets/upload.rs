//! The fuzz target `upload`, run by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::upload::enter(data));
