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
use shared::orders::{self, RefundParts, StoredOrder};
use shared::payments::{self, PaymentEventKind, PaymentStore, RefundReason, StoredPayment};

use crate::reason;
use crate::request_return::note;
use crate::return_store::{ReturnChange, StoredReturn};
use crate::returns::{Rejected, Return, ReturnId, ReturnRefund, ReturnStatus};
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
    /// The amount that is refunded of the price of the delivery, at most the rest of it. Default: all that is left, if the goods were
    /// damaged, defective, wrong or not as described, or if no unit with a package is left; otherwise nothing.
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
    &payments::reason::PAYMENT_IN_REVIEW,
    &reason::RETURN_STATUS,
    &reason::INVALID_REFUND,
];

/// Refunds a return
///
/// Requests the refund of the received units' part of their lines' totals, less a deduction, plus a part of the price of the
/// delivery. If less is left of the payment, because an amount was refunded without naming units, the refund is reduced to that, and
/// `reduction` says by how much. The refund is made asynchronously; its status is on the payment.
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

/// The refund that staff ask for, before it is reduced to what is left of the payment.
fn requested_refund(
    details: &Return,
    order: &StoredOrder,
    body: &RefundReturnRequest,
) -> Result<(ReturnRefund, RefundParts), Error> {
    let left = order.shipping_left().map_err(orders::Rejected::from)?;
    let zero = Money::zero(left.currency());
    let mut parts = RefundParts {
        lines: details.line_refunds(),
        shipping: zero,
    };
    let goods = parts.sum().map_err(orders::Rejected::from)?;
    let deduction = body.deduction.as_ref().map_or(zero, |deduction| deduction.amount);
    let kept = goods.minus(deduction).map_err(|_| Rejected::DeductionTooLarge(goods))?;
    parts.limit(kept).map_err(orders::Rejected::from)?;
    let is_with_delivery = details.reason.is_fault_of_shop() || !order.order.has_packages_left();
    let shipping = body.shipping.unwrap_or(if is_with_delivery { left } else { zero });
    left.minus(shipping).map_err(|_| Rejected::ShippingTooLarge(left))?;
    parts.shipping = shipping;
    let refund = ReturnRefund {
        amount: parts.sum().map_err(orders::Rejected::from)?,
        goods,
        deduction,
        deduction_note: body.deduction.as_ref().map(|deduction| deduction.note.clone()),
        shipping,
        reduction: None,
    };
    Ok((refund, parts))
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
        stored.details.require(ReturnStatus::Received)?;
        let order = self.fulfillment.order_of(stored, invocation.deadline).await?;
        let (mut refund, mut parts) = requested_refund(&stored.details, &order, body)?;
        let mut records = vec![];
        if refund.amount.amount() > 0 {
            let payment = self.payment_of(&order, invocation).await?;
            payment.payment.require_refundable_by_line()?;
            parts
                .limit(payment.payment.refundable())
                .map_err(orders::Rejected::from)?;
            let amount = parts.sum().map_err(orders::Rejected::from)?;
            let reduction = refund.amount.saturating_sub(amount);
            refund.reduction = Some(reduction).filter(|reduction| reduction.amount() > 0);
            refund.amount = amount;
            // It is also written if nothing is left of it: money that comes back at the same time is then read first.
            let untaxed = parts.untaxed(&order.order).map_err(orders::Rejected::from)?;
            let refunding = refunding(&payment, amount, untaxed, record, invocation)?;
            records.push(put(self.payments.put_if_version(&refunding)?)?);
        }
        let next = order.next(order.order.with_refunds(&parts.lines)?, None);
        let next = next
            .with_shipping_refund(parts.shipping)
            .map_err(orders::Rejected::from)?;
        let details = stored.details.refunded(refund, invocation.now)?;
        Ok(ReturnChange {
            next: stored.next(details, invocation)?,
            order: Some(next),
            records,
            stock: vec![],
        })
    }

    async fn payment_of(&self, order: &StoredOrder, invocation: &Invocation) -> Result<StoredPayment, Error> {
        const DOING: &str = "refund a return";
        let payment_id = order.order.payment_id;
        let payment_id = payment_id.ok_or_else(|| Error::internal(DOING, "an order with a price has no payment"))?;
        let payment = self.payments.get(payment_id, invocation.deadline).await?;
        payment.ok_or_else(|| Error::internal(DOING, "the payment of the order does not exist"))
    }
}

/// The payment with a refund of `amount`, of which `untaxed` is not taxed. Unchanged if the amount is 0.
fn refunding(
    payment: &StoredPayment,
    amount: Money,
    untaxed: Money,
    record: &StoredRequest,
    invocation: &Invocation,
) -> Result<StoredPayment, Error> {
    if amount.amount() == 0 {
        return payments::next(payment, payment.payment.clone(), None, invocation);
    }
    let (reason, by) = (RefundReason::Returned, invocation.actor()?);
    let refunding = payment
        .payment
        .with_refund(record.request_id, Some(amount), reason, None, by, invocation.now)?;
    let refunding = refunding.with_untaxed_part(untaxed);
    payments::next(payment, refunding, Some(PaymentEventKind::RefundRequested), invocation)
}
