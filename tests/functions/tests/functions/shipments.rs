//! Shipments: parcels of an order's units, and their delivery.

use function_tests::fulfillment_fixture::{
    FulfillmentFixture, cancel_call, close_call, deliver_call, lines, ship_call, shipments_call, won,
};
use function_tests::payment_fixture::amount;
use function_tests::{Shop, id_of};
use harness::Fault;
use harness::audit::{check_holds, check_units};
use harness::engine::{FULFILLMENT, ORDERS};
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

#[tokio::test]
async fn a_parcels_units_are_counted_as_shipped_and_then_as_delivered() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("recipe", 1)]).await;
    assert_eq!(shop.fulfillment_status("ann", &order).await, "UNFULFILLED");
    let shipment = shop.ship(&order, "p1", &[("1", 2)]).await;
    assert_eq!((shipment.status, shipment.replayed), (201, false), "{shipment:?}");
    assert_eq!(shipment.body["status"], "SHIPPED");
    assert_eq!(shipment.body["lines"], lines(&[("1", 2)]));
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 0, 0], [0, 0, 0, 0]]);
    assert_eq!(shop.fulfillment_status("ann", &order).await, "PARTIALLY_SHIPPED");
    assert_eq!(shop.engine.events(FULFILLMENT).await[0].0, "ShipmentCreated");

    shop.advance(SignedDuration::from_hours(20));
    let id = shipment.body["shipment_id"].as_str().unwrap();
    let delivered = shop.arrive(id, "d").await;
    assert_eq!((delivered.status, delivered.replayed), (200, false), "{delivered:?}");
    assert_eq!(delivered.body["status"], "DELIVERED");
    assert_eq!(delivered.body["delivered_at"], json!(shop.now()));
    assert_eq!(shop.quantities("ann", &order).await[0], [0, 2, 2, 0]);
    let events = shop.engine.events(FULFILLMENT).await;
    let delivered_event = &events.iter().find(|(name, _)| name == "ShipmentDelivered").unwrap().1;
    assert_eq!(delivered_event["data"], delivered.body);

    let rest = shop.shipped(&order, "p2", &[("1", 1)]).await;
    assert_eq!(shop.fulfillment_status("ann", &order).await, "PARTIALLY_DELIVERED");
    shop.arrive(&rest, "d2").await;
    assert_eq!(shop.fulfillment_status("ann", &order).await, "DELIVERED");
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.available, balance.held), (97, 3), "the units are sold");
}

#[tokio::test]
async fn more_than_was_ordered_is_not_shipped() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("mug", 1)]).await;
    let refused = shop.ship(&order, "p1", &[("1", 4), ("2", 1)]).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "too-few-units"),
        "{refused:?}"
    );
    assert_eq!(refused.body["left"], lines(&[("1", 3), ("2", 1)]));
    assert_eq!(shop.engine.count(FULFILLMENT).await, 0);
    shop.shipped(&order, "p1", &[("1", 2)]).await;
    let refused = shop.ship(&order, "p2", &[("1", 2)]).await;
    assert_eq!(refused.body["left"], lines(&[("1", 1), ("2", 1)]));
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 0, 0], [0, 0, 0, 0]]);
}

#[tokio::test]
async fn only_a_paid_order_is_shipped() {
    let shop = FulfillmentFixture::open().await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 1)]).await);
    for (status, key) in [("PENDING_PAYMENT", "p1"), ("CANCELLED", "p2")] {
        let refused = shop.ship(&order, key, &[("1", 1)]).await;
        assert_eq!((refused.status, refused.problem()), (409, "order-not-paid"), "{status}");
        assert_eq!(refused.body["order_status"], status);
        shop.cancel("ann", &order).await;
    }
    assert_eq!(shop.engine.count(FULFILLMENT).await, 0);
}

