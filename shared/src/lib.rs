//! The code that two or more domains share.
//!
//! - [`core`] belongs to no domain and is pure: time, ids and randomness are arguments.
//! - [`waiting_rooms`], [`catalog`], [`tickets`], [`coupons`], [`orders`], [`payments`], [`auctions`], [`images`], [`accounts`], [`search`] and [`lookups`]
//!   contain the models, rules, stores and services that several domains use.
//! - [`aws`] has the infrastructure: Lambda, DynamoDB and other services.
//!
//! Dependencies go one way: `core` ← domain models ← `aws` ← stores and services. Among domains: images ← catalog,
//! waiting rooms ← tickets ← coupons ← orders ← payments, auctions. Accounts use none of them, lookups use the catalog, and search is used by any.

pub mod accounts;
pub mod auctions;
pub mod aws;
pub mod catalog;
pub mod core;
pub mod coupons;
pub mod images;
pub mod lookups;
pub mod orders;
pub mod payments;
pub mod search;
pub mod tickets;
pub mod waiting_rooms;

pub use self::core::error::Error;
