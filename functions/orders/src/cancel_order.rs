//! Runs for `POST /orders/{order_id}/cancel`: cancels the caller's order or some of its units, or those of any order for an
//! administrator. Releases the stock and the seats, gives the coupon back, takes the points back, and requests the refund of what
//! was paid, which `refund-payment` makes.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::auctions::{self, Credit, CreditStatus, CreditWrites, Points, Rejected as PointsRejected, WalletStore};
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::actor::ActorKind;
use shared::core::error::{self, Reason};
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::core::identity::Caller;
use shared::orders::{
    self, Ending, LineQuantity, Order, OrderEvent, OrderId, OrderStatus, Rejected, ReservationStore, Step, StoredOrder,
    line_refund,
};
use shared::payments::{
    self, OrderCancellation, OrderPaymentStore, Payment, PaymentEventKind, PaymentRequest, RefundReason,
    Rejected as PaymentRejected, StoredPayment,
};
use uuid::Uuid;

/// The function's stores.
#[derive(Debug)]
pub struct CancelOrder {
    /// Orders and payments.
    pub order_payments: OrderPaymentStore,
    /// Orders with their stock and seats.
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
            reservations: ReservationStore::for_all_orders(platform)?,
            wallets: WalletStore::new(platform)?,
        })
    }
}

/// What to cancel.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrderRequest {
    /// The units to cancel, each line once. Default: the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    pub lines: Option<Vec<LineQuantity>>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &orders::reason::ORDER_CLOSED,
    &orders::reason::ORDER_SHIPPED,
    &orders::reason::ORDER_NOT_PAID,
    &orders::reason::SEATS_SOLD,
    &orders::reason::INVALID_LINES,
    &orders::reason::INVALID_LINE,
    &orders::reason::TOO_FEW_UNITS,
    &orders::reason::LINE_REFUNDED,
    &orders::reason::PAYMENT_UNDER_WAY,
    &payments::reason::REFUND_UNDER_WAY,
    &payments::reason::NOT_REFUNDABLE,
    &payments::reason::PAYMENT_IN_REVIEW,
    &auctions::reason::POINTS_SPENT,
];

/// Cancels an order
///
/// Releases the order's stock at once; what is kept of its payment is refunded soon after. Cancelling a cancelled order
/// returns it unchanged. An administrator can cancel any order, such as one whose payment was taken back; points of it that
/// are spent or held are then owed.
///
/// Seats of a paid order, also of one that costs nothing, are given back by an administrator only. The coupon of an order goes back to
/// its customer, unless the customer cancels a paid order and the coupon's terms say that it stays used.
///
/// With `lines`, cancels only these units of a paid order, and refunds their part of the lines' totals. What is shipped can
/// no longer be cancelled. Units that are all that is left of an order of which nothing is shipped cancel the order.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders/{order_id}/cancel", operation_id = "cancel-order", tag = "orders",
    request_body = Option<CancelOrderRequest>,
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The order, cancelled or with the cancelled units", body = Order,
            headers(("Idempotency-Replayed" = bool, description = "true: it was cancelled before"))),
    )
)]
pub async fn handle(function: &CancelOrder, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let body: CancelOrderRequest = http::optional_body(&request)?;
    let fingerprint = match &body.lines {
        None => Fingerprint::of(&order_id),
        Some(lines) => Fingerprint::of(&(order_id, lines)),
    };
    let fingerprint = fingerprint.map_err(|error| Error::internal("read the cancellation", error))?;
    let request = CancellationRequest {
        order_id,
        lines: body.lines,
        request_id: key.derive_id("cancel order", &caller.customer_id),
        fingerprint,
        caller: Some(caller),
    };
    match cancel(function, &request, &invocation).await? {
        Cancelled::Now(order) => http::json(StatusCode::OK, &order),
        Cancelled::Before(order) => http::json(StatusCode::OK, &order).map(http::replayed),
    }
}

/// A request to cancel an order, or units of it.
#[derive(Debug)]
pub struct CancellationRequest {
    /// The order.
    pub order_id: OrderId,
    /// The units. `None` for the whole order.
    pub lines: Option<Vec<LineQuantity>>,
    /// The request's id, which identifies a retry.
    pub request_id: Uuid,
    /// The request's fingerprint.
    pub fingerprint: Fingerprint,
    /// The caller. `None` when the shop itself cancels the order.
    pub caller: Option<Caller>,
}

/// An order that a request has cancelled, or some units of it.
#[derive(Debug)]
pub enum Cancelled {
    /// By this attempt.
    Now(Order),
    /// By an earlier attempt, or by another request.
    Before(Order),
}