#[tokio::test]
async fn each_invalid_shipment_gets_its_problem_and_writes_nothing() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("recipe", 1)]).await;
    let with = |name: &str, value: Value| {
        let mut body = json!({ "lines": lines(&[("1", 1)]), "carrier": "CJ", "tracking_number": "1" });
        body[name] = value;
        ship_call(&order, "p", &[]).json(&body)
    };
    let long = "x".repeat(51);
    for (name, call, status, problem) in [
        ("no lines", ship_call(&order, "p", &[]), 422, "invalid-lines"),
        (
            "51 lines",
            ship_call(&order, "p", &[("1", 1); 51]),
            422,
            "invalid-lines",
        ),
        (
            "an unknown line",
            ship_call(&order, "p", &[("3", 1)]),
            422,
            "invalid-line",
        ),
        (
            "a line twice",
            ship_call(&order, "p", &[("1", 1), ("1", 1)]),
            422,
            "invalid-line",
        ),
        ("no units", ship_call(&order, "p", &[("1", 0)]), 422, "invalid-line"),
        (
            "1000 units",
            ship_call(&order, "p", &[("1", 1000)]),
            422,
            "invalid-line",
        ),
        (
            "a line without a package",
            ship_call(&order, "p", &[("2", 1)]),
            422,
            "invalid-line",
        ),
        (
            "a line id of another form",
            ship_call(&order, "p", &[("01", 1)]),
            400,
            "malformed-body",
        ),
        (
            "a negative quantity",
            with("lines", json!([{ "line_id": "1", "quantity": -1 }])),
            400,
            "malformed-body",
        ),
        ("an unknown member", with("address", json!("x")), 400, "malformed-body"),
        ("no carrier", with("carrier", json!(" ")), 422, "invalid-text"),
        ("a long carrier", with("carrier", json!(long)), 422, "invalid-text"),
        (
            "a long number",
            with("tracking_number", json!(long)),
            422,
            "invalid-text",
        ),
        (
            "a number of two lines",
            with("tracking_number", json!("1\n2")),
            422,
            "invalid-text",
        ),
        (
            "an http page",
            with("tracking_url", json!("http://a.b")),
            422,
            "invalid-text",
        ),
        (
            "a script",
            with("tracking_url", json!("javascript:alert(1)")),
            422,
            "invalid-text",
        ),
        (
            "no key",
            ship_call(&order, "a b", &[("1", 1)]),
            400,
            "invalid-idempotency-key",
        ),
        (
            "an unknown order",
            ship_call("8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd", "p", &[("1", 1)]),
            404,
            "not-found",
        ),
        (
            "a customer",
            ship_call(&order, "p", &[("1", 1)]).by("ann"),
            403,
            "forbidden",
        ),
    ] {
        let answer = shop.create_shipment(call).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (status, problem),
            "{name}: {answer:?}"
        );
    }
    assert_eq!(shop.engine.count(FULFILLMENT).await, 0);
    assert_eq!(shop.fulfillment_status("ann", &order).await, "UNFULFILLED");
}

#[tokio::test]
async fn an_order_of_which_a_part_is_shipped_cannot_be_cancelled_as_a_whole() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("recipe", 1)]).await;
    shop.shipped(&order, "p", &[("1", 2)]).await;
    let refused = shop.cancel("ann", &order).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "order-shipped"),
        "{refused:?}"
    );
    assert_eq!(refused.body["cancellable"], lines(&[("1", 1), ("2", 1)]));
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.engine.balance("tea").await.held, 3);
}

#[tokio::test]
async fn a_cancelled_order_has_all_its_units_cancelled() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3), ("recipe", 1)]).await;
    let cancelled = shop.cancel("ann", &order).await;
    assert_eq!(cancelled.body["fulfillment_status"], "NOT_REQUIRED");
    assert_eq!(shop.quantities("ann", &order).await, [[3, 0, 0, 0], [1, 0, 0, 0]]);
}

#[tokio::test]
async fn a_shipment_is_delivered_once_whoever_reports_it_again() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    let other = shop.shipped(&order, "q", &[("1", 1)]).await;
    let first = shop.arrive(&shipment, "d").await;
    shop.advance(SignedDuration::from_hours(1));
    for key in ["d", "another"] {
        let again = shop.arrive(&shipment, key).await;
        assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
        assert_eq!(again.body, first.body, "{key}");
    }
    let reused = shop.arrive(&other, "d").await;
    assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
    assert_eq!(shop.quantities("ann", &order).await, [[0, 3, 2, 0]]);
    let unknown = shop.arrive("8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd", "u").await;
    assert_eq!(unknown.problem(), "not-found");
}

#[tokio::test]
async fn a_delivery_is_neither_before_the_order_nor_in_the_future() {
    let shop = FulfillmentFixture::open().await;
    let placed = shop.now();
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 3)]).await;
    shop.advance(SignedDuration::from_hours(48));
    let at = |at: jiff::Timestamp| deliver_call(&shipment, "d").json(&json!({ "delivered_at": at }));
    let minute = SignedDuration::from_mins(1);
    for wrong in [placed - minute, shop.now() + minute * 6] {
        let refused = shop.deliver_shipment(at(wrong)).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (422, "invalid-delivery-time"),
            "{wrong}"
        );
    }
    let early = shop.now() - SignedDuration::from_hours(20);
    let delivered = shop.deliver_shipment(at(early)).await;
    assert_eq!(delivered.body["delivered_at"], json!(early), "{delivered:?}");
}

