//! Products and their stock: put, get, receive.

use function_tests::{Shop, product, put_call, receive_call};
use harness::engine::CATALOG;
use harness::gateway::Call;
use serde_json::json;

#[tokio::test]
async fn a_product_is_put_and_returned_with_its_stock() {
    let shop = Shop::with("tea", 4, 10).await;
    let answer = shop
        .get_product(Call::new("GET", "/products/{sku}").path("sku", "tea"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["available"], 10);
    assert_eq!(answer.body["price"], json!({ "amount": 1000, "currency": "KRW" }));
    assert_eq!(answer.body["stock_shards"], 4);
    assert_eq!(answer.body["version"], 1);
}

#[tokio::test]
async fn an_unlisted_product_is_not_found() {
    let shop = Shop::with("tea", 1, 10).await;
    let mut hidden = product(1000, 1);
    hidden["status"] = json!("UNLISTED");
    assert_eq!(shop.put_product(put_call("tea", &hidden)).await.status, 200);
    for sku in ["tea", "coffee"] {
        let answer = shop
            .get_product(Call::new("GET", "/products/{sku}").path("sku", sku))
            .await;
        assert_eq!((answer.status, answer.problem()), (404, "not-found"));
    }
}

#[tokio::test]
async fn putting_an_unchanged_product_writes_nothing() {
    let shop = Shop::open().await;
    let first = shop.list("tea", 1000, 1).await;
    let again = shop.list("tea", 1000, 1).await;
    assert_eq!(first.body, again.body);
    let changed = shop.list("tea", 1200, 1).await;
    assert_eq!(changed.body["version"], 2);
    let events = shop.engine.events(CATALOG).await;
    assert_eq!(events[0].0, "ProductChanged");
    assert_eq!(events[0].1["data"]["price"]["amount"], 1200);
}

#[tokio::test]
async fn shards_are_kept_when_omitted_and_never_lowered() {
    let shop = Shop::with("tea", 8, 10).await;
    let mut without_shards = product(1500, 1);
    without_shards.as_object_mut().unwrap().remove("stock_shards");
    let answer = shop.put_product(put_call("tea", &without_shards)).await;
    assert_eq!(answer.body["stock_shards"], 8);
    let lowered = shop.put_product(put_call("tea", &product(1500, 4))).await;
    assert_eq!((lowered.status, lowered.problem()), (409, "shards-not-lowered"));
}

#[tokio::test]
async fn raising_the_shards_spreads_the_stock_and_loses_nothing() {
    let shop = Shop::with("tea", 1, 1003).await;
    shop.list("tea", 1000, 64).await;
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.received, balance.available), (1003, 1003));
    let levels = shop.engine.shards("tea").await;
    assert_eq!(levels.len(), 64);
    assert!(levels.iter().all(|units| (15..=16).contains(units)), "{levels:?}");
}

#[tokio::test]
async fn a_delivery_sent_repeatedly_is_received_once() {
    let shop = Shop::with("tea", 3, 0).await;
    let first = shop.receive_stock(receive_call("tea", "d1", 100)).await;
    assert_eq!((first.status, first.replayed), (201, false));
    let again = shop.receive_stock(receive_call("tea", "d1", 100)).await;
    assert_eq!((again.status, again.replayed), (201, true));
    assert_eq!(first.body, again.body);
    let other = shop.receive_stock(receive_call("tea", "d1", 101)).await;
    assert_eq!((other.status, other.problem()), (422, "idempotency-key-reused"));
    assert_eq!(shop.engine.balance("tea").await.available, 100);
}

#[tokio::test]
async fn units_fewer_than_shards_are_all_received() {
    let shop = Shop::with("tea", 64, 3).await;
    assert_eq!(shop.engine.balance("tea").await.available, 3);
}

#[tokio::test]
async fn only_administrators_change_the_catalog() {
    let shop = Shop::with("tea", 1, 5).await;
    let put = shop.put_product(put_call("tea", &product(1, 1)).by("shopper")).await;
    assert_eq!((put.status, put.problem()), (403, "forbidden"));
    let receive = shop.receive_stock(receive_call("tea", "x", 5).by("shopper")).await;
    assert_eq!((receive.status, receive.problem()), (403, "forbidden"));
    assert_eq!(shop.engine.balance("tea").await.available, 5);
}

