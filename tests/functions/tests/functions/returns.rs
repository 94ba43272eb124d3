//! Returns: requested by line in time, decided, received, refunded and watched.

use std::collections::BTreeSet;
use std::time::Duration;

use function_tests::auction_fixture::AuctionFixture;
use function_tests::fulfillment_fixture::{
    FulfillmentFixture, decide_call, lines, receive_return_call, refund_return_call, return_call, won,
};
use function_tests::payment_fixture::{amount, confirm_call, start_call};
use function_tests::{id_of, order_body, order_call};
use harness::audit::check_returns;
use harness::engine::{CATALOG, FULFILLMENT, ORDERS};
use harness::gateway::{Answer, Call};
use harness::{Fault, faults::Hold};
use jiff::SignedDuration;
use sandbox::Card;
use serde_json::{Value, json};

const WRITE: &str = "TransactWriteItems";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Makes the refund that the payment of an order has requested.
async fn refund(shop: &FulfillmentFixture, order: &str) {
    let payment = shop.payment_of("ann", order).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
}

async fn refunded(shop: &FulfillmentFixture, id: &str, key: &str) -> Answer {
    shop.refund_return(refund_return_call(id, key, &json!({}))).await
}

/// The newest event of a return.
async fn event(shop: &FulfillmentFixture) -> (String, Value) {
    let events = shop.engine.events(FULFILLMENT).await;
    let of_return = events.into_iter().find(|(name, _)| name.starts_with("Return"));
    of_return.unwrap()
}

#[tokio::test]
async fn returned_units_go_back_on_the_shelf_and_their_price_to_the_customer() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 3).await;
    let call = return_call("ann", &order, "r", &[]).json(&json!({
        "lines": lines(&[("1", 2)]), "reason": "DAMAGED", "note": "My phone is 010-1234-5678.",
    }));
    let requested = shop.request_return(call).await;
    assert_eq!(
        (requested.status, &requested.body["status"]),
        (201, &json!("REQUESTED")),
        "{requested:?}"
    );
    let id = requested.body["return_id"].as_str().unwrap();
    let (name, data) = event(&shop).await;
    assert_eq!(name, "ReturnRequested");
    assert!(!data.to_string().contains("010-1234"), "a note can be personal: {data}");

    let approved = shop.decide_return(decide_call(id, "a", "APPROVE")).await;
    assert_eq!(approved.body["status"], "APPROVED", "{approved:?}");
    let received = shop.receive_return(receive_return_call(id, "b", 1, 1)).await;
    assert_eq!(received.body["status"], "RECEIVED", "{received:?}");
    assert_eq!(received.body["lines"][0]["refund"], won(2));
    assert_eq!(shop.quantities("ann", &order).await, [[0, 3, 3, 2]]);
    let balance = shop.engine.balance("tea").await;
    assert_eq!(
        (balance.available, balance.held, balance.returned),
        (98, 3, 1),
        "one is for sale again"
    );
    balance.check().unwrap();

    let done = refunded(&shop, id, "c").await;
    assert_eq!(done.body["status"], "REFUNDED", "{done:?}");
    assert_eq!(done.body["refund"]["amount"], won(5), "with the delivery");
    assert_eq!(event(&shop).await.0, "ReturnRefunded");
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(
        (&payment["refunds"][0]["reason"], &payment["refunds"][0]["amount"]),
        (&json!("RETURNED"), &won(5))
    );
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 5000);
    assert_eq!(shop.see("ann", &order).await.body["lines"][0]["refunded"], won(2));
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn no_more_is_returned_than_was_delivered_and_no_unit_twice() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 4)]).await;
    let ask = |key: &'static str, units| shop.request_return(return_call("ann", &order, key, &[("1", units)]));
    let shipment = shop.shipped(&order, "p", &[("1", 3)]).await;
    let refused = ask("early", 1).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "too-few-units"),
        "not delivered: {refused:?}"
    );
    shop.arrive(&shipment, "d").await;
    assert_eq!(ask("many", 4).await.body["left"], lines(&[("1", 3)]));
    shop.returning("ann", &order, "r1", 2).await;
    assert_eq!(
        ask("again", 2).await.body["left"],
        lines(&[("1", 1)]),
        "two are in an open return"
    );
    let second = shop.received("ann", &order, "r2", 1, 0).await;
    assert_eq!(ask("twice", 1).await.body["left"], json!([]));
    let again = shop.receive_return(receive_return_call(&second, "other", 1, 0)).await;
    assert_eq!((again.status, again.problem()), (409, "return-status"), "{again:?}");
    assert_eq!(again.body["return_status"], "RECEIVED");
}

