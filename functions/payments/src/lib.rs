//! Payments through their providers, refunds, webhooks.

pub mod confirm_payment;
pub mod get_payment;
pub mod payment_webhook;
pub mod reconcile_payments;
pub mod refund_payment;
pub mod request_refund;
pub mod resolve_review;
pub mod start_payment;
