//! A stand-in for Toss Payments, Stripe and KakaoPay: one HTTP server with their rules, their webhooks and their bad days.
//!
//! Tests start it in their own process, play the buyer's side, order faults, and at the end read a ledger that is
//! written where money moves. The binary serves the same to other processes, its controls under `/control`.
//!
//! One lock guards everything, so that each request is served whole or not at all, like a provider's transaction.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that asks the stand-in for the impossible has failed"
)]

mod buyer;
mod control;
mod controls;
mod delivery;
mod fault;
mod http;
mod idempotency;
mod kakaopay;
mod ledger;
mod options;
mod outbox;
mod sandbox;
mod serve;
mod server;
pub mod sign;
mod state;
mod stripe;
mod time;
mod toss;

pub use buyer::{Authentication, Card, Method};
pub use delivery::Delivery;
pub use fault::{Fault, OPERATIONS};
pub use http::Answer;
pub use ledger::Entry;
pub use options::{Clock, Options, Provider};
pub use outbox::Webhook;
pub use sandbox::Sandbox;
pub use serve::Fate;
