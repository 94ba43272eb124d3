//! The only module with `unsafe`: SIMD instructions, and calls to libwebp. Everything that it exports is safe to use.
#![allow(unsafe_code)]

pub mod libwebp;
pub mod simd;
