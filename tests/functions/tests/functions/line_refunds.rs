//! What is counted as refunded of the lines of an order and of its delivery, over all cancellations and returns.

use function_tests::fulfillment_fixture::{
    FulfillmentFixture, decide_call, lines, receive_return_call, refund_return_call, return_call, won,
};
use function_tests::id_of;
use function_tests::payment_fixture::{amount, start_call, stripe_call};
use harness::audit::{check_line_refunds, check_returns};
use harness::engine::{CATALOG, FULFILLMENT, ORDERS, PAYMENTS};
use harness::gateway::{Answer, Call};
use sandbox::Card;
use serde_json::{Value, json};

use crate::refunds::ask;

/// Makes the refund that the payment of an order has requested.
async fn refund(shop: &FulfillmentFixture, order: &str) {
    let payment = shop.payment_of("ann", order).await;
    shop.refund("RefundRequested", &payment).await.unwrap();
    audit(shop).await;
}

/// Makes the refund, after which the provider has refunded `won` in all.
async fn refund_and_check(shop: &FulfillmentFixture, order: &str, won: u64) {
    refund(shop, order).await;
    assert_eq!(u64::try_from(shop.charged().refunded), Ok(won));
}

/// Refunds this amount of an order without naming units.
async fn goodwill(shop: &FulfillmentFixture, order: &str, won: u64) {
    let payment = shop.payment_of("ann", order).await;
    let asked = ask(shop, "goodwill", &payment, &json!({ "amount": amount(won) })).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    refund(shop, order).await;
}

/// Refunds the price of the delivery of an order, or this amount of it, without units.
async fn refund_delivery(shop: &FulfillmentFixture, order: &str, key: &str, amount: Option<Value>) -> Answer {
    let payment = shop.payment_of("ann", order).await;
    let mut body = json!({ "delivery": true });
    if let Some(amount) = amount {
        body["amount"] = amount;
    }
    ask(shop, key, &payment, &body).await
}

async fn audit(shop: &FulfillmentFixture) {
    let (orders, payments) = (shop.engine.items(ORDERS).await, shop.engine.items(PAYMENTS).await);
    check_line_refunds(&orders, &payments).unwrap();
    let (fulfillment, catalog) = (shop.engine.items(FULFILLMENT).await, shop.engine.items(CATALOG).await);
    check_returns(&orders, &fulfillment, &catalog).unwrap();
}

/// What is counted as refunded of each line and of the delivery.
async fn counted(shop: &FulfillmentFixture) -> (Vec<u64>, u64) {
    let orders = shop.engine.items(ORDERS).await;
    let won = |money: &Value| money["amount"].as_u64().unwrap_or_default();
    let lines = orders[0]["lines"].as_array().unwrap().iter();
    let lines = lines.map(|line| won(&line["refunded"])).collect();
    (lines, won(&orders[0]["shipping_refunded"]))
}

/// Quotes the cancellation of units. Returns what is refunded in all, and of the delivery.
async fn quoted(shop: &FulfillmentFixture, order: &str, units: &[(&str, u32)]) -> (Value, Value) {
    let call = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", order);
    let call = call.by("ann").json(&json!({ "lines": lines(units) }));
    let quote = shop.create_cancellation_quote(call).await;
    assert_eq!(quote.status, 200, "{quote:?}");
    (quote.body["refund"].clone(), quote.body["shipping"].clone())
}

