//! Who acted: each action's events name the customer, the administrator, the provider or the function, and so do the
//! records that a person decided.

use function_tests::auction_fixture::{AuctionFixture, take_call};
use function_tests::image_fixture::{ImageFixture, picture};
use function_tests::payment_fixture::{amount, start_call, stripe_call, toss_call};
use function_tests::{BillingFixture, PaymentFixture, RESERVATION, Shop, admin_product_call, id_of, update_call};
use harness::engine::{AUCTIONS, CATALOG, IMAGES, ORDERS, PAYMENTS, SUBSCRIPTIONS};
use harness::gateway::Call;
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};

use crate::{billing_reviews, refunds, reviews};

fn actor(kind: &str, id: &str) -> Value {
    json!({ "kind": kind, "id": id })
}

fn ann() -> Value {
    actor("CUSTOMER", "ann")
}

fn staff() -> Value {
    actor("STAFF", "the-admin")
}

/// Checks that the entities of `table` whose newest event is `detail_type` were changed by `by`.
async fn assert_caused(shop: &Shop, table: &str, detail_type: &str, by: &Value) {
    let events = shop.engine.events(table).await;
    let causes: Vec<&Value> = events
        .iter()
        .filter(|(name, _)| name == detail_type)
        .map(|(_, detail)| &detail["metadata"]["actor"])
        .collect();
    assert!(!causes.is_empty(), "no {detail_type}: {events:?}");
    assert!(causes.iter().all(|cause| *cause == by), "{detail_type}: {causes:?}");
}

#[tokio::test]
async fn administrators_change_products_and_receive_stock_as_staff() {
    let shop = Shop::with("tea", 1, 0).await;
    shop.update_product(update_call("tea", "*", &json!({ "brand": "Hadong" })))
        .await;
    assert_caused(&shop, CATALOG, "ProductChanged", &staff()).await;
    let product = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(product.body["updated_by"], staff());
    let receipt = shop.receive("tea", 5).await;
    assert_eq!(receipt.body["created_by"], staff());
    assert_caused(&shop, CATALOG, "StockMoved", &staff()).await;
}

#[tokio::test]
async fn an_order_names_who_placed_cancelled_or_expired_it() {
    let shop = Shop::with("tea", 1, 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 1)]).await);
    assert_caused(&shop, ORDERS, "OrderPlaced", &ann()).await;
    shop.cancel("ann", &order).await;
    assert_caused(&shop, ORDERS, "OrderCancelled", &ann()).await;

    let shop = Shop::with("tea", 1, 10).await;
    shop.order("ann", "k", &[("tea", 1)]).await;
    shop.advance(RESERVATION);
    shop.expire_orders().await.unwrap();
    assert_caused(&shop, ORDERS, "OrderExpired", &actor("SCHEDULE", "expire-orders")).await;
}

#[tokio::test]
async fn an_administrator_cancels_another_customers_order_as_staff_and_an_own_one_as_customer() {
    for (customer, by) in [("ann", staff()), ("the-admin", actor("CUSTOMER", "the-admin"))] {
        let shop = PaymentFixture::with("tea", 10).await;
        let order = id_of(&shop.order(customer, "k", &[("tea", 1)]).await);
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &order);
        assert_eq!(shop.cancel_order(call.by_admin().key("c")).await.status, 200);
        assert_caused(&shop, ORDERS, "OrderCancelled", &by).await;
        let requests = shop.engine.items(PAYMENTS).await;
        assert_eq!(requests[0]["requested_by"], by, "{requests:?}");
    }
}