#[tokio::test]
async fn units_of_a_refused_return_and_missing_ones_can_be_returned_again() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 3).await;
    let refused = shop.returning("ann", &order, "r1", 3).await;
    let answer = shop.decide_return(decide_call(&refused, "a", "REFUSE")).await;
    assert_eq!(answer.body["status"], "REFUSED", "{answer:?}");
    let missing = shop.returning("ann", &order, "r2", 3).await;
    shop.decide_return(decide_call(&missing, "b", "APPROVE")).await;
    let received = shop.receive_return(receive_return_call(&missing, "c", 1, 0)).await;
    assert_eq!(received.body["lines"][0]["refund"], won(1), "{received:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 3, 3, 1]]);
    shop.returning("ann", &order, "r3", 2).await;
    for (step, answer) in [
        (
            "decide",
            shop.decide_return(decide_call(&refused, "d", "APPROVE")).await,
        ),
        (
            "receive",
            shop.receive_return(receive_return_call(&refused, "e", 1, 0)).await,
        ),
        ("refund", refunded(&shop, &refused, "f").await),
    ] {
        assert_eq!((answer.status, answer.problem()), (409, "return-status"), "{step}");
    }
}

#[tokio::test]
async fn an_approved_return_whose_units_never_arrive_is_refused_and_can_be_requested_again() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.returning("ann", &order, "r1", 2).await;
    shop.decide_return(decide_call(&id, "a", "APPROVE")).await;
    let given_up = shop.decide_return(decide_call(&id, "b", "REFUSE")).await;
    assert_eq!(given_up.body["status"], "REFUSED", "{given_up:?}");
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 0]]);
    shop.returning("ann", &order, "r2", 2).await;
}

#[tokio::test]
async fn a_return_is_requested_until_the_end_of_the_seventh_day_in_the_shops_timezone() {
    // The clock starts at 09:00 in Seoul.
    for (later, is_open) in [(DAY * 7, true), (DAY * 7 + SignedDuration::from_hours(15), false)] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.delivered("ann", "k", 1).await;
        let before_midnight = later - SignedDuration::from_millis(i64::from(!is_open));
        shop.advance(before_midnight);
        let line = [("1", 1)];
        if is_open {
            shop.returning("ann", &order, "r", 1).await;
            continue;
        }
        let early = shop.request_return(return_call("ann", &order, "r", &line)).await;
        assert_eq!(early.status, 201, "the last millisecond: {early:?}");
        let other = shop.delivered("ann", "k2", 1).await;
        shop.advance(later);
        let late = shop.request_return(return_call("ann", &other, "late", &line)).await;
        assert_eq!((late.status, late.problem()), (409, "return-window-closed"), "{late:?}");
        let staff = return_call("ann", &other, "staff", &line).by_admin();
        assert_eq!(
            shop.request_return(staff).await.status,
            201,
            "an administrator may be generous"
        );
    }
}

