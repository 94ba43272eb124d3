//! Cancelling an unpaid order, and the largest one.

use function_tests::auction_fixture::{AuctionFixture, CARD};
use function_tests::payment_fixture::amount;
use function_tests::{CouponsFixture, PaymentFixture, RESERVATION, Shop, id_of, order_body, order_call, product};
use harness::engine::ORDERS;
use harness::gateway::Call;
use serde_json::json;

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

#[tokio::test]
async fn the_most_scattered_order_of_points_that_are_in_use_is_cancelled_in_one_transaction() {
    let shop = PaymentFixture::in_shop(Shop::open().await).await;
    let skus: Vec<String> = (0..50).map(|nth| format!("points-{nth}")).collect();
    for sku in &skus {
        let mut points = product(100, 2);
        points["points"] = json!(100);
        shop.put_product(sku, &points).await;
        shop.engine.set_shards(sku, &[1, 1]).await;
    }
    let items: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), 2)).collect();
    let coupons = CouponsFixture::beside(shop.again());
    // What is worth money needs a coupon that names it.
    let mut claims = vec![];
    for class in ["SELLER", "PLATFORM"] {
        let coupon = coupons
            .coupon(&json!({ "class": class, "scope": { "skus": skus } }))
            .await;
        claims.push(coupons.claimed("ann", &coupon).await);
    }
    let mut body = order_body(&items);
    body["coupon_claim_ids"] = json!(claims);
    let order = id_of(&shop.checkout(order_call("ann", "k", &[]).json(&body)).await);
    let data = json!({ "order_id": order, "reference": "r", "amount": amount(9_400) });
    let webhook = shop.sandbox.standard_webhook("payment.succeeded", &data);
    assert_eq!(shop.deliver(&webhook).await.status, 200);
    let auction = AuctionFixture::beside(&shop);
    let paid = shop.see("ann", &order).await.body;
    auction.credit(&paid).await.unwrap();
    shop.list(CARD, 50_000, 1).await;
    assert_eq!(auction.buy("ann", 1_000).await.status, 201);

    // The order, its payment, the request, the claims of two coupons, the credit, the wallet, and the entries of points taken back
    // and owed.
    let holds = shop.engine.items(ORDERS).await[0]["holds"].as_array().unwrap().len();
    assert_eq!(holds + 9, 100, "DynamoDB's limit");
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &order);
    let cancelled = shop.cancel_order(call.by_admin().key("c")).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    assert_eq!(shop.engine.balance(&skus[0]).await.available, 2);
    let claims = coupons.claims("ann").await;
    assert_eq!(claims.len(), 2);
    assert!(claims.iter().all(|claim| claim["status"] == "ISSUED"), "{claims:?}");
}
