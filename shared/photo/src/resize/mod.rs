//! The pyramid of sizes: planar Lanczos3 in 16-bit fixed point, strip by strip.
pub mod filter;
pub mod level;
pub mod rows;
