//! Runs for `POST /admin/shipments/{shipment_id}/close`, for administrators: ends a shipment that was recorded by mistake or is
//! lost. Its units are to be shipped again, in the same transaction.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::orders::{self, Step};

use crate::event::FulfillmentEvent;
use crate::reason;
use crate::shipment::{ClosingReason, Rejected, Shipment, ShipmentId, ShipmentTransition};
use crate::store::{FulfillmentStore, ShipmentChange, StoredShipment};

/// The function's store.
#[derive(Debug)]
pub struct CloseShipment {
    /// Shipments and orders.
    pub fulfillment: FulfillmentStore,
}

impl CloseShipment {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
        })
    }
}

/// The end of a shipment without a delivery.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseShipmentRequest {
    /// The reason for which the shipment ends.
    pub reason: ClosingReason,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::SHIPMENT_STATUS,
    &orders::reason::ORDER_NOT_PAID,
    &orders::reason::TOO_FEW_UNITS,
];

/// Closes a shipment
///
/// Ends a shipment that is not delivered: it was recorded by mistake (`CANCELLED`), or the carrier has lost it (`LOST`). Its
/// units can be shipped again, or cancelled with a refund. Lost units are gone from the stock: a replacement takes other units, and
/// a cancellation gives none back. If the customer has surplus units of a line, a lost parcel leaves them with these, and a shipment
/// cannot be recorded as a mistake (`too-few-units`): record it as lost, and correct the stock.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/shipments/{shipment_id}/close", operation_id = "close-shipment", tag = "fulfillment",
    request_body = CloseShipmentRequest,
    security(("token" = [])),
    params(
        ("shipment_id" = Uuid, Path, description = "The shipment"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The shipment", body = Shipment,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request closed it"))),
    )
)]
pub async fn handle(function: &CloseShipment, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<ShipmentId>(&request)?;
    let body: CloseShipmentRequest = http::body(&request)?;
    let record = StoredRequest::new(
        "close shipment",
        &key,
        &caller.customer_id,
        &(id, &body),
        invocation.now,
    )?;
    let (store, deadline) = (&function.fulfillment, invocation.deadline);
    let mut attempts = Attempts::new("close a shipment");
    loop {
        attempts.start()?;
        let (stored, is_known) = store.shipment_and_request(id, &record, deadline).await?;
        let stored = stored.ok_or(Rejected::NotFound)?;
        if is_known {
            return replay(&stored);
        }
        let change = match closed(store, &stored, body.reason, &invocation).await {
            Ok(change) => change,
            // Another attempt of this request may have closed it after the record was read.
            Err(rejected @ Error::Rejected(_)) => match store.shipment_and_request(id, &record, deadline).await? {
                (Some(stored), true) => return replay(&stored),
                // Another request has changed the shipment since it was read, and the order with it.
                (Some(newer), false) if newer.version != stored.version => continue,
                _ => return Err(rejected),
            },
            Err(error) => return Err(error),
        };
        if store.save_shipment(&change, Some(&record), deadline).await? {
            return http::json(StatusCode::OK, &change.next.shipment);
        }
    }
}

async fn closed(
    store: &FulfillmentStore,
    stored: &StoredShipment,
    reason: ClosingReason,
    invocation: &Invocation,
) -> Result<ShipmentChange, Error> {
    let transition = ShipmentTransition::Close(reason, invocation.now);
    let closed = stored.shipment.transition(transition)?;
    let order = store.orders.get(closed.order_id, invocation.deadline).await?;
    let order = order.ok_or_else(|| Error::internal("close a shipment", "the order of the shipment does not exist"))?;
    let (step, event) = match reason {
        ClosingReason::Mistake => (Step::Unship, FulfillmentEvent::ShipmentCancelled(closed.clone())),
        ClosingReason::Lost => (Step::Lose, FulfillmentEvent::ShipmentLost(closed.clone())),
    };
    let of_order = order.order.after(step, &closed.lines)?;
    Ok(ShipmentChange {
        next: stored.next(closed, invocation.record(&event)?),
        order: order.next(of_order, None),
        payment: None,
    })
}

fn replay(stored: &StoredShipment) -> Result<Response, Error> {
    http::json(StatusCode::OK, &stored.shipment).map(http::replayed)
}
