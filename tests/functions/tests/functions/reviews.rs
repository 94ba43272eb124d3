//! Payments in review, and an administrator's decisions.

use function_tests::PaymentFixture;
use function_tests::payment_fixture::amount;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Fault, Provider};
use serde_json::{Value, json};

use crate::refunds::{ask, paid, paid_too_late};

/// Opens a shop with a payment in review: the provider refused its refund.
pub async fn refused() -> (PaymentFixture, String, Value) {
    let (shop, order, _, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.sandbox
        .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    (shop, order, payment)
}

/// Decides the payment's first matter, or the latest decided one.
pub async fn decide(shop: &PaymentFixture, key: &str, payment: &Value, decision: &str) -> Answer {
    let id = payment["payment_id"].as_str().unwrap();
    let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", id);
    let now = shop.payment(&payment["payment_id"]).await;
    let decided = now["decided"].as_array().and_then(|decided| decided.last());
    let review = now["reviews"].get(0).or(decided).cloned().unwrap_or_default();
    let review_id = review["review_id"]
        .as_str()
        .unwrap_or("018f6a44-0d3c-8f4e-9a11-5d2f5a4f7c11");
    let mut body = json!({ "decision": decision, "review_id": review_id });
    if decision == "GIVEN_BACK" {
        // After the decision nothing is owed: a retry sends the amount of the first request.
        body["amount"] = review.get("owed").cloned().unwrap_or_else(|| amount(2000));
    }
    shop.resolve(call.by_admin().key(key).json(&body)).await
}

/// Decides and checks that the decision refunds everything.
async fn all_goes_back(shop: &PaymentFixture, payment: &Value, decision: &str) {
    let decided = decide(shop, "d", payment, decision).await;
    assert_eq!(decided.status, 200, "{decided:?}");
    if decision == "ASK_AGAIN" {
        shop.refund("RefundRequested", &decided.body).await.unwrap();
        assert_eq!(shop.charged().refunded, 2000);
    }
    let after = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["status"], &after["refunded"]),
        (&"REFUNDED".into(), &amount(2000)),
        "{after}"
    );
}

#[tokio::test]
async fn a_manual_refund_is_not_repeated() {
    let (shop, order, payment) = refused().await;
    let decided = decide(&shop, "d", &payment, "GIVEN_BACK").await;
    assert_eq!(
        (decided.status, &decided.body["status"]),
        (200, &"REFUNDED".into()),
        "{decided:?}"
    );
    let again = decide(&shop, "d", &payment, "GIVEN_BACK").await;
    assert!(again.status == 200 && again.replayed, "{again:?}");
    assert_eq!(
        decide(&shop, "d", &payment, "SETTLED").await.problem(),
        "idempotency-key-reused"
    );
    assert_eq!(decide(&shop, "e", &payment, "SETTLED").await.problem(), "not-in-review");
    let cancelled = shop.see("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    shop.advance(SignedDuration::from_hours(48));
    shop.reconcile().await;
    assert_eq!(shop.charged().refunded, 0, "the provider got no second request");
}

#[tokio::test]
async fn a_payment_in_review_is_unchanged_until_a_decision() {
    let (shop, _, id) = paid_too_late(2).await;
    assert_eq!(shop.order("bob", "k", &[("tea", 1)]).await.status, 201);
    shop.deliver_all().await;
    let payment = shop.payment(&id).await;
    shop.sandbox
        .plan(Provider::Stripe, "refund", Fault::Code("insufficient_funds".to_owned()));
    shop.refund("PaymentUnservable", &payment).await.unwrap();
    let in_review = shop.payment(&id).await;
    assert!(in_review["reviews"][0]["detail"].is_string(), "{in_review}");
    shop.refund("PaymentUnservable", &payment).await.unwrap();
    shop.advance(SignedDuration::from_hours(30));
    shop.reconcile().await;
    assert_eq!(shop.payment(&id).await, in_review);
    assert_eq!(
        decide(&shop, "s", &in_review, "SETTLED").await.problem(),
        "not-in-review",
        "it is not"
    );
    assert_eq!(decide(&shop, "a", &in_review, "ASK_AGAIN").await.status, 200);
    shop.advance(SignedDuration::from_mins(5));
    let summary = shop.reconcile().await;
    let after = shop.payment(&id).await;
    assert_eq!(after["status"], "REFUNDED", "{summary:?} {after}");
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
}

#[tokio::test]
async fn a_refused_refund_that_is_to_be_retried_is_made() {
    let (shop, order, payment) = refused().await;
    let requested = decide(&shop, "d", &payment, "ASK_AGAIN").await;
    assert_eq!(requested.body["refunds"][1]["status"], "PENDING", "{requested:?}");
    shop.refund("RefundRequested", &requested.body).await.unwrap();
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
    assert_eq!(shop.payment_of("ann", &order).await["status"], "REFUNDED");
}

#[tokio::test]
async fn a_refused_refund_made_in_the_dashboard_counts_once() {
    let (shop, _, payment) = refused().await;
    let reference = payment["reference"].as_str().unwrap();
    shop.sandbox.dashboard_refund(Provider::Toss, reference, 2000);
    shop.deliver_all().await;
    let after = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["status"], &after["refunded"], after.get("reviews")),
        (&"REFUNDED".into(), &amount(2000), None),
        "{after}"
    );
    assert_eq!(after["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(
        decide(&shop, "d", &payment, "GIVEN_BACK").await.problem(),
        "not-in-review"
    );
}

