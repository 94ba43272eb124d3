//! All functions under any schedule of faults that a seed can produce: they run as libraries over a real DynamoDB engine
//! and a sandbox of the payment providers, on one thread, in a world whose clock stands still while anything can be done.
//!
//! [`net`] is the one scheduler: it draws when each request is served and when its answer arrives. [`infrastructure`]
//! carries changes on as AWS does. [`actors`] do what people do; [`audit`] finds whether the promises hold; [`mutant`]
//! are broken builds that it has to catch.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

pub mod actors;
pub mod audit;
pub mod clock;
pub mod fault_plan;
pub mod infrastructure;
pub mod lambda;
pub mod mutant;
pub mod net;
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
