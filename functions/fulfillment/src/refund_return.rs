//! Runs for `POST /admin/returns/{return_id}/refund`, for administrators: requests the refund of a received return. One
//! transaction adds it to the payment and counts it on the order's lines. `refund-payment` makes the refund.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::dynamodb::transaction::put;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::money::Money;
use shared::orders::{self, LineRefund, StoredOrder, line_refund};
use shared::payments::{self, PaymentEventKind, PaymentStore, RefundReason, StoredPayment};

use crate::reason;
use crate::request_return::note;
use crate::return_store::{ReturnChange, StoredReturn};
use crate::returns::{Rejected, Return, ReturnId, ReturnRefund};
use crate::store::FulfillmentStore;

/// The function's stores.
#[derive(Debug)]
pub struct RefundReturn {
    /// Returns and orders.
    pub fulfillment: FulfillmentStore,
    /// Payments.
    pub payments: PaymentStore,
}

impl RefundReturn {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
            payments: PaymentStore::new(platform)?,
        })
    }
}

/// The refund of a return.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundReturnRequest {
    /// The amount that is refunded of the price of the delivery, at most the rest of it. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping: Option<Money>,
    /// The amount that the shop keeps of the price of the units, such as for wear. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deduction: Option<Deduction>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &error::INVALID_TEXT,
    &orders::reason::LINE_REFUNDED,
    &payments::reason::REFUND_UNDER_WAY,
    &payments::reason::NOT_REFUNDABLE,
    &payments::reason::PAYMENT_IN_REVIEW,
    &reason::RETURN_STATUS,
    &reason::INVALID_REFUND,
];

/// Refunds a return
///
/// Requests the refund of the received units' part of their lines' totals, less a deduction, plus a part of the price of the
/// delivery. The refund is made asynchronously; its status is on the payment.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/returns/{return_id}/refund", operation_id = "refund-return", tag = "fulfillment",
    request_body = RefundReturnRequest,
    security(("token" = [])),
    params(
        ("return_id" = Uuid, Path, description = "The return"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The return", body = Return,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request requested the refund"))),
    )
)]
pub async fn handle(function: &RefundReturn, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<ReturnId>(&request)?;
    let mut body: RefundReturnRequest = http::body(&request)?;
    if let Some(deduction) = &mut body.deduction {
        deduction.note = note("note", Some(&deduction.note))?.unwrap_or_default();
    }
    let record = StoredRequest::new("refund return", &key, &caller.customer_id, &(id, &body), invocation.now)?;
    let (store, deadline) = (&function.fulfillment, invocation.deadline);
    let mut attempts = Attempts::new("refund a return");
    loop {
        attempts.start()?;
        let (stored, is_known) = store.return_and_request(id, &record, deadline).await?;
        if is_known {
            return replay(&stored);
        }
        let change = match function.refunded(&stored, &body, &record, &invocation).await {
            Ok(change) => change,
            Err(rejected) => match store.changed_meanwhile(&stored, &record, rejected, deadline).await? {
                Some(known) => return replay(&known),
                None => continue,
            },
        };
        if store.save_return(&change, Some(&record), deadline).await? {
            return http::json(StatusCode::OK, &change.next.details);
        }
    }
}

fn replay(stored: &StoredReturn) -> Result<Response, Error> {
    http::json(StatusCode::OK, &stored.details).map(http::replayed)
}

/// The amount that the shop keeps of the price of returned units.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deduction {
    /// The amount, at most the price of the received units.
    pub amount: Money,
    /// The reason, for the customer. Text of several lines.
    #[schema(min_length = 1, max_length = 500)]
    pub note: String,
}

/// The refund of a return, and its parts by line. A deduction reduces the last lines first.
fn refund(
    details: &Return,
    order: &StoredOrder,
    body: &RefundReturnRequest,
) -> Result<(ReturnRefund, Vec<LineRefund>), Error> {
    let mut of_lines = details.line_refunds();
    let zero = Money::zero(order.order.totals.total.currency());
    let sum = |sum: Money, refund: &LineRefund| sum.plus(refund.amount);
    let goods = of_lines.iter().try_fold(zero, sum).map_err(orders::Rejected::from)?;
    let deduction = body.deduction.as_ref().map_or(zero, |deduction| deduction.amount);
    let kept = goods.minus(deduction).map_err(|_| Rejected::DeductionTooLarge(goods))?;
    line_refund::limit(&mut of_lines, kept).map_err(orders::Rejected::from)?;
    let before = order.shipping_refunded.unwrap_or(zero);
    let delivery = order.order.price_of_delivery().map_err(orders::Rejected::from)?;
    let left = delivery.saturating_sub(before);
    let shipping = body.shipping.unwrap_or(zero);
    left.minus(shipping).map_err(|_| Rejected::ShippingTooLarge(left))?;
    let refund = ReturnRefund {
        amount: kept.plus(shipping).map_err(orders::Rejected::from)?,
        goods,
        deduction,
        deduction_note: body.deduction.as_ref().map(|deduction| deduction.note.clone()),
        shipping,
    };
    Ok((refund, of_lines))
}

impl RefundReturn {
    /// The return, its order and the payment after the refund was requested.
    async fn refunded(
        &self,
        stored: &StoredReturn,
        body: &RefundReturnRequest,
        record: &StoredRequest,
        invocation: &Invocation,
    ) -> Result<ReturnChange, Error> {
        let order = self.fulfillment.order_of(stored, invocation.deadline).await?;
        let (refund, of_lines) = refund(&stored.details, &order, body)?;
        let details = stored.details.refunded(refund.clone(), invocation.now)?;
        let mut of_order = order.next(order.order.with_refunds(&of_lines)?, None);
        let shipping = order
            .shipping_refunded
            .map_or(Ok(refund.shipping), |before| before.plus(refund.shipping));
        of_order.shipping_refunded = Some(shipping.map_err(orders::Rejected::from)?);
        let payment = self.refunding(&order, refund.amount, record, invocation).await?;
        let payment = payment.map(|payment| put(self.payments.put_if_version(&payment)?));
        Ok(ReturnChange {
            next: stored.next(details, invocation)?,
            order: Some(of_order),
            records: payment.transpose()?.into_iter().collect(),
            stock: vec![],
        })
    }

    /// The payment of the order with a refund of `amount`. `None` if there is nothing to refund.
    async fn refunding(
        &self,
        order: &StoredOrder,
        amount: Money,
        record: &StoredRequest,
        invocation: &Invocation,
    ) -> Result<Option<StoredPayment>, Error> {
        let Some(payment_id) = order.order.payment_id.filter(|_| amount.amount() > 0) else {
            return Ok(None);
        };
        let payment = self.payments.get(payment_id, invocation.deadline).await?;
        let payment =
            payment.ok_or_else(|| Error::internal("refund a return", "the payment of the order does not exist"))?;
        payment.payment.require_refundable_by_line()?;
        let (reason, by) = (RefundReason::Returned, invocation.actor()?);
        let refunding =
            payment
                .payment
                .with_refund(record.request_id, Some(amount), reason, None, by, invocation.now)?;
        payments::next(&payment, refunding, Some(PaymentEventKind::RefundRequested), invocation).map(Some)
    }
}