#[tokio::test]
async fn a_customer_sees_the_shipments_of_own_orders_only() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    shop.shipped(&order, "p1", &[("1", 1)]).await;
    shop.advance(SignedDuration::from_secs(1));
    shop.shipped(&order, "p2", &[("1", 1)]).await;
    let numbers = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|shipment| shipment["tracking_number"].as_str().unwrap().to_owned())
            .collect()
    };
    let mine = shop.list_shipments(shipments_call("ann", &order)).await;
    assert_eq!(numbers(&mine.body), ["p2", "p1"]);
    let staff = shop.list_shipments(shipments_call("ann", &order).by_admin()).await;
    assert_eq!(staff.body, mine.body);
    let theirs = shop.list_shipments(shipments_call("bob", &order)).await;
    assert_eq!(theirs.problem(), "not-found");
    let page = shop
        .list_shipments(shipments_call("ann", &order).query("limit", "1"))
        .await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let call = shipments_call("ann", &order)
        .query("limit", "1")
        .query("cursor", cursor);
    assert_eq!(numbers(&shop.list_shipments(call).await.body), ["p1"]);
    let other = shop.paid("ann", "k2", &[("tea", 1)]).await;
    let foreign = shipments_call("ann", &other).query("cursor", cursor);
    assert_eq!(shop.list_shipments(foreign).await.problem(), "invalid-parameter");
}

#[tokio::test]
async fn a_shipment_takes_one_read_and_one_transaction() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    shop.engine.faults.measure();
    shop.shipped(&order, "p", &[("1", 1)]).await;
    let cost = shop.engine.faults.cost();
    let expected = [("BatchGetItem".to_owned(), 1), ("TransactWriteItems".to_owned(), 1)];
    assert_eq!(cost.requests, expected.into());
}

#[tokio::test]
async fn an_order_that_was_stored_before_there_were_quantities_has_none() {
    let shop = Shop::with("tea", 1, 5).await;
    let order = shop.order("ann", "k", &[("tea", 2)]).await;
    let stored = &shop.engine.items(ORDERS).await[0]["lines"][0];
    for name in ["cancelled", "shipped", "delivered", "returned", "refunded"] {
        assert_eq!(stored.get(name), None, "{name}");
    }
    let quantities = json!({ "ordered": 2 });
    assert_eq!(order.body["lines"][0]["quantities"], quantities);
    let call = Call::new("GET", "/orders").by("ann");
    let listed = shop.list_orders(call).await;
    assert_eq!(listed.body["items"][0]["lines"], order.body["lines"]);
}

#[tokio::test]
async fn units_of_a_parcel_that_was_recorded_by_mistake_are_to_be_shipped_again() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    let close = || shop.close_shipment(close_call(&shipment, "c", "MISTAKE"));
    let closed = close().await;
    assert_eq!((closed.status, closed.replayed), (200, false), "{closed:?}");
    assert_eq!(closed.body["status"], "CANCELLED");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 0, 0, 0]]);
    assert_eq!(shop.fulfillment_status("ann", &order).await, "UNFULFILLED");
    let events = shop.engine.events(FULFILLMENT).await;
    assert!(events.iter().any(|(name, _)| name == "ShipmentCancelled"), "{events:?}");
    assert!(close().await.replayed);
    shop.shipped(&order, "q", &[("1", 2)]).await;
    assert!(close().await.replayed, "a late retry takes nothing back");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 0, 0]]);
    for (step, answer) in [
        ("close", shop.close_shipment(close_call(&shipment, "d", "LOST")).await),
        ("deliver", shop.arrive(&shipment, "e").await),
        ("report", shop.report("p", shop.now()).await),
    ] {
        assert_eq!((answer.status, answer.problem()), (409, "shipment-status"), "{step}");
        assert_eq!(answer.body["shipment_status"], "CANCELLED", "{step}");
    }
}

