//! Cancelling an unpaid order.

use function_tests::{RESERVATION, Shop, id_of};
use harness::engine::ORDERS;
use harness::gateway::Call;

#[tokio::test]
async fn a_cancelled_order_releases_its_stock_once() {
    let shop = Shop::with("tea", 4, 10).await;
    let order = shop.order("ann", "k", &[("tea", 7)]).await;
    assert_eq!(shop.engine.balance("tea").await.available, 3);
    let cancelled = shop.cancel("ann", &id_of(&order)).await;
    assert_eq!((cancelled.status, cancelled.replayed), (200, false));
    assert_eq!(cancelled.body["status"], "CANCELLED");
    let again = shop.cancel("ann", &id_of(&order)).await;
    assert_eq!((again.status, again.replayed, again.body), (200, true, cancelled.body));
    assert_eq!(shop.engine.balance("tea").await.available, 10);
    assert_eq!(shop.engine.events(ORDERS).await[0].0, "OrderCancelled");
}

#[tokio::test]
async fn another_customers_order_cannot_be_cancelled() {
    let shop = Shop::with("tea", 1, 10).await;
    let order = shop.order("ann", "k", &[("tea", 7)]).await;
    assert_eq!(shop.cancel("bob", &id_of(&order)).await.problem(), "not-found");
    assert_eq!(shop.engine.balance("tea").await.held, 7);
}

#[tokio::test]
async fn an_order_past_its_deadline_is_expired_and_cannot_be_cancelled() {
    let shop = Shop::with("tea", 1, 10).await;
    let order = shop.order("ann", "k", &[("tea", 7)]).await;
    shop.advance(RESERVATION);
    let refused = shop.cancel("ann", &id_of(&order)).await;
    assert_eq!((refused.status, refused.problem()), (409, "order-closed"));
    assert_eq!(refused.body["order_status"], "EXPIRED");
    shop.expire_orders().await.unwrap();
    assert_eq!(shop.cancel("ann", &id_of(&order)).await.problem(), "order-closed");
    assert_eq!(shop.engine.balance("tea").await.available, 10);
}

#[tokio::test]
async fn a_cancellation_needs_a_key_and_a_token() {
    let shop = Shop::with("tea", 1, 10).await;
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", "x");
    assert_eq!(
        shop.cancel_order(call.clone().key("k")).await.problem(),
        "unauthenticated"
    );
    assert_eq!(
        shop.cancel_order(call.by("ann")).await.problem(),
        "invalid-idempotency-key"
    );
}
