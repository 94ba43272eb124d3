//! Faults of the network and the engine: conflicts, throttles, late and lost responses.

use std::time::Duration;

use function_tests::{RESERVATION, Shop, id_of, product, receive_call, update_call};
use harness::Fault;
use harness::engine::ORDERS;
use harness::gateway::Call;

const WRITE: &str = "TransactWriteItems";

#[tokio::test]
async fn a_canceled_transaction_is_retried_and_takes_the_stock_once() {
    let shop = Shop::with("tea", 4, 10).await;
    for place in [0, 1, 1] {
        shop.engine.faults.plan(WRITE, Fault::Conflict(place));
    }
    let order = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!((order.status, order.replayed), (201, false));
    assert_eq!(shop.engine.balance("tea").await.held, 2);
}

#[tokio::test]
async fn a_retry_after_a_lost_response_finds_its_order() {
    let shop = Shop::with("tea", 1, 10).await;
    // The responses to the SDK's three attempts are lost; the function's next attempt succeeds.
    for _ in 0..3 {
        shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    }
    let order = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(shop.engine.balance("tea").await.held, 2);
    let again = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!((again.status, again.replayed, again.body), (201, true, order.body));
    assert_eq!(shop.engine.count(ORDERS).await, 1);
}

#[tokio::test]
async fn a_client_that_retries_after_503_gets_the_order_placed_by_the_first_request() {
    let shop = Shop::with("tea", 1, 10).await.with_time(Duration::from_millis(300));
    shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    for _ in 0..100 {
        shop.engine.faults.plan(WRITE, Fault::LoseRequest);
    }
    let lost = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!((lost.status, lost.problem()), (503, "unavailable"));
    assert_eq!(lost.retry_after.as_deref(), Some("1"));
    let again = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!((again.status, again.replayed), (201, true));
    assert_eq!(shop.engine.balance("tea").await.held, 2);
}

#[tokio::test]
async fn a_checkout_that_never_reaches_the_engine_returns_503_and_takes_nothing() {
    let shop = Shop::with("tea", 1, 10).await.with_time(Duration::from_millis(300));
    shop.engine.faults.set_conflicts_per_mille(1000);
    let answer = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!((answer.status, answer.problem()), (503, "unavailable"));
    assert_eq!(answer.retry_after.as_deref(), Some("1"));
    assert_eq!(shop.engine.balance("tea").await.available, 10);
    assert_eq!(shop.engine.count(ORDERS).await, 0);
    shop.engine.faults.set_conflicts_per_mille(0);
    let again = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!((again.status, again.replayed), (201, false));
}

#[tokio::test]
async fn a_checkout_that_is_served_too_late_returns_503_before_its_deadline() {
    let shop = Shop::with("tea", 1, 10).await.with_time(Duration::from_millis(300));
    shop.engine.faults.plan(WRITE, Fault::Late(Duration::from_secs(60)));
    let began = std::time::Instant::now();
    let answer = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!(answer.problem(), "unavailable");
    assert!(began.elapsed() < Duration::from_secs(30), "the deadline was missed");
}

#[tokio::test]
async fn throttles_and_engine_faults_are_retried() {
    let shop = Shop::with("tea", 1, 10).await;
    for (operation, fault) in [
        ("BatchGetItem", Fault::Throttle),
        (WRITE, Fault::Throttle),
        (WRITE, Fault::InternalError),
        (WRITE, Fault::LoseRequest),
    ] {
        shop.engine.faults.plan(operation, fault);
    }
    assert_eq!(shop.order("ann", "k", &[("tea", 2)]).await.status, 201);
    assert_eq!(shop.engine.balance("tea").await.held, 2);
}

#[tokio::test]
async fn a_missing_permission_is_an_internal_error_without_details() {
    let shop = Shop::with("tea", 1, 10).await;
    shop.engine.faults.plan(WRITE, Fault::Denied);
    let answer = shop.order("ann", "k", &[("tea", 2)]).await;
    assert_eq!((answer.status, answer.problem()), (500, "internal"));
    assert!(!answer.body.to_string().contains("Denied"), "{answer:?}");
}