#[tokio::test]
async fn a_payment_names_the_customer_the_provider_or_the_schedule_that_completed_it() {
    let (shop, ..) = refunds::paid().await;
    assert_caused(&shop, PAYMENTS, "PaymentConfirmed", &ann()).await;
    assert_caused(&shop, ORDERS, "OrderPaid", &ann()).await;

    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await.body;
    let intent = started["reference"].as_str().unwrap();
    shop.sandbox.stripe_pay(intent, &Card::Good);
    shop.deliver_all().await;
    let stripe = actor("PROVIDER", "STRIPE");
    assert_caused(&shop, PAYMENTS, "PaymentConfirmed", &stripe).await;
    assert_caused(&shop, ORDERS, "OrderPaid", &stripe).await;

    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await.body;
    let intent = started["reference"].as_str().unwrap();
    shop.sandbox.stripe_pay(intent, &Card::Good);
    for _ in 0..2 {
        shop.sandbox.plan(Provider::Stripe, "intent", Fault::ErrorBefore(500));
    }
    let unknown = shop.confirm(stripe_call("ann", "pay", &order, intent, 2000)).await;
    assert_eq!(unknown.status, 202, "{unknown:?}");
    assert_caused(&shop, PAYMENTS, "PaymentUnknown", &ann()).await;
    shop.advance(SignedDuration::from_mins(4));
    shop.reconcile().await;
    let reconciler = actor("SCHEDULE", "reconcile-payments");
    assert_caused(&shop, PAYMENTS, "PaymentConfirmed", &reconciler).await;
}

#[tokio::test]
async fn a_refund_names_who_requested_it_to_administrators_only() {
    let (shop, order, _, payment) = refunds::paid().await;
    let asked = refunds::ask(&shop, "r", &payment, &json!({ "amount": amount(500) })).await;
    assert_eq!(asked.body["refunds"][0]["requested_by"], staff());
    assert_caused(&shop, PAYMENTS, "RefundRequested", &staff()).await;
    shop.refund("RefundRequested", &asked.body).await.unwrap();
    let function = actor("FUNCTION", "refund-payment");
    assert_caused(&shop, PAYMENTS, "PaymentRefunded", &function).await;

    shop.cancel("ann", &order).await;
    let seen_by_staff = shop.payment_of("ann", &order).await;
    assert_eq!(seen_by_staff["refunds"][1]["requested_by"], ann(), "{seen_by_staff}");
    let id = payment["payment_id"].as_str().unwrap();
    let call = Call::new("GET", "/payments/{payment_id}").path("payment_id", id);
    let seen = shop.get(call.by("ann")).await.body;
    assert_eq!(seen["refunds"].as_array().unwrap().len(), 2);
    assert!(!seen.to_string().contains("requested_by"), "{seen}");
}

#[tokio::test]
async fn a_refund_at_the_provider_was_requested_by_nobody_here() {
    let (shop, order, key, _) = refunds::paid().await;
    shop.sandbox.dashboard_refund(Provider::Toss, &key, 500);
    shop.deliver_all().await;
    let refunds = shop.payment_of("ann", &order).await["refunds"].clone();
    assert_eq!(
        (refunds[0]["reason"].as_str(), refunds[0].get("requested_by")),
        (Some("ELSEWHERE"), None)
    );
    assert_caused(&shop, PAYMENTS, "PaymentRefunded", &actor("PROVIDER", "TOSS")).await;
}

#[tokio::test]
async fn a_decision_about_a_payment_names_who_decided() {
    let (shop, order, payment) = reviews::refused().await;
    assert_caused(
        &shop,
        PAYMENTS,
        "PaymentReviewNeeded",
        &actor("FUNCTION", "refund-payment"),
    )
    .await;
    let decided = reviews::decide(&shop, "d", &payment, "GIVEN_BACK").await;
    assert_eq!(decided.body["decided"][0]["decided_by"], staff(), "{decided:?}");
    assert_caused(&shop, PAYMENTS, "PaymentRefunded", &staff()).await;
    let id = decided.body["payment_id"].as_str().unwrap();
    let call = Call::new("GET", "/payments/{payment_id}").path("payment_id", id);
    let seen = shop.get(call.by("ann")).await.body;
    assert!(!seen.to_string().contains("the-admin"), "{order}: {seen}");
}