#[tokio::test]
async fn pieces_of_a_line_are_never_refunded_above_its_price() {
    let shop = FulfillmentFixture::open().await;
    let mut odd = function_tests::product(1000, 1);
    odd["price"] = amount(333);
    odd["package"] = json!({ "weight_grams": 10 });
    shop.put_product("odd", &odd).await;
    shop.receive("odd", 5).await;
    let order = shop.paid("ann", "k", &[("odd", 3)]).await;
    shop.cancel_lines("ann", &order, "c", &[("1", 1)]).await;
    refund(&shop, &order).await;
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    shop.arrive(&shipment, "d").await;
    for key in ["r1", "r2"] {
        let id = shop.received("ann", &order, key, 1, 0).await;
        assert_eq!(refunded(&shop, &id, key).await.status, 200);
        refund(&shop, &order).await;
    }
    assert_eq!(shop.charged().refunded, 3999, "with the delivery");
    assert_eq!(shop.see("ann", &order).await.body["lines"][0]["refunded"], amount(999));
    assert_eq!(shop.engine.balance("odd").await.available, 5);
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn a_deduction_is_kept_and_is_at_most_the_price_of_the_units() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.received("ann", &order, "r", 0, 1).await;
    let with = |key: &'static str, body: Value| shop.refund_return(refund_return_call(&id, key, &body));
    let much = with("a", json!({ "deduction": { "amount": amount(1001), "note": "Worn." } })).await;
    assert_eq!((much.status, much.problem()), (422, "invalid-refund"), "{much:?}");
    assert_eq!((&much.body["part"], &much.body["most"]), (&json!("deduction"), &won(1)));
    let shipping = with("b", json!({ "shipping": amount(3001) })).await;
    assert_eq!(
        (shipping.problem(), &shipping.body["most"]),
        ("invalid-refund", &won(3)),
        "the price of the delivery"
    );
    let unexplained = with("c", json!({ "deduction": { "amount": amount(1), "note": " " } })).await;
    assert_eq!(unexplained.problem(), "invalid-text");
    let deduction = json!({ "amount": amount(300), "note": "Worn." });
    let done = with("d", json!({ "deduction": deduction, "shipping": amount(2000) })).await;
    assert_eq!(done.body["refund"]["amount"], amount(2700), "{done:?}");
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 2700);
    let again = with("e", json!({})).await;
    assert_eq!(
        (again.status, again.problem()),
        (409, "return-status"),
        "a return is refunded once"
    );
}

#[tokio::test]
async fn a_refund_waits_for_another_one_of_the_payment() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let ids = [
        shop.received("ann", &order, "r1", 1, 0).await,
        shop.received("ann", &order, "r2", 1, 0).await,
    ];
    assert_eq!(refunded(&shop, &ids[0], "a").await.status, 200);
    let waiting = refunded(&shop, &ids[1], "b").await;
    assert_eq!(
        (waiting.status, waiting.problem()),
        (409, "refund-under-way"),
        "{waiting:?}"
    );
    refund(&shop, &order).await;
    assert_eq!(refunded(&shop, &ids[1], "b").await.status, 200);
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 5000);
}

#[tokio::test]
async fn a_refund_is_due_three_business_days_after_the_receipt_and_overdue_ones_are_counted() {
    let shop = FulfillmentFixture::open().await;
    // Thursday, 2026-01-01 in Seoul: Friday, Monday and Tuesday are business days.
    let order = shop.delivered("ann", "k", 1).await;
    let id = shop.received("ann", &order, "r", 1, 0).await;
    let due: jiff::Timestamp = "2026-01-07T00:00:00+09:00".parse().unwrap();
    let call = Call::new("GET", "/admin/returns")
        .by_admin()
        .query("status", "RECEIVED");
    let listed = shop.list_returns(call).await;
    assert_eq!(listed.body["items"][0]["refund_due_at"], json!(due), "{listed:?}");
    shop.advance(due.duration_since(shop.now()) - SignedDuration::from_secs(1));
    assert_eq!(shop.watch_fulfillment().await.returns, 0);
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(shop.watch_fulfillment().await.returns, 1);
    refunded(&shop, &id, "f").await;
    assert_eq!(shop.watch_fulfillment().await.returns, 0);
}

#[tokio::test]
async fn a_decision_is_due_three_business_days_after_the_request_and_overdue_ones_are_counted() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let [decided, open] = ["r1", "r2"].map(|key| shop.returning("ann", &order, key, 1));
    let (decided, _) = (decided.await, open.await);
    let due: jiff::Timestamp = "2026-01-07T00:00:00+09:00".parse().unwrap();
    let call = Call::new("GET", "/admin/returns").by_admin();
    let listed = shop.list_returns(call).await;
    assert_eq!(listed.body["items"][0]["decision_due_at"], json!(due), "{listed:?}");
    shop.advance(due.duration_since(shop.now()) - SignedDuration::from_secs(1));
    assert_eq!(shop.watch_fulfillment().await.returns, 0);
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(shop.watch_fulfillment().await.returns, 2);
    shop.decide_return(decide_call(&decided, "a", "APPROVE")).await;
    assert_eq!(shop.watch_fulfillment().await.returns, 1);
}

