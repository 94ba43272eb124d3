//! The benchmarks' library: release binaries, a minimal Lambda Runtime API, a separate engine, and reports.
//!
//! A benchmark fails on a wrong result, never on a slow one.

pub mod binary;
pub mod case;
pub mod claims;
pub mod engine;
pub mod measure;
pub mod meter;
pub mod peer;
pub mod postgres;
pub mod process;
pub mod report;
pub mod runtime_api;
pub mod sale;
pub mod statistics;
pub mod storm;
