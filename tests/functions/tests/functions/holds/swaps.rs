//! Swaps: a hold that replaces another one of its customer.

use function_tests::payment_fixture::{start_call, toss_call};
use function_tests::tickets_fixture::hold_call;
use function_tests::{PaymentFixture, id_of};
use harness::engine::ORDERS;
use harness::gateway::Answer;
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};
use shared::tickets::SeatState::{Free, Held};

use super::payments::resolve;
use super::{HOLD, named, seats_held, seen, selling, states};

fn replacing(order: &Answer, seats: &[&str]) -> Value {
    json!({ "seats": seats, "replaces": order.body["order_id"] })
}

#[tokio::test]
async fn a_swap_keeps_the_deadline_and_the_seats_that_stay() {
    let (shop, showtime) = selling(2, 8).await;
    let first = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1", "0-1-0"]).await;
    shop.advance(SignedDuration::from_mins(3));
    let body = replacing(&first, &["0-0-1", "0-0-2", "0-0-3"]);
    let second = shop.call("hold-seats", hold_call("ann", "2", &showtime, &body)).await;
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(second.body["expires_at"], first.body["expires_at"]);
    let old = shop.shop.see("ann", &id_of(&first)).await;
    assert_eq!(old.body["status"], "CANCELLED");
    let map = states(&shop, &showtime).await;
    assert_eq!(map[..4], [Free, Held, Held, Held]);
    assert_eq!(map[8], Free);
    assert_eq!(
        (named(&shop).await.len(), seats_held(&shop, "ann").await),
        (3, json!(3))
    );
    let again = shop.call("hold-seats", hold_call("ann", "2", &showtime, &body)).await;
    assert_eq!(
        (again.replayed, &again.body["order_id"]),
        (true, &second.body["order_id"])
    );
    let best = json!({ "best": { "class": "VIP", "count": 4 }, "replaces": second.body["order_id"] });
    let third = shop.call("hold-seats", hold_call("ann", "3", &showtime, &best)).await;
    assert_eq!(third.status, 201, "the own seats count as free: {third:?}");
    assert_eq!(third.body["expires_at"], first.body["expires_at"]);
    assert_eq!(
        (named(&shop).await.len(), seats_held(&shop, "ann").await),
        (4, json!(4))
    );
    let events = shop.engine.events(ORDERS).await;
    let cancelled = events.iter().filter(|(kind, _)| kind == "OrderCancelled").count();
    assert_eq!(cancelled, 2);
}

#[tokio::test]
async fn a_swap_that_fails_leaves_the_seats_and_their_deadline() {
    let (shop, showtime) = selling(2, 8).await;
    let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1"]).await;
    shop.hold("bob", "b", &showtime, &["0-0-2", "0-0-3"]).await;
    let swap = |key: &'static str, body: Value| {
        let call = hold_call("ann", key, &showtime, &body);
        shop.call("hold-seats", call)
    };
    let taken = swap("2", replacing(&order, &["0-0-1", "0-0-2"])).await;
    assert_eq!(
        (seen(&taken), &taken.body["seats"][0]["seat"]),
        ((409, "seats-taken"), &json!("0-0-2"))
    );
    let many = swap("3", replacing(&order, &["0-1-0", "0-1-1", "0-1-2", "0-1-3", "0-1-4"])).await;
    assert_eq!((seen(&many), &many.body["seats"]), ((409, "too-many-seats"), &json!(0)));
    let other = json!({ "seats": ["0-1-0", "0-1-1"], "replaces": "00000000-0000-0000-0000-000000000000" });
    assert_eq!(
        seen(&swap("4", other).await),
        (409, "hold-exists"),
        "another order is not replaced"
    );
    let same = shop.shop.see("ann", &id_of(&order)).await;
    assert_eq!(
        (&same.body["status"], &same.body["expires_at"]),
        (&json!("PENDING_PAYMENT"), &order.body["expires_at"])
    );
    assert_eq!(
        (named(&shop).await.len(), seats_held(&shop, "ann").await),
        (4, json!(2))
    );
}

