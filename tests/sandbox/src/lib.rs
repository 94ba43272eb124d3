//! A stand-in for Toss Payments, Stripe and KakaoPay: one HTTP server with their rules, webhooks and failures.
//!
//! Tests start it in their own process, act as the buyer, plan faults, and check the ledger of all charges and refunds.
//! The binary serves the same to other processes, with a control API under `/control`.
//!
//! One lock guards all state, so each request is served atomically, like a provider's transaction.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that requests an impossible action has failed"
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
mod standard;
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
pub use serve::Outcome;
pub use stripe::buyer::FOREIGN_ORDER;