/// Cancels an order, or units of it.
///
/// # Errors
/// [`REFUSALS`], [`Error::Unavailable`], [`Error::Internal`].
pub async fn cancel(
    function: &CancelOrder,
    request: &CancellationRequest,
    invocation: &Invocation,
) -> Result<Cancelled, Error> {
    let CancellationRequest {
        order_id,
        request_id,
        fingerprint,
        caller,
        ..
    } = request;
    let (order_id, request_id, caller) = (*order_id, *request_id, caller.as_ref());
    let mut attempts = Attempts::new("cancel an order");
    loop {
        attempts.start()?;
        let stored = load(function, order_id, caller, invocation).await?;
        let payments = &function.order_payments.payments;
        // Read the request last: if it does not exist, the earlier read precedes any concurrent duplicate.
        if let Some(known) = payments.request(request_id, invocation.deadline).await? {
            known.fingerprint.require_same(fingerprint)?;
            return Ok(Cancelled::Before(
                load(function, order_id, caller, invocation).await?.order,
            ));
        }
        if stored.order.status == OrderStatus::Cancelled {
            return Ok(Cancelled::Before(stored.order));
        }
        let acting = caller.map(|caller| invocation.by(caller.acting_on(&stored.order.customer_id)));
        let invocation = acting.as_ref().unwrap_or(invocation);
        let units = request.lines.as_deref().filter(|lines| !is_whole(&stored.order, lines));
        let change = match cancelled(function, &stored, units, request_id, invocation).await {
            Ok(change) => change,
            // Another attempt of this request may have changed the payment after the record was read.
            Err(rejected @ Error::Rejected(_)) => {
                let Some(known) = payments.request(request_id, invocation.deadline).await? else {
                    return Err(rejected);
                };
                known.fingerprint.require_same(fingerprint)?;
                return Ok(Cancelled::Before(
                    load(function, order_id, caller, invocation).await?.order,
                ));
            }
            Err(error) => return Err(error),
        };
        let cancellation = OrderCancellation {
            stored: &stored,
            cancelled: change.order.clone(),
            units,
            event: invocation.record(&change.event)?,
            payment: change.payment.as_ref(),
            request: PaymentRequest {
                request_id,
                fingerprint: fingerprint.clone(),
                payment_id: None,
                requested_by: invocation.actor()?.clone(),
                requested_at: invocation.now,
            },
            points: change.points.writes,
        };
        let done = function
            .order_payments
            .cancel(&function.reservations, cancellation, invocation.deadline);
        if done.await? {
            return Ok(Cancelled::Now(change.order));
        }
    }
}

/// The order, its payment and its points after a cancellation.
struct Change {
    order: Order,
    event: OrderEvent,
    /// The payment with its refund. `None` for an order without a payment.
    payment: Option<StoredPayment>,
    points: CreditWrites,
}

async fn load(
    function: &CancelOrder,
    order_id: OrderId,
    caller: Option<&Caller>,
    invocation: &Invocation,
) -> Result<StoredOrder, Error> {
    let stored = function.order_payments.orders.get(order_id, invocation.deadline);
    let may_cancel = |stored: &StoredOrder| {
        caller.is_none_or(|caller| caller.is_admin || stored.order.customer_id == caller.customer_id)
    };
    Ok(stored.await?.filter(may_cancel).ok_or(Rejected::NotFound)?)
}

/// The order without `units`, or cancelled as a whole. A customer cannot cancel what bought points that are spent; the shop can.
async fn cancelled(
    function: &CancelOrder,
    stored: &StoredOrder,
    units: Option<&[LineQuantity]>,
    request_id: Uuid,
    invocation: &Invocation,
) -> Result<Change, Error> {
    let is_customer = invocation.actor()?.kind == ActorKind::Customer;
    // Nor those that cost nothing: their tickets admit until they are void.
    let is_paid = stored.order.status == OrderStatus::Paid;
    if is_customer && is_paid && stored.order.seats().is_some() {
        return Err(Rejected::SeatsSold.into());
    }
    let change = match units {
        None => cancel_whole(function, stored, invocation).await?,
        Some(units) => cancel_units(function, stored, units, request_id, invocation).await?,
    };
    if change.points.owed > Points::ZERO && is_customer {
        return Err(PointsRejected::PointsSpent.into());
    }
    Ok(change)
}

/// Whether `lines` are all that is left of an order of which nothing is shipped.
fn is_whole(order: &Order, lines: &[LineQuantity]) -> bool {
    let left = order.left(Step::Cancel);
    !order.is_shipped() && lines.len() == left.len() && left.iter().all(|line| lines.contains(line))
}

