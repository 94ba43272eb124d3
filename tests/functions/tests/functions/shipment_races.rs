//! Shipments that race with each other, with cancellations and with crashes: no unit is shipped or delivered twice, and none
//! that is cancelled.

use std::time::Duration;

use function_tests::fulfillment_fixture::{FulfillmentFixture, close_call};
use harness::engine::FULFILLMENT;
use harness::{Fault, faults::Hold};

const WRITE: &str = "TransactWriteItems";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_parcels_at_once_of_the_last_unit_one_is_refused() {
    for _ in 0..10 {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 1)]).await;
        let line = [("1", 1)];
        let (one, other) = tokio::join!(shop.ship(&order, "p1", &line), shop.ship(&order, "p2", &line));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{one:?} {other:?}");
        assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 0, 0]]);
        assert_eq!(shop.engine.count(FULFILLMENT).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_for_the_last_units_sent_many_times_at_once_is_one_shipment() {
    for _ in 0..5 {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 2)]).await;
        let line = [("1", 2)];
        let sent = (0..8).map(|_| shop.ship(&order, "p", &line));
        for answer in futures::future::join_all(sent).await {
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 0, 0]]);
        assert_eq!(shop.engine.count(FULFILLMENT).await, 1);
    }
}

#[tokio::test]
async fn a_cancellation_that_comes_while_a_parcel_is_recorded_is_refused() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let hold = Hold::default();
    shop.engine.faults.plan(WRITE, Fault::Held(hold.clone()));
    let ship = async {
        hold.arrived().await;
        shop.shipped(&order, "p", &[("1", 1)]).await;
        hold.release();
    };
    let (cancelled, ()) = tokio::join!(shop.cancel("ann", &order), ship);
    assert_eq!(
        (cancelled.status, cancelled.problem()),
        (409, "order-shipped"),
        "{cancelled:?}"
    );
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.engine.balance("tea").await.held, 2);
}

#[tokio::test]
async fn a_parcel_that_is_recorded_while_the_order_is_cancelled_is_refused() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let hold = Hold::default();
    shop.engine.faults.plan(WRITE, Fault::Held(hold.clone()));
    let cancel = async {
        hold.arrived().await;
        assert_eq!(shop.cancel("ann", &order).await.status, 200);
        hold.release();
    };
    let line = [("1", 1)];
    let (shipped, ()) = tokio::join!(shop.ship(&order, "p", &line), cancel);
    assert_eq!(
        (shipped.status, shipped.problem()),
        (409, "order-not-paid"),
        "{shipped:?}"
    );
    assert_eq!(shop.engine.count(FULFILLMENT).await, 0);
    assert_eq!(shop.engine.balance("tea").await.available, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_either_shipped_or_cancelled_when_both_come_at_once() {
    for _ in 0..10 {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 2)]).await;
        let line = [("1", 1)];
        let (shipped, cancelled) = tokio::join!(shop.ship(&order, "p", &line), shop.cancel("ann", &order));
        let status = shop.order_status("ann", &order).await;
        let units = shop.quantities("ann", &order).await[0];
        match (shipped.status, cancelled.status) {
            (201, 409) => assert_eq!((status.as_str(), units), ("PAID", [0, 1, 0, 0])),
            (409, 200) => assert_eq!((status.as_str(), units), ("CANCELLED", [2, 0, 0, 0])),
            _ => panic!("{shipped:?} {cancelled:?}"),
        }
        shop.engine.balance("tea").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_many_report_at_once_is_counted_once() {
    for _ in 0..5 {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 2)]).await;
        let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
        let now = shop.now();
        let (one, two, three, four) = tokio::join!(
            shop.arrive(&shipment, "d"),
            shop.arrive(&shipment, "e"),
            shop.report("p", now),
            shop.report("p", now)
        );
        for answer in [one, two, three, four] {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 0]]);
    }
}

#[tokio::test]
async fn a_delivery_that_another_report_overtakes_is_answered_as_delivered() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    let hold = Hold::default();
    // The first report has read the shipment, and waits for the order.
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let other = async {
        hold.arrived().await;
        assert_eq!(shop.arrive(&shipment, "e").await.status, 200);
        hold.release();
    };
    let (answer, ()) = tokio::join!(shop.arrive(&shipment, "d"), other);
    assert_eq!((answer.status, answer.replayed), (200, true), "{answer:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 0]]);
}

/// Plans a write whose answer is lost, as often as the SDK sends it, or that never arrives.
fn plan_crash(shop: &FulfillmentFixture, crash: &Fault) {
    shop.engine.faults.plan(WRITE, crash.clone());
    for _ in 0..100 {
        shop.engine.faults.plan(WRITE, Fault::LoseRequest);
    }
}

