//! Subscriptions, their invoices, and the service that charges them.

mod event;
mod invoice;
mod invoicing;
mod service;
mod store;
mod subscription;

pub use event::BillingEvent;
pub use invoice::{Invoice, InvoiceStatus, Postponed, Turn, order_id};
pub use invoicing::{Beginning, Invoicing};
pub use service::{Biller, Books, ChargeDecision, Commands, Keys, Outcome, Review, command_of};
pub use store::{
    Found, Posting, StoredInvoice, StoredKey, StoredSubscription, SubscriptionCursor, SubscriptionPage,
    SubscriptionRequest, Subscriptions,
};
pub use subscription::{Policy, Rejected, Step, Subscription, SubscriptionStatus, Task};
