//! Concurrent requests: the promises hold however they interleave.

use std::sync::Arc;

use function_tests::{RESERVATION, Shop, id_of};
use harness::engine::ORDERS;
use tokio::task::JoinSet;

/// Runs `buyers` concurrent checkouts of one unit each, and returns how many got a unit and how many were sold out.
async fn concurrent_checkouts(shop: &Arc<Shop>, buyers: usize) -> (usize, usize) {
    let mut orders = JoinSet::new();
    for buyer in 0..buyers {
        let shop = Arc::clone(shop);
        orders.spawn(async move { shop.order(&format!("customer-{buyer}"), "k", &[("tea", 1)]).await });
    }
    let (mut placed, mut refused) = (0, 0);
    for answer in orders.join_all().await {
        match answer.status {
            201 => placed += 1,
            409 => {
                assert_eq!(answer.problem(), "out-of-stock");
                refused += 1;
            }
            _ => panic!("{answer:?}"),
        }
    }
    (placed, refused)
}

async fn a_thousand_buyers_of_100_units(shop: Shop) {
    let shop = Arc::new(shop);
    assert_eq!(concurrent_checkouts(&shop, 1000).await, (100, 900));
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.received, balance.available, balance.held), (100, 0, 100));
    assert_eq!(shop.engine.count(ORDERS).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_checkouts_for_100_units_give_exactly_100_orders_from_one_shard() {
    a_thousand_buyers_of_100_units(Shop::with("tea", 1, 100).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_checkouts_for_100_units_give_exactly_100_orders_from_eight_shards() {
    a_thousand_buyers_of_100_units(Shop::with("tea", 8, 100).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_checkouts_sell_the_last_units_wherever_they_are_scattered() {
    let shop = Shop::with("tea", 8, 0).await;
    shop.engine.set_shards("tea", &[0, 61, 0, 1, 0, 0, 35, 3]).await;
    a_thousand_buyers_of_100_units(shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_checkouts_under_conflicts_give_exactly_100_orders() {
    let shop = Shop::with("tea", 8, 100).await;
    shop.engine.faults.set_conflicts_per_mille(200);
    a_thousand_buyers_of_100_units(shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_sent_many_times_at_once_is_one_order() {
    let shop = Arc::new(Shop::with("tea", 4, 10).await);
    let mut sent = JoinSet::new();
    for _ in 0..50 {
        let shop = Arc::clone(&shop);
        sent.spawn(async move { shop.order("ann", "k", &[("tea", 3)]).await });
    }
    let answers = sent.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(shop.engine.balance("tea").await.held, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_for_the_last_units_sent_many_times_at_once_is_never_sold_out() {
    for shards in [1, 4] {
        let shop = Arc::new(Shop::with("tea", shards, 3).await);
        let mut sent = JoinSet::new();
        for _ in 0..20 {
            let shop = Arc::clone(&shop);
            sent.spawn(async move { shop.order("ann", "k", &[("tea", 3)]).await });
        }
        for answer in sent.join_all().await {
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        assert_eq!(shop.engine.balance("tea").await.held, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sold_out_checkout_writes_no_order() {
    for round in 0..20 {
        let shop = Arc::new(Shop::with("tea", 1 + round % 3, 1).await);
        assert_eq!(concurrent_checkouts(&shop, 8).await, (1, 7));
        assert_eq!(shop.engine.count(ORDERS).await, 1);
        assert_eq!(shop.engine.balance("tea").await.held, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_that_races_expiry_gets_units_or_is_sold_out_and_loses_nothing() {
    for _ in 0..10 {
        let shop = Arc::new(Shop::with("tea", 2, 10).await);
        for n in 0..10 {
            assert_eq!(shop.order("early", &format!("k{n}"), &[("tea", 1)]).await.status, 201);
        }
        shop.advance(RESERVATION);
        let expiry = tokio::spawn({
            let shop = Arc::clone(&shop);
            async move { shop.expire_orders().await.unwrap() }
        });
        let (placed, _) = concurrent_checkouts(&shop, 20).await;
        assert_eq!(expiry.await.unwrap().processed, 10);
        let balance = shop.engine.balance("tea").await;
        assert_eq!(balance.held, i64::try_from(placed).unwrap());
        assert_eq!(balance.available, 10 - balance.held);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_concurrent_cancellations_release_the_stock_once() {
    for _ in 0..10 {
        let shop = Shop::with("tea", 1, 5).await;
        let id = id_of(&shop.order("ann", "k", &[("tea", 5)]).await);
        let answers = tokio::join!(
            shop.cancel("ann", &id),
            shop.cancel("ann", &id),
            shop.cancel("ann", &id)
        );
        for answer in [&answers.0, &answers.1, &answers.2] {
            assert_eq!(
                (answer.status, &answer.body["status"]),
                (200, &"CANCELLED".into()),
                "{answer:?}"
            );
        }
        assert_eq!(shop.engine.balance("tea").await.available, 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_are_raised_and_stock_received_during_a_sale() {
    let shop = Arc::new(Shop::with("tea", 1, 50).await);
    let admin = tokio::spawn({
        let shop = Arc::clone(&shop);
        async move {
            for shards in [2, 5, 16] {
                shop.list("tea", 1000, shards).await;
                shop.receive("tea", 50).await;
            }
        }
    });
    let (placed, _) = concurrent_checkouts(&shop, 150).await;
    admin.await.unwrap();
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.received, balance.held), (200, i64::try_from(placed).unwrap()));
    let (rest, _) = sell_rest(&shop).await;
    assert_eq!(placed + rest, 200);
}

/// Sells all units that are left.
async fn sell_rest(shop: &Arc<Shop>) -> (usize, usize) {
    let mut placed = 0;
    for n in 0..250 {
        let answer = shop.order("late", &format!("late-{n}"), &[("tea", 1)]).await;
        if answer.status != 201 {
            assert_eq!(answer.problem(), "out-of-stock");
            return (placed, 1);
        }
        placed += 1;
    }
    (placed, 0)
}
