//! What every function speaks: the domain's vocabulary and rules, the store, and the edge to AWS.
//!
//! - **Vocabulary and rules** (`money`, `product`, `stock`, `order`, `payment`, `bid`, `points`, `voucher`,
//!   `calendar`, `subscription`, `invoice`, `image`, `event`, `idempotency`, `identity`, `error`) are pure: time, ids and randomness come in as
//!   arguments, and nothing in them knows AWS.
//! - **[`cashier`]**, **[`biller`]**, **[`market`]** and **[`gallery`]** are what several functions do with payments,
//!   subscriptions, bids and pictures.
//! - **[`store`]** is DynamoDB: one module a bounded context, each write one conditional request or one transaction.
//! - **[`edge`]** is Lambda: HTTP, streams, configuration, telemetry.

pub mod bid;
pub mod biller;
pub mod calendar;
pub mod cashier;
pub mod edge;
pub mod error;
pub mod event;
pub mod gallery;
pub mod idempotency;
pub mod identity;
pub mod image;
pub mod invoice;
pub mod market;
pub mod money;
pub mod order;
pub mod payment;
pub mod points;
pub mod product;
pub mod provider;
pub mod signature;
pub mod stock;
pub mod store;
pub mod subscription;
pub mod voucher;

pub use error::Error;
