//! `POST /admin/payments/{payment_id}/refunds`: adds a full or partial refund to a payment, or one of the price of the delivery, which
//! the order counts in the same transaction. `refund-payment` makes it.

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
use shared::orders::{self, RefundParts, StoredOrder};
use shared::payments::{
    self, OrderPaymentStore, Payment, PaymentEventKind, PaymentRequest, RefundReason, Rejected, StoredPayment,
};
use uuid::Uuid;

/// The function `request-refund`.
#[derive(Debug)]
pub struct RequestRefund {
    /// Payments, and the orders whose delivery is refunded.
    pub order_payments: OrderPaymentStore,
}

impl RequestRefund {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            order_payments: OrderPaymentStore::new(platform)?,
        })
    }
}

/// The maximum length of a note in characters, the same as Toss's limit for a cancel reason.
const MAX_NOTE: usize = 200;

/// A refund request.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestRefundRequest {
    /// The amount. Default: the whole refundable amount; with `delivery`, what is left of the price of the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<Money>,
    /// Whether the amount is of the price of the delivery. Then it is at most what is left of that price, and the order counts it:
    /// nothing gives the same price back once more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub delivery: bool,
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
    &payments::reason::PAYMENT_IN_REVIEW,
    &error::INVALID_TEXT,
];

/// Requests a refund
///
/// Refunds a payment fully or partly. The refund is made asynchronously; its status is on the payment. The order counts it neither for
/// its lines nor, without `delivery`, for the price of its delivery, and what is refunded for them later is reduced to what is left of the
/// payment. A refund that takes the place of refused or failed ones keeps what is known of their parts, and is counted once. To cancel an
/// order with its refund, use `cancel-order`; to refund returned units, `refund-return`.
///
/// With `delivery`, the refund is refused with `payment-in-review` or `refund-under-way` while the payment is in review or another refund
/// is owed, as one of units is.
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
    let payments = &function.order_payments.payments;
    let mut attempts = Attempts::new("request a refund");
    loop {
        attempts.start()?;
        let stored = payments.get(id, invocation.deadline).await?;
        let stored = stored.ok_or(Rejected::NotFound)?;
        let order = match body.delivery {
            true => Some(function.order_of(&stored, &invocation).await?),
            false => None,
        };
        // Read the request last: if it does not exist, the earlier reads precede any concurrent duplicate.
        if let Some(known) = payments.request(request_id, invocation.deadline).await? {
            known.fingerprint.require_same(&fingerprint)?;
            let stored = payments.get(id, invocation.deadline).await?;
            let stored = stored.ok_or(Rejected::NotFound)?;
            return accepted(&stored.payment).map(http::replayed);
        }
        if stored.has_request(request_id, &fingerprint)? {
            return accepted(&stored.payment).map(http::replayed);
        }
        let (payment, order) = match order {
            Some(order) => {
                let (payment, order) =
                    with_refund_of_delivery(&stored.payment, &order, request_id, &body, &invocation)?;
                (payment, Some(order))
            }
            None => {
                let (reason, note, by) = (RefundReason::Requested, body.note.clone(), invocation.actor()?);
                let payment = &stored.payment;
                let refunding = payment.with_refund(request_id, body.amount, reason, note, by, invocation.now)?;
                (refunding, None)
            }
        };
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
            .order_payments
            .save(&next, order.as_ref(), Some(&request), invocation.deadline);
        if saved.await? {
            return accepted(&next.payment);
        }
    }
}

impl RequestRefund {
    async fn order_of(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredOrder, Error> {
        let orders = &self.order_payments.orders;
        let order = orders.get(stored.payment.order_id, invocation.deadline).await?;
        order.ok_or_else(|| Error::internal("request a refund", "the order of the payment does not exist"))
    }
}

/// The payment with a refund of the price of the delivery, and its order, which counts it.
fn with_refund_of_delivery(
    payment: &Payment,
    order: &StoredOrder,
    request_id: Uuid,
    body: &RequestRefundRequest,
    invocation: &Invocation,
) -> Result<(Payment, StoredOrder), Error> {
    payment.require_refundable_by_line()?;
    // Only the payment that has paid the order has paid for its delivery.
    let has_paid = order.order.payment_id == Some(payment.payment_id) && order.order.paid_at.is_some();
    let left = match has_paid {
        true => order.shipping_left().map_err(orders::Rejected::from)?,
        false => Money::zero(payment.amount.currency()),
    };
    if left.amount() == 0 {
        return Err(Rejected::NothingToRefund.into());
    }
    let most = left.min(payment.refundable());
    let amount = body.amount.unwrap_or(most);
    if amount.currency() != left.currency() || amount.amount() > left.amount() {
        return Err(Rejected::RefundTooLarge { refundable: most }.into());
    }
    let (reason, note, by) = (RefundReason::Delivery, body.note.clone(), invocation.actor()?);
    let refunding = payment.with_refund(request_id, Some(amount), reason, note, by, invocation.now)?;
    let parts = RefundParts {
        lines: vec![],
        shipping: amount,
    };
    let untaxed = parts.untaxed(&order.order).map_err(orders::Rejected::from)?;
    let counted = order.next(order.order.clone(), None).with_shipping_refund(amount);
    Ok((
        refunding.with_untaxed_part(untaxed),
        counted.map_err(orders::Rejected::from)?,
    ))
}

fn accepted(payment: &Payment) -> Result<Response, Error> {
    http::accepted(&format!("/payments/{}", payment.payment_id), payment)
}

fn note(text: Option<&str>) -> Result<Option<DisplayText>, Rejection> {
    let note = text.map(|text| DisplayText::lines(text, MAX_NOTE)).transpose();
    note.map_err(|invalid| invalid.in_field("note"))
}
