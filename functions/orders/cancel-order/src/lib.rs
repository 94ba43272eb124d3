//! `POST /orders/{order_id}/cancel` brings a customer's wish to give up an unpaid order; it leaves the order cancelled
//! and its stock back on the shelf.

use envconfig::Envconfig;
use lambda_http::http::StatusCode;
use shared::Error;
use shared::edge::config;
use shared::edge::http::{self, Request, Response};
use shared::edge::invocation::Invocation;
use shared::edge::problem::{Faults, Problem, TokenRequired};
use shared::event::Event;
use shared::order::{Ending, Order, OrderStatus, Rejected};
use shared::store::{self, Catalog, Orders, Reservations};

/// The function's tables.
#[derive(Debug)]
pub struct CancelOrder {
    /// Orders.
    pub orders: Orders,
    /// Stock and orders.
    pub reservations: Reservations,
}

/// How often an order that changes under our hands is read again.
const ATTEMPTS: usize = 5;

/// Cancels an unpaid order
///
/// Its stock goes back at once. An order that is cancelled already is answered as it is, whichever request did it.
///
/// # Errors
/// `not-found` for another customer's order too, `order-closed`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders/{order_id}/cancel", operation_id = "cancel-order", tag = "orders",
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The order, cancelled", body = Order,
            headers(("Idempotency-Replayed" = bool, description = "true: it was cancelled before"))),
        (status = 400, description = "`invalid-idempotency-key`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`order-closed` with `order_status`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &CancelOrder, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    http::idempotency_key(&request)?;
    let order_id = http::order_id(&request)?;
    for _ in 0..ATTEMPTS {
        let stored = function.orders.get(order_id, invocation.deadline).await?;
        let stored = stored
            .filter(|stored| stored.order.customer_id == caller.customer_id)
            .ok_or(Rejected::NotFound)?;
        if stored.order.status == OrderStatus::Cancelled {
            return Ok(http::replayed(http::json(StatusCode::OK, &stored.order)?));
        }
        let cancelled = stored.order.end(Ending::Cancel, invocation.now)?;
        let event = Event::OrderCancelled(cancelled.clone())
            .record(invocation.stamp())
            .map_err(|error| Error::internal("write the event", error))?;
        let released = function
            .reservations
            .release(&stored, cancelled.clone(), &event, invocation.deadline);
        if released.await? {
            return http::json(StatusCode::OK, &cancelled);
        }
    }
    Err(Error::unavailable("cancel an order", "it keeps changing"))
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "CATALOG_TABLE")]
    catalog_table: String,
    #[envconfig(from = "ORDERS_TABLE")]
    orders_table: String,
}

impl CancelOrder {
    /// The function as its environment configures it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub async fn from_env() -> Result<Self, Error> {
        let config: Config = config::from_env()?;
        let client = store::client(&config::aws().await);
        let orders = Orders::new(client.clone(), config.orders_table);
        Ok(Self {
            orders: orders.clone(),
            reservations: Reservations::new(client.clone(), Catalog::new(client, config.catalog_table), orders),
        })
    }
}
