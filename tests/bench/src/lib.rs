//! What the benchmarks stand on: release binaries, a bare Lambda Runtime API, an engine apart, and a report.
//!
//! A benchmark fails on a wrong result, never on a slow one.

pub mod binary;
pub mod case;
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