#[tokio::test]
async fn a_lost_parcel_is_refunded_or_shipped_again_and_a_delivered_one_is_never_lost() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    let lost = shop.close_shipment(close_call(&shipment, "c", "LOST")).await;
    assert_eq!(lost.body["status"], "LOST", "{lost:?}");
    shop.shipped(&order, "again", &[("1", 1)]).await;
    let cancelled = shop.cancel_lines("ann", &order, "refund", &[("1", 1)]).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["lines"][0]["refunded"]),
        (200, &won(1))
    );
    assert_eq!(shop.quantities("ann", &order).await, [[1, 1, 0, 0]]);

    let other = shop.delivered("bob", "k2", 1).await;
    let listed = shop.list_shipments(shipments_call("bob", &other)).await;
    let delivered = listed.body["items"][0]["shipment_id"].as_str().unwrap();
    let refused = shop.close_shipment(close_call(delivered, "d", "LOST")).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "shipment-status"),
        "{refused:?}"
    );
    assert_eq!(refused.body["shipment_status"], "DELIVERED");
}

/// Checks that every unit of tea is accounted for, and returns how many are for sale.
async fn tea_for_sale(shop: &FulfillmentFixture) -> i64 {
    let orders = shop.engine.items(ORDERS).await;
    check_holds(&orders).unwrap();
    check_units(&orders, &shop.engine.items(FULFILLMENT).await).unwrap();
    let balance = shop.engine.balance("tea").await;
    balance.check().unwrap();
    balance.available
}

#[tokio::test]
async fn a_lost_unit_never_comes_back_to_the_stock_whether_it_is_shipped_again_or_cancelled() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 4)]).await;
    let parcel = shop.shipped(&order, "p", &[("1", 3)]).await;
    shop.close_shipment(close_call(&parcel, "c", "LOST")).await;
    assert_eq!(tea_for_sale(&shop).await, 96, "nothing is decided yet");
    // The unit that was not shipped yet, and one for a lost one.
    shop.shipped(&order, "again", &[("1", 2)]).await;
    assert_eq!(tea_for_sale(&shop).await, 95, "another unit leaves the shelf");
    let cancelled = shop.cancel_lines("ann", &order, "refund", &[("1", 1)]).await;
    assert_eq!(cancelled.body["lines"][0]["refunded"], won(1), "{cancelled:?}");
    assert_eq!(tea_for_sale(&shop).await, 95, "the cancelled unit is lost");
    let quantities = &shop.see("ann", &order).await.body["lines"][0]["quantities"];
    let expected = json!({ "ordered": 4, "cancelled": 1, "shipped": 2, "lost": 1, "written_off": 2 });
    assert_eq!(*quantities, expected);
    // The last one turns up.
    assert_eq!(
        shop.report("p", shop.now()).await.problem(),
        "too-few-units",
        "two of its units are replaced"
    );
}

#[tokio::test]
async fn units_that_are_cancelled_beside_lost_ones_come_back_only_as_far_as_they_are_there() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    let parcel = shop.shipped(&order, "p", &[("1", 1)]).await;
    shop.close_shipment(close_call(&parcel, "c", "LOST")).await;
    let whole = cancel_call("ann", &order, "whole", &[]).json(&json!({}));
    let refused = shop.cancel_order(whole).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "order-shipped"),
        "{refused:?}"
    );
    shop.cancel_lines("ann", &order, "all", &[("1", 3)]).await;
    assert_eq!(tea_for_sale(&shop).await, 99, "two of three units were never shipped");
}

#[tokio::test]
async fn a_lost_unit_is_not_shipped_again_when_the_product_is_sold_out_and_nothing_changes() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let parcel = shop.shipped(&order, "p", &[("1", 1)]).await;
    shop.close_shipment(close_call(&parcel, "c", "LOST")).await;
    shop.paid("bob", "k2", &[("tea", 98)]).await;
    let refused = shop.ship(&order, "again", &[("1", 2)]).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "out-of-stock"),
        "{refused:?}"
    );
    assert_eq!(refused.body["shortages"][0]["available"], 0);
    shop.shipped(&order, "there", &[("1", 1)]).await;
    shop.receive("tea", 1).await;
    for crash in [Fault::LoseRequest, Fault::LoseAnswer] {
        shop.engine.faults.plan("TransactWriteItems", crash);
    }
    shop.shipped(&order, "again", &[("1", 1)]).await;
    assert_eq!(tea_for_sale(&shop).await, 0);
}

