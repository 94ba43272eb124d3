//! Providers that contradict themselves: what cannot be is refused, and what contradicts the records is reviewed.

use function_tests::payment_fixture::amount;
use function_tests::{PaymentFixture, id_of};
use harness::engine::PAYMENTS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::core::id::PaymentId;
use shared::payments::Provider;

/// Opens a shop with an order of 2,000 won paid through a provider without an API. Returns the fixture, the order's id,
/// the reference and the payment.
async fn paid() -> (PaymentFixture, String, String, Value) {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let reference = shop.sandbox.standard_charge(&order, 2000);
    assert_eq!(shop.deliver_all().await, [200]);
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(payment["status"], "PAID");
    (shop, order, reference, payment)
}

async fn decide(shop: &PaymentFixture, payment: &Value, key: &str, mut body: Value) -> Answer {
    let id = payment["payment_id"].as_str().unwrap();
    if body["review_id"].is_null() {
        body["review_id"] = shop.payment(&payment["payment_id"]).await["reviews"][0]["review_id"].clone();
    }
    let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", id);
    shop.resolve(call.by_admin().key(key).json(&body)).await
}

#[tokio::test]
async fn amounts_that_cannot_be_are_refused() {
    let (shop, order, reference, payment) = paid().await;
    let other = id_of(&shop.order("ann", "k2", &[("tea", 1)]).await);
    let dollars = json!({ "amount": 500, "currency": "USD" });
    for (kind, fields) in [
        ("payment.succeeded", json!({ "reference": "new", "amount": amount(0) })),
        ("payment.failed", json!({ "amount": amount(0) })),
        ("payment.succeeded", json!({ "amount": [2000, "KRW"] })),
        ("payment.refunded", json!({ "refunded": amount(5000) })),
        ("payment.refunded", json!({ "refunded": amount(0) })),
        ("payment.refunded", json!({ "refunded": dollars })),
        ("payment.refunded", json!({})),
        ("payment.succeeded", json!({ "refunded": amount(2001) })),
    ] {
        let mut data = json!({ "order_id": order, "reference": reference, "amount": amount(2000) });
        for (name, value) in fields.as_object().unwrap() {
            data[name] = value.clone();
        }
        let answer = shop.deliver(&shop.sandbox.standard_webhook(kind, &data)).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "malformed-body"),
            "{kind} {fields}: {answer:?}"
        );
    }
    let data = json!({ "order_id": other, "reference": reference, "amount": amount(2000) });
    let answer = shop
        .deliver(&shop.sandbox.standard_webhook("payment.succeeded", &data))
        .await;
    assert_eq!((answer.status, answer.problem()), (422, "payment-mismatch"));
    assert_eq!(
        shop.payment(&payment["payment_id"]).await,
        payment,
        "nothing was recorded"
    );
}

#[tokio::test]
async fn another_amount_of_the_same_payment_is_reviewed_once() {
    let (shop, _, reference, payment) = paid().await;
    shop.sandbox.standard_contradict(&reference, 1500);
    let webhook = shop.sandbox.webhooks().remove(0);
    for _ in 0..2 {
        assert_eq!(shop.deliver(&webhook).await.body["outcome"], "ENTERED");
    }
    let reviewed = shop.payment(&payment["payment_id"]).await;
    let review = &reviewed["reviews"][0];
    assert_eq!(
        (&review["code"], reviewed["reviews"].as_array().unwrap().len()),
        (&"CONTRADICTION".into(), 1)
    );
    assert!(review["detail"].as_str().unwrap().contains("1500 KRW"), "{review}");
    assert_eq!(
        decide(&shop, &payment, "a", json!({ "decision": "ASK_AGAIN" }))
            .await
            .problem(),
        "not-in-review"
    );
    let settled = decide(&shop, &payment, "s", json!({ "decision": "SETTLED" })).await;
    assert_eq!(
        (settled.status, settled.body.get("reviews")),
        (200, None),
        "{settled:?}"
    );
    assert_eq!(shop.deliver(&shop.sandbox.again(&webhook)).await.status, 200);
    assert_eq!(
        shop.payment(&payment["payment_id"]).await.get("reviews"),
        None,
        "it was decided"
    );
}

