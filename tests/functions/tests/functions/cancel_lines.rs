//! Cancelling units of a paid order: their stock, their money and their points go back, and the order goes on.

use std::time::Duration;

use function_tests::auction_fixture::{AuctionFixture, CARD};
use function_tests::fulfillment_fixture::{FulfillmentFixture, cancel_call, lines, won};
use function_tests::payment_fixture::amount;
use function_tests::{id_of, product};
use harness::audit::AuctionAudit;
use harness::engine::{AUCTIONS, ORDERS, PAYMENTS};
use harness::{Fault, faults::Hold};
use serde_json::{Value, json};

use crate::refunds::ask;

const WRITE: &str = "TransactWriteItems";

/// Makes the refund that the payment of an order has requested.
async fn refund(shop: &FulfillmentFixture, order: &str) {
    let payment = shop.payment_of("ann", order).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
}

#[tokio::test]
async fn units_that_are_not_shipped_are_cancelled_with_their_stock_and_their_money() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("mug", 1)]).await;
    shop.shipped(&order, "p", &[("1", 1)]).await;
    let cancelled = shop.cancel_lines("ann", &order, "c", &[("1", 1), ("2", 1)]).await;
    assert_eq!((cancelled.status, cancelled.replayed), (200, false), "{cancelled:?}");
    assert_eq!(cancelled.body["status"], "PAID");
    assert_eq!(cancelled.body["fulfillment_status"], "PARTIALLY_SHIPPED");
    assert_eq!(shop.quantities("ann", &order).await, [[1, 1, 0, 0], [1, 0, 0, 0]]);
    assert_eq!(cancelled.body["lines"][0]["refunded"], won(1));
    let (tea, mug) = (shop.engine.balance("tea").await, shop.engine.balance("mug").await);
    assert_eq!((tea.available, tea.held, mug.available), (98, 2, 100));
    assert_eq!(shop.engine.events(ORDERS).await[0].0, "OrderLinesCancelled");

    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(payment["refunds"][0]["reason"], "LINES_CANCELLED");
    assert_eq!(payment["refunds"][0]["amount"], won(2));
    refund(&shop, &order).await;
    let charged = shop.charged();
    // The price of the delivery stays.
    assert_eq!((charged.charged, charged.refunded), (7000, 2000));
    shop.ledger_audit().await.assert_sound();
    shop.shipped(&order, "q", &[("1", 1)]).await;
    assert_eq!(shop.fulfillment_status("ann", &order).await, "SHIPPED");
}

#[tokio::test]
async fn what_is_shipped_can_no_longer_be_cancelled() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("recipe", 2)]).await;
    shop.shipped(&order, "p", &[("1", 2)]).await;
    let refused = shop.cancel_lines("ann", &order, "c", &[("1", 2)]).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "too-few-units"),
        "{refused:?}"
    );
    assert_eq!(refused.body["left"], lines(&[("1", 1), ("2", 2)]));
    assert_eq!(shop.engine.balance("tea").await.held, 3);
    let rest = shop.cancel_lines("ann", &order, "d", &[("1", 1), ("2", 2)]).await;
    assert_eq!(rest.status, 200, "{rest:?}");
    assert_eq!(rest.body["status"], "PAID", "a part of it is shipped");
    let nothing = shop.cancel_lines("ann", &order, "e", &[("1", 1)]).await;
    assert_eq!(nothing.body["left"], json!([]));
}

#[tokio::test]
async fn all_that_is_left_of_an_order_of_which_nothing_is_shipped_is_the_whole_order() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("mug", 1)]).await;
    shop.cancel_lines("ann", &order, "c", &[("1", 2)]).await;
    refund(&shop, &order).await;
    let rest = shop.cancel_lines("ann", &order, "d", &[("2", 1), ("1", 1)]).await;
    assert_eq!(rest.body["status"], "CANCELLED", "{rest:?}");
    assert_eq!(shop.engine.events(ORDERS).await[0].0, "OrderCancelled");
    shop.refund("OrderCancelled", &rest.body).await.unwrap();
    assert_eq!(shop.charged().refunded, 7000, "with the delivery");
    assert_eq!(shop.engine.balance("tea").await.available, 100);
    shop.ledger_audit().await.assert_settled();
    let again = shop.cancel_lines("ann", &order, "d", &[("2", 1), ("1", 1)]).await;
    assert_eq!((again.replayed, &again.body), (true, &rest.body));
}

