//! Runs for `GET /orders/{order_id}`: returns the caller's order. Changes nothing.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::orders::{Order, OrderId, OrderStore, Rejected};

/// The function's store.
#[derive(Debug)]
pub struct GetOrder {
    /// Orders.
    pub orders: OrderStore,
}

impl GetOrder {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns an order
///
/// An unpaid order past its deadline is returned as `EXPIRED`, even if its stock is not released yet.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders/{order_id}", operation_id = "get-order", tag = "orders",
    security(("token" = [])),
    params(("order_id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = Order),
    )
)]
pub async fn handle(function: &GetOrder, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let stored = function.orders.get(order_id, invocation.deadline).await?;
    let order = stored
        .map(|stored| stored.order)
        .filter(|order| order.customer_id == caller.customer_id)
        .ok_or(Rejected::NotFound)?;
    http::json(StatusCode::OK, &order.as_of(invocation.now))
}
