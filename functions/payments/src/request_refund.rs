//! `POST /admin/payments/{payment_id}/refunds`: adds a full or partial refund to a payment. `refund-payment` makes it.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Rejection;
use shared::core::error::{self, Reason};
use shared::core::id::PaymentId;
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::core::text::DisplayText;
use shared::payments::{self, Payment, PaymentEventKind, PaymentRequest, PaymentStore, RefundReason, Rejected};

/// The function `request-refund`.
#[derive(Debug)]
pub struct RequestRefund {
    /// The payments table.
    pub payments: PaymentStore,
}

impl RequestRefund {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            payments: PaymentStore::new(platform)?,
        })
    }
}

/// The maximum length of a note in characters, the same as Toss's limit for a cancel reason.
const MAX_NOTE: usize = 200;

/// A refund request.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestRefundRequest {
    /// The amount. Default: the whole refundable amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<Money>,
    /// An internal note. Customers do not see it. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub note: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &payments::reason::NOT_REFUNDABLE,
    &payments::reason::REFUND_UNDER_WAY,
    &error::INVALID_TEXT,
];

/// Requests a refund
///
/// Refunds a payment fully or partly. The refund is made asynchronously; its status is on the payment. The order does not change:
/// the refund counts neither for its lines nor for the price of its delivery, and what is refunded for them later is reduced to what
/// is left of the payment. To cancel an order with its refund, use `cancel-order`; to refund returned units or the delivery,
/// `refund-return`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/payments/{payment_id}/refunds", operation_id = "request-refund", tag = "payments",
    request_body = RequestRefundRequest,
    security(("token" = [])),
    params(
        ("payment_id" = Uuid, Path, description = "The payment"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new refund",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 202, description = "The payment with the pending refund", body = Payment,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request added the refund"),
                ("Location" = String, description = "The payment's path"),
            )),
    )
)]
pub async fn handle(function: &RequestRefund, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<PaymentId>(&request)?;
    let mut body: RequestRefundRequest = http::body(&request)?;
    body.note = note(body.note.as_deref())?.map(String::from);
    let fingerprint = Fingerprint::of(&(id, &body)).map_err(|error| Error::internal("read the refund", error))?;
    let request_id = key.derive_id("refund", &caller.customer_id);
    let mut attempts = Attempts::new("request a refund");
    loop {
        attempts.start()?;
        let stored = function.payments.get(id, invocation.deadline).await?;
        let stored = stored.ok_or(Rejected::NotFound)?;
        // Read the request last: if it does not exist, the earlier read precedes any concurrent duplicate.
        if let Some(known) = function.payments.request(request_id, invocation.deadline).await? {
            known.fingerprint.require_same(&fingerprint)?;
            let stored = function.payments.get(id, invocation.deadline).await?;
            let stored = stored.ok_or(Rejected::NotFound)?;
            return accepted(&stored.payment).map(http::replayed);
        }
        if stored.has_request(request_id, &fingerprint)? {
            return accepted(&stored.payment).map(http::replayed);
        }
        let payment = stored.payment.with_refund(
            request_id,
            body.amount,
            RefundReason::Requested,
            body.note.clone(),
            invocation.actor()?,
            invocation.now,
        )?;
        let request = PaymentRequest {
            request_id,
            fingerprint: fingerprint.clone(),
            payment_id: Some(id),
            requested_by: invocation.actor()?.clone(),
            requested_at: invocation.now,
        };
        let stored = stored.with_request(&request);
        let next = payments::next(&stored, payment, Some(PaymentEventKind::RefundRequested), &invocation)?;
        let saved = function
            .payments
            .save_requested(&next, Some(&request), invocation.deadline);
        if saved.await? {
            return accepted(&next.payment);
        }
    }
}

fn accepted(payment: &Payment) -> Result<Response, Error> {
    http::accepted(&format!("/payments/{}", payment.payment_id), payment)
}

fn note(text: Option<&str>) -> Result<Option<DisplayText>, Rejection> {
    let note = text.map(|text| DisplayText::lines(text, MAX_NOTE)).transpose();
    note.map_err(|invalid| invalid.in_field("note"))
}