#[tokio::test]
async fn units_of_an_order_that_is_not_paid_cannot_be_cancelled_but_all_of_them() {
    let shop = FulfillmentFixture::open().await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 3)]).await);
    let refused = shop.cancel_lines("ann", &order, "c", &[("1", 1)]).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "order-not-paid"),
        "{refused:?}"
    );
    assert_eq!(refused.body["order_status"], "PENDING_PAYMENT");
    let whole = shop.cancel_lines("ann", &order, "d", &[("1", 3)]).await;
    assert_eq!(whole.body["status"], "CANCELLED", "{whole:?}");
}

#[tokio::test]
async fn a_second_cancellation_waits_for_the_refund_of_the_first() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    shop.cancel_lines("ann", &order, "c", &[("1", 1)]).await;
    let refused = shop.cancel_lines("ann", &order, "d", &[("1", 1)]).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "refund-under-way"),
        "{refused:?}"
    );
    refund(&shop, &order).await;
    assert_eq!(shop.cancel_lines("ann", &order, "d", &[("1", 1)]).await.status, 200);
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 2000);
}

#[tokio::test]
async fn money_that_was_refunded_without_a_line_is_not_refunded_again() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let payment = shop.payment_of("ann", &order).await;
    let asked = ask(&shop, "goodwill", &payment, &json!({ "amount": amount(4500) })).await;
    shop.refund("RefundRequested", &asked.body).await.unwrap();
    let cancelled = shop.cancel_lines("ann", &order, "c", &[("1", 1)]).await;
    assert_eq!(cancelled.body["lines"][0]["refunded"], amount(500), "{cancelled:?}");
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 5000);
    let rest = shop.cancel("ann", &order).await;
    assert_eq!(rest.body["status"], "CANCELLED", "{rest:?}");
    assert_eq!(shop.engine.balance("tea").await.available, 100);
}

#[tokio::test]
async fn units_of_an_order_that_costs_nothing_are_cancelled_without_a_refund() {
    let shop = FulfillmentFixture::open().await;
    assert_eq!(shop.put_product("sample", &product(0, 1)).await.status, 201);
    shop.receive("sample", 5).await;
    let order = id_of(&shop.order("ann", "k", &[("sample", 2)]).await);
    let cancelled = shop.cancel_lines("ann", &order, "c", &[("1", 1)]).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(shop.engine.balance("sample").await.available, 4);
}

#[tokio::test]
async fn each_invalid_cancellation_gets_its_problem_and_changes_nothing() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    let call = |lines: &[(&str, u32)]| cancel_call("ann", &order, "c", lines);
    for (name, call, status, problem) in [
        ("no lines", call(&[]), 422, "invalid-lines"),
        ("51 lines", call(&[("1", 1); 51]), 422, "invalid-lines"),
        ("an unknown line", call(&[("2", 1)]), 422, "invalid-line"),
        ("a line twice", call(&[("1", 1), ("1", 1)]), 422, "invalid-line"),
        ("no units", call(&[("1", 0)]), 422, "invalid-line"),
        ("too many units", call(&[("1", 4)]), 409, "too-few-units"),
        (
            "lines of null",
            call(&[]).json(&json!({ "lines": null })),
            400,
            "malformed-body",
        ),
        ("not JSON", call(&[]).text("{"), 400, "malformed-body"),
        (
            "an unknown member",
            call(&[]).json(&json!({ "line": 1 })),
            400,
            "malformed-body",
        ),
        ("another customer", call(&[("1", 1)]).by("bob"), 404, "not-found"),
    ] {
        let answer = shop.cancel_order(call).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (status, problem),
            "{name}: {answer:?}"
        );
    }
    assert_eq!(shop.quantities("ann", &order).await, [[0, 0, 0, 0]]);
    assert_eq!(shop.payment_of("ann", &order).await["refunds"], json!([]));
    let empty = shop.cancel_order(call(&[]).json(&json!({}))).await;
    assert_eq!(empty.body["status"], "CANCELLED", "a body without lines: {empty:?}");
}

