//! Payments: states, providers and their reports, refunds, the table, and the payment service.

mod balance;
mod decision;
mod dispute;
mod event;
mod order_payments;
mod payment;
pub mod provider;
pub mod reason;
mod refund;
mod rejected;
mod report;
mod review;
mod service;
mod store;

pub use balance::Reversal;
pub use decision::Decided;
pub use dispute::{Dispute, DisputeStatus, ReportedDispute};
pub use event::{BillingKeyDeletion, BillingKeyEvent, PaymentEvent};
pub use order_payments::{OrderCancellation, OrderPaymentStore};
pub use payment::{DepositAccount, Payment, PaymentStatus, Provider};
pub use refund::{FailedRefund, MAX_REFUNDS, Refund, RefundReason, RefundStatus};
pub use rejected::Rejected;
pub use report::{Advice, Change, Effect, Failure, PaymentEventKind, ProviderStatus, Report};
pub use review::{DecidedReview, Decision, Review, ReviewCode};
pub use service::{PaymentService, Recorded, next};
pub use store::{KnownRequest, PaymentRequest, PaymentStore, StoredPayment};

#[cfg(test)]
mod tests;