/// A return of two units that was approved, and whose units are to arrive now at the latest.
async fn overdue_arrival(shop: &FulfillmentFixture) -> (String, String) {
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.returning("ann", &order, "r", 2).await;
    let approved = shop.decide_return(decide_call(&id, "a", "APPROVE")).await;
    assert_eq!(
        approved.body["arrival_due_at"],
        json!(shop.now() + DAY * 30),
        "{approved:?}"
    );
    shop.advance(DAY * 30);
    (order, id)
}

#[tokio::test]
async fn an_approved_return_whose_units_do_not_arrive_within_thirty_days_is_refused_by_the_schedule() {
    let shop = FulfillmentFixture::open().await;
    let (order, id) = overdue_arrival(&shop).await;
    shop.advance(-SignedDuration::from_secs(1));
    assert_eq!(shop.watch_fulfillment().await.refused, 0);
    shop.advance(SignedDuration::from_secs(1));
    let counts = shop.watch_fulfillment().await;
    assert_eq!((counts.refused, counts.failed, counts.returns), (1, 0, 0));
    let (name, event) = event(&shop).await;
    assert_eq!(
        (name.as_str(), &event["data"]["status"]),
        ("ReturnRefused", &json!("REFUSED"))
    );
    assert_eq!(event["metadata"]["actor"]["id"], "watch-fulfillment");
    assert_eq!(shop.watch_fulfillment().await.refused, 0, "once");
    let late = shop.receive_return(receive_return_call(&id, "b", 2, 0)).await;
    assert_eq!((late.status, late.problem()), (409, "return-status"), "{late:?}");
    let again = return_call("ann", &order, "again", &[("1", 2)]).by_admin();
    assert_eq!(shop.request_return(again).await.status, 201, "its units are free");
    let [orders, returns, catalog] = [ORDERS, FULFILLMENT, CATALOG].map(|table| shop.engine.items(table));
    check_returns(&orders.await, &returns.await, &catalog.await).unwrap();
}

#[tokio::test]
async fn units_that_arrive_while_their_return_is_refused_for_their_absence_are_received() {
    // The schedule has read the return and waits for the order, or is about to write.
    for (operation, before) in [("GetItem", &[Fault::Late(Duration::ZERO)][..]), (WRITE, &[])] {
        let shop = FulfillmentFixture::open().await;
        let (order, id) = overdue_arrival(&shop).await;
        let hold = Hold::default();
        for fault in before {
            shop.engine.faults.plan(operation, fault.clone());
        }
        shop.engine.faults.plan(operation, Fault::Held(hold.clone()));
        let arrival = async {
            hold.arrived().await;
            let received = shop.receive_return(receive_return_call(&id, "b", 2, 0)).await;
            assert_eq!(received.status, 200, "{received:?}");
            hold.release();
        };
        let (counts, ()) = tokio::join!(shop.watch_fulfillment(), arrival);
        assert_eq!((counts.refused, counts.failed), (0, 0), "{operation}");
        assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 2]]);
    }
}

#[tokio::test]
async fn returns_of_all_partitions_are_listed_once_and_newest_first() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 14).await;
    for nth in 0..14 {
        // Two at a time.
        shop.advance(SignedDuration::from_millis(nth % 2));
        shop.returning("ann", &order, &format!("r{nth}"), 1).await;
    }
    let stored = shop.engine.items(FULFILLMENT).await;
    let stored: Vec<&Value> = stored.iter().filter(|item| item.get("return_id").is_some()).collect();
    let partitions: BTreeSet<&str> = stored.iter().map(|item| item["in_status"].as_str().unwrap()).collect();
    assert!(partitions.len() > 2, "{partitions:?}");
    let mut expected: Vec<&str> = stored.iter().map(|item| item["list_place"].as_str().unwrap()).collect();
    expected.sort_unstable_by(|one, other| other.cmp(one));
    let (mut listed, mut cursor) = (vec![], None::<String>);
    loop {
        let call = Call::new("GET", "/admin/returns").by_admin().query("limit", "3");
        let call = match &cursor {
            Some(cursor) => call.query("cursor", cursor),
            None => call,
        };
        let page = shop.list_returns(call).await.body;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        listed.extend(items.iter().map(|item| item["return_id"].as_str().unwrap().to_owned()));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let expected: Vec<&str> = expected.iter().map(|place| place.split_once('#').unwrap().1).collect();
    assert_eq!(listed, expected);
}