async fn refund_return(shop: &FulfillmentFixture, id: &str, body: Value) -> Answer {
    let answer = shop.refund_return(refund_return_call(id, id, &body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// Receives the return of one unit of the first line for this reason.
async fn received(shop: &FulfillmentFixture, order: &str, key: &str, reason: &str) -> String {
    let body = json!({ "lines": lines(&[("1", 1)]), "reason": reason });
    let requested = shop
        .request_return(return_call("ann", order, key, &[]).json(&body))
        .await;
    let id = requested.body["return_id"].as_str().unwrap().to_owned();
    shop.decide_return(decide_call(&id, key, "APPROVE")).await;
    let received = shop.receive_return(receive_return_call(&id, key, 1, 0)).await;
    assert_eq!(received.status, 200, "{received:?}");
    id
}

#[tokio::test]
async fn an_order_that_is_cancelled_in_two_steps_counts_all_of_its_price_as_refunded() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 3)]).await;
    shop.cancel_lines("ann", &order, "c", &[("1", 2)]).await;
    refund(&shop, &order).await;
    let rest = shop.cancel("ann", &order).await;
    assert_eq!(rest.body["status"], "CANCELLED", "{rest:?}");
    assert_eq!(rest.body["lines"][0]["refunded"], won(3), "{rest:?}");
    assert_eq!(counted(&shop).await, (vec![3000], 3000));
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 6000);
}

#[tokio::test]
async fn a_cancelled_order_counts_only_what_was_left_of_its_payment() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1), ("mug", 1)]).await;
    goodwill(&shop, &order, 4000).await;
    let cancelled = shop.cancel("ann", &order).await;
    assert_eq!(cancelled.body["lines"][0]["refunded"], amount(200), "{cancelled:?}");
    assert_eq!(
        counted(&shop).await,
        (vec![200, 200], 600),
        "1,000 won in proportion to the prices"
    );
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 5000);
}

#[tokio::test]
async fn a_deduction_is_taken_from_all_returned_lines_in_proportion() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1), ("mug", 1), ("recipe", 1)]).await;
    let both = [("1", 1), ("2", 1)];
    let shipment = shop.shipped(&order, "p", &both).await;
    shop.arrive(&shipment, "d").await;
    let requested = shop.request_return(return_call("ann", &order, "r", &both)).await;
    let id = requested.body["return_id"].as_str().unwrap();
    shop.decide_return(decide_call(id, "a", "APPROVE")).await;
    let unit = |line_id: &str| json!({ "line_id": line_id, "restock": 1, "write_off": 0 });
    let units = json!({ "lines": [unit("1"), unit("2")] });
    let received = shop
        .receive_return(receive_return_call(id, "b", 1, 0).json(&units))
        .await;
    assert_eq!(received.status, 200, "{received:?}");
    let deduction = json!({ "amount": amount(1001), "note": "Worn." });
    let body = json!({ "deduction": deduction, "shipping": amount(0) });
    let done = refund_return(&shop, id, body).await;
    assert_eq!(done.body["refund"]["amount"], amount(999));
    assert_eq!(counted(&shop).await, (vec![500, 499, 0], 0));
    refund(&shop, &order).await;
    assert_eq!(shop.charged().refunded, 999);
}

#[tokio::test]
async fn a_return_after_a_refund_without_units_is_reduced_to_what_is_left_of_the_payment() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.delivered("ann", "k", 2).await;
    goodwill(&shop, &order, 4500).await;
    let first = shop.received("ann", &order, "r1", 1, 0).await;
    let done = refund_return(&shop, &first, json!({})).await;
    assert_eq!(done.body["status"], "REFUNDED");
    let parts = |done: &Answer| {
        let refund = &done.body["refund"];
        ["goods", "shipping", "reduction", "amount"].map(|part| refund[part]["amount"].as_u64().unwrap_or_default())
    };
    assert_eq!(parts(&done), [1000, 0, 500, 500]);
    assert_eq!(counted(&shop).await, (vec![500], 0));
    refund(&shop, &order).await;
    let second = shop.received("ann", &order, "r2", 1, 0).await;
    let done = refund_return(&shop, &second, json!({})).await;
    assert_eq!(
        parts(&done),
        [1000, 3000, 4000, 0],
        "nothing is left, and the return ends"
    );
    audit(&shop).await;
    shop.advance(jiff::SignedDuration::from_hours(24 * 10));
    assert_eq!(shop.watch_fulfillment().await.returns, 0);
    assert_eq!(shop.charged().refunded, 5000);
}