#[tokio::test]
async fn a_crash_at_the_write_of_a_shipment_or_a_delivery_leaves_all_or_nothing_and_a_retry_completes_it() {
    for crash in [Fault::LoseAnswer, Fault::LoseRequest] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 2)]).await;
        let crashing = |shop: &FulfillmentFixture| plan_crash(shop, &crash);
        let written = u64::from(crash == Fault::LoseAnswer);
        let time = Duration::from_millis(300);

        crashing(&shop);
        let line = [("1", 1)];
        drop(tokio::time::timeout(time, shop.ship(&order, "p", &line)).await);
        shop.engine.faults.forget();
        assert_eq!(shop.quantities("ann", &order).await, [[0, written, 0, 0]], "{crash:?}");
        let shipment = shop.shipped(&order, "p", &line).await;
        assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 0, 0]], "{crash:?}");

        crashing(&shop);
        drop(tokio::time::timeout(time, shop.arrive(&shipment, "d")).await);
        shop.engine.faults.forget();
        assert_eq!(shop.quantities("ann", &order).await, [[0, 1, written, 0]], "{crash:?}");
        assert_eq!(shop.arrive(&shipment, "d").await.status, 200);
        assert_eq!(shop.report("p", shop.now()).await.status, 200);
        assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 1, 0]], "{crash:?}");
        assert_eq!(
            shop.engine.count(FULFILLMENT).await,
            2,
            "the shipment and the request of its delivery"
        );
    }
}

#[tokio::test]
async fn conflicts_and_lost_answers_are_retried_without_shipping_twice() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    for fault in [Fault::Conflict(0), Fault::Conflict(1), Fault::Throttle] {
        shop.engine.faults.plan(WRITE, fault);
    }
    shop.shipped(&order, "p1", &[("1", 1)]).await;
    for _ in 0..3 {
        shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    }
    let shipment = shop.shipped(&order, "p2", &[("1", 1)]).await;
    for _ in 0..3 {
        shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    }
    assert_eq!(shop.arrive(&shipment, "d").await.status, 200);
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 1, 0]]);
}

#[tokio::test]
async fn a_parcel_that_is_recorded_while_its_payment_is_refunded_is_refused() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    let payment = shop.payment_of("ann", &order).await;
    let hold = Hold::default();
    shop.engine.faults.plan(WRITE, Fault::Held(hold.clone()));
    let refund = async {
        hold.arrived().await;
        crate::refunds::ask(&shop, "all", &payment, &serde_json::json!({})).await;
        hold.release();
    };
    let line = [("1", 1)];
    let (refused, ()) = tokio::join!(shop.ship(&order, "p", &line), refund);
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "payment-not-kept"),
        "{refused:?}"
    );
    assert_eq!(shop.engine.count(FULFILLMENT).await, 0);
}

#[tokio::test]
async fn a_closing_that_overlaps_its_retry_gets_the_same_answer() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 1)]).await;
    let close = || shop.close_shipment(close_call(&shipment, "c", "MISTAKE"));
    let hold = Hold::default();
    // The first attempt has read the shipment and its record, and waits for the order.
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let retry = async {
        hold.arrived().await;
        let answer = close().await;
        hold.release();
        answer
    };
    let (first, second) = tokio::join!(close(), retry);
    assert_eq!((second.status, second.replayed), (200, false), "{second:?}");
    assert_eq!((first.status, first.replayed), (200, true), "{first:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 0, 0, 0]]);
}

#[tokio::test]
async fn a_closing_that_a_delivery_overtakes_is_told_that_the_parcel_is_delivered() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 1)]).await;
    let hold = Hold::default();
    // The closing has read the shipment, and waits for the order.
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let delivery = async {
        hold.arrived().await;
        let answer = shop.arrive(&shipment, "d").await;
        hold.release();
        answer
    };
    let (closed, delivered) = tokio::join!(shop.close_shipment(close_call(&shipment, "c", "MISTAKE")), delivery);
    assert_eq!(delivered.status, 200, "{delivered:?}");
    assert_eq!(
        (closed.status, closed.problem()),
        (409, "shipment-status"),
        "{closed:?}"
    );
    assert_eq!(closed.body["shipment_status"], "DELIVERED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parcel_is_either_delivered_or_closed_when_both_come_at_once() {
    for _ in 0..5 {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 1)]).await;
        let shipment = shop.shipped(&order, "p", &[("1", 1)]).await;
        let (delivered, closed) = tokio::join!(
            shop.arrive(&shipment, "d"),
            shop.close_shipment(close_call(&shipment, "c", "MISTAKE"))
        );
        let units = shop.quantities("ann", &order).await[0];
        match (delivered.status, closed.status) {
            (200, 409) => assert_eq!(units, [0, 1, 1, 0]),
            (409, 200) => assert_eq!(units, [0, 0, 0, 0]),
            _ => panic!("{delivered:?} {closed:?}"),
        }
    }
}

#[tokio::test]
async fn a_lost_parcel_that_two_report_at_once_is_delivered_for_both() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 1)]).await;
    shop.close_shipment(close_call(&shipment, "c", "LOST")).await;
    let hold = Hold::default();
    // The first report has read the lost shipment, and waits for the order.
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let other = async {
        hold.arrived().await;
        assert_eq!(shop.arrive(&shipment, "e").await.status, 200);
        hold.release();
    };
    let (answer, ()) = tokio::join!(shop.arrive(&shipment, "d"), other);
    assert_eq!((answer.status, answer.replayed), (200, true), "{answer:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 1, 0]]);
}