#[tokio::test]
async fn a_false_amount_that_arrives_first_can_be_corrected_and_the_order_is_paid() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let reference = shop.sandbox.standard_charge(&order, 2000);
    shop.sandbox.standard_contradict(&reference, 1500);
    let [charged, false_amount] = &shop.sandbox.webhooks()[..] else {
        panic!("two messages");
    };
    for message in [false_amount, charged] {
        assert_eq!(shop.deliver(message).await.body["outcome"], "ENTERED");
    }
    let payment_id = json!(PaymentId::of(Provider::Standard, &reference));
    let payment = shop.payment(&payment_id).await;
    assert_eq!(
        (&payment["status"], &payment["amount"], &payment["reviews"][0]["code"]),
        (&"UNSERVABLE".into(), &amount(1500), &"CONTRADICTION".into()),
        "{payment}"
    );
    let nothing = decide(
        &shop,
        &payment,
        "n",
        json!({ "decision": "CHARGED", "amount": amount(0) }),
    )
    .await;
    assert_eq!(
        (nothing.problem(), &nothing.body["returned"]),
        ("amount-differs", &amount(0))
    );
    let body = json!({ "decision": "CHARGED", "amount": amount(2000) });
    let corrected = decide(&shop, &payment, "c", body).await;
    assert_eq!(
        (&corrected.body["amount"], corrected.body.get("reviews")),
        (&amount(2000), None),
        "{corrected:?}"
    );
    shop.advance(SignedDuration::from_mins(5));
    shop.reconcile().await;
    assert_eq!(shop.see("ann", &order).await.body["status"], "PAID");
    shop.ledger_audit().await.assert_sound();
}

#[tokio::test]
async fn a_refund_that_the_provider_cannot_make_because_it_took_the_money_back_has_an_end() {
    let (shop, order, reference, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let refused = shop.payment(&payment["payment_id"]).await;
    assert_eq!(refused["reviews"][0]["code"], "REFUND_REFUSED");
    // The message that says so is lost.
    shop.sandbox.standard_take_back(&reference);
    shop.sandbox.webhooks();
    let body = json!({ "decision": "TAKEN_BACK", "amount": amount(2000) });
    let decided = decide(&shop, &payment, "t", body).await;
    assert_eq!(
        (&decided.body["status"], decided.body.get("reviews")),
        (&"REVERSED".into(), None),
        "{decided:?}"
    );
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn a_refund_of_more_than_was_charged_is_reviewed() {
    let (shop, order, reference, payment) = paid().await;
    let data = json!({ "order_id": order, "reference": reference, "amount": amount(5000), "refunded": amount(5000) });
    assert_eq!(
        shop.deliver(&shop.sandbox.standard_webhook("payment.refunded", &data))
            .await
            .status,
        200
    );
    let reviewed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&reviewed["refunded"], &reviewed["reviews"][0]["code"]),
        (&amount(0), &"CONTRADICTION".into())
    );
}

#[tokio::test]
async fn a_payment_taken_back_long_after_its_success_is_reviewed_and_recorded_truthfully() {
    let (shop, order, reference, payment) = paid().await;
    shop.advance(SignedDuration::from_hours(72));
    shop.sandbox.standard_take_back(&reference);
    assert_eq!(shop.deliver_all().await, [200]);
    let reviewed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&reviewed["status"], &reviewed["reviews"][0]["code"]),
        (&"PAID".into(), &"CONTRADICTION".into())
    );
    let too_much = decide(
        &shop,
        &payment,
        "t",
        json!({ "decision": "TAKEN_BACK", "amount": amount(2001) }),
    )
    .await;
    assert_eq!(
        (too_much.problem(), &too_much.body["kept"]),
        ("amount-differs", &amount(2000))
    );
    let taken = decide(
        &shop,
        &payment,
        "t2",
        json!({ "decision": "TAKEN_BACK", "amount": amount(2000) }),
    )
    .await;
    assert_eq!(
        (&taken.body["status"], &taken.body["withdrawn"]),
        (&"REVERSED".into(), &amount(2000)),
        "{taken:?}"
    );
    let events = shop.engine.events(PAYMENTS).await;
    assert!(events.iter().any(|(kind, _)| kind == "PaymentReversed"), "{events:?}");
    let cancelled = shop.cancel("ann", &order).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "nothing is owed: {cancelled:?}");
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn a_failure_from_before_the_success_is_ignored() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let data = json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000) });
    let failed = shop.sandbox.standard_webhook("payment.failed", &data);
    shop.advance(SignedDuration::from_secs(20));
    let succeeded = shop.sandbox.standard_webhook("payment.succeeded", &data);
    assert_eq!(shop.deliver(&succeeded).await.body["outcome"], "ENTERED");
    assert_eq!(shop.deliver(&failed).await.body["outcome"], "IGNORED");
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!((&payment["status"], payment.get("reviews")), (&"PAID".into(), None));
}

