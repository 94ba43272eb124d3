//! Low stock: `StockLow` is published once each time the available units fall below a product's threshold.

use std::collections::HashMap;

use function_tests::{Shop, admin_product_call, correction_call, product, receive_call, update_call, write_off_call};
use harness::engine::CATALOG;
use harness::gateway::Call;
use harness::{Engine, Fault, Hold};
use serde_json::{Value, json};

/// Opens a shop with `units` of tea, which is low below five.
async fn shop_with(shards: u8, units: u64) -> Shop {
    let shop = Shop::with("tea", shards, units).await;
    set_threshold(&shop, "tea", &json!(5)).await;
    shop
}

async fn set_threshold(shop: &Shop, sku: &str, threshold: &Value) {
    let change = json!({ "low_stock_threshold": threshold });
    let changed = shop.update_product(update_call(sku, "*", &change)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

async fn watch(shop: &Shop) {
    shop.watch_products(&["STOCK#tea#0", "PRODUCT#tea"]).await.unwrap();
}

/// The alert of a product.
async fn alert(engine: &Engine, sku: &str) -> Value {
    let items = engine.items(CATALOG).await;
    let pk = format!("ALERT#{sku}");
    items.into_iter().find(|item| item["pk"] == pk).unwrap_or_default()
}

/// The version of tea's alert, and what its event says.
async fn told(shop: &Shop) -> (Value, Value) {
    let alert = alert(&shop.engine, "tea").await;
    let detail = alert["event"]["detail"].as_str();
    let event = detail.map(|detail| serde_json::from_str::<Value>(detail).unwrap()["data"].clone());
    (alert["version"].clone(), event.unwrap_or_default())
}

#[tokio::test]
async fn a_fall_below_the_threshold_is_told_once_and_again_after_a_refill() {
    let shop = shop_with(1, 6).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await, (Value::Null, Value::Null), "six are not low");

    assert_eq!(shop.order("ann", "k1", &[("tea", 1)]).await.status, 201);
    watch(&shop).await;
    assert_eq!(told(&shop).await.0, Value::Null, "five are not below five");

    assert_eq!(shop.order("ann", "k2", &[("tea", 2)]).await.status, 201);
    watch(&shop).await;
    let low = json!({ "sku": "tea", "available": 3, "threshold": 5 });
    assert_eq!(told(&shop).await, (json!(1), low.clone()));
    shop.move_stock(write_off_call("tea", "w", 1)).await;
    watch(&shop).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await, (json!(1), low), "it was low already");

    shop.move_stock(receive_call("tea", "r", 3)).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await, (json!(2), Value::Null), "five are enough again");
    shop.move_stock(correction_call("tea", "c", -1)).await;
    watch(&shop).await;
    let low = json!({ "sku": "tea", "available": 4, "threshold": 5 });
    assert_eq!(told(&shop).await, (json!(3), low));
}

#[tokio::test]
async fn the_event_names_the_function_that_noticed_the_fall() {
    let shop = shop_with(1, 1).await;
    watch(&shop).await;
    let alert = alert(&shop.engine, "tea").await;
    assert_eq!(alert["event"]["detail_type"], "StockLow");
    let detail: Value = serde_json::from_str(alert["event"]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(
        detail["metadata"]["actor"],
        json!({ "kind": "FUNCTION", "id": "watch-products" })
    );
}

#[tokio::test]
async fn a_threshold_that_is_set_later_is_compared_with_the_stock_at_once() {
    let shop = Shop::with("tea", 1, 3).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await.0, Value::Null);
    set_threshold(&shop, "tea", &json!(3)).await;
    shop.watch_products(&["PRODUCT#tea"]).await.unwrap();
    assert_eq!(told(&shop).await.0, Value::Null, "three are not below three");
    set_threshold(&shop, "tea", &json!(4)).await;
    shop.watch_products(&["PRODUCT#tea"]).await.unwrap();
    let low = json!({ "sku": "tea", "available": 3, "threshold": 4 });
    assert_eq!(told(&shop).await, (json!(1), low));
}

#[tokio::test]
async fn a_threshold_that_is_removed_ends_the_alert() {
    let shop = shop_with(1, 3).await;
    watch(&shop).await;
    set_threshold(&shop, "tea", &Value::Null).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await, (json!(2), Value::Null));
    set_threshold(&shop, "tea", &json!(5)).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await.0, json!(3), "a new threshold is a new question");
}

#[tokio::test]
async fn the_units_of_all_shards_count() {
    let shop = shop_with(8, 8).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await.0, Value::Null);
    shop.move_stock(write_off_call("tea", "w", 4)).await;
    shop.watch_products(&["STOCK#tea#7"]).await.unwrap();
    assert_eq!(told(&shop).await.1["available"], 4);
}

