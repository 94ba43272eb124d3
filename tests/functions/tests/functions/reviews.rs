//! Payments that wait for a person, and what the person decides.

use function_tests::Till;
use function_tests::till::amount;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Fault, Provider};
use serde_json::{Value, json};

use crate::refunds::{ask, paid, paid_too_late};

/// A payment whose refund the provider refuses: it is in review.
async fn refused() -> (Till, String, Value) {
    let (till, order, _, payment) = paid().await;
    let cancelled = till.cancel("ann", &order).await.body;
    till.sandbox
        .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
    till.refund("OrderCancelled", &cancelled).await.unwrap();
    (till, order, payment)
}

async fn decide(till: &Till, key: &str, payment: &Value, decision: &str) -> Answer {
    let id = payment["payment_id"].as_str().unwrap();
    let call = Call::new("POST", "/payments/{payment_id}/review").path("payment_id", id);
    let mut body = json!({ "decision": decision });
    if decision == "GIVEN_BACK" {
        let review = till.payment(&payment["payment_id"]).await["review"].clone();
        // Once it is decided none is owed any more: what was asked for first is asked for again.
        body["amount"] = review.get("owed").cloned().unwrap_or_else(|| amount(2000));
    }
    till.resolve(call.by_admin().key(key).json(&body)).await
}

/// The decision is taken, and by it all of the money goes back.
async fn all_goes_back(till: &Till, payment: &Value, decision: &str) {
    let decided = decide(till, "d", payment, decision).await;
    assert_eq!(decided.status, 200, "{decided:?}");
    if decision == "ASK_AGAIN" {
        till.refund("RefundRequested", &decided.body).await.unwrap();
        assert_eq!(till.charged().refunded, 2000);
    }
    let after = till.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["status"], &after["refunded"]),
        (&"REFUNDED".into(), &amount(2000)),
        "{after}"
    );
}

#[tokio::test]
async fn what_a_person_gave_back_by_hand_is_not_given_back_again() {
    let (till, order, payment) = refused().await;
    let decided = decide(&till, "d", &payment, "GIVEN_BACK").await;
    assert_eq!(
        (decided.status, &decided.body["status"]),
        (200, &"REFUNDED".into()),
        "{decided:?}"
    );
    let again = decide(&till, "d", &payment, "GIVEN_BACK").await;
    assert!(again.status == 200 && again.replayed, "{again:?}");
    assert_eq!(
        decide(&till, "d", &payment, "SETTLED").await.problem(),
        "idempotency-key-reused"
    );
    assert_eq!(decide(&till, "e", &payment, "SETTLED").await.problem(), "not-in-review");
    let cancelled = till.see("ann", &order).await.body;
    till.refund("OrderCancelled", &cancelled).await.unwrap();
    till.pass(SignedDuration::from_hours(48));
    till.reconcile().await;
    assert_eq!(till.charged().refunded, 0, "the provider was not asked again");
}

#[tokio::test]
async fn money_in_review_is_left_alone_until_a_person_decides() {
    let (till, _, id) = paid_too_late(2).await;
    assert_eq!(till.order("bob", "k", &[("tea", 1)]).await.status, 201);
    till.deliver_all().await;
    let payment = till.payment(&id).await;
    till.sandbox
        .plan(Provider::Stripe, "refund", Fault::Code("insufficient_funds".to_owned()));
    till.refund("PaymentUnservable", &payment).await.unwrap();
    let in_review = till.payment(&id).await;
    assert!(in_review["review"]["reason"].is_string(), "{in_review}");
    till.refund("PaymentUnservable", &payment).await.unwrap();
    till.pass(SignedDuration::from_hours(30));
    till.reconcile().await;
    assert_eq!(till.payment(&id).await, in_review);
    assert_eq!(
        decide(&till, "s", &in_review, "SETTLED").await.problem(),
        "not-in-review",
        "it is not"
    );
    assert_eq!(decide(&till, "a", &in_review, "ASK_AGAIN").await.status, 200);
    till.pass(SignedDuration::from_mins(5));
    let summary = till.reconcile().await;
    let after = till.payment(&id).await;
    assert_eq!(after["status"], "REFUNDED", "{summary:?} {after}");
    assert_eq!((till.charged().refunded, till.charged().refund_count), (2000, 1));
}

#[tokio::test]
async fn a_refund_that_was_refused_and_is_to_be_asked_again_is_made() {
    let (till, order, payment) = refused().await;
    let asked = decide(&till, "d", &payment, "ASK_AGAIN").await;
    assert_eq!(asked.body["refunds"][1]["status"], "PENDING", "{asked:?}");
    till.refund("RefundRequested", &asked.body).await.unwrap();
    assert_eq!((till.charged().refunded, till.charged().refund_count), (2000, 1));
    assert_eq!(till.payment_of("ann", &order).await["status"], "REFUNDED");
}

#[tokio::test]
async fn a_refused_refund_that_a_person_makes_at_the_provider_is_counted_once() {
    let (till, _, payment) = refused().await;
    let reference = payment["reference"].as_str().unwrap();
    till.sandbox.dashboard_refund(Provider::Toss, reference, 2000);
    till.deliver_all().await;
    let after = till.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["status"], &after["refunded"], after.get("review")),
        (&"REFUNDED".into(), &amount(2000), None),
        "{after}"
    );
    assert_eq!(after["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(
        decide(&till, "d", &payment, "GIVEN_BACK").await.problem(),
        "not-in-review"
    );
}