#[tokio::test]
async fn each_invalid_product_is_rejected() {
    let shop = Shop::open().await;
    let name = |text: &str| {
        let mut body = product(1000, 1);
        body["name"] = json!(text);
        body
    };
    for (body, status) in [
        (name(""), 422),
        (name("  "), 422),
        (name(&"차".repeat(201)), 422),
        (json!({ "name": "Tea" }), 400),
        (
            json!({ "name": "Tea", "price": { "amount": 10.5, "currency": "KRW" }, "status": "LISTED" }),
            400,
        ),
        (
            json!({ "name": "Tea", "price": { "amount": 10, "currency": "KRW" }, "status": "SOLD" }),
            400,
        ),
        (
            json!({ "name": "Tea", "price": { "amount": 10, "currency": "KRW" }, "status": "LISTED", "stock_shards": 65 }),
            400,
        ),
        (
            json!({ "name": "Tea", "price": { "amount": 10, "currency": "KRW" }, "status": "LISTED", "stock_shards": 0 }),
            400,
        ),
    ] {
        assert_eq!(shop.put_product(put_call("tea", &body)).await.status, status, "{body}");
    }
    assert_eq!(
        shop.put_product(put_call("a b", &product(1, 1))).await.problem(),
        "invalid-parameter"
    );
    assert_eq!(shop.engine.count(CATALOG).await, 0);
}

#[tokio::test]
async fn a_name_with_characters_that_nobody_sees_is_rejected() {
    let shop = Shop::open().await;
    for name in [
        "Tea\u{0}",
        "T\nea",
        "T\u{200B}ea",
        "\u{202E}aeT",
        "\u{3164}",
        "Tea\u{200D}",
        "\u{2800}",
    ] {
        let mut body = product(1000, 1);
        body["name"] = json!(name);
        let answer = shop.put_product(put_call("tea", &body)).await;
        let seen = (answer.status, answer.problem(), &answer.body["field"]);
        assert_eq!(
            seen,
            (422, "invalid-product", &json!("name")),
            "{}",
            name.escape_unicode()
        );
    }
    assert_eq!(shop.engine.count(CATALOG).await, 0);
}

#[tokio::test]
async fn a_name_is_trimmed_and_composed_before_it_is_compared() {
    let shop = Shop::open().await;
    let mut body = product(1000, 1);
    body["name"] = json!("만두 👩\u{200D}🍳");
    let first = shop.put_product(put_call("tea", &body)).await;
    assert_eq!(first.body["name"], body["name"], "{first:?}");
    body["name"] = json!(" \u{1106}\u{1161}\u{11AB}\u{1103}\u{116E} 👩\u{200D}🍳\u{3000}");
    let again = shop.put_product(put_call("tea", &body)).await;
    assert_eq!(again.body, first.body, "nothing has changed");
}

#[tokio::test]
async fn a_stored_name_from_before_these_rules_is_still_shown_and_sold() {
    let shop = Shop::with("tea", 1, 1).await;
    let name = "old\u{200B} name\u{202E}";
    shop.engine.set_product_name("tea", name).await;
    let seen = shop
        .get_product(Call::new("GET", "/products/{sku}").path("sku", "tea"))
        .await;
    assert_eq!((seen.status, &seen.body["name"]), (200, &json!(name)));
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    assert_eq!((order.status, &order.body["lines"][0]["name"]), (201, &json!(name)));
}

#[tokio::test]
async fn a_delivery_of_an_unknown_product_or_of_no_units_is_rejected() {
    let shop = Shop::with("tea", 1, 0).await;
    assert_eq!(
        shop.receive_stock(receive_call("coffee", "k", 1)).await.problem(),
        "not-found"
    );
    for quantity in [0, -1, 1_000_000_001_i64] {
        let call = receive_call("tea", "k", 1).json(&json!({ "quantity": quantity }));
        assert_eq!(shop.receive_stock(call).await.problem(), "invalid-quantity");
    }
    assert_eq!(shop.engine.count(CATALOG).await, 1);
}
