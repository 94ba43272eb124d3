//! DynamoDB, one module a bounded context; each write is one conditional request or one transaction.
//!
//! It is concrete: tests run it against a real DynamoDB engine, not against a twin in memory.

mod auctions;
mod catalog;
mod due;
mod dynamodb;
mod hints;
mod images;
mod invoicing;
mod orders;
mod payments;
mod reservations;
mod settlements;
mod subscriptions;
mod transaction;

pub use auctions::{
    Auctions, BookCursor, BookEntry, BookPage, Crediting, Deal, Dealing, LedgerPage, ListCursor, Listed, MAX_OPEN_BIDS,
    Party, Placing, StoredBid, StoredTrade, StoredVoucher,
};
pub use catalog::{Catalog, Receipt};
pub use due::{DUE_SHARDS, DuePage, DuePosition};
pub use dynamodb::client;
pub use images::{Images, StoredImage};
pub use invoicing::{Beginning, Invoicing};
pub use orders::{OrderCursor, OrderPage, Orders, StoredOrder};
pub use payments::{PaymentRequest, Payments, StoredPayment};
pub use reservations::{Draft, Loaded, Placement, Reservations, Retaking};
pub use settlements::Settlements;
pub use subscriptions::{
    Found, Posting, StoredInvoice, StoredKey, StoredSubscription, SubscriptionCursor, SubscriptionPage,
    SubscriptionRequest, Subscriptions,
};
pub use transaction::Writes;
