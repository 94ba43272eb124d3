//! The fuzz target `cursor`, run by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::cursor::enter(data));