#[tokio::test]
async fn a_failure_after_a_success_that_arrived_late_is_reviewed() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let data = json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000) });
    let succeeded = shop.sandbox.standard_webhook("payment.succeeded", &data);
    shop.advance(SignedDuration::from_secs(10));
    let failed = shop.sandbox.standard_webhook("payment.failed", &data);
    shop.advance(SignedDuration::from_secs(10));
    assert_eq!(shop.deliver(&succeeded).await.body["outcome"], "ENTERED");
    assert_eq!(shop.deliver(&failed).await.body["outcome"], "ENTERED");
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(payment["reviews"][0]["code"], "CONTRADICTION", "{payment}");
}

/// Opens a shop with an order of 2,000 won. A provider without an API charges it, and ten seconds later reports that it
/// did not; its messages arrive in the other order. Returns the fixture, the order's id and the payment.
async fn failed_before_success() -> (PaymentFixture, String, Value) {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let reference = shop.sandbox.standard_charge(&order, 2000);
    shop.advance(SignedDuration::from_secs(10));
    shop.sandbox.standard_take_back(&reference);
    let [succeeded, failed] = &shop.sandbox.webhooks()[..] else {
        panic!("two messages");
    };
    assert_eq!(shop.deliver(failed).await.body["outcome"], "ENTERED");
    let payment_id = json!(PaymentId::of(Provider::Standard, &reference));
    let payment = shop.payment(&payment_id).await;
    assert_eq!(
        (&payment["status"], payment.get("reviews")),
        (&"FAILED".into(), None),
        "{payment}"
    );
    for _ in 0..2 {
        assert_eq!(shop.deliver(succeeded).await.body["outcome"], "ENTERED");
        assert_eq!(shop.deliver(failed).await.status, 200);
    }
    let payment = shop.payment(&payment_id).await;
    (shop, order, payment)
}

#[tokio::test]
async fn a_success_that_is_older_than_a_known_failure_is_reviewed_before_it_pays_the_order() {
    let (shop, order, payment) = failed_before_success().await;
    assert_eq!(
        (&payment["status"], &payment["reviews"][0]["code"]),
        (&"UNSERVABLE".into(), &"CONTRADICTION".into()),
        "{payment}"
    );
    assert_eq!(payment["reviews"].as_array().unwrap().len(), 1);
    assert_eq!(shop.see("ann", &order).await.body["status"], "PENDING_PAYMENT");
    shop.advance(SignedDuration::from_mins(10));
    assert_eq!(shop.reconcile().await.settled, 0, "a person decides");
    let body = json!({ "decision": "TAKEN_BACK", "amount": amount(2000) });
    let decided = decide(&shop, &payment, "t", body).await;
    assert_eq!(
        (&decided.body["status"], &decided.body["withdrawn"]),
        (&"REVERSED".into(), &amount(2000)),
        "{decided:?}"
    );
    shop.advance(SignedDuration::from_hours(48));
    shop.reconcile().await;
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn a_success_that_a_person_confirms_pays_the_order_that_waits() {
    let (shop, order, payment) = failed_before_success().await;
    let settled = decide(&shop, &payment, "s", json!({ "decision": "SETTLED" })).await;
    assert_eq!(settled.status, 200, "{settled:?}");
    shop.advance(SignedDuration::from_mins(5));
    shop.reconcile().await;
    assert_eq!(shop.see("ann", &order).await.body["status"], "PAID");
    assert_eq!(shop.payment_of("ann", &order).await["status"], "PAID");
}

#[tokio::test]
async fn a_success_after_a_failure_pays_the_order_in_either_order_of_arrival() {
    for failed_first in [true, false] {
        let shop = PaymentFixture::with("tea", 10).await;
        let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
        let data = json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000) });
        let failed = shop.sandbox.standard_webhook("payment.failed", &data);
        shop.advance(SignedDuration::from_secs(10));
        let succeeded = shop.sandbox.standard_webhook("payment.succeeded", &data);
        let messages = if failed_first {
            [&failed, &succeeded]
        } else {
            [&succeeded, &failed]
        };
        for message in messages {
            assert_eq!(shop.deliver(message).await.status, 200);
        }
        let payment = shop.payment_of("ann", &order).await;
        assert_eq!((&payment["status"], payment.get("reviews")), (&"PAID".into(), None));
    }
}

