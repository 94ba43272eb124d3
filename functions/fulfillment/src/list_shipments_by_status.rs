//! Runs for `GET /admin/shipments`: lists the shipments with a status, for administrators. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{PageParameters, PageRequest};
use shared::core::error::Reason;

use crate::list_shipments::ShipmentList;
use crate::shipment::{Shipment, ShipmentStatus};
use crate::status_list::StatusList;
use crate::store::{FulfillmentStore, ListPage, position};

/// The function's store.
#[derive(Debug)]
pub struct ListShipmentsByStatus {
    /// Shipments and orders.
    pub fulfillment: FulfillmentStore,
}

impl ListShipmentsByStatus {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists shipments by status
///
/// Those with one status, newest first: by default those that are under way. `delivery_due_at` says which of them are overdue.
/// The list is eventually consistent.
///
/// # Cost
/// Sixteen queries at once, one of each partition of the list.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/shipments", operation_id = "list-shipments-by-status", tag = "fulfillment",
    security(("token" = [])),
    params(
        ("status" = Option<ShipmentStatus>, Query, description = "The shipments' status. Default: `SHIPPED`"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of shipments", body = ShipmentList),
    )
)]
pub async fn handle(
    function: &ListShipmentsByStatus,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["shipments by status"], &["status"])?;
    let status = page.filter("status")?.unwrap_or(ShipmentStatus::Shipped);
    let shipments = StatusList::of_shipments(status);
    let found: ListPage<Shipment> = function
        .fulfillment
        .list_by_status(&shipments, page.after()?, page.limit, invocation.deadline)
        .await?;
    page.respond(found.items, found.next, |shipment| {
        position(shipment.shipment_id.0, shipment.shipped_at)
    })
}
