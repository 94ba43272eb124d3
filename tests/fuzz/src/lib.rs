//! Fuzz targets: one for every parser that reads external input.
//!
//! A target is a module with a function `enter` that panics if an input crashes a function, passes without a required
//! signature, or can be understood in two ways. `cargo fuzz-targets` fuzzes all targets; `cargo test` runs each with
//! its inputs in `corpus/` and `crashes/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a target that cannot be set up has failed"
)]

pub mod cloud;
pub mod cursor;
pub mod jpeg;
pub mod order;
pub mod picture;
pub mod query;
pub mod request;
pub mod rows;
pub mod signature;
pub mod stream;
pub mod upload;
pub mod webhook;

/// The function that runs a target with an input.
pub type Enter = fn(&[u8]);

/// Each target's function by its name, which is also the name of its binary and its folders.
pub const FUZZ_TARGETS: [(&str, Enter); 11] = [
    ("cursor", cursor::enter),
    ("jpeg", jpeg::enter),
    ("order", order::enter),
    ("picture", picture::enter),
    ("query", query::enter),
    ("request", request::enter),
    ("rows", rows::enter),
    ("signature", signature::enter),
    ("stream", stream::enter),
    ("upload", upload::enter),
    ("webhook", webhook::enter),
];
