//! Contacts and addresses: who sees them, where they are stored, and how they are erased.

use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use function_tests::delivery::{address, contact, delivery_call, details_call};
use function_tests::{BillingFixture, Shop, id_of, order_call};
use harness::engine::{ACCOUNTS, ORDERS, SUBSCRIPTIONS};
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};

/// What must be readable nowhere.
const SECRETS: [&str; 5] = ["Minji", "minji@", "82101234", "Sejong", "04524"];

async fn details(shop: &Shop, customer: &str, order_id: &str) -> Answer {
    shop.get_delivery_details(details_call(order_id).by(customer)).await
}

#[tokio::test]
async fn an_orders_customer_and_administrators_see_where_it_goes() {
    let shop = Shop::with("tea", 1, 5).await;
    let placed = shop.checkout(delivery_call("ann", "k", "tea", &address())).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let order_id = id_of(&placed);
    let expected = json!({ "contact": contact(), "shipping_address": address() });
    let seen = details(&shop, "ann", &order_id).await;
    assert_eq!((seen.status, &seen.body), (200, &expected));
    let by_staff = shop.get_delivery_details(details_call(&order_id).by_admin()).await;
    assert_eq!(by_staff.body, expected);
    assert_eq!(details(&shop, "bob", &order_id).await.problem(), "not-found");
    let nobody = shop.get_delivery_details(details_call(&order_id)).await;
    assert_eq!(nobody.problem(), "unauthenticated");
}

#[tokio::test]
async fn contacts_and_addresses_are_in_no_item_event_or_answer() {
    let shop = Shop::with("tea", 1, 5).await;
    let placed = shop.checkout(delivery_call("ann", "k", "tea", &address())).await;
    let replayed = shop.checkout(delivery_call("ann", "k", "tea", &address())).await;
    assert!(replayed.replayed);
    let seen = shop.see("ann", &id_of(&placed)).await;
    let mut texts = vec![placed.body.to_string(), seen.body.to_string()];
    for table in [ORDERS, ACCOUNTS] {
        texts.extend(shop.engine.items(table).await.iter().map(|item| format!("{item:?}")));
    }
    assert!(texts.len() >= 4, "an order and a key are stored");
    for secret in SECRETS {
        assert!(
            texts.iter().all(|text| !text.contains(secret)),
            "{secret} is stored or shown"
        );
    }
}

