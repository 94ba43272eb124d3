//! Runs for `POST /admin/returns/{return_id}/receive`, for administrators: records the units of an approved return that
//! arrived. One transaction counts them as returned in the order, puts those that can be sold back on the shelf, and sets the
//! time until which the refund is due.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::CatalogStore;
use shared::core::error::{self, Reason};
use shared::orders::{self, LineQuantity, Order, Step};

use crate::reason;
use crate::restock::restock;
use crate::return_store::{ReturnChange, StoredReturn};
use crate::returns::{ReceivedUnits, Return, ReturnId, ReturnPolicy};
use crate::store::FulfillmentStore;

/// The function's stores and settings.
#[derive(Debug)]
pub struct ReceiveReturn {
    /// Returns and orders.
    pub fulfillment: FulfillmentStore,
    /// Stock and its movements.
    pub catalog: CatalogStore,
    /// The timezone of business days.
    pub policy: ReturnPolicy,
}

impl ReceiveReturn {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
            catalog: CatalogStore::new(platform)?,
            policy: ReturnPolicy::new(platform)?,
        })
    }
}

/// Units of a return that arrived.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveReturnRequest {
    /// The units, each line once. Missing units count as kept by the customer.
    #[schema(min_items = 1, max_items = 48)]
    pub lines: Vec<ReceivedUnits>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &orders::reason::INVALID_LINES,
    &orders::reason::INVALID_LINE,
    &orders::reason::TOO_FEW_UNITS,
    &reason::RETURN_STATUS,
];

/// Receives a return
///
/// Records the units of an approved return that arrived: those for sale again and those that cannot be sold. The refund is due
/// until the end of the third business day, Monday to Friday, after that.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/returns/{return_id}/receive", operation_id = "receive-return", tag = "fulfillment",
    request_body = ReceiveReturnRequest,
    security(("token" = [])),
    params(
        ("return_id" = Uuid, Path, description = "The return"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The return", body = Return,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request received it"))),
    )
)]
pub async fn handle(function: &ReceiveReturn, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<ReturnId>(&request)?;
    let body: ReceiveReturnRequest = http::body(&request)?;
    let record = StoredRequest::new(
        "receive return",
        &key,
        &caller.customer_id,
        &(id, &body),
        invocation.now,
    )?;
    let (store, deadline) = (&function.fulfillment, invocation.deadline);
    let mut attempts = Attempts::new("receive a return");
    loop {
        attempts.start()?;
        let (stored, is_known) = store.return_and_request(id, &record, deadline).await?;
        if is_known {
            return replay(&stored);
        }
        let change = match function.received(&stored, &body, &invocation).await {
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

impl ReceiveReturn {
    /// The return, its order and the stock after the units arrived.
    async fn received(
        &self,
        stored: &StoredReturn,
        body: &ReceiveReturnRequest,
        invocation: &Invocation,
    ) -> Result<ReturnChange, Error> {
        stored.details.require_units(&body.lines)?;
        let order = self.fulfillment.order_of(stored, invocation.deadline).await?;
        let units = received(&body.lines);
        let refunds = order.order.refunds_of(&units);
        let due_at = self.policy.refund_due_at(invocation.now);
        let details = stored.details.received(&body.lines, &refunds, due_at, invocation.now)?;
        let returned = returned(&order.order, &stored.details, &units)?;
        let restock = restock(&self.catalog, &order, details.return_id, &body.lines, invocation)?;
        Ok(ReturnChange {
            next: stored.next(details, invocation)?,
            order: Some(order.next(returned, None)),
            records: restock.records,
            stock: restock.units,
        })
    }
}

fn replay(stored: &StoredReturn) -> Result<Response, Error> {
    http::json(StatusCode::OK, &stored.details).map(http::replayed)
}

/// The received units of each line that has any.
fn received(lines: &[ReceivedUnits]) -> Vec<LineQuantity> {
    let units = lines.iter().map(|line| LineQuantity {
        line_id: line.line_id,
        quantity: line.restock + line.write_off,
    });
    units.filter(|unit| unit.quantity > 0).collect()
}

/// The order after `units` of the return were received, and the others were not.
fn returned(order: &Order, details: &Return, units: &[LineQuantity]) -> Result<Order, orders::Rejected> {
    let missing = details.lines.iter().map(|line| {
        let received = units.iter().find(|unit| unit.line_id == line.line_id);
        LineQuantity {
            line_id: line.line_id,
            quantity: line.quantity - received.map_or(0, |unit| unit.quantity),
        }
    });
    let missing: Vec<LineQuantity> = missing.filter(|unit| unit.quantity > 0).collect();
    let next = order.after(Step::Return, units)?;
    if missing.is_empty() {
        return Ok(next);
    }
    next.after(Step::KeepReturn, &missing)
}
