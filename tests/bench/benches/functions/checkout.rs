//! `checkout`: each request is a new customer's order of one unit of one product, which lies in one shard.

use bench::case::Case;
use function_tests::{Shop, order_call};
use harness::engine::{CATALOG, ORDERS};
use harness::gateway::{Answer, Call};
use serde_json::Value;

/// More than a run orders.
const UNITS: u64 = 100_000;

/// The case.
pub struct Checkout;

impl Case for Checkout {
    const FUNCTION: &'static str = "checkout";
    const ENVIRONMENT: &'static [(&'static str, &'static str)] = &[
        ("CATALOG_TABLE", CATALOG),
        ("ORDERS_TABLE", ORDERS),
        ("RESERVATION_MINUTES", "15"),
    ];

    async fn prepare(shop: &Shop) {
        shop.list("tea", 12_900, 1).await;
        shop.receive("tea", UNITS).await;
    }

    fn call(n: usize) -> Call {
        order_call(&format!("customer-{n}"), &format!("order-{n}"), &[("tea", 1)])
    }

    fn is_right(status: u16, body: &Value) -> bool {
        status == 201 && body["status"] == "PENDING_PAYMENT" && body["total"]["amount"] == 12_900
    }

    async fn handle(shop: &Shop, call: Call) -> Answer {
        shop.checkout(call).await
    }

    async fn audit(shop: &Shop, requests: usize) {
        let balance = shop.engine.balance("tea").await;
        let ordered = i64::try_from(requests).unwrap_or(i64::MAX);
        assert_eq!(balance.held, ordered, "an order for each request: {balance:?}");
        assert_eq!(shop.engine.count(ORDERS).await, requests);
    }
}