#[tokio::test]
async fn an_error_says_which_field_is_wrong_and_not_what_is_in_it() {
    let shop = Shop::with("tea", 1, 5).await;
    for (field, value, problem) in [
        ("postal_code", json!("Minji-04524"), "invalid-address"),
        ("country", json!("XX"), "malformed-body"),
        ("recipient", json!("Minji\u{202e}"), "invalid-text"),
        ("line1", json!("Sejong".repeat(34)), "invalid-text"),
        ("phone", json!("0101234Minji"), "invalid-contact"),
        ("secret", json!("Sejong"), "malformed-body"),
        ("phone", json!(821_012_345_678_i64), "malformed-body"),
        ("city", json!(["Sejong"]), "malformed-body"),
    ] {
        let mut wrong = address();
        wrong[field] = value;
        let refused = shop.checkout(delivery_call("ann", field, "tea", &wrong)).await;
        assert_eq!((refused.status / 100, refused.problem()), (4, problem), "{refused:?}");
        let text = refused.body.to_string();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert_eq!(shop.engine.count(ORDERS).await, 0);
    assert_eq!(shop.kms.requests(), 0, "what is refused is not encrypted");
}

#[tokio::test]
async fn an_order_without_an_address_needs_no_key() {
    let shop = Shop::with("tea", 1, 5).await;
    let placed = shop.checkout(order_call("ann", "k", &[("tea", 1)])).await;
    assert_eq!(placed.status, 201);
    assert_eq!((shop.kms.requests(), shop.engine.count(ACCOUNTS).await), (0, 0));
    assert_eq!(details(&shop, "ann", &id_of(&placed)).await.problem(), "not-found");
}

#[tokio::test]
async fn a_customer_has_one_key_however_many_orders_are_placed_at_once() {
    let shop = Shop::with("tea", 1, 20).await;
    let calls = (0..8).map(|nth| shop.checkout(delivery_call("ann", &nth.to_string(), "tea", &address())));
    let placed = futures::future::join_all(calls).await;
    assert_eq!(shop.engine.count(ACCOUNTS).await, 1);
    for order in placed {
        let seen = details(&shop, "ann", &id_of(&order)).await;
        assert_eq!(seen.body["shipping_address"], address());
    }
    shop.checkout(delivery_call("bob", "k", "tea", &address())).await;
    assert_eq!(shop.engine.count(ACCOUNTS).await, 2);
}

#[tokio::test]
async fn erased_data_cannot_be_read_again_and_the_order_stays() {
    let shop = Shop::with("tea", 1, 20).await;
    let of_ann = id_of(&shop.checkout(delivery_call("ann", "k", "tea", &address())).await);
    let of_bob = id_of(&shop.checkout(delivery_call("bob", "k", "tea", &address())).await);
    for _ in 0..2 {
        assert_eq!(shop.erase_personal_data("ann").await.status, 200);
    }
    assert_eq!(details(&shop, "ann", &of_ann).await.problem(), "not-found");
    assert_eq!(shop.see("ann", &of_ann).await.body["status"], "PENDING_PAYMENT");
    assert_eq!(details(&shop, "bob", &of_bob).await.status, 200, "bob's are his own");
    // A later order has a new key, which does not open what was erased.
    let later = id_of(&shop.checkout(delivery_call("ann", "later", "tea", &address())).await);
    assert_eq!(details(&shop, "ann", &later).await.status, 200);
    assert_eq!(details(&shop, "ann", &of_ann).await.problem(), "not-found");
}

#[tokio::test]
async fn a_checkout_waits_for_kms_and_takes_no_stock_without_it() {
    let shop = Shop::with("tea", 1, 1).await;
    shop.kms.refuse(Some((400, "ThrottlingException")));
    let refused = shop.checkout(delivery_call("ann", "k", "tea", &address())).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    shop.kms.refuse(None);
    let placed = shop.checkout(delivery_call("ann", "k", "tea", &address())).await;
    assert_eq!(placed.status, 201, "{placed:?}");
}

#[tokio::test]
async fn a_subscriptions_order_goes_to_the_address_that_it_has_at_its_charge() {
    let shop = BillingFixture::with("tea", 5).await;
    let mut body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    body["contact"] = contact();
    body["shipping_address"] = address();
    let started = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(started.status, 201, "{started:?}");
    let id = started.body["subscription_id"].as_str().unwrap().to_owned();
    shop.run().await;
    let mut moved = address();
    moved["line1"] = json!("1, Haeundae-ro");
    let change = Call::new("PATCH", "/subscriptions/{subscription_id}")
        .path("subscription_id", &id)
        .by("ann")
        .key("move")
        .json(&json!({ "shipping_address": moved }));
    assert_eq!(shop.update_subscription(change).await.status, 200);
    shop.advance_with_runs(super::billing::hours(24 * 32), super::billing::hours(24))
        .await;
    let orders = shop.list_orders(Call::new("GET", "/orders").by("ann")).await;
    let orders: Vec<String> = orders.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["order_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(orders.len(), 2);
    let mut lines = vec![];
    for order_id in orders.iter().rev() {
        let seen = details(&shop, "ann", order_id).await;
        lines.push(seen.body["shipping_address"]["line1"].clone());
    }
    assert_eq!(lines, [json!("110, Sejong-daero"), json!("1, Haeundae-ro")]);
    let stored = shop.engine.items(SUBSCRIPTIONS).await;
    let stored: Vec<Value> = stored.iter().map(|item| json!(format!("{item:?}"))).collect();
    for secret in SECRETS {
        assert!(!stored.iter().any(|item| item.to_string().contains(secret)), "{secret}");
    }
}
