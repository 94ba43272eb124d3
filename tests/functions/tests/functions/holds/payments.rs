//! Payments of held seats: in time, late, and for seats that another customer has taken.

use function_tests::payment_fixture::{start_call, toss_call};
use function_tests::{PaymentFixture, TicketsFixture, id_of};
use harness::gateway::Answer;
use jiff::SignedDuration;
use sandbox::{Authentication, Card, Fault, Provider};
use serde_json::json;
use shared::tickets::SeatState::{Free, Held, Sold};

use super::{HOLD, named, paid, seats_held, seen, selling, states};

#[tokio::test]
async fn an_order_that_is_being_paid_for_keeps_its_seats_after_the_deadline() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let key = payments.sandbox.toss_authenticate(&id_of(&order), 300_000, "KRW");
    payments.sandbox.plan(Provider::Toss, "confirm", Fault::NeverAnswer);
    let hurried = shared::aws::lambda::Invocation::new(shop.now(), std::time::Duration::from_secs(2));
    let call = toss_call("ann", "pay", &id_of(&order), &key, 300_000);
    assert_eq!(payments.confirm_in(call, hurried).await.body["status"], "UNKNOWN");
    shop.advance(HOLD + SignedDuration::from_mins(1));
    let refused = shop.hold("bob", "k", &showtime, &["0-0-1"]).await;
    assert_eq!(seen(&refused), (409, "seats-taken"), "{refused:?}");
    assert_eq!(refused.body["seats"][0]["state"], "HELD");
    assert_eq!(
        seen(&shop.change_seats("block-seats", &showtime, "b", &["0-0-1"]).await),
        (409, "seats-not-free")
    );
    payments.reconcile().await;
    let paid = shop.shop.see("ann", &id_of(&order)).await;
    assert_eq!(paid.body["status"], "PAID");
    shop.mark_sold(&paid.body).await;
    assert_eq!(states(&shop, &showtime).await[..3], [Sold, Sold, Free]);
}

#[tokio::test]
async fn a_declined_payment_leaves_the_seats_held_until_the_old_deadline() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let how = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let key = payments
        .sandbox
        .toss_authenticate_with(&id_of(&order), 300_000, "KRW", &how);
    let declined = payments
        .confirm(toss_call("ann", "pay", &id_of(&order), &key, 300_000))
        .await;
    assert_eq!(seen(&declined), (402, "payment-refused"), "{declined:?}");
    let seen_again = shop.shop.see("ann", &id_of(&order)).await;
    assert_eq!(seen_again.body["expires_at"], order.body["expires_at"]);
    assert_eq!(seen_again.body["status"], "PENDING_PAYMENT");
    shop.advance(HOLD);
    assert_eq!(shop.hold("bob", "k", &showtime, &["0-0-0", "0-0-1"]).await.status, 201);
}

