//! Listings: the lists of products that shoppers and administrators page through, at the same cost on each page.
//!
//! A product has one row in each list that it belongs to. Indexes keep the rows in order; a list is spread over shards, which
//! are merged when it is read.

pub mod card;
pub mod keys;
pub mod layout;
pub mod list;
mod merge;
pub mod placement;
pub mod scope;
pub mod service;
pub mod store;
