//! Tests of the sandbox.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

mod billing;
mod client;
mod control;
mod delivery;
mod faults;
mod kakaopay;
mod shop;
mod stripe;
mod stripe_keys;
mod toss;
mod toss_cancel;
mod toss_keys;
mod webhooks;
