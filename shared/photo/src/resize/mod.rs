//! Lanczos3 resizing of planes in 16-bit fixed point, strip by strip.
pub mod filter;
pub mod level;
pub mod rows;
