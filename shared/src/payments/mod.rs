//! Payments: states, providers and their reports, refunds, the table, and the payment service.

mod event;
mod order_payments;
mod payment;
pub mod provider;
pub mod reason;
mod refund;
mod report;
mod service;
mod store;

pub use event::{BillingKeyDeletion, BillingKeyEvent, PaymentEvent};
pub use order_payments::{OrderCancellation, OrderPaymentStore};
pub use payment::{DepositAccount, Payment, PaymentStatus, Provider, Rejected, Review};
pub use refund::{MAX_REFUNDS, Refund, RefundReason, RefundStatus};
pub use report::{Advice, Change, Failure, PaymentEventKind, ProviderStatus, Report};
pub use service::{PaymentService, next};
pub use store::{PaymentRequest, PaymentStore, StoredPayment};
