//! A rush on a coupon: many customers claim it, each twice, until all requests are answered.
//!
//! The requests come at random moments of two seconds, and wait in a line until a function is free. The two requests of a
//! customer are those of two devices, or a retry: both get the same claim, or none.

mod crowd;
mod ours;

pub use crowd::{Answer, Issuer, Rush, Sale, claim_all};
pub use ours::{Run, run};

/// Seeds the random numbers of a rush: all runs have the same requests.
pub const SEED: u64 = 7;
