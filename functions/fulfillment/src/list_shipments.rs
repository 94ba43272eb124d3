//! Runs for `GET /orders/{order_id}/shipments`: lists the shipments of the caller's order, or of any order for an
//! administrator. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::core::error::{self, Reason};
use shared::orders::{OrderId, Rejected};

use crate::shipment::Shipment;
use crate::store::{FulfillmentStore, ListPage, OrderList, position};

/// The function's store.
#[derive(Debug)]
pub struct ListShipments {
    /// Shipments and orders.
    pub fulfillment: FulfillmentStore,
}

impl ListShipments {
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

/// A page of an order's shipments.
pub type ShipmentList = Page<Shipment>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the shipments of an order
///
/// Newest first. The list is eventually consistent: a new shipment may take a moment to appear.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders/{order_id}/shipments", operation_id = "list-shipments", tag = "fulfillment",
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of shipments", body = ShipmentList),
    )
)]
pub async fn handle(function: &ListShipments, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let list = order_id.to_string();
    let page = PageRequest::of(&request, &["shipments", &list], &[])?;
    let store = &function.fulfillment;
    let order = store.orders.get(order_id, invocation.deadline).await?;
    order
        .filter(|stored| caller.is_admin || stored.order.customer_id == caller.customer_id)
        .ok_or(Rejected::NotFound)?;
    let shipments = OrderList::of_shipments(order_id);
    let found: ListPage<Shipment> = store
        .list_of_order(&shipments, page.after()?, page.limit, invocation.deadline)
        .await?;
    page.respond(found.items, found.next, |shipment| {
        position(shipment.shipment_id.0, shipment.shipped_at)
    })
}
