//! The common crate: what two domains or more need.
//!
//! - [`core`] belongs to no domain and is pure: time, ids and randomness come in as arguments.
//! - [`catalog`], [`orders`], [`payments`], [`auctions`] and [`images`] have the model, rules, store and service
//!   that several domains use.
//! - [`aws`] is the outside: Lambda, DynamoDB and the other services.
//!
//! Dependencies go one way: `core` ← domain models ← `aws` ← stores and services. Among domains: images ← catalog ←
//! orders ← payments, auctions.

pub mod auctions;
pub mod aws;
pub mod catalog;
pub mod core;
pub mod images;
pub mod orders;
pub mod payments;

pub use self::core::error::Error;
