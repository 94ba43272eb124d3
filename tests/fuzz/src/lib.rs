//! The doors: every parser that meets the outside, entered with whatever a fuzzer thinks of.
//!
//! A door is a module with one function `enter`, which panics when a promise is broken: whoever sends it, no input may
//! crash a function, pass an unsigned message, or be understood in two ways. `cargo doors` fuzzes them all; `cargo test`
//! enters them with everything in `corpus/` and `crashes/`, a folder a door.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a door that cannot be set up has failed"
)]

pub mod cloud;
pub mod cursor;
pub mod jpeg;
pub mod order;
pub mod picture;
pub mod signature;
pub mod stream;
pub mod upload;
pub mod webhook;

/// What enters a door with an input.
pub type Enter = fn(&[u8]);

/// Each door by the name of its folders and of its target.
pub const DOORS: [(&str, Enter); 8] = [
    ("cursor", cursor::enter),
    ("jpeg", jpeg::enter),
    ("order", order::enter),
    ("picture", picture::enter),
    ("signature", signature::enter),
    ("stream", stream::enter),
    ("upload", upload::enter),
    ("webhook", webhook::enter),
];