#[tokio::test]
async fn a_product_without_a_threshold_and_with_stock_costs_two_reads() {
    for shards in [1, 8] {
        let shop = Shop::with("tea", shards, 80).await;
        watch(&shop).await;
        shop.engine.faults.measure();
        let keys = [
            "STOCK#tea#0",
            "STOCK#tea#1",
            "PRODUCT#tea",
            "STOCK#tea#0",
            "STOCK#gone#0",
        ];
        shop.watch_products(&keys).await.unwrap();
        // The layouts, and the headers and products of tea and gone.
        let requests = HashMap::from([("GetItem".to_owned(), 3), ("BatchGetItem".to_owned(), 2)]);
        assert_eq!(shop.engine.faults.cost().requests, requests);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_that_several_runs_notice_at_once_is_told_once() {
    for _ in 0..10 {
        let shop = shop_with(2, 1).await;
        tokio::join!(watch(&shop), watch(&shop), watch(&shop), watch(&shop));
        assert_eq!(told(&shop).await.0, json!(1));
    }
}

#[tokio::test]
async fn a_fall_that_the_second_look_does_not_see_is_not_told() {
    let shop = shop_with(2, 3).await;
    let hold = Hold::default();
    // Two reads of the first look, of one shard and of both; the third request is the second look.
    shop.engine
        .faults
        .plan("BatchGetItem", Fault::Late(std::time::Duration::ZERO));
    shop.engine
        .faults
        .plan("BatchGetItem", Fault::Late(std::time::Duration::ZERO));
    shop.engine.faults.plan("BatchGetItem", Fault::Held(hold.clone()));
    let refill = async {
        hold.arrived().await;
        shop.receive("tea", 10).await;
        hold.release();
    };
    tokio::join!(watch(&shop), refill);
    assert_eq!(told(&shop).await.0, Value::Null);
}

#[tokio::test]
async fn an_alert_that_is_recorded_after_the_stock_came_back_is_ended_by_the_same_run() {
    let shop = shop_with(1, 3).await;
    let hold = Hold::default();
    shop.engine.faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    let refill = async {
        hold.arrived().await;
        shop.receive("tea", 10).await;
        // The run for the refill finds no alert to end.
        watch(&shop).await;
        hold.release();
    };
    tokio::join!(watch(&shop), refill);
    assert_eq!(told(&shop).await, (json!(2), Value::Null));
    shop.move_stock(write_off_call("tea", "w", 9)).await;
    watch(&shop).await;
    assert_eq!(told(&shop).await.0, json!(3), "the next fall is told");
}

#[tokio::test]
async fn a_write_whose_response_is_lost_tells_the_fall_once() {
    let shop = shop_with(1, 3).await;
    for _ in 0..5 {
        shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    }
    watch(&shop).await;
    assert_eq!(told(&shop).await.0, json!(1));
}

#[tokio::test]
async fn a_product_that_cannot_be_read_delays_no_other_and_fails_the_batch() {
    let shop = shop_with(1, 3).await;
    shop.list("mug", 1000, 1).await;
    set_threshold(&shop, "mug", &json!(1)).await;
    // The first read is that of the first product, in the order of their names.
    shop.engine.faults.plan("BatchGetItem", Fault::Denied);
    shop.watch_products(&["PRODUCT#mug", "PRODUCT#tea"]).await.unwrap_err();
    assert_eq!(alert(&shop.engine, "mug").await, Value::Null);
    assert_eq!(told(&shop).await.0, json!(1));
    shop.watch_products(&["PRODUCT#mug", "PRODUCT#tea"]).await.unwrap();
    assert_eq!(alert(&shop.engine, "mug").await["is_low"], true);
}

#[tokio::test]
async fn a_threshold_is_for_administrators_and_has_limits() {
    let shop = Shop::with("tea", 1, 3).await;
    set_threshold(&shop, "tea", &json!(5)).await;
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(seen.body["low_stock_threshold"], 5);
    let public = shop
        .get_product(Call::new("GET", "/products/{sku}").path("sku", "tea"))
        .await;
    assert_eq!(public.body.get("low_stock_threshold"), None);
    for (threshold, status) in [(0, 422), (1, 200), (1_000_000, 200), (1_000_001, 422)] {
        let change = json!({ "low_stock_threshold": threshold });
        let changed = shop.update_product(update_call("tea", "*", &change)).await;
        assert_eq!(changed.status, status, "{changed:?}");
        let mut body = product(1000, 1);
        body["low_stock_threshold"] = json!(threshold);
        let created = shop.put_product(&format!("mug-{threshold}"), &body).await;
        assert_eq!(created.status == 201, status == 200, "{created:?}");
    }
}