#[tokio::test]
async fn stock_is_received_once_though_the_response_is_lost() {
    let shop = Shop::with("tea", 8, 0).await;
    shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    assert_eq!(shop.move_stock(receive_call("tea", "d", 80)).await.status, 201);
    shop.engine.faults.plan(WRITE, Fault::Conflict(3));
    assert!(shop.move_stock(receive_call("tea", "d", 80)).await.replayed);
    assert_eq!(shop.engine.balance("tea").await.available, 80);
}

#[tokio::test]
async fn stock_is_released_once_though_the_response_is_lost() {
    let shop = Shop::with("tea", 1, 10).await;
    let one = shop.order("ann", "k1", &[("tea", 2)]).await;
    shop.order("ann", "k2", &[("tea", 3)]).await;
    for _ in 0..3 {
        shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    }
    let unknown = shop.cancel("ann", &id_of(&one)).await;
    let again = shop.cancel("ann", &id_of(&one)).await;
    assert_eq!(
        (again.status, &again.body["status"]),
        (200, &"CANCELLED".into()),
        "{unknown:?}"
    );
    assert_eq!(shop.engine.balance("tea").await.available, 7);
    shop.advance(RESERVATION);
    for _ in 0..3 {
        shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    }
    let unknown = shop.expire_orders().await.unwrap();
    assert_eq!(
        unknown.failed, 0,
        "an expiry with a lost response does not count as failed"
    );
    assert_eq!(shop.engine.balance("tea").await.available, 10);
}

#[tokio::test]
async fn every_function_meets_its_deadline_when_the_engine_is_slow() {
    let late = || Fault::Late(Duration::from_secs(60));
    let began = std::time::Instant::now();
    let shop = Shop::with("tea", 4, 10).await;
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    let shop = shop.with_time(Duration::from_millis(100));
    for operation in ["BatchGetItem", WRITE] {
        shop.engine.faults.plan(operation, late());
        assert_eq!(shop.order("ann", "k2", &[("tea", 2)]).await.problem(), "unavailable");
    }
    for operation in ["GetItem", WRITE] {
        shop.engine.faults.plan(operation, late());
        assert_eq!(
            shop.move_stock(receive_call("tea", "d", 1)).await.problem(),
            "unavailable"
        );
        shop.engine.faults.plan(operation, late());
        assert_eq!(shop.cancel("ann", &id_of(&order)).await.problem(), "unavailable");
        shop.engine.faults.plan(operation, late());
        let change = update_call("tea", "*", &product(1200, 8));
        assert_eq!(shop.update_product(change).await.problem(), "unavailable");
    }
    shop.engine.faults.plan("GetItem", late());
    assert_eq!(shop.see("ann", &id_of(&order)).await.problem(), "unavailable");
    shop.engine.faults.plan("Query", late());
    let list = Call::new("GET", "/orders").by("ann");
    assert_eq!(shop.list_orders(list).await.problem(), "unavailable");
    assert!(began.elapsed() < Duration::from_secs(30), "a deadline was missed");
}

#[tokio::test]
async fn a_throttle_of_any_operation_is_retried() {
    let shop = Shop::with("tea", 4, 10).await;
    let throttle = |operation: &str| {
        // More throttles than the SDK retries.
        for _ in 0..5 {
            shop.engine.faults.plan(operation, Fault::Throttle);
        }
    };
    throttle("BatchGetItem");
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    assert_eq!(order.status, 201);
    throttle("GetItem");
    throttle(WRITE);
    assert_eq!(shop.cancel("ann", &id_of(&order)).await.status, 200);
    throttle(WRITE);
    assert_eq!(shop.move_stock(receive_call("tea", "d", 1)).await.status, 201);
    throttle(WRITE);
    assert_eq!(
        shop.update_product(update_call("tea", "*", &product(1200, 8)))
            .await
            .status,
        200
    );
    shop.order("ann", "k2", &[("tea", 1)]).await;
    shop.advance(RESERVATION);
    throttle("Query");
    throttle(WRITE);
    let summary = shop.expire_orders().await.unwrap();
    assert_eq!((summary.processed, summary.failed), (1, 0));
}