/// Delivers a cup to an address in New York at the clock's time. Returns its order.
async fn delivered_to_new_york(shop: &FulfillmentFixture, key: &str) -> String {
    let mut body = order_body(&[("cup", 1)]);
    body["shipping_address"] = json!({
        "recipient": "Ann Lee", "line1": "350 5th Ave", "city": "New York", "region": "NY", "postal_code": "10118",
        "country": "US",
    });
    let placed = shop.checkout(order_call("ann", key, &[]).json(&body)).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let order = id_of(&placed);
    let started = shop
        .start(start_call("ann", &format!("start-{key}"), "STRIPE", &order))
        .await;
    let intent = started.body["reference"].as_str().unwrap();
    shop.sandbox.stripe_pay(intent, &Card::Good);
    let total = &placed.body["totals"]["total"];
    let body = json!({ "provider": "STRIPE", "payment_intent": intent, "amount": total });
    let paid = shop
        .confirm(confirm_call("ann", &format!("pay-{key}"), &order, &body))
        .await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let shipment = shop.shipped(&order, &format!("p-{key}"), &[("1", 1)]).await;
    shop.arrive(&shipment, &format!("d-{key}")).await;
    order
}

#[tokio::test]
async fn the_days_of_a_return_are_those_of_the_customers_country_and_end_where_they_end_last() {
    let shop = FulfillmentFixture::open().await;
    let mut cup = function_tests::product(1000, 1);
    cup["price"]["currency"] = json!("USD");
    cup["package"] = json!({ "weight_grams": 100 });
    shop.put_product("cup", &cup).await;
    shop.receive("cup", 5).await;
    // It is the first of January, 15:00 in Seoul and 01:00 in New York.
    shop.advance(SignedDuration::from_hours(6));
    let [order, other] = [
        delivered_to_new_york(&shop, "k").await,
        delivered_to_new_york(&shop, "l").await,
    ];
    let line = [("1", 1)];
    let end_in_hawaii: jiff::Timestamp = "2026-01-09T00:00:00-10:00".parse().unwrap();
    shop.advance(end_in_hawaii.duration_since(shop.now()) - SignedDuration::from_millis(1));
    shop.returning("ann", &order, "r", 1).await;
    shop.advance(SignedDuration::from_millis(1));
    let late = shop.request_return(return_call("ann", &other, "late", &line)).await;
    assert_eq!((late.status, late.problem()), (409, "return-window-closed"), "{late:?}");
    assert_eq!(late.body["ended_at"], json!(end_in_hawaii));
    shop.erase_personal_data("ann").await;
    let erased = shop.request_return(return_call("ann", &other, "erased", &line)).await;
    let end_in_seoul: jiff::Timestamp = "2026-01-09T00:00:00+09:00".parse().unwrap();
    assert_eq!(
        erased.body["ended_at"],
        json!(end_in_seoul),
        "without an address: {erased:?}"
    );
}

#[tokio::test]
async fn overdue_refunds_are_counted_beside_overdue_deliveries() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 1).await;
    shop.received("ann", &order, "r", 1, 0).await;
    let other = shop.paid("ann", "k2", &[("tea", 2)]).await;
    for key in ["p1", "p2"] {
        shop.shipped(&other, key, &[("1", 1)]).await;
    }
    let shards: Vec<(bool, bool)> = shop
        .engine
        .items(FULFILLMENT)
        .await
        .iter()
        .filter_map(|item| Some((item.get("return_id").is_some(), item["due_shard"].as_u64()? < 16)))
        .collect();
    assert_eq!(shards.len(), 3);
    assert!(
        shards.iter().all(|(is_refund, is_first)| is_refund == is_first),
        "{shards:?}"
    );
    shop.advance(SignedDuration::from_hours(24 * 15));
    let overdue = shop.watch_fulfillment().await;
    assert_eq!((overdue.returns, overdue.deliveries, overdue.failed), (1, 2, 0));
    assert!(!overdue.unfinished);
}