#[tokio::test]
async fn a_return_whose_money_the_bank_has_waits_and_can_be_ended_with_a_deduction() {
    let shop = FulfillmentFixture::open().await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await;
    let intent = started.body["reference"].as_str().unwrap();
    shop.sandbox.stripe_pay(intent, &Card::Good);
    shop.confirm(stripe_call("ann", "pay", &order, intent, 5000)).await;
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    shop.arrive(&shipment, "d").await;
    let id = shop.received("ann", &order, "r", 2, 0).await;
    shop.sandbox.stripe_dispute(intent, 5000);
    shop.deliver_all().await;
    let refused = shop.refund_return(refund_return_call(&id, "a", &json!({}))).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "payment-in-review"),
        "{refused:?}"
    );
    let deduction = json!({ "amount": won(2), "note": "Your bank has returned it." });
    let body = json!({ "deduction": deduction, "shipping": won(0) });
    let done = refund_return(&shop, &id, body).await;
    assert_eq!(done.body["refund"]["amount"], won(0));
    audit(&shop).await;
}

#[tokio::test]
async fn the_shop_pays_for_the_delivery_of_wrong_or_faulty_goods_unless_staff_say_otherwise() {
    for (reason, body, shipping) in [
        ("DAMAGED", json!({}), 3000),
        ("DEFECTIVE", json!({}), 3000),
        ("WRONG_ITEM", json!({}), 3000),
        ("NOT_AS_DESCRIBED", json!({}), 3000),
        ("CHANGED_MIND", json!({}), 0),
        ("OTHER", json!({}), 0),
        ("DEFECTIVE", json!({ "shipping": amount(0) }), 0),
        ("DEFECTIVE", json!({ "shipping": amount(1500) }), 1500),
        ("CHANGED_MIND", json!({ "shipping": amount(3000) }), 3000),
    ] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.delivered("ann", "k", 2).await;
        let id = received(&shop, &order, "r", reason).await;
        let done = refund_return(&shop, &id, body.clone()).await;
        let refund = &done.body["refund"];
        assert_eq!(refund["shipping"], amount(shipping), "{reason} {body}: {done:?}");
        assert_eq!(refund["amount"], amount(1000 + shipping));
        assert_eq!(counted(&shop).await, (vec![1000], shipping));
        refund_and_check(&shop, &order, 1000 + shipping).await;
    }
}

#[tokio::test]
async fn the_price_of_the_delivery_goes_back_once_with_the_last_return_of_what_was_delivered() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2), ("recipe", 1)]).await;
    let shipment = shop.shipped(&order, "p", &[("1", 2)]).await;
    shop.arrive(&shipment, "d").await;
    let mut sum = 0;
    for (key, shipping) in [("r1", 0), ("r2", 3000)] {
        let id = received(&shop, &order, key, "CHANGED_MIND").await;
        let done = refund_return(&shop, &id, json!({})).await;
        assert_eq!(done.body["refund"]["shipping"], amount(shipping), "{key}: {done:?}");
        sum += 1000 + shipping;
        refund_and_check(&shop, &order, sum).await;
    }
    assert_eq!(counted(&shop).await, (vec![2000, 0], 3000));
}

#[tokio::test]
async fn the_price_of_the_delivery_goes_back_with_the_last_unit_that_was_to_be_delivered() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2), ("recipe", 1)]).await;
    let one = [("1", 1)];
    assert_eq!(quoted(&shop, &order, &one).await, (won(1), won(0)));
    shop.cancel_lines("ann", &order, "c", &one).await;
    refund(&shop, &order).await;
    assert_eq!(quoted(&shop, &order, &one).await, (won(4), won(3)));
    let last = shop.cancel_lines("ann", &order, "d", &one).await;
    assert_eq!(last.body["status"], "PAID", "the recipe is left: {last:?}");
    assert_eq!(counted(&shop).await, (vec![2000, 0], 3000));
    refund_and_check(&shop, &order, 5000).await;
    let rest = shop.cancel("ann", &order).await;
    assert_eq!(rest.body["status"], "CANCELLED", "{rest:?}");
    refund_and_check(&shop, &order, 6000).await;
    assert_eq!(counted(&shop).await, (vec![2000, 1000], 3000));
}