#[tokio::test]
async fn a_refused_refund_is_owed_still_when_a_part_was_refunded_elsewhere() {
    for decision in ["ASK_AGAIN", "GIVEN_BACK"] {
        let (till, _, payment) = refused().await;
        let reference = payment["reference"].as_str().unwrap();
        till.sandbox.dashboard_refund(Provider::Toss, reference, 300);
        till.deliver_all().await;
        let before = till.payment(&payment["payment_id"]).await;
        assert!(before["review"]["reason"].is_string(), "{before}");
        all_goes_back(&till, &payment, decision).await;
    }
}

#[tokio::test]
async fn a_refused_refund_that_is_made_elsewhere_in_parts_leaves_nothing_to_decide() {
    let (till, _, payment) = refused().await;
    let reference = payment["reference"].as_str().unwrap();
    for part in [300, 1700] {
        till.sandbox.dashboard_refund(Provider::Toss, reference, part);
        till.deliver_all().await;
    }
    let after = till.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["status"], after.get("review")),
        (&"REFUNDED".into(), None),
        "{after}"
    );
}

#[tokio::test]
async fn all_of_a_cancelled_orders_money_is_owed_still_when_a_part_of_it_was_asked_for_and_refused() {
    for decision in ["ASK_AGAIN", "GIVEN_BACK"] {
        let (till, _, payment) = refused().await;
        let part = ask(&till, "part", &payment, &json!({ "amount": amount(400) })).await;
        assert_eq!(part.status, 202, "{part:?}");
        till.sandbox
            .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
        till.refund("RefundRequested", &part.body).await.unwrap();
        all_goes_back(&till, &payment, decision).await;
    }
}

#[tokio::test]
async fn what_is_left_of_a_cancelled_orders_refused_money_is_asked_for_when_a_part_of_it_went_back() {
    for is_refused_again in [false, true] {
        let (till, _, payment) = refused().await;
        let part = ask(&till, "part", &payment, &json!({ "amount": amount(400) })).await;
        till.refund("RefundRequested", &part.body).await.unwrap();
        assert_eq!(till.charged().refunded, 400);
        if is_refused_again {
            till.sandbox
                .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
        }
        till.pass(SignedDuration::from_mins(2));
        let summary = till.reconcile().await;
        let after = till.payment(&payment["payment_id"]).await;
        if is_refused_again {
            assert!(after["review"]["reason"].is_string(), "a person looks again: {after}");
            assert_eq!(summary.reviews, 1, "{summary:?}");
        } else {
            assert_eq!((&after["status"], summary.settled), (&"REFUNDED".into(), 1), "{after}");
            assert_eq!(till.charged().refunded, 2000);
        }
    }
}

#[tokio::test]
async fn what_a_person_settled_is_not_given_back_later() {
    let (till, _, payment) = refused().await;
    let settled = decide(&till, "s", &payment, "SETTLED").await;
    assert_eq!(settled.body["refunds"][0]["status"], "WAIVED", "{settled:?}");
    till.pass(SignedDuration::from_hours(48));
    till.reconcile().await;
    assert_eq!(till.charged().refunded, 0);
    let part = ask(&till, "part", &payment, &json!({ "amount": amount(200) })).await;
    till.sandbox
        .plan(Provider::Toss, "cancel", Fault::Code("NOT_ENOUGH_BALANCE".to_owned()));
    till.refund("RefundRequested", &part.body).await.unwrap();
    let again = decide(&till, "a", &payment, "ASK_AGAIN").await;
    till.refund("RefundRequested", &again.body).await.unwrap();
    assert_eq!(till.charged().refunded, 200);
}

#[tokio::test]
async fn who_gave_back_another_sum_than_is_owed_now_is_told_and_nothing_is_entered() {
    let (till, _, payment) = refused().await;
    let id = payment["payment_id"].as_str().unwrap();
    let reference = payment["reference"].as_str().unwrap();
    till.sandbox.dashboard_refund(Provider::Toss, reference, 300);
    till.deliver_all().await;
    let given_back = |body: Value| {
        let call = Call::new("POST", "/payments/{payment_id}/review").path("payment_id", id);
        till.resolve(call.by_admin().key("d").json(&body))
    };
    let stale = given_back(json!({ "decision": "GIVEN_BACK", "amount": amount(2000) })).await;
    assert_eq!(
        (stale.status, stale.problem(), &stale.body["owed"]),
        (409, "amount-differs", &amount(1700))
    );
    let none = given_back(json!({ "decision": "GIVEN_BACK" })).await;
    assert_eq!((none.status, none.problem()), (400, "malformed-body"));
    assert!(till.payment(&payment["payment_id"]).await["review"]["reason"].is_string());
    let right = given_back(json!({ "decision": "GIVEN_BACK", "amount": amount(1700) })).await;
    assert_eq!(right.body["status"], "REFUNDED", "{right:?}");
}