async fn cancel_whole(function: &CancelOrder, stored: &StoredOrder, invocation: &Invocation) -> Result<Change, Error> {
    let ending = match invocation.actor()?.kind {
        ActorKind::Customer => Ending::Cancel,
        _ => Ending::CancelByShop,
    };
    let cancelled = stored.order.end(ending, invocation.now)?;
    let payment = paid_payment(function, stored, invocation).await?;
    let refund_id = derive_id(&["order cancelled", &stored.order.order_id.to_string()]);
    let refunding = payment.map(|payment| {
        let refunding = payment
            .payment
            .with_cancelled_order(refund_id, invocation.actor()?, invocation.now);
        let refunding = match refunding {
            // The payment is saved unchanged: a concurrent report that brings money back then reads the cancelled order.
            Err(PaymentRejected::NothingToRefund) => payment.payment.clone(),
            refunding => refunding?,
        };
        payments::next(&payment, refunding, None, invocation)
    });
    Ok(Change {
        event: OrderEvent::OrderCancelled(cancelled.clone()),
        order: cancelled,
        payment: refunding.transpose()?,
        points: take_back_points(function, stored, invocation).await?,
    })
}

/// Cancels `units` of a paid order. Their refund is at most what is kept of the payment: what was refunded without a line
/// counts, so that the customer does not get it twice.
async fn cancel_units(
    function: &CancelOrder,
    stored: &StoredOrder,
    units: &[LineQuantity],
    request_id: Uuid,
    invocation: &Invocation,
) -> Result<Change, Error> {
    let cancelled = stored.order.after(Step::Cancel, units)?;
    let payment = paid_payment(function, stored, invocation).await?;
    let mut refunds = stored.order.refunds_of(units);
    let (cancelled, payment) = match payment {
        None => (cancelled, None),
        Some(payment) => {
            payment.payment.require_refundable_by_line()?;
            let kept = payment.payment.refundable();
            let amount = line_refund::limit(&mut refunds, kept).map_err(Rejected::from)?;
            let refunding = if amount.amount() == 0 {
                payments::next(&payment, payment.payment.clone(), None, invocation)?
            } else {
                let (reason, by) = (RefundReason::LinesCancelled, invocation.actor()?);
                let refunding =
                    payment
                        .payment
                        .with_refund(request_id, Some(amount), reason, None, by, invocation.now)?;
                payments::next(&payment, refunding, Some(PaymentEventKind::RefundRequested), invocation)?
            };
            (cancelled.with_refunds(&refunds)?, Some(refunding))
        }
    };
    let payment_then = payment.as_ref().map(|payment| &payment.payment);
    let points = function
        .take_back_part(stored, &cancelled, payment_then, invocation)
        .await?;
    Ok(Change {
        event: OrderEvent::OrderLinesCancelled(cancelled.clone()),
        order: cancelled,
        payment,
        points,
    })
}

/// The payment that paid the order, unless it is in review. `None` for an order that is not paid, or costs nothing.
async fn paid_payment(
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
    Ok(Some(payment))
}

const NO_POINTS: CreditWrites = CreditWrites {
    writes: Writes(vec![]),
    owed: Points::ZERO,
};

/// The writes that take back the points that a paid order bought.
async fn take_back_points(
    function: &CancelOrder,
    stored: &StoredOrder,
    invocation: &Invocation,
) -> Result<CreditWrites, Error> {
    let credit = Credit::of(&stored.order, CreditStatus::TakenBack, invocation.now);
    match credit.filter(|_| stored.order.status == OrderStatus::Paid) {
        Some(credit) => function.wallets.take_back_writes(&credit, invocation).await,
        None => Ok(NO_POINTS),
    }
}

impl CancelOrder {
    /// The writes that take back the points of the units that `cancelled` has cancelled. Credits the order's points first if
    /// that has not happened yet.
    async fn take_back_part(
        &self,
        stored: &StoredOrder,
        cancelled: &Order,
        payment: Option<&Payment>,
        invocation: &Invocation,
    ) -> Result<CreditWrites, Error> {
        let Some(credit) = Credit::of(&stored.order, CreditStatus::Credited, invocation.now) else {
            return Ok(NO_POINTS);
        };
        let mut known = self.wallets.credit_of(credit.order_id, invocation.deadline).await?;
        if known.is_none() {
            self.wallets.credit(&credit, invocation).await?;
            known = self.wallets.credit_of(credit.order_id, invocation.deadline).await?;
        }
        let known = known.ok_or_else(|| Error::internal("take back points", "the credit was not saved"))?;
        let taken_back = known.credit.to_take_back(cancelled, payment);
        self.wallets.take_back_part_writes(&known, taken_back, invocation).await
    }
}
