//! What cannot be said in safe Rust: instruction sets, and libwebp's C. The one module with `unsafe`; all that it offers is safe.
#![allow(unsafe_code)]

pub mod libwebp;
pub mod simd;
