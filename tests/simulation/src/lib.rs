//! A deterministic simulation: all functions run as libraries over a real DynamoDB engine and the payment sandbox, on
//! one thread, with a simulated clock and faults drawn from a seed.
//!
//! [`net`] is the only scheduler: it draws when each request is served and when its response arrives.
//! [`infrastructure`] delivers changes as AWS does. [`actors`] use the API, [`audit`] checks the promises, and
//! [`mutant`] has the broken builds that the audits have to catch.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

pub mod actors;
mod attribution;
pub mod audit;
pub mod clock;
pub mod fault_plan;
pub mod infrastructure;
pub mod lambda;
pub mod mutant;
pub mod net;
pub mod panics;
mod response_checker;
pub mod rules;
pub mod run;
pub mod services;
pub mod shrink;
pub mod stack;
pub mod trace;
pub mod workers;
pub mod world;

pub use mutant::Mutant;
pub use run::{Outcome, Plan, run};
