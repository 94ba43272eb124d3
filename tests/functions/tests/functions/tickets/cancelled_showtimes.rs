//! Cancelled showtimes: their orders are cancelled and refunded.

use std::time::Duration;

use function_tests::payment_fixture::toss_call;
use function_tests::tickets_fixture::text;
use function_tests::{PaymentFixture, id_of};
use harness::engine::{SHOWS, TICKETS};
use harness::gateway::Call;
use jiff::SignedDuration;
use sandbox::{Fault, Provider};
use serde_json::json;
use shared::aws::lambda::Invocation;

use super::{bought_through, statuses};
use crate::holds::{paid, selling};

#[tokio::test]
async fn a_cancelled_showtime_gives_everybody_their_money_back() {
    let (shop, showtime) = selling(2, 4).await;
    let (_, annes) = bought_through(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let (_, bobs) = bought_through(&shop, "bob", &showtime, &["0-1-0", "0-1-1"]).await;
    let held = shop.hold("eve", "k", &showtime, &["0-0-2", "0-0-3"]).await;
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    assert_eq!(
        statuses(&shop, "ann").await,
        ["VALID", "VALID"],
        "the showtime is not cancelled"
    );
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    let show = shop
        .engine
        .items(SHOWS)
        .await
        .into_iter()
        .find(|item| item["showtime_id"] == json!(showtime));
    assert_eq!(show.unwrap()["event"]["detail_type"], "ShowtimeCancelled");
    shop.update_showtime_orders(&showtime).await;
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.cancel_unservable_orders().await, 0, "twice is once");
    assert_eq!(shop.shop.see("eve", &id_of(&held)).await.body["status"], "CANCELLED");
    for (customer, payments, amount) in [("ann", annes, 300_000), ("bob", bobs, 180_000)] {
        let orders = shop.list_orders(Call::new("GET", "/orders").by(customer)).await;
        let order = &orders.body["items"][0];
        assert_eq!(order["status"], "CANCELLED", "{order}");
        let payment = payments.payment_of(customer, &text(order, "order_id")).await;
        payments.refund("OrderCancelled", &payment).await.unwrap();
        let ledger = payments.charged();
        assert_eq!((ledger.charged, ledger.refunded), (amount, amount), "{ledger:?}");
        shop.update_tickets("OrderCancelled", order).await;
        assert_eq!(statuses(&shop, customer).await, ["VOID", "VOID"]);
    }
}

#[tokio::test]
async fn a_hold_of_a_cancelled_showtime_that_is_paid_late_gets_its_money_back_and_no_ticket() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    let payments = paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    shop.update_tickets("OrderPaid", &order).await;
    assert!(shop.engine.items(TICKETS).await.is_empty(), "no ticket");
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    let payment = payments.payment_of("ann", &id_of(&hold)).await;
    payments.refund("OrderCancelled", &payment).await.unwrap();
    let ledger = payments.charged();
    assert_eq!((ledger.charged, ledger.refunded), (300_000, 300_000), "{ledger:?}");
}

#[tokio::test]
async fn an_order_that_is_being_paid_for_is_cancelled_when_its_payment_is_known() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    payments.sandbox.plan(Provider::Toss, "confirm", Fault::NeverAnswer);
    let (id, total) = (id_of(&hold), 300_000);
    let key = payments.sandbox.toss_authenticate(&id, total, "KRW");
    let hurried = Invocation::new(shop.now(), Duration::from_secs(2));
    let unknown = payments
        .confirm_in(toss_call("ann", "pay", &id, &key, total as u64), hurried)
        .await;
    assert_eq!(payments.order_status("ann", &id).await, "PAYING", "{unknown:?}");
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.cancel_unservable_orders().await, 1, "it is tried again");
    let again = payments.confirm(toss_call("ann", "pay", &id, &key, total as u64)).await;
    assert_eq!(again.body["status"], "PAID", "{again:?}");
    shop.advance(SignedDuration::from_mins(3));
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    assert_eq!(payments.order_status("ann", &id).await, "CANCELLED");
}
