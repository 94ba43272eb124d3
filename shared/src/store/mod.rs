//! DynamoDB, one module a bounded context; each write is one conditional request or one transaction.
//!
//! It is concrete: tests run it against a real DynamoDB engine, not against a twin in memory.

mod catalog;
mod dynamodb;
mod orders;
mod reservations;
mod transaction;

pub use catalog::{Catalog, Receipt};
pub use dynamodb::client;
pub use orders::{DUE_SHARDS, DuePage, DuePosition, OrderCursor, OrderPage, Orders, StoredOrder};
pub use reservations::{Draft, Loaded, Placement, Reservations};
