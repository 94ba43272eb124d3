//! Subscriptions of goods that are shipped: their tax, their delivery and its method.

use function_tests::BillingFixture;
use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use function_tests::delivery::address;
use function_tests::payment_fixture::amount;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::quotes;

async fn open() -> BillingFixture {
    BillingFixture::in_shop(quotes::shop().await).await
}

async fn subscribe(shop: &BillingFixture, change: &Value) -> Answer {
    let mut body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    body["shipping_address"] = address();
    body.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    shop.create_subscription(subscribe_call("ann", "k", &body)).await
}

async fn update(shop: &BillingFixture, id: &str, key: &str, body: &Value) -> Answer {
    let call = Call::new("PATCH", "/subscriptions/{subscription_id}").path("subscription_id", id);
    shop.update_subscription(call.by("ann").key(key).json(body)).await
}

fn id_of(subscription: &Answer) -> String {
    assert_eq!(subscription.status, 201, "{subscription:?}");
    subscription.body["subscription_id"].as_str().unwrap().to_owned()
}

/// Lets the next period fall due. Returns its invoice and its order.
async fn next_period(shop: &BillingFixture, id: &str) -> (Value, Value) {
    shop.run().await;
    let invoice = shop.account("ann", id).await["invoices"][0].clone();
    assert_eq!(invoice["status"], "PAID", "{invoice}");
    let order = shop.see("ann", invoice["order_id"].as_str().unwrap()).await.body;
    (invoice, order)
}

#[tokio::test]
async fn a_period_is_charged_with_its_tax_and_its_delivery() {
    let shop = open().await;
    let id = id_of(&subscribe(&shop, &json!({ "expected_total": amount(15_900) })).await);
    let (invoice, order) = next_period(&shop, &id).await;
    assert_eq!(shop.charged().charged, 15_900);
    for document in [&invoice, &order] {
        assert_eq!(document["totals"]["total"], amount(15_900));
        assert_eq!(document["totals"]["included_tax"], amount(1173 + 273));
        assert_eq!(document["shipping"]["method_id"], "kr-standard");
        assert_eq!(document["lines"][0]["tax_rate"], "10");
    }
    assert_eq!(
        (&invoice["lines"], &invoice["shipping"]),
        (&order["lines"], &order["shipping"])
    );
}

#[tokio::test]
async fn the_chosen_method_is_charged_until_another_one_is_chosen() {
    let shop = open().await;
    let begun = subscribe(&shop, &json!({ "shipping_method": "kr-express" })).await;
    assert_eq!(begun.body["shipping_method"], "kr-express");
    let id = id_of(&begun);
    let (_, order) = next_period(&shop, &id).await;
    assert_eq!(order["totals"]["total"], amount(18_900));
    let changed = update(&shop, &id, "1", &json!({ "shipping_method": "kr-standard" })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["shipping_method"], "kr-standard");
    assert_eq!(changed.body["items"], begun.body["items"]);
    shop.advance(SignedDuration::from_hours(24 * 31));
    let (_, order) = next_period(&shop, &id).await;
    assert_eq!(order["totals"]["total"], amount(15_900));
}

#[tokio::test]
async fn a_method_that_does_not_fit_is_refused_when_it_is_chosen() {
    let shop = open().await;
    let refused = subscribe(&shop, &json!({ "shipping_method": "us-standard" })).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (422, "shipping-method-unavailable")
    );
    let begun = subscribe(&shop, &json!({ "shipping_method": "kr-express" })).await;
    let id = id_of(&begun);
    let heavy = json!({ "items": [{ "sku": "pot", "quantity": 3 }] });
    assert_eq!(
        update(&shop, &id, "1", &heavy).await.problem(),
        "shipping-method-unavailable"
    );
    let both = json!({ "items": [{ "sku": "pot", "quantity": 3 }], "shipping_method": "kr-standard" });
    assert_eq!(update(&shop, &id, "2", &both).await.status, 200);
    let heavier = json!({ "items": [{ "sku": "pot", "quantity": 4 }] });
    assert_eq!(update(&shop, &id, "3", &heavier).await.problem(), "not-shippable");
}

#[tokio::test]
async fn a_subscription_without_an_address_is_not_charged_for_what_is_shipped() {
    let shop = open().await;
    let without = quotes::shipped(12_900, None, "STANDARD");
    assert_eq!(shop.put_product("cup", &without).await.status, 201);
    shop.receive("cup", 10).await;
    let body = subscription(&[("cup", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    let id = id_of(&shop.create_subscription(subscribe_call("ann", "k", &body)).await);
    let with = quotes::shipped(12_900, Some(300), "STANDARD");
    assert_eq!(shop.put_product("cup", &with).await.status, 200);
    shop.run().await;
    let invoice = shop.account("ann", &id).await["invoices"][0].clone();
    assert_eq!(invoice["status"], "POSTPONED", "{invoice}");
    assert_eq!(shop.charges().len(), 0);
    assert_eq!(
        update(&shop, &id, "1", &json!({ "shipping_address": address() }))
            .await
            .status,
        200
    );
    shop.advance(SignedDuration::from_hours(25));
    let (_, order) = next_period(&shop, &id).await;
    assert_eq!(order["totals"]["total"], amount(15_900));
}