/// A shop where `ann` bought 5 units of 1,000 points for 100 won each, and 1 tea for 1,000 won.
async fn with_points() -> (FulfillmentFixture, AuctionFixture, String) {
    let shop = FulfillmentFixture::open().await;
    let mut points = product(100, 1);
    points["points"] = json!(1000);
    assert_eq!(shop.put_product("points", &points).await.status, 201);
    shop.receive("points", 10).await;
    shop.list(CARD, 50_000, 1).await;
    let order = shop.paid("ann", "k", &[("points", 5), ("tea", 1)]).await;
    let auction = AuctionFixture::beside(&shop);
    (shop, auction, order)
}

async fn audit_points(shop: &FulfillmentFixture) {
    let audit = AuctionAudit::of(shop.engine.items(AUCTIONS).await);
    audit.check().unwrap();
    let (orders, payments) = (shop.engine.items(ORDERS).await, shop.engine.items(PAYMENTS).await);
    audit.check_refunds(&orders, &payments).unwrap();
}

#[tokio::test]
async fn the_points_of_cancelled_units_are_taken_back_and_those_of_other_lines_stay() {
    let (shop, auction, order) = with_points().await;
    auction.credit(&shop.see("ann", &order).await.body).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (5000, 0));
    shop.cancel_lines("ann", &order, "c", &[("1", 2)]).await;
    assert_eq!(auction.wallet("ann").await, (3000, 0));
    refund(&shop, &order).await;
    auction.refunded(&shop.payment_of("ann", &order).await).await.unwrap();
    assert_eq!(
        auction.wallet("ann").await,
        (3000, 0),
        "the refund of the units takes back no more"
    );
    audit_points(&shop).await;
    shop.cancel_lines("ann", &order, "d", &[("2", 1)]).await;
    refund(&shop, &order).await;
    auction.refunded(&shop.payment_of("ann", &order).await).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (3000, 0), "tea bought no points");
    audit_points(&shop).await;
    let whole = shop.cancel("ann", &order).await;
    assert_eq!(whole.body["status"], "CANCELLED", "{whole:?}");
    assert_eq!(auction.wallet("ann").await, (0, 0));
    audit_points(&shop).await;
}

#[tokio::test]
async fn units_whose_points_are_spent_are_not_cancelled_by_their_customer() {
    let (shop, auction, order) = with_points().await;
    auction.credit(&shop.see("ann", &order).await.body).await.unwrap();
    assert_eq!(auction.buy("ann", 5000).await.status, 201);
    let refused = shop.cancel_lines("ann", &order, "c", &[("1", 1)]).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "points-spent"),
        "{refused:?}"
    );
    assert_eq!(shop.quantities("ann", &order).await[0], [0, 0, 0, 0]);
    let staff = shop
        .cancel_order(cancel_call("ann", &order, "s", &[("1", 1)]).by_admin())
        .await;
    assert_eq!(staff.status, 200, "{staff:?}");
    audit_points(&shop).await;
}

#[tokio::test]
async fn points_that_are_not_credited_yet_are_credited_without_those_of_cancelled_units() {
    let (shop, auction, order) = with_points().await;
    let paid: Value = shop.see("ann", &order).await.body;
    shop.cancel_lines("ann", &order, "c", &[("1", 2)]).await;
    auction.credit(&paid).await.unwrap();
    assert_eq!(auction.wallet("ann").await, (3000, 0));
    audit_points(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_unit_is_either_shipped_or_cancelled_when_both_come_at_once() {
    for _ in 0..10 {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 1), ("mug", 1)]).await;
        let line = [("1", 1)];
        let (shipped, cancelled) = tokio::join!(
            shop.ship(&order, "p", &line),
            shop.cancel_lines("ann", &order, "c", &line)
        );
        let units = shop.quantities("ann", &order).await[0];
        match (shipped.status, cancelled.status) {
            (201, 409) => assert_eq!(units, [0, 1, 0, 0]),
            (409, 200) => assert_eq!(units, [1, 0, 0, 0]),
            _ => panic!("{shipped:?} {cancelled:?}"),
        }
        assert_eq!(
            shop.engine.balance("tea").await.held + i64::from(cancelled.status == 200),
            1
        );
    }
}

