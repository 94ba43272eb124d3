//! Runs for `GET /orders`: lists the caller's orders, newest first. Changes nothing.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{self, Cursor};
use shared::core::error::Reason;
use shared::orders::{Order, OrderCursor, OrderId, OrderStore};

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
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderList {
    /// The orders, newest first.
    pub orders: Vec<Order>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's orders
///
/// The list is eventually consistent: a new order may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders", operation_id = "list-orders", tag = "orders",
    security(("token" = [])),
    params(
        ("limit" = Option<u8>, Query, description = "Orders per page, 20 by default", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "A page of orders", body = OrderList),
    )
)]
pub async fn handle(function: &ListOrders, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let limit = page::limit(&request)?;
    let list = ["orders", caller.customer_id.as_str()];
    let after = Cursor::of(&request, &list)?.map(|Cursor { at: [placed_ms], id }| OrderCursor {
        placed_ms,
        order_id: OrderId(id),
    });
    let page = function
        .orders
        .list(&caller.customer_id, after, limit, invocation.deadline)
        .await?;
    let next = page.next.map(|next| Cursor {
        at: [next.placed_ms],
        id: next.order_id.0,
    });
    let orders = OrderList {
        orders: page
            .orders
            .into_iter()
            .map(|order| order.as_of(invocation.now))
            .collect(),
        next_cursor: next.map(|next| next.text(&list)),
    };
    http::json(StatusCode::OK, &orders)
}
