//! Types of no domain, independent of AWS: money, time, text, identity, actors, idempotency, errors, and the event
//! envelope.

pub mod actor;
pub mod address;
pub mod allocation;
pub mod calendar;
pub mod contact;
pub mod country;
pub mod destination;
pub mod error;
pub mod event;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod json;
pub mod merge_patch;
pub mod metadata;
pub mod money;
pub mod numbered_keys;
mod postal_code;
pub mod sequencer;
pub mod signature;
pub mod text;
