//! Subscriptions, their invoices, and the service that charges them.

mod event;
mod invoice;
mod invoice_store;
mod service;
mod store;
mod subscription;

pub use event::BillingEvent;
pub use invoice::{Invoice, InvoiceStatus, Postponed, Turn, order_id};
pub use invoice_store::{BeginChargeOutcome, InvoiceStore};
pub use service::{BillingKeys, ChargeDecision, ChargeQueue, ChargeService, ChargeStore, Outcome, Review, command_of};
pub use store::{
    Found, StoredInvoice, StoredKey, StoredSubscription, SubscriptionCursor, SubscriptionPage, SubscriptionRequest,
    SubscriptionStore, SubscriptionWrite,
};
pub use subscription::{Policy, Rejected, Step, Subscription, SubscriptionStatus, Task};
