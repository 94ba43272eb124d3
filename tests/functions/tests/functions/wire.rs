//! Checks that the engine called in this process and the engine over HTTP behave the same.

use function_tests::auction_fixture::{AuctionFixture, take_call};
use function_tests::{RESERVATION, Shop, id_of, order_call, receive_call};
use harness::engine::{AUCTIONS, CATALOG, ORDERS};
use harness::gateway::{Answer, Call};
use harness::{Engine, Fault};
use serde_json::Value;

/// Runs an order and a bid through conditions, transactions, indexes and pages.
async fn live(engine: Engine) -> Vec<Answer> {
    let shop = Shop::on(engine);
    let mut answers = vec![
        shop.list("tea", 1000, 2).await,
        shop.move_stock(receive_call("tea", "k", 3)).await,
    ];
    answers.push(shop.order("ann", "k", &[("tea", 2)]).await);
    answers.push(shop.order("ann", "k", &[("tea", 2)]).await);
    answers.push(shop.order("ann", "k", &[("tea", 1)]).await);
    answers.push(shop.order("bob", "k", &[("tea", 2)]).await);
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    answers.push(shop.order("bob", "other", &[("tea", 1)]).await);
    answers.push(
        shop.checkout(order_call("bob", "more", &[("tea", 1), ("nothing", 1)]))
            .await,
    );
    let id = id_of(&answers[2]);
    answers.push(shop.cancel("ann", &id).await);
    answers.push(shop.cancel("ann", &id).await);
    answers.push(shop.list_orders(Call::new("GET", "/orders").by("ann")).await);
    shop.advance(RESERVATION);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    answers.push(shop.list_orders(Call::new("GET", "/orders").by("bob")).await);
    let shop = AuctionFixture::beside(&shop);
    shop.list(function_tests::auction_fixture::CARD, 50_000, 1).await;
    shop.credit_points("ann", 50_000).await;
    answers.push(shop.sell("bob", 45_000).await);
    answers.push(shop.take(take_call("ann", "t", "BUY", None, None)).await);
    answers.push(shop.take(take_call("ann", "u", "BUY", None, None)).await);
    answers
}

/// Returns what was written, without random values.
async fn written(engine: &Engine) -> Vec<String> {
    let mut items = vec![];
    for table in [CATALOG, ORDERS, AUCTIONS] {
        for mut item in engine.items(table).await {
            let Some(fields) = item.as_object_mut() else { continue };
            fields.retain(|name, _| !matches!(name.as_str(), "event" | "entry_id" | "swept_at" | "due_shard"));
            if fields["pk"].as_str().unwrap().starts_with("STOCK#") {
                // Which shard an order takes from is random.
                continue;
            }
            if fields["pk"].as_str().unwrap().starts_with("REQUEST#") {
                // The keys of requests are unique in this process.
                fields["pk"] = "REQUEST".into();
                fields.remove("request_id");
            }
            fields.remove("holds");
            if let Some(Value::String(key)) = fields.get_mut("sk")
                && key.starts_with("ENTRY#")
            {
                *key = "ENTRY".to_owned();
            }
            items.push(item.to_string());
        }
    }
    items.sort();
    items
}

#[tokio::test]
async fn functions_respond_and_write_the_same_over_http() {
    let (called, served) = (Engine::start().await, Engine::serve().await);
    let (here, there) = (live(called.clone()).await, live(served.clone()).await);
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here, there);
    }
    assert_eq!(written(&called).await, written(&served).await);
    assert_eq!(called.balance("tea").await, served.balance("tea").await);
}
