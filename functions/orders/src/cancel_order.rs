//! Runs for `POST /orders/{order_id}/cancel`: cancels the caller's order, or any order for an administrator, releases its
//! stock, takes its points back, and requests the refund of what was paid. `refund-payment` makes the refund.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::auctions::{self, Credit, CreditStatus, Points, Rejected as PointsRejected, WalletStore};
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::actor::ActorKind;
use shared::core::error::{self, Reason};
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::orders::{self, Ending, Order, OrderEvent, OrderId, OrderStatus, Rejected, ReservationStore, StoredOrder};
use shared::payments::{
    self, OrderCancellation, OrderPaymentStore, PaymentRequest, Rejected as PaymentRejected, StoredPayment,
};

/// The function's stores.
#[derive(Debug)]
pub struct CancelOrder {
    /// Orders and payments.
    pub order_payments: OrderPaymentStore,
    /// Stock and orders.
    pub reservations: ReservationStore,
    /// Wallets of points.
    pub wallets: WalletStore,
}

impl CancelOrder {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            order_payments: OrderPaymentStore::new(platform)?,
            reservations: ReservationStore::new(platform)?,
            wallets: WalletStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &orders::reason::ORDER_CLOSED,
    &orders::reason::ORDER_SHIPPED,
    &orders::reason::PAYMENT_UNDER_WAY,
    &payments::reason::REFUND_UNDER_WAY,
    &payments::reason::PAYMENT_IN_REVIEW,
    &auctions::reason::POINTS_SPENT,
];

/// Cancels an order
///
/// Releases the order's stock at once; what is kept of its payment is refunded soon after. Cancelling a cancelled order
/// returns it unchanged. An administrator can cancel any order, such as one whose payment was taken back; points of it that
/// are spent or held are then owed.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders/{order_id}/cancel", operation_id = "cancel-order", tag = "orders",
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The cancelled order", body = Order,
            headers(("Idempotency-Replayed" = bool, description = "true: it was cancelled before"))),
    )
)]
pub async fn handle(function: &CancelOrder, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let fingerprint = Fingerprint::of(&order_id).map_err(|error| Error::internal("read the cancellation", error))?;
    let request_id = key.derive_id("cancel order", &caller.customer_id);
    let mut attempts = Attempts::new("cancel an order");
    loop {
        attempts.start()?;
        let stored = function
            .order_payments
            .orders
            .get(order_id, invocation.deadline)
            .await?;
        let payments = &function.order_payments.payments;
        // Read the request last: if it does not exist, the earlier read precedes any concurrent duplicate.
        let known = payments.request(request_id, invocation.deadline).await?;
        if let Some(known) = known {
            known.fingerprint.require_same(&fingerprint)?;
        }
        let stored = stored
            .filter(|stored| caller.is_admin || stored.order.customer_id == caller.customer_id)
            .ok_or(Rejected::NotFound)?;
        if stored.order.status == OrderStatus::Cancelled {
            return Ok(http::replayed(http::json(StatusCode::OK, &stored.order)?));
        }
        let actor = caller.acting_on(&stored.order.customer_id);
        let is_staff = actor.kind == ActorKind::Staff;
        let invocation = invocation.by(actor);
        let cancelled = stored.order.end(Ending::Cancel, invocation.now)?;
        let event = OrderEvent::OrderCancelled(cancelled.clone());
        let event = invocation.record(&event)?;
        let payment = request_refund(function, &stored, &invocation).await?;
        let points = take_back_points(function, &stored, is_staff, &invocation).await?;
        let cancellation = OrderCancellation {
            stored: &stored,
            cancelled: cancelled.clone(),
            event,
            payment: payment.as_ref(),
            request: PaymentRequest {
                request_id,
                fingerprint: fingerprint.clone(),
                payment_id: None,
                requested_by: invocation.actor()?.clone(),
                requested_at: invocation.now,
            },
            points,
        };
        let done = function
            .order_payments
            .cancel(&function.reservations, cancellation, invocation.deadline);
        if done.await? {
            return http::json(StatusCode::OK, &cancelled);
        }
    }
}

/// The payment of a paid order with a refund of its remaining amount requested. `None` for an order without a payment.
///
/// If nothing remains, the payment is saved unchanged: a concurrent report that brings money back then reads the
/// cancelled order.
async fn request_refund(
    function: &CancelOrder,
    stored: &StoredOrder,
    invocation: &Invocation,
) -> Result<Option<StoredPayment>, Error> {
    let (OrderStatus::Paid, Some(payment_id)) = (stored.order.status, stored.order.payment_id) else {
        return Ok(None);
    };
    let payments = &function.order_payments.payments;
    let payment = payments.get(payment_id, invocation.deadline).await?;
    let payment =
        payment.ok_or_else(|| Error::internal("cancel an order", "the payment of the order does not exist"))?;
    if payment.payment.is_in_review() {
        return Err(PaymentRejected::InReview.into());
    }
    let refund_id = derive_id(&["order cancelled", &stored.order.order_id.to_string()]);
    let refunding = match payment
        .payment
        .with_cancelled_order(refund_id, invocation.actor()?, invocation.now)
    {
        Err(PaymentRejected::NothingToRefund) => Ok(payment.payment.clone()),
        refunding => refunding,
    };
    payments::next(&payment, refunding?, None, invocation).map(Some)
}

/// The writes that take back the points that a paid order bought. If they are spent or held, fails unless `may_owe`.
async fn take_back_points(
    function: &CancelOrder,
    stored: &StoredOrder,
    may_owe: bool,
    invocation: &Invocation,
) -> Result<Writes, Error> {
    let credit = Credit::of(&stored.order, CreditStatus::TakenBack, invocation.now);
    let Some(credit) = credit.filter(|_| stored.order.status == OrderStatus::Paid) else {
        return Ok(Writes::default());
    };
    let taken = function.wallets.take_back_writes(&credit, invocation).await?;
    if taken.owed > Points::ZERO && !may_owe {
        return Err(PointsRejected::PointsSpent.into());
    }
    Ok(taken.writes)
}
