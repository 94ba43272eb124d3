//! The fuzz target `jpeg`, run by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::jpeg::enter(data));
