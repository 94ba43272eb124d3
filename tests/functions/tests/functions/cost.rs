//! What requests cost in round trips and capacity units; the figures in the README come from here.

use std::collections::HashMap;

use function_tests::{RESERVATION, Shop, id_of};
use harness::gateway::Call;

/// A customer's id as Cognito makes it: orders are larger with it than with the short ones of other tests.
const CUSTOMER: &str = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";

fn requests(expected: &[(&str, u32)]) -> HashMap<String, u32> {
    expected.iter().map(|&(name, count)| (name.to_owned(), count)).collect()
}

#[tokio::test]
async fn a_new_order_takes_two_round_trips_and_a_replay_one() {
    let shop = Shop::with("tea", 8, 80).await;
    shop.engine.faults.measure();
    assert_eq!(shop.order(CUSTOMER, "k", &[("tea", 1)]).await.status, 201);
    let cost = shop.engine.faults.cost();
    assert_eq!(
        cost.requests,
        requests(&[("BatchGetItem", 1), ("TransactWriteItems", 1)])
    );
    println!(
        "a one-line order: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    assert!(cost.read_units <= 1.5, "{cost:?}");
    assert!(cost.write_units <= 8.0, "{cost:?}");

    shop.engine.faults.measure();
    assert!(shop.order(CUSTOMER, "k", &[("tea", 1)]).await.replayed);
    assert_eq!(shop.engine.faults.cost().requests, requests(&[("BatchGetItem", 1)]));
}

#[tokio::test]
async fn an_order_of_two_products_costs_the_second_ones_stock_and_a_kilobyte_more() {
    let shop = Shop::with("green-tea", 8, 80).await;
    shop.list("black-tea", 9000, 8).await;
    shop.receive("black-tea", 80).await;
    shop.engine.faults.measure();
    let items = [("green-tea", 1), ("black-tea", 1)];
    assert_eq!(shop.order(CUSTOMER, "k", &items).await.status, 201);
    let cost = shop.engine.faults.cost();
    println!("a two-line order: {} write units", cost.write_units);
    assert!(cost.write_units <= 12.0, "{cost:?}");
}

#[tokio::test]
async fn an_order_of_50_products_takes_two_round_trips() {
    let shop = Shop::open().await;
    let skus: Vec<String> = (0..50).map(|n| format!("sku-{n}")).collect();
    for sku in &skus {
        shop.list(sku, 100, 1).await;
        shop.receive(sku, 5).await;
    }
    let items: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    shop.engine.faults.measure();
    assert_eq!(shop.order("ann", "k", &items).await.status, 201);
    let cost = shop.engine.faults.cost();
    assert_eq!(
        cost.requests,
        requests(&[("BatchGetItem", 1), ("TransactWriteItems", 1)])
    );
    println!(
        "an order of 50 lines: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
}

#[tokio::test]
async fn an_expiry_takes_one_read_and_one_transaction() {
    let shop = Shop::with("tea", 1, 5).await;
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    shop.advance(RESERVATION);
    shop.engine.faults.measure();
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    let cost = shop.engine.faults.cost();
    assert_eq!(
        cost.requests,
        requests(&[("Query", 16), ("BatchGetItem", 1), ("TransactWriteItems", 1)])
    );
    assert_eq!(shop.see("ann", &id_of(&order)).await.body["status"], "EXPIRED");
}

#[tokio::test]
async fn a_sold_out_response_takes_at_most_four_reads_and_one_refused_transaction() {
    for (shards, reads) in [(1, 2), (8, 3)] {
        let shop = Shop::with("tea", shards, 0).await;
        shop.engine.faults.measure();
        assert_eq!(shop.order("ann", "k", &[("tea", 1)]).await.status, 409);
        let cost = shop.engine.faults.cost();
        assert_eq!(
            cost.requests,
            requests(&[
                ("BatchGetItem", reads),
                ("TransactGetItems", 1),
                ("TransactWriteItems", 1)
            ])
        );
        println!(
            "sold out, {shards} shards: {} read units, {} write units",
            cost.read_units, cost.write_units
        );
    }
}

#[tokio::test]
async fn a_product_in_one_shard_is_read_with_its_stock_in_one_round_trip() {
    for (shards, reads) in [(1, 1), (8, 2)] {
        let shop = Shop::with("tea", shards, 10).await;
        shop.engine.faults.measure();
        let seen = shop
            .get_product(Call::new("GET", "/products/{sku}").path("sku", "tea"))
            .await;
        assert_eq!(seen.body["available"], 10);
        assert_eq!(shop.engine.faults.cost().requests, requests(&[("BatchGetItem", reads)]));
    }
}
