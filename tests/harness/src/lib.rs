//! The test harness: a real DynamoDB engine in process, stand-ins for AWS services, faults, requests and audits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

pub mod audit;
pub mod bus;
pub mod crash;
pub mod description;
pub mod embedded;
pub mod engine;
pub mod faults;
pub mod gateway;
pub mod kms;
pub mod latency;
pub mod objects;
pub mod partitions;
pub mod platform;
pub mod queue;
pub mod recording;
pub mod vault;

pub use crash::Crash;
pub use embedded::Embedded;
pub use engine::Engine;
pub use faults::{Fault, Faults, Hold};
pub use kms::FakeKms;
pub use platform::Services;
pub use queue::FakeQueue;
pub use vault::{ADMISSION_KEYS, CARRIER_CREDENTIALS, FakeVault, TICKET_KEYS};