#[tokio::test]
async fn an_order_that_is_being_paid_for_is_not_replaced_and_one_that_has_ended_neither() {
    let (shop, showtime) = selling(2, 8).await;
    let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1"]).await;
    let body = replacing(&order, &["0-0-2", "0-0-3"]);
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let key = payments.sandbox.toss_authenticate(&id_of(&order), 300_000, "KRW");
    payments.sandbox.plan(Provider::Toss, "confirm", Fault::NeverAnswer);
    let hurried = shared::aws::lambda::Invocation::new(shop.now(), std::time::Duration::from_secs(2));
    let call = toss_call("ann", "pay", &id_of(&order), &key, 300_000);
    assert_eq!(payments.confirm_in(call, hurried).await.body["status"], "UNKNOWN");
    let paying = shop.call("hold-seats", hold_call("ann", "2", &showtime, &body)).await;
    assert_eq!(seen(&paying), (409, "hold-exists"));
    payments.reconcile().await;
    shop.advance(SignedDuration::from_mins(5));
    payments.reconcile().await;
    assert_eq!(payments.order_status("ann", &id_of(&order)).await, "PAID");
    let new = shop.call("hold-seats", hold_call("ann", "3", &showtime, &body)).await;
    assert_eq!(
        seen(&new),
        (409, "hold-not-replaceable"),
        "nobody gets a second set by a swap: {new:?}"
    );
    let other = shop.hold("bob", "b", &showtime, &["0-1-0", "0-1-1"]).await;
    let foreign = shop
        .call(
            "hold-seats",
            hold_call("eve", "e", &showtime, &replacing(&other, &["0-1-0", "0-1-1"])),
        )
        .await;
    assert_eq!(
        seen(&foreign),
        (409, "hold-not-replaceable"),
        "it is another customer's"
    );
    shop.advance(HOLD);
    let late = shop
        .call(
            "hold-seats",
            hold_call("bob", "late", &showtime, &replacing(&other, &["0-1-2", "0-1-3"])),
        )
        .await;
    assert_eq!(seen(&late), (409, "hold-not-replaceable"), "it has expired");
    assert_eq!(
        (named(&shop).await.len(), seats_held(&shop, "ann").await),
        (2, json!(2))
    );
}

#[tokio::test]
async fn a_swap_and_a_payment_at_once_leave_one_order_with_its_seats() {
    for _ in 0..6 {
        let (shop, showtime) = selling(2, 8).await;
        let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1"]).await;
        let payments = PaymentFixture::in_shop(shop.again()).await;
        let key = payments.sandbox.toss_authenticate(&id_of(&order), 300_000, "KRW");
        let body = replacing(&order, &["0-0-2", "0-0-3"]);
        let (swapped, paid) = tokio::join!(
            shop.call("hold-seats", hold_call("ann", "2", &showtime, &body)),
            payments.confirm(toss_call("ann", "pay", &id_of(&order), &key, 300_000)),
        );
        let places: Vec<String> = named(&shop).await.into_iter().map(|(place, ..)| place).collect();
        match (swapped.status, paid.status) {
            (201, 409) => assert_eq!((paid.problem(), &*places[0]), ("order-closed", "ROW#000 2")),
            (409, 200) => assert_eq!(&*places[0], "ROW#000 0", "{swapped:?}"),
            _ => panic!("{swapped:?} {paid:?}"),
        }
        assert_eq!(places.len(), 2);
    }
}

#[tokio::test]
async fn money_for_a_replaced_order_goes_back_and_the_new_one_keeps_its_seats() {
    let (shop, showtime) = selling(2, 8).await;
    let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1"]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let started = payments
        .start(start_call("ann", "start", "STRIPE", &id_of(&order)))
        .await;
    let body = replacing(&order, &["0-0-1", "0-1-0"]);
    let swapped = shop.call("hold-seats", hold_call("ann", "2", &showtime, &body)).await;
    assert_eq!(seen(&swapped), (409, "single-seat-left"), "{swapped:?}");
    let body = replacing(&order, &["0-1-0", "0-1-1"]);
    let swapped = shop.call("hold-seats", hold_call("ann", "3", &showtime, &body)).await;
    assert_eq!(swapped.status, 201, "rows that only one of the orders has: {swapped:?}");
    payments
        .sandbox
        .stripe_pay(started.body["reference"].as_str().unwrap(), &Card::Good);
    resolve(&payments, &order).await;
    let ledger = payments.charged();
    assert_eq!((ledger.charged, ledger.refunded), (300_000, 300_000), "{ledger:?}");
    assert_eq!(payments.order_status("ann", &id_of(&order)).await, "CANCELLED");
    assert_eq!(payments.order_status("ann", &id_of(&swapped)).await, "PENDING_PAYMENT");
    assert_eq!(
        (named(&shop).await.len(), seats_held(&shop, "ann").await),
        (2, json!(2))
    );
    assert_eq!(shop.cancel("ann", &id_of(&swapped)).await.status, 200);
    let again = shop.hold("ann", "4", &showtime, &["0-0-0"]).await;
    assert_eq!(
        again.body["expires_at"],
        json!(shop.now() + HOLD),
        "the time is given back"
    );
}

#[tokio::test]
async fn a_swap_that_is_sent_twice_at_once_is_one_swap() {
    for _ in 0..8 {
        let (shop, showtime) = selling(2, 8).await;
        let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1", "0-0-2"]).await;
        let body = replacing(&order, &["0-0-1", "0-0-2", "0-0-3"]);
        let call = || hold_call("ann", "2", &showtime, &body);
        let (one, other) = tokio::join!(shop.call("hold-seats", call()), shop.call("hold-seats", call()));
        assert_eq!((one.status, other.status), (201, 201), "{one:?} {other:?}");
        assert_eq!(one.body["order_id"], other.body["order_id"]);
        assert_eq!(
            (named(&shop).await.len(), seats_held(&shop, "ann").await),
            (3, json!(3))
        );
    }
}