/// An order of two seats that its customer pays at Stripe at the deadline.
async fn paid_late(shop: &TicketsFixture, showtime: &str) -> (Answer, PaymentFixture) {
    let order = shop.hold("ann", "k", showtime, &["0-0-0", "0-0-1"]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let started = payments
        .start(start_call("ann", "start", "STRIPE", &id_of(&order)))
        .await;
    shop.advance(HOLD);
    payments
        .sandbox
        .stripe_pay(started.body["reference"].as_str().unwrap(), &Card::Good);
    (order, payments)
}

/// Delivers the webhook, and then the event of a payment whose order has expired, twice.
pub(super) async fn resolve(payments: &PaymentFixture, order: &Answer) {
    payments.deliver_all().await;
    let payment = payments.payment_of("ann", &id_of(order)).await;
    assert_eq!(payment["status"], "UNSERVABLE");
    for _ in 0..2 {
        payments.refund("PaymentUnservable", &payment).await.unwrap();
    }
}

#[tokio::test]
async fn money_that_comes_late_keeps_the_seats_that_nobody_has_taken() {
    let (shop, showtime) = selling(2, 4).await;
    let (order, payments) = paid_late(&shop, &showtime).await;
    assert_eq!(payments.deliver_all().await, [200]);
    assert_eq!(payments.order_status("ann", &id_of(&order)).await, "PAID");
    let refused = shop.hold("bob", "k", &showtime, &["0-0-1"]).await;
    assert_eq!(
        seen(&refused),
        (409, "seats-taken"),
        "the map shows it free until it is marked"
    );
    assert_eq!(seats_held(&shop, "ann").await, 2);
}

#[tokio::test]
async fn money_that_comes_after_the_expiry_takes_the_same_seats_again() {
    let (shop, showtime) = selling(2, 4).await;
    let (order, payments) = paid_late(&shop, &showtime).await;
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    assert!(named(&shop).await.is_empty());
    resolve(&payments, &order).await;
    assert_eq!(payments.order_status("ann", &id_of(&order)).await, "PAID");
    assert_eq!(states(&shop, &showtime).await[..3], [Sold, Sold, Free]);
    assert_eq!(seats_held(&shop, "ann").await, 2);
}

#[tokio::test]
async fn money_for_seats_that_another_has_taken_goes_back_in_full() {
    let (shop, showtime) = selling(2, 4).await;
    let (order, payments) = paid_late(&shop, &showtime).await;
    let taken = shop.hold("bob", "k", &showtime, &["0-0-0"]).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    resolve(&payments, &order).await;
    assert_eq!(payments.order_status("ann", &id_of(&order)).await, "EXPIRED");
    let ledger = payments.charged();
    assert_eq!((ledger.charged, ledger.refunded), (300_000, 300_000), "{ledger:?}");
    assert_eq!(named(&shop).await.len(), 1);
    assert_eq!(
        (seats_held(&shop, "ann").await, seats_held(&shop, "bob").await),
        (json!(0), json!(1))
    );
}

#[tokio::test]
async fn late_money_does_not_give_a_customer_more_seats_than_one_may_have() {
    let (shop, showtime) = selling(2, 8).await;
    let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1", "0-0-2"]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let started = payments
        .start(start_call("ann", "start", "STRIPE", &id_of(&order)))
        .await;
    shop.advance(HOLD);
    let other = shop.hold("ann", "2", &showtime, &["0-1-0", "0-1-1", "0-1-2"]).await;
    assert_eq!(other.status, 201, "the first hold has ended: {other:?}");
    payments
        .sandbox
        .stripe_pay(started.body["reference"].as_str().unwrap(), &Card::Good);
    resolve(&payments, &order).await;
    let ledger = payments.charged();
    assert_eq!((ledger.charged, ledger.refunded), (450_000, 450_000), "{ledger:?}");
    assert_eq!(seats_held(&shop, "ann").await, 3);
    assert_eq!(named(&shop).await.len(), 3);
}

#[tokio::test]
async fn late_money_ends_another_hold_whose_time_has_passed_too() {
    let (shop, showtime) = selling(2, 4).await;
    let (order, payments) = paid_late(&shop, &showtime).await;
    assert_eq!(shop.hold("bob", "k", &showtime, &["0-0-0"]).await.status, 201);
    payments.deliver_all().await;
    shop.advance(HOLD);
    let payment = payments.payment_of("ann", &id_of(&order)).await;
    payments.refund("PaymentUnservable", &payment).await.unwrap();
    assert_eq!(payments.order_status("ann", &id_of(&order)).await, "PAID");
    assert_eq!(
        (seats_held(&shop, "ann").await, seats_held(&shop, "bob").await),
        (json!(2), json!(0))
    );
    assert_eq!(named(&shop).await.len(), 2);
}

#[tokio::test]
async fn sold_seats_are_marked_once_whatever_comes_late_or_twice() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-1-3"]).await;
    assert_eq!(order.status, 201, "{order:?}");
    shop.mark_sold(&order.body).await;
    assert_eq!(states(&shop, &showtime).await[0], Held, "it is not paid");
    paid(&shop, "ann", &order).await;
    let event = shop.shop.see("ann", &id_of(&order)).await.body;
    shop.mark_sold(&event).await;
    shop.mark_sold(&event).await;
    shop.advance(HOLD);
    let seats = states(&shop, &showtime).await;
    assert_eq!((seats[0], seats[7]), (Sold, Sold));
    shop.mark_sold(&json!({ "order_id": order.body["order_id"], "lines": [{ "sku": "tea" }] }))
        .await;
}
