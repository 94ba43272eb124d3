//! The fuzz target `stream`, run by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::stream::enter(data));