#[tokio::test]
async fn a_subscription_names_its_customer_and_its_charges_the_function() {
    let shop = BillingFixture::with("tea", 9).await;
    let id = shop.subscribed("ann", "tea").await;
    assert_caused(&shop, SUBSCRIPTIONS, "SubscriptionStarted", &ann()).await;
    shop.run().await;
    let function = actor("FUNCTION", "charge-subscription");
    assert_caused(&shop, SUBSCRIPTIONS, "InvoicePaid", &function).await;
    assert_caused(&shop, ORDERS, "OrderPaid", &function).await;
    shop.change("ann", &id, "pause", &json!({ "change": "PAUSE" })).await;
    assert_caused(&shop, SUBSCRIPTIONS, "SubscriptionChanged", &ann()).await;

    let hint = json!({ "eventType": "BILLING_DELETED", "data": { "billingKey": shop.billing_key("ann") } });
    let call = Call::new("POST", "/webhooks/{provider}").path("provider", "toss");
    assert_eq!(shop.webhook(call.json(&hint)).await.status, 200);
    let published = shop.bus.published();
    let detail: Value = serde_json::from_str(published[0]["Detail"].as_str().unwrap()).unwrap();
    // Nobody signed the message.
    let function = actor("FUNCTION", "receive-webhook");
    assert_eq!(detail["metadata"]["actor"], function, "{published:?}");
    shop.request_new_cards().await;
    let function = actor("FUNCTION", "request-new-card");
    assert_caused(&shop, SUBSCRIPTIONS, "SubscriptionChanged", &function).await;

    assert_eq!(shop.end("ann", &id, "NOW").await.status, 200);
    assert_caused(&shop, SUBSCRIPTIONS, "SubscriptionCancelled", &ann()).await;
}

#[tokio::test]
async fn a_decision_about_a_charge_names_who_decided() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = billing_reviews::hanging(&shop, Fault::DropAfter).await;
    let charged = json!({ "decision": "CHARGED", "reference": shop.charged().reference });
    billing_reviews::decide(&shop, &id, "decide", &charged).await;
    assert_caused(&shop, SUBSCRIPTIONS, "InvoicePaid", &staff()).await;
    assert_caused(&shop, ORDERS, "OrderPaid", &staff()).await;
    let items = shop.engine.items(SUBSCRIPTIONS).await;
    let request = items.iter().find(|item| item.get("requested_by").is_some());
    assert_eq!(request.unwrap()["requested_by"], staff());
}

#[tokio::test]
async fn a_bid_names_its_customer_and_points_the_function() {
    let shop = AuctionFixture::open().await;
    shop.credit_points("ann", 100_000).await;
    assert_caused(&shop, AUCTIONS, "PointsCredited", &actor("FUNCTION", "credit-points")).await;
    let bid = shop.buy("ann", 40_000).await;
    assert_caused(&shop, AUCTIONS, "BidPlaced", &ann()).await;
    shop.cancel_bid("ann", bid.body["bid_id"].as_str().unwrap()).await;
    assert_caused(&shop, AUCTIONS, "BidCancelled", &ann()).await;
    shop.sell("bob", 45_000).await;
    shop.take(take_call("ann", "take", "BUY", Some(45_000), None)).await;
    assert_caused(&shop, AUCTIONS, "BidTraded", &ann()).await;
    shop.buy("ann", 1_000).await;
    shop.advance(SignedDuration::from_hours(2));
    shop.expire_bids().await.unwrap();
    assert_caused(&shop, AUCTIONS, "BidExpired", &actor("SCHEDULE", "expire-bids")).await;
}

#[tokio::test]
async fn an_image_names_the_function_that_processed_it_and_who_deleted_it() {
    for (admin, by) in [(false, ann()), (true, staff())] {
        let shop = ImageFixture::open().await;
        let id = shop.presign("ann", "k", &json!({})).await;
        let event = shop.upload(&id, &picture(80, 60));
        shop.resize_image(&event).await.unwrap();
        let function = actor("FUNCTION", "resize-image");
        assert_caused(&shop.shop, IMAGES, "ImageResized", &function).await;
        let call = Call::new("DELETE", "/images/{image_id}").path("image_id", &id);
        let call = if admin { call.by_admin() } else { call.by("ann") };
        assert_eq!(shop.delete_image(call).await.status, 200);
        assert_caused(&shop.shop, IMAGES, "ImageDeleted", &by).await;
    }
}

#[tokio::test]
async fn a_payment_of_a_retried_confirmation_keeps_its_customer() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    for _ in 0..2 {
        shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
        assert_caused(&shop, PAYMENTS, "PaymentConfirmed", &ann()).await;
    }
}