#[tokio::test]
async fn the_price_of_a_delivery_that_was_made_stays_when_the_rest_is_cancelled() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 2), ("mug", 1)]).await;
    shop.shipped(&order, "p", &[("2", 1)]).await;
    let rest = [("1", 2)];
    assert_eq!(quoted(&shop, &order, &rest).await, (won(2), won(0)));
    shop.cancel_lines("ann", &order, "c", &rest).await;
    refund_and_check(&shop, &order, 2000).await;
    assert_eq!(counted(&shop).await, (vec![2000, 0], 0));
}

#[tokio::test]
async fn what_staff_gave_back_of_the_delivery_does_not_go_back_again_with_the_last_unit_that_has_a_package() {
    for (given, left) in [(None, 0), (Some(amount(1000)), 2000)] {
        let given_back = async |shop: &FulfillmentFixture, order: &str| {
            let asked = refund_delivery(shop, order, "delivery", given.clone()).await;
            assert_eq!(asked.status, 202, "{asked:?}");
            assert_eq!(asked.body["refunds"][0]["reason"], "DELIVERY");
            refund_and_check(shop, order, 3000 - left).await;
        };
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 1), ("recipe", 1)]).await;
        given_back(&shop, &order).await;
        let last = [("1", 1)];
        assert_eq!(quoted(&shop, &order, &last).await, (amount(1000 + left), amount(left)));
        shop.cancel_lines("ann", &order, "c", &last).await;
        refund_and_check(&shop, &order, 4000).await;
        assert_eq!(counted(&shop).await, (vec![1000, 0], 3000));

        let shop = FulfillmentFixture::open().await;
        let order = shop.delivered("ann", "k", 1).await;
        given_back(&shop, &order).await;
        let id = received(&shop, &order, "r", "DEFECTIVE").await;
        let much = shop.refund_return(refund_return_call(
            &id,
            "much",
            &json!({ "shipping": amount(left + 1) }),
        ));
        let much = much.await;
        assert_eq!((much.problem(), &much.body["most"]), ("invalid-refund", &amount(left)));
        let done = refund_return(&shop, &id, json!({})).await;
        assert_eq!(done.body["refund"]["shipping"], amount(left), "{done:?}");
        refund_and_check(&shop, &order, 4000).await;
        assert_eq!(counted(&shop).await, (vec![1000], 3000));

        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 1)]).await;
        given_back(&shop, &order).await;
        assert_eq!(shop.cancel("ann", &order).await.body["status"], "CANCELLED");
        refund_and_check(&shop, &order, 4000).await;
        assert_eq!(counted(&shop).await, (vec![1000], 3000));
    }
}

#[tokio::test]
async fn no_more_is_refunded_of_the_delivery_than_is_left_of_its_price() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1), ("mug", 1)]).await;
    let refused = async |key: &str, amount: Option<Value>| {
        let answer = refund_delivery(&shop, &order, key, amount).await;
        (
            answer.status,
            answer.problem().to_owned(),
            answer.body["refundable"].clone(),
        )
    };
    let not_refundable = |left: Value| (409, "not-refundable".to_owned(), left);
    assert_eq!(refused("much", Some(amount(3001))).await, not_refundable(won(3)));
    let dollars = json!({ "amount": 1, "currency": "USD" });
    assert_eq!(refused("dollars", Some(dollars)).await, not_refundable(won(3)));
    let part = async || refund_delivery(&shop, &order, "part", Some(amount(1000))).await;
    let (one, other) = tokio::join!(part(), part());
    assert_eq!((one.status, other.status), (202, 202), "{one:?} {other:?}");
    assert_eq!(counted(&shop).await, (vec![0, 0], 1000), "once");
    let (status, problem, _) = refused("meanwhile", None).await;
    assert_eq!((status, problem.as_str()), (409, "refund-under-way"));
    refund_and_check(&shop, &order, 1000).await;
    assert!(part().await.replayed);
    assert_eq!(refused("again", Some(amount(2001))).await, not_refundable(won(2)));
    assert_eq!(refund_delivery(&shop, &order, "rest", None).await.status, 202);
    refund_and_check(&shop, &order, 3000).await;
    assert_eq!(refused("once-more", None).await, not_refundable(Value::Null));
    assert_eq!(counted(&shop).await, (vec![0, 0], 3000));
    goodwill(&shop, &order, 500).await;
    assert_eq!(counted(&shop).await, (vec![0, 0], 3000), "it names nothing");
}