#[tokio::test]
async fn a_lost_parcel_of_which_a_carrier_reports_the_delivery_is_delivered_unless_its_units_were_shipped_again() {
    for is_shipped_again in [false, true] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 1)]).await;
        let shipment = shop.shipped(&order, "p", &[("1", 1)]).await;
        shop.close_shipment(close_call(&shipment, "c", "LOST")).await;
        if is_shipped_again {
            shop.shipped(&order, "again", &[("1", 1)]).await;
        }
        let found = shop.report("p", shop.now()).await;
        if is_shipped_again {
            assert_eq!((found.status, found.problem()), (409, "too-few-units"), "{found:?}");
            assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 0, 0]]);
        } else {
            assert_eq!(found.status, 200, "{found:?}");
            assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 1, 0]]);
        }
    }
}

#[tokio::test]
async fn what_turns_up_of_a_lost_parcel_after_it_was_shipped_again_or_cancelled_is_delivered_as_surplus() {
    // Of three lost units so many are shipped again and cancelled.
    for (again, cancelled) in [(3, 0), (0, 2), (1, 1)] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 3), ("mug", 1)]).await;
        let shipment = shop.shipped(&order, "p", &[("1", 3), ("2", 1)]).await;
        shop.close_shipment(close_call(&shipment, "c", "LOST")).await;
        if again > 0 {
            shop.shipped(&order, "again", &[("1", again)]).await;
        }
        if cancelled > 0 {
            shop.cancel_lines("ann", &order, "cancel", &[("1", cancelled)]).await;
        }
        let for_sale = tea_for_sale(&shop).await;
        let found = shop.arrive(&shipment, "d").await;
        assert_eq!(
            (found.status, &found.body["status"]),
            (200, &json!("DELIVERED")),
            "{found:?}"
        );
        let surplus = again + cancelled;
        let quantities = &shop.see("ann", &order).await.body["lines"][0]["quantities"];
        assert_eq!(quantities["surplus"], surplus);
        let (cancelled, again) = (u64::from(cancelled), u64::from(again));
        let left = 3 - cancelled - again;
        let expected = [[cancelled, left + again, left, 0], [0, 1, 1, 0]];
        assert_eq!(
            shop.quantities("ann", &order).await,
            expected,
            "{again} and {cancelled}"
        );
        assert_eq!(tea_for_sale(&shop).await, for_sale);
        check_shipments(&shop).await;
        let retried = shop.arrive(&shipment, "d").await;
        assert!(retried.replayed && retried.body == found.body, "{retried:?}");
    }
}

/// An order of one unit whose parcel was lost. Returns the order, the parcel, and its replacement.
async fn with_replacement(shop: &FulfillmentFixture) -> (String, String, String) {
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    let parcel = shop.shipped(&order, "p", &[("1", 1)]).await;
    shop.close_shipment(close_call(&parcel, "lost", "LOST")).await;
    let replacement = shop.shipped(&order, "again", &[("1", 1)]).await;
    (order, parcel, replacement)
}

async fn check_shipments(shop: &FulfillmentFixture) {
    let (orders, fulfillment) = (shop.engine.items(ORDERS).await, shop.engine.items(FULFILLMENT).await);
    check_units(&orders, &fulfillment).unwrap();
    check_holds(&orders).unwrap();
    shop.engine.balance("tea").await.check().unwrap();
}

