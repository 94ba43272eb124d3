//! Subscriptions and their charges.

pub mod cancel_subscription;
pub mod change_subscription;
pub mod charge_subscription;
pub mod enqueue_due_charges;
pub mod get_subscription;
pub mod list_subscriptions;
pub mod resolve_charge;
pub mod subscribe;
