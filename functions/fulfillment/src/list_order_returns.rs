//! Runs for `GET /orders/{order_id}/returns`: lists the returns of the caller's order, or of any order for an
//! administrator. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{PageParameters, PageRequest};
use shared::core::error::{self, Reason};
use shared::orders::{OrderId, Rejected};

use crate::list_returns::ReturnList;
use crate::returns::Return;
use crate::store::{FulfillmentStore, ListPage, OrderList, position};

/// The function's store.
#[derive(Debug)]
pub struct ListOrderReturns {
    /// Returns and orders.
    pub fulfillment: FulfillmentStore,
}

impl ListOrderReturns {
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
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the returns of an order
///
/// Newest first. The list is eventually consistent: a new return may take a moment to appear.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders/{order_id}/returns", operation_id = "list-order-returns", tag = "fulfillment",
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of returns", body = ReturnList),
    )
)]
pub async fn handle(function: &ListOrderReturns, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let list = order_id.to_string();
    let page = PageRequest::of(&request, &["order returns", &list], &[])?;
    let store = &function.fulfillment;
    let order = store.orders.get(order_id, invocation.deadline).await?;
    order
        .filter(|stored| caller.is_admin || stored.order.customer_id == caller.customer_id)
        .ok_or(Rejected::NotFound)?;
    let returns = OrderList::of_returns(order_id);
    let found: ListPage<Return> = store
        .list_of_order(&returns, page.after()?, page.limit, invocation.deadline)
        .await?;
    page.respond(found.items, found.next, |details| {
        position(details.return_id.0, details.requested_at)
    })
}
