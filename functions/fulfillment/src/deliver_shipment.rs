//! Runs for `POST /admin/shipments/{shipment_id}/deliver`, for administrators: records the delivery of a shipment and counts
//! its units as delivered in the order, in one transaction.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::orders;

use crate::delivery::deliver;
use crate::reason;
use crate::shipment::{Shipment, ShipmentId};
use crate::store::FulfillmentStore;

/// The function's store.
#[derive(Debug)]
pub struct DeliverShipment {
    /// Shipments and orders.
    pub fulfillment: FulfillmentStore,
}

impl DeliverShipment {
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

/// The delivery of a shipment.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliverShipmentRequest {
    /// The time of the delivery, not before the order and not in the future. Default: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delivered_at: Option<Timestamp>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_DELIVERY_TIME,
    &reason::SHIPMENT_STATUS,
    &orders::reason::ORDER_NOT_PAID,
    &orders::reason::TOO_FEW_UNITS,
];

/// Delivers a shipment
///
/// Counts the units as delivered. A shipment that is delivered is returned unchanged, whoever reported it: the carrier or an
/// administrator. A lost parcel that turns up is delivered too. Its units that were shipped again or cancelled meanwhile are `surplus`
/// of the order; `too-few-units` refuses it while units of such a line are to be shipped: ship those with the number of the parcel.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/shipments/{shipment_id}/deliver", operation_id = "deliver-shipment", tag = "fulfillment",
    request_body = Option<DeliverShipmentRequest>,
    security(("token" = [])),
    params(
        ("shipment_id" = Uuid, Path, description = "The shipment"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The delivered shipment", body = Shipment,
            headers(("Idempotency-Replayed" = bool, description = "true: it was delivered before"))),
    )
)]
pub async fn handle(function: &DeliverShipment, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<ShipmentId>(&request)?;
    let body: DeliverShipmentRequest = http::optional_body(&request)?;
    let record = StoredRequest::new(
        "deliver shipment",
        &key,
        &caller.customer_id,
        &(id, &body),
        invocation.now,
    )?;
    let store = &function.fulfillment;
    let delivery = deliver(store, id, body.delivered_at, Some(&record), &invocation).await?;
    let response = http::json(StatusCode::OK, &delivery.shipment)?;
    Ok(if delivery.is_known {
        http::replayed(response)
    } else {
        response
    })
}
