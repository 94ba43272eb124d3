//! `GET /orders` brings a customer's wish to see their orders, newest first; it leaves nothing behind.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use envconfig::Envconfig;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::edge::config;
use shared::edge::http::{self, Request, Response};
use shared::edge::invocation::Invocation;
use shared::edge::problem::{Faults, Problem, TokenRequired};
use shared::error::Rejection;
use shared::order::{Order, OrderId};
use shared::store::{self, OrderCursor, Orders};

/// The function's table.
#[derive(Debug)]
pub struct ListOrders {
    /// Orders.
    pub orders: Orders,
}

/// How many orders a page has unless the caller says.
const DEFAULT_LIMIT: u8 = 20;
/// The most orders on a page.
const MAX_LIMIT: u8 = 100;

/// A page of a customer's orders.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderList {
    /// Newest first.
    pub orders: Vec<Order>,
    /// Pass it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// Lists the caller's orders
///
/// A new order may take a moment to appear.
///
/// # Errors
/// `invalid-parameter`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders", operation_id = "list-orders", tag = "orders",
    security(("token" = [])),
    params(
        ("limit" = Option<u8>, Query, description = "Orders on a page; 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of orders", body = OrderList),
        (status = 400, description = "`invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &ListOrders, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let limit = parse_limit(http::query_parameter(&request, "limit"))?;
    let cursor = http::query_parameter(&request, "cursor")
        .map(parse_cursor)
        .transpose()?;
    let page = function
        .orders
        .list(&caller.customer_id, cursor, limit, invocation.deadline)
        .await?;
    let list = OrderList {
        orders: page
            .orders
            .into_iter()
            .map(|order| order.as_of(invocation.now))
            .collect(),
        next_cursor: page.next.map(write_cursor),
    };
    http::json(StatusCode::OK, &list)
}

fn parse_limit(text: Option<&str>) -> Result<u8, Rejection> {
    let Some(text) = text else {
        return Ok(DEFAULT_LIMIT);
    };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| http::invalid_parameter("limit", "it is 1 to 100"))
}

/// 8 bytes of time and 16 of the order's id.
fn write_cursor(cursor: OrderCursor) -> String {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&cursor.placed_ms.to_be_bytes());
    bytes[8..].copy_from_slice(cursor.order_id.0.as_bytes());
    BASE64.encode(bytes)
}

fn parse_cursor(text: &str) -> Result<OrderCursor, Rejection> {
    let refused = || http::invalid_parameter("cursor", "it is not one that this route gave out");
    let bytes = BASE64.decode(text).map_err(|_| refused())?;
    let (time, id) = bytes.split_first_chunk::<8>().ok_or_else(refused)?;
    Ok(OrderCursor {
        placed_ms: i64::from_be_bytes(*time),
        order_id: OrderId(uuid::Uuid::from_slice(id).map_err(|_| refused())?),
    })
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "ORDERS_TABLE")]
    orders_table: String,
}

impl ListOrders {
    /// The function as its environment configures it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub async fn from_env() -> Result<Self, Error> {
        let config: Config = config::from_env()?;
        let client = store::client(&config::aws().await);
        Ok(Self {
            orders: Orders::new(client, config.orders_table),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let cursor = OrderCursor {
            placed_ms: 1_700_000_000_123,
            order_id: OrderId(uuid::Uuid::from_u128(7)),
        };
        assert_eq!(parse_cursor(&write_cursor(cursor)), Ok(cursor));
    }

    #[test]
    fn what_is_not_a_cursor_is_refused() {
        for bad in [
            "",
            "x",
            "AAAA",
            "!!",
            &"A".repeat(1000),
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(parse_cursor(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_limit_is_1_to_100() {
        assert_eq!(parse_limit(None), Ok(20));
        assert_eq!(parse_limit(Some("100")), Ok(100));
        for bad in ["", "0", "101", "-1", "x", "1.0", "999"] {
            assert!(parse_limit(Some(bad)).is_err(), "{bad}");
        }
    }
}