#[tokio::test]
async fn a_refused_refund_is_still_owed_after_a_partial_dashboard_refund() {
    for decision in ["ASK_AGAIN", "GIVEN_BACK"] {
        let (shop, _, payment) = refused().await;
        let reference = payment["reference"].as_str().unwrap();
        shop.sandbox.dashboard_refund(Provider::Toss, reference, 300);
        shop.deliver_all().await;
        let before = shop.payment(&payment["payment_id"]).await;
        assert!(before["reviews"][0]["detail"].is_string(), "{before}");
        all_goes_back(&shop, &payment, decision).await;
    }
}

#[tokio::test]
async fn a_refused_refund_made_in_the_dashboard_in_parts_needs_no_decision() {
    let (shop, _, payment) = refused().await;
    let reference = payment["reference"].as_str().unwrap();
    for part in [300, 1700] {
        shop.sandbox.dashboard_refund(Provider::Toss, reference, part);
        shop.deliver_all().await;
    }
    let after = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["status"], after.get("reviews")),
        (&"REFUNDED".into(), None),
        "{after}"
    );
}

#[tokio::test]
async fn a_cancelled_orders_full_amount_is_owed_when_a_partial_refund_was_refused() {
    for decision in ["ASK_AGAIN", "GIVEN_BACK"] {
        let (shop, _, payment) = refused().await;
        let part = ask(&shop, "part", &payment, &json!({ "amount": amount(400) })).await;
        assert_eq!(part.status, 202, "{part:?}");
        shop.sandbox
            .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
        shop.refund("RefundRequested", &part.body).await.unwrap();
        all_goes_back(&shop, &payment, decision).await;
    }
}

#[tokio::test]
async fn the_rest_of_a_cancelled_orders_refused_refund_is_requested_after_a_partial_refund() {
    for is_refused_again in [false, true] {
        let (shop, _, payment) = refused().await;
        let part = ask(&shop, "part", &payment, &json!({ "amount": amount(400) })).await;
        shop.refund("RefundRequested", &part.body).await.unwrap();
        assert_eq!(shop.charged().refunded, 400);
        if is_refused_again {
            shop.sandbox
                .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
        }
        shop.advance(SignedDuration::from_mins(2));
        let summary = shop.reconcile().await;
        let after = shop.payment(&payment["payment_id"]).await;
        if is_refused_again {
            assert!(
                after["reviews"][0]["detail"].is_string(),
                "it is in review again: {after}"
            );
            assert_eq!(summary.reviews, 1, "{summary:?}");
        } else {
            assert_eq!((&after["status"], summary.settled), (&"REFUNDED".into(), 1), "{after}");
            assert_eq!(shop.charged().refunded, 2000);
        }
    }
}

#[tokio::test]
async fn a_decided_refund_is_not_repeated_later() {
    let (shop, _, payment) = refused().await;
    let settled = decide(&shop, "s", &payment, "SETTLED").await;
    assert_eq!(settled.body["refunds"][0]["status"], "WAIVED", "{settled:?}");
    shop.advance(SignedDuration::from_hours(48));
    shop.reconcile().await;
    assert_eq!(shop.charged().refunded, 0);
    let part = ask(&shop, "part", &payment, &json!({ "amount": amount(200) })).await;
    shop.sandbox
        .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
    shop.refund("RefundRequested", &part.body).await.unwrap();
    let again = decide(&shop, "a", &payment, "ASK_AGAIN").await;
    shop.refund("RefundRequested", &again.body).await.unwrap();
    assert_eq!(shop.charged().refunded, 200);
}

#[tokio::test]
async fn a_decision_with_another_amount_than_is_owed_is_rejected() {
    let (shop, _, payment) = refused().await;
    let id = payment["payment_id"].as_str().unwrap();
    let reference = payment["reference"].as_str().unwrap();
    shop.sandbox.dashboard_refund(Provider::Toss, reference, 300);
    shop.deliver_all().await;
    let review_id = shop.payment(&payment["payment_id"]).await["reviews"][0]["review_id"].clone();
    let given_back = |mut body: Value| {
        body["review_id"] = review_id.clone();
        let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", id);
        shop.resolve(call.by_admin().key("d").json(&body))
    };
    let stale = given_back(json!({ "decision": "GIVEN_BACK", "amount": amount(2000) })).await;
    assert_eq!(
        (stale.status, stale.problem(), &stale.body["owed"]),
        (409, "amount-differs", &amount(1700))
    );
    let none = given_back(json!({ "decision": "GIVEN_BACK" })).await;
    assert_eq!((none.status, none.problem()), (400, "malformed-body"));
    assert!(shop.payment(&payment["payment_id"]).await["reviews"][0]["detail"].is_string());
    let right = given_back(json!({ "decision": "GIVEN_BACK", "amount": amount(1700) })).await;
    assert_eq!(right.body["status"], "REFUNDED", "{right:?}");
}
