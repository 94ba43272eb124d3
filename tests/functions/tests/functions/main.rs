//! The functions against a real DynamoDB engine, a module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod cancel_order;
mod catalog;
mod checkout;
mod cost;
mod expire_orders;
mod faults;
mod orders;
mod races;
mod refusals;
mod relay_events;
mod shards;