#[tokio::test]
async fn an_order_without_a_delivery_has_no_price_of_it_to_refund() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("recipe", 1)]).await;
    let refused = refund_delivery(&shop, &order, "d", None).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "not-refundable"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_refund_of_the_delivery_that_takes_the_place_of_a_refused_one_is_counted_once() {
    let shop = FulfillmentFixture::open().await;
    let order = shop.paid("ann", "k", &[("tea", 1)]).await;
    refund_delivery(&shop, &order, "d", None).await;
    let refusal = sandbox::Fault::Code("NOT_ENOUGH_BALANCE".to_owned());
    shop.sandbox.plan(sandbox::Provider::Toss, "cancel", refusal);
    refund(&shop, &order).await;
    let other = refund_delivery(&shop, &order, "e", None).await;
    assert_eq!(
        (other.status, other.problem()),
        (409, "payment-in-review"),
        "it is owed: {other:?}"
    );
    let payment = shop.payment_of("ann", &order).await;
    let again = ask(&shop, "again", &payment, &json!({ "amount": won(3) })).await;
    assert_eq!(again.body["refunds"][1]["reason"], "DELIVERY", "{again:?}");
    refund_and_check(&shop, &order, 3000).await;
    assert_eq!(counted(&shop).await, (vec![0], 3000));
}

/// A step towards an order of which no unit with a package is left.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Request,
    Receive,
    Refund,
    Cancel,
}

#[tokio::test]
async fn the_price_of_the_delivery_goes_back_with_the_last_unit_in_each_order_of_a_return_and_a_cancellation() {
    use Step::{Cancel, Receive, Refund, Request};
    // With which step it goes back.
    for (steps, last) in [
        ([Request, Receive, Refund, Cancel], Cancel),
        ([Cancel, Request, Receive, Refund], Refund),
        ([Request, Receive, Cancel, Refund], Cancel),
        ([Request, Cancel, Receive, Refund], Refund),
    ] {
        let shop = FulfillmentFixture::open().await;
        let order = shop.paid("ann", "k", &[("tea", 2)]).await;
        let shipment = shop.shipped(&order, "p", &[("1", 1)]).await;
        shop.arrive(&shipment, "d").await;
        let (mut id, mut sum) = (String::new(), 0);
        for step in steps {
            let shipping = if step == last { 3000 } else { 0 };
            match step {
                Request => id = shop.returning("ann", &order, "r", 1).await,
                Receive => {
                    shop.decide_return(decide_call(&id, "a", "APPROVE")).await;
                    let received = shop.receive_return(receive_return_call(&id, "b", 1, 0)).await;
                    assert_eq!(received.status, 200, "{received:?}");
                }
                Refund => {
                    let done = refund_return(&shop, &id, json!({})).await;
                    assert_eq!(done.body["refund"]["shipping"], amount(shipping), "{steps:?}: {done:?}");
                    sum += 1000 + shipping;
                    refund_and_check(&shop, &order, sum).await;
                }
                Cancel => {
                    let unit = [("1", 1)];
                    let (_, quoted) = quoted(&shop, &order, &unit).await;
                    assert_eq!(quoted, amount(shipping), "{steps:?}");
                    let cancelled = shop.cancel_lines("ann", &order, "c", &unit).await;
                    assert_eq!(cancelled.status, 200, "{cancelled:?}");
                    sum += 1000 + shipping;
                    refund_and_check(&shop, &order, sum).await;
                }
            }
        }
        assert_eq!((counted(&shop).await, sum), ((vec![2000], 3000), 5000), "{steps:?}");
    }
}
