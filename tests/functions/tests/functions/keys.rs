//! Idempotency keys of payments: each request remembers its key, and the entity is the record even when the request's
//! own record is gone.

use function_tests::payment_fixture::{amount, start_call};
use function_tests::{PaymentFixture, id_of};
use harness::engine::PAYMENTS;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::refunds::{ask, paid};

/// Moves the clock by 31 days, after which the requests' own records are gone.
async fn a_month_passes(shop: &PaymentFixture) {
    shop.advance(SignedDuration::from_hours(24 * 31));
    shop.engine.sweep(PAYMENTS, shop.now().as_second()).await;
}

#[tokio::test]
async fn a_refund_under_an_old_key_is_the_first_one_after_a_month_too() {
    let (shop, _, _, payment) = paid().await;
    let body = json!({ "amount": amount(500) });
    let first = ask(&shop, "r", &payment, &body).await.body;
    shop.refund("RefundRequested", &first).await.unwrap();
    a_month_passes(&shop).await;
    let again = ask(&shop, "r", &payment, &body).await;
    assert!(again.status == 202 && again.replayed, "{again:?}");
    assert_eq!(again.body["refunds"].as_array().unwrap().len(), 1);
    let other = ask(&shop, "r", &payment, &json!({ "amount": amount(600) })).await;
    assert_eq!(other.problem(), "idempotency-key-reused");
    assert_eq!(shop.charged().refunded, 500);
}

#[tokio::test]
async fn starting_a_payment_checks_its_key_at_each_provider() {
    for provider in ["TOSS", "STRIPE", "KAKAOPAY"] {
        let shop = PaymentFixture::with("tea", 10).await;
        let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
        let other = id_of(&shop.order("ann", "k2", &[("tea", 1)]).await);
        let first = shop.start(start_call("ann", "start", provider, &order)).await;
        assert_eq!((first.status, first.replayed), (201, false), "{provider}: {first:?}");
        let again = shop.start(start_call("ann", "start", provider, &order)).await;
        assert!(again.replayed && again.body == first.body, "{provider}: {again:?}");
        let reused = shop.start(start_call("ann", "start", provider, &other)).await;
        assert_eq!(
            (reused.status, reused.problem()),
            (422, "idempotency-key-reused"),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn cancelling_an_order_checks_its_key() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let other = id_of(&shop.order("ann", "k2", &[("tea", 1)]).await);
    let cancel = |order: &str| {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", order);
        shop.cancel_order(call.by("ann").key("c"))
    };
    let first = cancel(&order).await;
    assert_eq!((first.status, first.replayed), (200, false), "{first:?}");
    assert!(cancel(&order).await.replayed);
    let reused = cancel(&other).await;
    assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
    assert_eq!(shop.order_status("ann", &other).await, "PENDING_PAYMENT");
}

#[tokio::test]
async fn a_decision_under_an_old_key_is_the_first_one_after_a_month_too() {
    let (shop, order, _, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.sandbox.plan(
        sandbox::Provider::Toss,
        "cancel",
        sandbox::Fault::Code("NOT_ENOUGH_BALANCE".to_owned()),
    );
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let id = payment["payment_id"].as_str().unwrap();
    let review = shop.payment(&payment["payment_id"]).await["reviews"][0]["review_id"].clone();
    let decide = |body: Value| {
        let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", id);
        shop.resolve(call.by_admin().key("d").json(&body))
    };
    let body = json!({ "decision": "GIVEN_BACK", "review_id": review, "amount": amount(2000) });
    assert_eq!(decide(body.clone()).await.body["status"], "REFUNDED");
    a_month_passes(&shop).await;
    let again = decide(body).await;
    assert!(again.status == 200 && again.replayed, "{again:?}");
}
