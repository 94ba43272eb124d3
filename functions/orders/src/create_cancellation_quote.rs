//! Runs for `POST /orders/{order_id}/cancellation-quotes`: says what a cancellation would refund now. Changes nothing.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::money::{Money, MoneyError};
use shared::orders::{self, LineFee, LineId, LineQuantity, OrderId, Rejected};
use shared::payments;
use uuid::Uuid;

use crate::cancellation_plan::{CancellationPlan, CancellationPlans};

/// The function's stores.
#[derive(Debug)]
pub struct CreateCancellationQuote {
    /// Plans each cancellation.
    pub plans: CancellationPlans,
}

impl CreateCancellationQuote {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            plans: CancellationPlans::new(platform)?,
        })
    }
}

/// The units that would be cancelled.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCancellationQuoteRequest {
    /// The units, each line once. Default: the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    pub lines: Option<Vec<LineQuantity>>,
}

/// The amounts that a cancellation would refund.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CancellationQuote {
    /// The order.
    pub order_id: OrderId,
    /// The whole refund: `expected_refund` of the cancellation.
    pub refund: Money,
    /// The amount that is refunded of the price of the delivery: the rest of it, if these are the last units with a package.
    pub shipping: Money,
    /// The fees in all.
    pub fee: Money,
    /// The lines whose units are cancelled.
    pub lines: Vec<LineCancellation>,
    /// The time until which the fees stay the same. Absent if they do not depend on the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_until: Option<Timestamp>,
}

/// The refund that the cancellation of units of a line would make.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LineCancellation {
    /// The line.
    pub line_id: LineId,
    /// The fee for giving the seat back. 0 for none.
    pub fee: Money,
    /// The refund for the line.
    pub refund: Money,
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
    &orders::reason::INVALID_LINES,
    &orders::reason::INVALID_LINE,
    &orders::reason::TOO_FEW_UNITS,
    &orders::reason::LINE_REFUNDED,
    &orders::reason::PAYMENT_UNDER_WAY,
    &payments::reason::REFUND_UNDER_WAY,
    &payments::reason::PAYMENT_IN_REVIEW,
];

/// Says what a cancellation would refund
///
/// Computed by the same code as the cancellation, which is refused for the same reasons; the points that an order bought are not
/// looked at. Fees rise with the time: until `valid_until` they stay the same. Send `refund` as `expected_refund` of the cancellation.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders/{order_id}/cancellation-quotes", operation_id = "create-cancellation-quote", tag = "orders",
    request_body = Option<CreateCancellationQuoteRequest>,
    security(("token" = [])),
    params(("order_id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The quote", body = CancellationQuote),
    )
)]
pub async fn handle(
    function: &CreateCancellationQuote,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let body: CreateCancellationQuoteRequest = http::optional_body(&request)?;
    let stored = function.plans.load(order_id, Some(&caller), &invocation).await?;
    let invocation = invocation.by(caller.acting_on(&stored.order.customer_id));
    // Nothing is written under this id.
    let lines = body.lines.as_deref();
    let plan = function.plans.plan(&stored, lines, Uuid::nil(), &invocation).await?;
    let quote = quote_of(order_id, &plan).map_err(Rejected::from)?;
    http::json(StatusCode::OK, &quote)
}

fn quote_of(order_id: OrderId, plan: &CancellationPlan) -> Result<CancellationQuote, MoneyError> {
    let zero = Money::zero(plan.refund.currency());
    let fee_of = |line_id| {
        let fee = plan.seats.fees.iter().find(|fee: &&LineFee| fee.line_id == line_id);
        fee.map_or(zero, |fee| fee.fee)
    };
    let lines = plan.parts.lines.iter().map(|line| LineCancellation {
        line_id: line.line_id,
        fee: fee_of(line.line_id),
        refund: line.amount,
    });
    let lines: Vec<LineCancellation> = lines.collect();
    Ok(CancellationQuote {
        order_id,
        refund: plan.refund,
        shipping: plan.parts.shipping,
        fee: lines.iter().try_fold(zero, |sum, line| sum.plus(line.fee))?,
        lines,
        valid_until: plan.seats.valid_until,
    })
}
