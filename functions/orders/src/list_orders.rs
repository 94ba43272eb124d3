//! Runs for `GET /orders`: lists the caller's orders, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{CREATED, CreatedParameters, Cursor, Page, PageParameters, PageRequest};
use shared::core::error::Reason;
use shared::orders::{Order, OrderStatus, OrderStore};

/// The function's store.
#[derive(Debug)]
pub struct ListOrders {
    /// Orders.
    pub orders: OrderStore,
}

impl ListOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
        })
    }
}

/// A page of the caller's orders.
pub type OrderList = Page<Order>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's orders
///
/// Newest first. The list is eventually consistent: a new order may take a moment to appear. Each page reads at most 100
/// orders, so a page with `status` and a `next_cursor` may have fewer orders than `limit`, even none.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders", operation_id = "list-orders", tag = "orders",
    security(("token" = [])),
    params(
        PageParameters,
        ("status" = Option<OrderStatus>, Query, description = "Only orders with this status"),
        CreatedParameters,
    ),
    responses(
        (status = 200, description = "A page of orders", body = OrderList),
    )
)]
pub async fn handle(function: &ListOrders, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let [from, to] = CREATED;
    let page = PageRequest::of(&request, &["orders", customer.as_str()], &["status", from, to])?;
    let status: Option<OrderStatus> = page.filter("status")?;
    let (placed, limit) = (page.created()?, page.read_limit(status.is_some()));
    let found = function
        .orders
        .list(&customer, placed, page.after()?, limit, invocation.deadline)
        .await?;
    // Not filtered by DynamoDB: it would cost the same, and an expired order is stored as unpaid until `expire-orders` runs.
    let orders = found.items.into_iter().map(|order| order.as_of(invocation.now));
    let orders = orders.filter(|order| status.is_none_or(|status| order.status == status));
    page.respond(orders.collect(), found.next, |order| Cursor {
        at: [order.placed_at.as_millisecond().unsigned_abs()],
        id: order.order_id.0,
    })
}