#[tokio::test]
async fn a_customer_whose_lost_parcel_turned_up_gets_neither_another_unit_nor_money_when_the_replacement_is_lost() {
    let shop = FulfillmentFixture::open().await;
    let (order, parcel, replacement) = with_replacement(&shop).await;
    assert_eq!(shop.arrive(&parcel, "d").await.status, 200);
    let mistake = shop.close_shipment(close_call(&replacement, "m", "MISTAKE")).await;
    assert_eq!(
        (mistake.status, mistake.problem()),
        (409, "too-few-units"),
        "{mistake:?}"
    );
    check_shipments(&shop).await;
    let lost = shop.close_shipment(close_call(&replacement, "l", "LOST")).await;
    assert_eq!(lost.status, 200, "{lost:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 1, 0]]);
    assert_eq!(shop.fulfillment_status("ann", &order).await, "DELIVERED");
    let cancelled = shop.cancel_order(cancel_call("ann", &order, "c", &[("1", 1)])).await;
    assert_eq!(cancelled.problem(), "too-few-units", "{cancelled:?}");
    assert_eq!(shop.ship(&order, "third", &[("1", 1)]).await.problem(), "too-few-units");
    check_shipments(&shop).await;
}

#[tokio::test]
async fn a_lost_parcel_that_turned_up_after_a_replacement_by_mistake_is_shipped_anew_and_is_no_surplus() {
    let shop = FulfillmentFixture::open().await;
    let (order, parcel, replacement) = with_replacement(&shop).await;
    shop.close_shipment(close_call(&replacement, "m", "MISTAKE")).await;
    let found = shop.arrive(&parcel, "d").await;
    assert_eq!((found.status, found.problem()), (409, "too-few-units"), "{found:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 0, 0, 0]]);
    let anew = shop.shipped(&order, "p-anew", &[("1", 1)]).await;
    assert_eq!(shop.arrive(&anew, "a").await.status, 200);
    assert_eq!(shop.fulfillment_status("ann", &order).await, "DELIVERED");
    check_shipments(&shop).await;
}

#[tokio::test]
async fn a_parcel_that_is_not_delivered_in_time_is_counted_and_listed_until_it_is() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    let mut parcels = vec![];
    for key in ["p1", "p2", "p3"] {
        parcels.push(shop.shipped(&order, key, &[("1", 1)]).await);
    }
    shop.arrive(&parcels[0], "d1").await;
    let listed = async |status| {
        let call = Call::new("GET", "/admin/shipments").by_admin().query("status", status);
        let listed = shop.list_shipments_by_status(call).await;
        listed.body["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("SHIPPED").await, listed("DELIVERED").await), (2, 1));
    shop.advance(SignedDuration::from_hours(24 * 14) - SignedDuration::from_secs(1));
    assert_eq!(shop.watch_fulfillment().await.deliveries, 0);
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(shop.watch_fulfillment().await.deliveries, 2);
    shop.arrive(&parcels[1], "d2").await;
    shop.close_shipment(close_call(&parcels[2], "c", "LOST")).await;
    assert_eq!(shop.watch_fulfillment().await.deliveries, 0);
    assert_eq!(listed("LOST").await, 1);
}

#[tokio::test]
async fn an_order_whose_payment_was_refunded_in_full_is_not_shipped() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2)]).await;
    let payment = shop.payment_of("ann", &order).await;
    crate::refunds::ask(&shop, "part", &payment, &json!({ "amount": amount(500) })).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
    shop.shipped(&order, "p1", &[("1", 1)]).await;
    // A refund that is only requested counts too.
    crate::refunds::ask(&shop, "rest", &payment, &json!({})).await;
    for is_made in [false, true] {
        let refused = shop.ship(&order, "p2", &[("1", 1)]).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (409, "payment-not-kept"),
            "{is_made}"
        );
        shop.refund("RefundRequested", &payment).await.unwrap();
    }
    assert_eq!(shop.quantities("ann", &order).await, [[0, 1, 0, 0]]);
}

#[tokio::test]
async fn only_the_units_that_were_not_refunded_are_shipped() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    shop.cancel_lines("ann", &order, "c", &[("1", 2)]).await;
    let refused = shop.ship(&order, "p", &[("1", 2)]).await;
    assert_eq!(refused.problem(), "too-few-units");
    shop.shipped(&order, "p", &[("1", 1)]).await;
}

/// Pays an order of one tea and one free sample, which are both shipped. Returns its id.
async fn with_sample(shop: &FulfillmentFixture) -> String {
    let mut sample = function_tests::product(0, 1);
    sample["package"] = json!({ "weight_grams": 10 });
    shop.put_product("sample", &sample).await;
    shop.receive("sample", 1).await;
    shop.paid("ann", "k", &[("tea", 1), ("sample", 1)]).await
}

#[tokio::test]
async fn free_units_are_shipped_after_the_rest_of_their_order_was_cancelled_and_refunded() {
    let shop = FulfillmentFixture::open().await;
    let order = with_sample(&shop).await;
    shop.cancel_lines("ann", &order, "c", &[("1", 1)]).await;
    let payment = shop.payment_of("ann", &order).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
    // The price of the delivery.
    crate::refunds::ask(&shop, "rest", &payment, &json!({})).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(payment["status"], "REFUNDED", "{payment}");
    shop.shipped(&order, "p", &[("2", 1)]).await;
    assert_eq!(shop.quantities("ann", &order).await, [[1, 0, 0, 0], [0, 1, 0, 0]]);
}

#[tokio::test]
async fn free_units_are_not_shipped_while_units_are_left_whose_price_was_refunded() {
    let shop = FulfillmentFixture::open().await;
    let order = with_sample(&shop).await;
    let payment = shop.payment_of("ann", &order).await;
    crate::refunds::ask(&shop, "all", &payment, &json!({})).await;
    let refused = shop.ship(&order, "p", &[("2", 1)]).await;
    assert_eq!(refused.problem(), "payment-not-kept", "{refused:?}");
}
