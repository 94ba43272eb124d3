//! What belongs to no domain and knows no AWS: money, time, identity, idempotency, errors, the events' envelope.

pub mod calendar;
pub mod error;
pub mod event;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod money;
pub mod signature;