#[tokio::test]
async fn a_parcel_and_a_cancellation_of_the_same_unit_end_as_the_first_of_them_says() {
    for ship_first in [true, false] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 1), ("mug", 1)]).await;
        let hold = Hold::default();
        shop.engine.faults.plan(WRITE, Fault::Held(hold.clone()));
        let line = [("1", 1)];
        if ship_first {
            let ship = async {
                hold.arrived().await;
                shop.shipped(&order, "p", &line).await;
                hold.release();
            };
            let (cancelled, ()) = tokio::join!(shop.cancel_lines("ann", &order, "c", &line), ship);
            assert_eq!(cancelled.problem(), "too-few-units", "{cancelled:?}");
            assert_eq!(shop.payment_of("ann", &order).await["refunds"], json!([]));
        } else {
            let cancel = async {
                hold.arrived().await;
                assert_eq!(shop.cancel_lines("ann", &order, "c", &line).await.status, 200);
                hold.release();
            };
            let (shipped, ()) = tokio::join!(shop.ship(&order, "p", &line), cancel);
            assert_eq!(shipped.problem(), "too-few-units", "{shipped:?}");
        }
        shop.engine.balance("tea").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_unit_is_cancelled_and_refunded_once_when_two_requests_come_at_once() {
    for keys in [["c", "c"], ["c", "d"]] {
        for _ in 0..5 {
            let shop = FulfillmentFixture::open().await;
            let order = shop.paid("ann", "k", &[("tea", 1), ("mug", 1)]).await;
            let line = [("1", 1)];
            let (one, other) = tokio::join!(
                shop.cancel_lines("ann", &order, keys[0], &line),
                shop.cancel_lines("ann", &order, keys[1], &line)
            );
            let done = [&one, &other].iter().filter(|answer| answer.status == 200).count();
            assert_eq!(done, if keys[0] == keys[1] { 2 } else { 1 }, "{one:?} {other:?}");
            assert_eq!(shop.engine.balance("tea").await.available, 100);
            refund(&shop, &order).await;
            assert_eq!(shop.charged().refunded, 1000);
        }
    }
}

#[tokio::test]
async fn a_crash_at_the_write_of_a_cancellation_leaves_all_or_nothing_and_a_retry_completes_it() {
    for crash in [Fault::LoseAnswer, Fault::LoseRequest] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 3)]).await;
        shop.engine.faults.plan(WRITE, crash.clone());
        for _ in 0..100 {
            shop.engine.faults.plan(WRITE, Fault::LoseRequest);
        }
        let line = [("1", 1)];
        let time = Duration::from_millis(300);
        drop(tokio::time::timeout(time, shop.cancel_lines("ann", &order, "c", &line)).await);
        shop.engine.faults.forget();
        let written = u64::from(crash == Fault::LoseAnswer);
        assert_eq!(shop.quantities("ann", &order).await, [[written, 0, 0, 0]], "{crash:?}");
        let retried = shop.cancel_lines("ann", &order, "c", &line).await;
        assert_eq!((retried.status, retried.replayed), (200, written == 1), "{retried:?}");
        assert_eq!(shop.quantities("ann", &order).await, [[1, 0, 0, 0]]);
        assert_eq!(shop.engine.balance("tea").await.available, 98);
        refund(&shop, &order).await;
        assert_eq!(shop.charged().refunded, 1000);
    }
}

#[tokio::test]
async fn a_cancellation_of_units_that_overlaps_its_retry_gets_the_same_answer() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    let cancel = || shop.cancel_lines("ann", &order, "c", &[("1", 1)]);
    let hold = Hold::default();
    // The first attempt has read the order and its record, and waits for the payment.
    for fault in [
        Fault::Late(Duration::ZERO),
        Fault::Late(Duration::ZERO),
        Fault::Held(hold.clone()),
    ] {
        shop.engine.faults.plan("GetItem", fault);
    }
    let retry = async {
        hold.arrived().await;
        let answer = cancel().await;
        hold.release();
        answer
    };
    let (first, second) = tokio::join!(cancel(), retry);
    assert_eq!((second.status, second.replayed), (200, false), "{second:?}");
    assert_eq!((first.status, first.replayed), (200, true), "{first:?}");
    assert_eq!(first.body, second.body);
    assert_eq!(shop.quantities("ann", &order).await, [[1, 0, 0, 0]]);
    let other = shop.cancel_lines("ann", &order, "other", &[("1", 1)]).await;
    assert_eq!(other.problem(), "refund-under-way", "another request is not replayed");
}
