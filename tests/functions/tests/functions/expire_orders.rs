//! Expiry of unpaid orders.

use std::time::Duration;

use function_tests::{RESERVATION, Shop, id_of};
use harness::Fault;
use harness::engine::ORDERS;
use jiff::SignedDuration;
use orders::expire_orders::Summary;
use shared::aws::dynamodb::due::DUE_SHARDS;
use shared::core::idempotency::IdempotencyKey;
use shared::core::identity::CustomerId;
use shared::orders::{OrderId, OrderStatus};

#[tokio::test]
async fn due_orders_expire_and_their_stock_is_released() {
    let shop = Shop::with("tea", 8, 300).await;
    for n in 0..250 {
        shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await;
    }
    shop.advance(RESERVATION + SignedDuration::from_secs(7));
    shop.order("ann", "young", &[("tea", 1)]).await;
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!(
        summary,
        Summary {
            processed: 250,
            failed: 0,
            lag_seconds: 7,
            unfinished: false
        }
    );
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.available, balance.held), (299, 1));
    let expired = shop
        .engine
        .events(ORDERS)
        .await
        .into_iter()
        .filter(|(kind, _)| kind == "OrderExpired");
    assert_eq!(expired.count(), 250);
}

#[tokio::test]
async fn expiry_run_twice_releases_stock_once() {
    let shop = Shop::with("tea", 2, 50).await;
    for n in 0..40 {
        shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await;
    }
    shop.advance(RESERVATION);
    let (one, other) = tokio::join!(shop.expire_orders(), shop.expire_orders());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.processed + other.processed, one.failed + other.failed), (40, 0));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
    assert_eq!(shop.engine.balance("tea").await.available, 50);
}

#[tokio::test]
async fn an_order_is_not_expired_a_millisecond_early() {
    let shop = Shop::with("tea", 1, 1).await;
    shop.order("ann", "k", &[("tea", 1)]).await;
    shop.advance(RESERVATION - SignedDuration::from_millis(1));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
}

#[tokio::test]
async fn one_damaged_order_does_not_block_the_others() {
    let shop = Shop::with("tea", 1, 20).await;
    let mut ids = vec![];
    for n in 0..10 {
        ids.push(id_of(&shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await));
    }
    shop.engine.damage_order(&ids[3]).await;
    shop.advance(RESERVATION);
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!((summary.processed, summary.failed), (9, 1));
    assert_eq!(
        shop.expire_orders().await.unwrap().failed,
        1,
        "it is retried and counted each time"
    );
}

#[tokio::test]
async fn one_order_that_cannot_be_expired_does_not_block_the_others() {
    let shop = Shop::with("tea", 1, 20).await;
    for n in 0..10 {
        shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await;
    }
    shop.advance(RESERVATION);
    shop.engine.faults.plan("TransactWriteItems", Fault::Denied);
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!((summary.processed, summary.failed), (9, 1));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    assert_eq!(shop.engine.balance("tea").await.available, 20);
}

#[tokio::test]
async fn a_run_without_time_left_leaves_the_rest_to_the_next() {
    let shop = Shop::with("tea", 1, 20).await.with_time(Duration::from_secs(4));
    shop.order("ann", "k", &[("tea", 1)]).await;
    shop.advance(RESERVATION);
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!((summary.processed, summary.unfinished), (0, true));
    let shop = shop.with_time(Duration::from_secs(180));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
}

#[tokio::test]
async fn no_shard_of_due_orders_waits_for_another() {
    let shop = Shop::with("tea", 4, 200).await.with_time(Duration::from_secs(10));
    let shard_of = |key: &str| {
        let key = IdempotencyKey::parse(Some(key.as_bytes())).unwrap();
        key.derive_id("order", &CustomerId::new("ann")).as_bytes()[0] % DUE_SHARDS
    };
    let keys = |shard: u8| (0..).map(|n| format!("k{n}")).filter(move |key| shard_of(key) == shard);
    for key in keys(0).take(101) {
        assert_eq!(shop.order("ann", &key, &[("tea", 1)]).await.status, 201);
    }
    let last = shop.order("ann", &keys(15).next().unwrap(), &[("tea", 1)]).await;
    shop.advance(RESERVATION);
    // The engine serves one page of each shard; the second page of the first shard is never answered.
    for _ in 0..DUE_SHARDS {
        shop.engine.faults.plan("Query", Fault::Late(Duration::ZERO));
    }
    for _ in 0..100 {
        shop.engine.faults.plan("Query", Fault::Late(Duration::from_secs(60)));
    }
    assert!(shop.expire_orders().await.is_err());
    let stored = shop
        .engine
        .orders()
        .get(OrderId(id_of(&last).parse().unwrap()), shop.invocation().deadline)
        .await;
    assert_eq!(stored.unwrap().unwrap().order.status, OrderStatus::Expired);
}
