//! Runs for `POST /orders/{order_id}/cancel`: cancels the caller's order or some of its units, or those of any order for an
//! administrator. Releases the stock and the seats, makes tickets void, gives the coupons back, takes the points back, and requests the
//! refund, which `refund-payment` makes.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::auctions;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::orders::{self, LineQuantity, Order, OrderId};
use shared::payments;

use crate::cancellation::{CancellationRequest, Cancellations, Cancelled};

/// The function's stores.
#[derive(Debug)]
pub struct CancelOrder {
    /// Cancels orders.
    pub cancellations: Cancellations,
}

impl CancelOrder {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            cancellations: Cancellations::new(platform)?,
        })
    }
}

/// The units to cancel.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrderRequest {
    /// The units to cancel, each line once. Default: the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    pub lines: Option<Vec<LineQuantity>>,
    /// The refund that the customer was shown. If it differs, nothing is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_refund: Option<Money>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &orders::reason::ORDER_CLOSED,
    &orders::reason::ORDER_SHIPPED,
    &orders::reason::ORDER_NOT_PAID,
    &orders::reason::SEATS_NOT_RETURNABLE,
    &orders::reason::SEAT_USED,
    &orders::reason::SEAT_TRANSFERRED,
    &orders::reason::REFUND_DIFFERS,
    &orders::reason::INVALID_LINES,
    &orders::reason::INVALID_LINE,
    &orders::reason::TOO_FEW_UNITS,
    &orders::reason::LINE_REFUNDED,
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
/// When a customer cancels paid seats, the refund is less the fee of that day, by the refund policy of the order: `cancellation_fee`
/// of each line. `create-cancellation-quote` says what is refunded, and `expected_refund` protects the customer from a fee that has
/// risen since. The tickets become void at once; a seat whose ticket was checked in stays, and one whose ticket somebody else holds,
/// unless the showtime is cancelled. An administrator gives the seats of others back without a fee.
///
/// Each coupon of an order goes back to its customer, unless the customer cancels a paid order and the coupon's terms say that it
/// stays used.
///
/// With `lines`, cancels only these units of a paid order, and refunds their part of the lines' totals. Shipped units can
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
    let fingerprint = Fingerprint::of(&(order_id, &body));
    let fingerprint = fingerprint.map_err(|error| Error::internal("read the cancellation", error))?;
    let request = CancellationRequest {
        order_id,
        lines: body.lines,
        expected_refund: body.expected_refund,
        request_id: key.derive_id("cancel order", &caller.customer_id),
        fingerprint,
        caller: Some(caller),
    };
    match function.cancellations.cancel(&request, &invocation).await? {
        Cancelled::Now(order) => http::json(StatusCode::OK, &order),
        Cancelled::Before(order) => http::json(StatusCode::OK, &order).map(http::replayed),
    }
}