#[tokio::test]
async fn staff_list_returns_by_status_and_customers_those_of_their_order() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 3).await;
    let first = shop.returning("ann", &order, "r1", 1).await;
    shop.advance(SignedDuration::from_secs(1));
    let second = shop.returning("ann", &order, "r2", 1).await;
    let ids = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|details| details["return_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let of_staff = || Call::new("GET", "/admin/returns").by_admin();
    assert_eq!(
        ids(&shop.list_returns(of_staff()).await.body),
        [second.as_str(), &first]
    );
    let page = shop.list_returns(of_staff().query("limit", "1")).await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let next = of_staff().query("limit", "1").query("cursor", cursor);
    assert_eq!(ids(&shop.list_returns(next).await.body), [first.as_str()]);
    shop.decide_return(decide_call(&first, "a", "APPROVE")).await;
    assert_eq!(
        ids(&shop.list_returns(of_staff().query("status", "APPROVED")).await.body),
        [first.as_str()]
    );
    let unknown = shop.list_returns(of_staff().query("status", "approved")).await;
    assert_eq!(unknown.problem(), "invalid-parameter");
    let of_order = |customer| {
        Call::new("GET", "/orders/{order_id}/returns")
            .path("order_id", &order)
            .by(customer)
    };
    assert_eq!(
        ids(&shop.list_order_returns(of_order("ann")).await.body),
        [second, first]
    );
    assert_eq!(shop.list_order_returns(of_order("bob")).await.problem(), "not-found");
}

#[tokio::test]
async fn each_invalid_request_about_a_return_gets_its_problem() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let long = "x".repeat(501);
    let noted = json!({ "lines": lines(&[("1", 1)]), "reason": "OTHER", "note": long });
    let whim = json!({ "lines": lines(&[("1", 1)]), "reason": "WHIM" });
    for (name, call, status, problem) in [
        ("no lines", return_call("ann", &order, "r", &[]), 422, "invalid-lines"),
        (
            "an unknown line",
            return_call("ann", &order, "r", &[("2", 1)]),
            422,
            "invalid-line",
        ),
        (
            "a line twice",
            return_call("ann", &order, "r", &[("1", 1), ("1", 1)]),
            422,
            "invalid-line",
        ),
        (
            "a long note",
            return_call("ann", &order, "r", &[]).json(&noted),
            422,
            "invalid-text",
        ),
        (
            "an unknown reason",
            return_call("ann", &order, "r", &[]).json(&whim),
            400,
            "malformed-body",
        ),
        (
            "another customer",
            return_call("bob", &order, "r", &[("1", 1)]),
            404,
            "not-found",
        ),
    ] {
        let answer = shop.request_return(call).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (status, problem),
            "{name}: {answer:?}"
        );
    }
    let id = shop.returning("ann", &order, "r", 2).await;
    let unknown = "8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd";
    assert_eq!(
        shop.decide_return(decide_call(unknown, "a", "APPROVE")).await.problem(),
        "not-found"
    );
    let by_customer = decide_call(&id, "a", "APPROVE").by("ann");
    assert_eq!(shop.decide_return(by_customer).await.problem(), "forbidden");
    let early = shop.receive_return(receive_return_call(&id, "a", 1, 0)).await;
    assert_eq!(early.problem(), "return-status", "it is not approved");
    shop.decide_return(decide_call(&id, "b", "APPROVE")).await;
    for (restock, write_off, problem) in [
        (2, 1, "too-few-units"),
        (0, 0, "invalid-lines"),
        (u32::MAX, 1, "too-few-units"),
    ] {
        let answer = shop
            .receive_return(receive_return_call(&id, "c", restock, write_off))
            .await;
        assert_eq!(answer.problem(), problem, "{restock} and {write_off}: {answer:?}");
    }
    assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 0]]);
    assert_eq!(shop.engine.balance("tea").await.available, 98);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_returns_at_once_of_the_last_unit_one_is_refused() {
    for (keys, created) in [(["r", "q"], 1), (["r", "r"], 2)] {
        for _ in 0..5 {
            let shop = FulfillmentFixture::open().await;
            let order = shop.delivered("ann", "k", 1).await;
            let line = [("1", 1)];
            let [one, other] = keys.map(|key| shop.request_return(return_call("ann", &order, key, &line)));
            let (one, other) = tokio::join!(one, other);
            let done = [&one, &other].iter().filter(|answer| answer.status == 201).count();
            assert_eq!(done, created, "{one:?} {other:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_that_is_received_or_refunded_twice_at_once_counts_once() {
    for keys in [["a", "a"], ["a", "b"]] {
        for _ in 0..5 {
            let shop = FulfillmentFixture::open().await;
            let order = shop.delivered("ann", "k", 2).await;
            let id = shop.returning("ann", &order, "r", 2).await;
            shop.decide_return(decide_call(&id, "d", "APPROVE")).await;
            let [one, other] = keys.map(|key| shop.receive_return(receive_return_call(&id, key, 2, 0)));
            let answers = tokio::join!(one, other);
            assert!(answers.0.status == 200 || answers.1.status == 200, "{answers:?}");
            assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 2]]);
            assert_eq!(shop.engine.balance("tea").await.available, 100);
            let (one, other) = tokio::join!(refunded(&shop, &id, keys[0]), refunded(&shop, &id, keys[1]));
            assert!(one.status == 200 || other.status == 200, "{one:?} {other:?}");
            refund(&shop, &order).await;
            assert_eq!((shop.charged().refunded, shop.charged().refund_count), (5000, 1));
        }
    }
}

