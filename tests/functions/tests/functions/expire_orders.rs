//! Orders that are never paid.

use expire_orders::Summary;
use function_tests::{RESERVATION, Shop, id_of};
use harness::Fault;
use harness::engine::ORDERS;
use jiff::SignedDuration;

#[tokio::test]
async fn due_orders_expire_and_their_stock_goes_back() {
    let shop = Shop::with("tea", 8, 300).await;
    for n in 0..250 {
        shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await;
    }
    shop.pass(RESERVATION + SignedDuration::from_secs(7));
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
async fn expiry_run_twice_gives_stock_back_once() {
    let shop = Shop::with("tea", 2, 50).await;
    for n in 0..40 {
        shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await;
    }
    shop.pass(RESERVATION);
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
    shop.pass(RESERVATION - SignedDuration::from_millis(1));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
    shop.pass(SignedDuration::from_millis(1));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
}

#[tokio::test]
async fn one_damaged_order_does_not_stop_the_rest() {
    let shop = Shop::with("tea", 1, 20).await;
    let mut ids = vec![];
    for n in 0..10 {
        ids.push(id_of(&shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await));
    }
    shop.engine.damage_order(&ids[3]).await;
    shop.pass(RESERVATION);
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!((summary.processed, summary.failed), (9, 1));
    assert_eq!(
        shop.expire_orders().await.unwrap().failed,
        1,
        "it is tried, and counted, each time"
    );
}

#[tokio::test]
async fn one_order_that_cannot_be_ended_does_not_stop_the_rest() {
    let shop = Shop::with("tea", 1, 20).await;
    for n in 0..10 {
        shop.order("ann", &format!("k{n}"), &[("tea", 1)]).await;
    }
    shop.pass(RESERVATION);
    shop.engine.faults.plan("TransactWriteItems", Fault::Denied);
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!((summary.processed, summary.failed), (9, 1));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    assert_eq!(shop.engine.balance("tea").await.available, 20);
}

#[tokio::test]
async fn a_run_that_has_no_time_left_leaves_the_rest_to_the_next() {
    let shop = Shop::with("tea", 1, 20)
        .await
        .with_time(std::time::Duration::from_secs(4));
    shop.order("ann", "k", &[("tea", 1)]).await;
    shop.pass(RESERVATION);
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!((summary.processed, summary.unfinished), (0, true));
    let shop = shop.with_time(std::time::Duration::from_secs(180));
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
}
