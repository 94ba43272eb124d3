//! The fuzz target `webhook`, run by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::webhook::enter(data));