/// Sends `request` twice so that the attempts overlap: the first one has read its record and waits for `held`, while the
/// second one takes effect.
async fn overlapping<Sent: Future<Output = Answer>>(
    shop: &FulfillmentFixture,
    held: &[Fault],
    request: impl Fn() -> Sent,
) -> [Answer; 2] {
    let hold = Hold::default();
    for fault in held {
        shop.engine.faults.plan("GetItem", fault.clone());
    }
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let second = async {
        hold.arrived().await;
        let answer = request().await;
        hold.release();
        answer
    };
    let (first, second) = tokio::join!(request(), second);
    [second, first]
}

fn assert_replayed([second, first]: &[Answer; 2]) {
    assert_eq!((second.status, second.replayed), (200, false), "{second:?}");
    assert_eq!((first.status, first.replayed), (200, true), "{first:?}");
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn a_refusal_that_overlaps_its_retry_gets_the_same_answer() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 1).await;
    let id = shop.returning("ann", &order, "r", 1).await;
    let answers = overlapping(&shop, &[], || shop.decide_return(decide_call(&id, "d", "REFUSE"))).await;
    assert_replayed(&answers);
    let other = shop.decide_return(decide_call(&id, "other", "REFUSE")).await;
    assert_eq!(other.problem(), "return-status", "another request is not replayed");
}

#[tokio::test]
async fn a_receipt_that_overlaps_its_retry_gets_the_same_answer() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.returning("ann", &order, "r", 2).await;
    shop.decide_return(decide_call(&id, "d", "APPROVE")).await;
    let receive = || shop.receive_return(receive_return_call(&id, "e", 2, 0));
    assert_replayed(&overlapping(&shop, &[], receive).await);
    assert_eq!(shop.engine.balance("tea").await.available, 100);
}

#[tokio::test]
async fn a_receipt_that_another_one_overtakes_is_told_that_the_return_is_received() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    let id = shop.returning("ann", &order, "r", 2).await;
    shop.decide_return(decide_call(&id, "d", "APPROVE")).await;
    let hold = Hold::default();
    // The first receipt has read the return, and waits for the order.
    shop.engine.faults.plan("GetItem", Fault::Held(hold.clone()));
    let other = async {
        hold.arrived().await;
        let answer = shop.receive_return(receive_return_call(&id, "other", 2, 0)).await;
        hold.release();
        answer
    };
    let (first, other) = tokio::join!(shop.receive_return(receive_return_call(&id, "first", 2, 0)), other);
    assert_eq!(other.status, 200, "{other:?}");
    assert_eq!((first.status, first.problem()), (409, "return-status"), "{first:?}");
    assert_eq!(shop.engine.balance("tea").await.available, 100);
}

#[tokio::test]
async fn a_refund_that_overlaps_its_retry_gets_the_same_answer() {
    // Either the order is read late, or the payment.
    for held in [&[][..], &[Fault::Late(Duration::ZERO)]] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.delivered("ann", "k", 2).await;
        let id = shop.received("ann", &order, "r", 2, 0).await;
        assert_replayed(&overlapping(&shop, held, || refunded(&shop, &id, "f")).await);
        refund(&shop, &order).await;
        assert_eq!((shop.charged().refunded, shop.charged().refund_count), (5000, 1));
    }
}

