//! The payments domain: payments, refunds, reviews and provider webhooks.

pub mod confirm_payment;
pub mod get_payment;
pub mod receive_webhook;
pub mod reconcile_payments;
pub mod refund_payment;
pub mod request_refund;
pub mod resolve_review;
pub mod start_payment;

shared::actions! {
    http {
        "confirm-payment" => confirm_payment::ConfirmPayment,
        "get-payment" => get_payment::GetPayment,
        "receive-webhook" => receive_webhook::ReceiveWebhook,
        "request-refund" => request_refund::RequestRefund,
        "resolve-review" => resolve_review::ResolveReview,
        "start-payment" => start_payment::StartPayment,
    }
    schedule {
        "reconcile-payments" => reconcile_payments::ReconcilePayments,
    }
    event {
        "refund-payment" => refund_payment::RefundPayment,
    }
}