#[tokio::test]
async fn a_refund_that_arrives_first_does_not_hide_which_came_first_of_failure_and_success() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let data = json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000) });
    let failed = shop.sandbox.standard_webhook("payment.failed", &data);
    shop.advance(SignedDuration::from_secs(10));
    let succeeded = shop.sandbox.standard_webhook("payment.succeeded", &data);
    shop.advance(SignedDuration::from_secs(10));
    let mut part = data.clone();
    part["refunded"] = amount(500);
    let refunded = shop.sandbox.standard_webhook("payment.refunded", &part);
    let payment_id = json!(PaymentId::of(Provider::Standard, "transfer-1"));
    for (message, reviews) in [(&refunded, 0), (&failed, 1), (&succeeded, 0)] {
        assert_eq!(shop.deliver(message).await.body["outcome"], "ENTERED");
        let payment = shop.payment(&payment_id).await;
        let found = payment["reviews"].as_array().map_or(0, Vec::len);
        assert_eq!((found, &payment["refunded"]), (reviews, &amount(500)), "{payment}");
    }
}

#[tokio::test]
async fn a_failure_without_a_time_counts_as_news() {
    let (shop, order, reference, payment) = paid().await;
    let data = json!({ "order_id": order, "reference": reference, "amount": amount(2000) });
    let mut failed = shop.sandbox.standard_webhook("payment.failed", &data);
    let mut message: Value = serde_json::from_slice(&failed.body).unwrap();
    message.as_object_mut().unwrap().remove("timestamp");
    failed.body = message.to_string().into_bytes();
    assert_eq!(
        shop.deliver(&shop.sandbox.again(&failed)).await.body["outcome"],
        "ENTERED"
    );
    let reviewed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(reviewed["reviews"][0]["code"], "CONTRADICTION", "{reviewed}");
}

#[tokio::test]
async fn each_review_of_a_provider_without_an_api_has_an_end() {
    let (shop, order, reference, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let refused = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&refused["reviews"][0]["code"], &refused["reviews"][0]["owed"]),
        (&"REFUND_REFUSED".into(), &amount(2000))
    );
    shop.sandbox.standard_refund(&reference, 2000);
    let given = decide(
        &shop,
        &payment,
        "g",
        json!({ "decision": "GIVEN_BACK", "amount": amount(2000) }),
    )
    .await;
    assert_eq!(given.body["status"], "REFUNDED", "{given:?}");
    // Its message says the same.
    assert_eq!(shop.deliver_all().await, [200]);
    assert_eq!(shop.payment(&payment["payment_id"]).await["refunded"], amount(2000));
    shop.advance(SignedDuration::from_hours(48));
    let summary = shop.reconcile().await;
    assert_eq!((summary.reviews, summary.failed), (0, 0), "{summary:?}");
    shop.ledger_audit().await.assert_settled();
}