#[tokio::test]
async fn a_decision_that_was_overtaken_by_another_is_refused() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 1).await;
    let id = shop.returning("ann", &order, "r", 1).await;
    let hold = Hold::default();
    shop.engine.faults.plan(WRITE, Fault::Held(hold.clone()));
    let refuse = async {
        hold.arrived().await;
        assert_eq!(shop.decide_return(decide_call(&id, "a", "REFUSE")).await.status, 200);
        hold.release();
    };
    let (approved, ()) = tokio::join!(shop.decide_return(decide_call(&id, "b", "APPROVE")), refuse);
    assert_eq!(
        (approved.status, approved.problem()),
        (409, "return-status"),
        "{approved:?}"
    );
    shop.returning("ann", &order, "again", 1).await;
}

#[tokio::test]
async fn a_crash_at_any_write_of_a_return_leaves_all_or_nothing_and_a_retry_completes_it() {
    for crash in [Fault::LoseAnswer, Fault::LoseRequest] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.delivered("ann", "k", 2).await;
        let plan = || {
            shop.engine.faults.plan(WRITE, crash.clone());
            for _ in 0..100 {
                shop.engine.faults.plan(WRITE, Fault::LoseRequest);
            }
        };
        let time = Duration::from_millis(300);
        let ask = || shop.request_return(return_call("ann", &order, "r", &[("1", 2)]));
        plan();
        drop(tokio::time::timeout(time, ask()).await);
        shop.engine.faults.forget();
        let id = ask().await.body["return_id"].as_str().unwrap().to_owned();
        let decide = || shop.decide_return(decide_call(&id, "d", "APPROVE"));
        plan();
        drop(tokio::time::timeout(time, decide()).await);
        shop.engine.faults.forget();
        assert_eq!(decide().await.body["status"], "APPROVED", "{crash:?}");
        let receive = || shop.receive_return(receive_return_call(&id, "e", 1, 1));
        plan();
        drop(tokio::time::timeout(time, receive()).await);
        shop.engine.faults.forget();
        let written = if crash == Fault::LoseAnswer { 99 } else { 98 };
        assert_eq!(shop.engine.balance("tea").await.available, written, "{crash:?}");
        assert_eq!(receive().await.body["status"], "RECEIVED", "{crash:?}");
        assert_eq!(shop.engine.balance("tea").await.available, 99, "{crash:?}");
        plan();
        drop(tokio::time::timeout(time, refunded(&shop, &id, "f")).await);
        shop.engine.faults.forget();
        assert_eq!(refunded(&shop, &id, "f").await.body["status"], "REFUNDED", "{crash:?}");
        assert_eq!(
            shop.payment_of("ann", &order).await["refunds"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        refund(&shop, &order).await;
        assert_eq!(
            (shop.charged().refunded, shop.charged().refund_count),
            (5000, 1),
            "{crash:?}"
        );
        assert_eq!(shop.quantities("ann", &order).await, [[0, 2, 2, 2]]);
    }
}

#[tokio::test]
async fn the_points_of_returned_units_are_taken_back_also_when_a_deduction_takes_the_whole_refund() {
    let shop = FulfillmentFixture::open().await;
    let mut points = function_tests::product(100, 1);
    points["points"] = json!(1000);
    points["package"] = json!({ "weight_grams": 10 });
    shop.put_product("points", &points).await;
    shop.receive("points", 5).await;
    let order = shop.paid("ann", "k", &[("points", 2)]).await;
    let auction = AuctionFixture::beside(&shop);
    auction.credit(&shop.see("ann", &order).await.body).await.unwrap();
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    shop.arrive(&shipment, "d").await;
    let id = shop.received("ann", &order, "r", 0, 1).await;
    let deduction = json!({ "deduction": { "amount": amount(100), "note": "The card was used." } });
    let done = shop.refund_return(refund_return_call(&id, "f", &deduction)).await;
    assert_eq!(done.body["refund"]["amount"], amount(0), "{done:?}");
    for _ in 0..2 {
        auction.returned(&done.body).await.unwrap();
        assert_eq!(auction.wallet("ann").await, (1000, 0));
    }
}
