//! Refunds: of canceled orders, of late payments, by an administrator, and in a provider's dashboard.

use function_tests::payment_fixture::{amount, kakaopay_call, start_call, stripe_call, toss_call};
use function_tests::{PaymentFixture, RESERVATION, id_of};
use harness::engine::PAYMENTS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};

/// Opens a shop with an order of 2,000 won paid through Toss. Returns the fixture, the order's id, the payment key and
/// the payment.
pub async fn paid() -> (PaymentFixture, String, String, Value) {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let payment = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(payment.status, 200, "{payment:?}");
    shop.sandbox.webhooks();
    (shop, order, key, payment.body)
}

pub async fn ask(shop: &PaymentFixture, key: &str, payment: &Value, body: &Value) -> Answer {
    let id = payment["payment_id"].as_str().unwrap();
    let call = Call::new("POST", "/admin/payments/{payment_id}/refunds").path("payment_id", id);
    shop.request_refund(call.by_admin().key(key).json(body)).await
}

#[tokio::test]
async fn a_cancelled_paid_order_is_refunded_once() {
    let (shop, order, _, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (200, &"CANCELLED".into()),
        "{cancelled:?}"
    );
    assert_eq!(shop.engine.balance("tea").await.available, 10);
    for _ in 0..3 {
        shop.refund("OrderCancelled", &cancelled.body).await.unwrap();
    }
    let charged = shop.charged();
    assert_eq!((charged.refunded, charged.refund_count), (2000, 1));
    let after = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["status"], &after["refunded"]),
        (&"REFUNDED".into(), &amount(2000))
    );
    assert_eq!(after["refunds"].as_array().unwrap().len(), 1);
    assert!(
        shop.engine
            .events(PAYMENTS)
            .await
            .iter()
            .any(|(kind, _)| kind == "PaymentRefunded")
    );
    assert!(shop.cancel("ann", &order).await.replayed);
}

#[tokio::test]
async fn two_copies_of_a_cancellation_at_once_refund_once() {
    for _ in 0..5 {
        let (shop, order, _, _) = paid().await;
        let cancelled = shop.cancel("ann", &order).await.body;
        let (one, other) = tokio::join!(
            shop.refund("OrderCancelled", &cancelled),
            shop.refund("OrderCancelled", &cancelled)
        );
        assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
        assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
        assert_eq!(shop.payment_of("ann", &order).await["reviews"], Value::Null);
    }
}

#[tokio::test]
async fn a_refund_with_a_lost_response_is_made_once() {
    for fault in [Fault::DropAfter, Fault::ErrorAfter(500), Fault::DropBefore, Fault::Busy] {
        let (shop, order, _, _) = paid().await;
        let cancelled = shop.cancel("ann", &order).await.body;
        shop.sandbox.plan(Provider::Toss, "cancel", fault.clone());
        shop.refund("OrderCancelled", &cancelled).await.unwrap();
        let open = shop.payment_of("ann", &order).await;
        assert_eq!(
            open["refunds"][0]["status"], "PENDING",
            "{fault:?}: the outcome is unknown"
        );
        shop.refund("OrderCancelled", &cancelled).await.unwrap();
        shop.advance(SignedDuration::from_mins(5));
        assert_eq!(shop.reconcile().await.settled, 1);
        assert_eq!(
            (shop.charged().refunded, shop.charged().refund_count),
            (2000, 1),
            "{fault:?}"
        );
        assert_eq!(shop.payment_of("ann", &order).await["status"], "REFUNDED");
    }
}

#[tokio::test]
async fn a_refund_without_an_event_is_made_by_the_reconciler() {
    let (shop, order, _, _) = paid().await;
    shop.cancel("ann", &order).await;
    shop.advance(SignedDuration::from_mins(4));
    assert_eq!(shop.reconcile().await.settled, 1);
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
}

#[tokio::test]
async fn a_refund_and_its_webhook_at_the_same_moment_are_one_refund() {
    for _ in 0..10 {
        let (shop, order, _, _) = paid().await;
        let cancelled = shop.cancel("ann", &order).await.body;
        let refund = shop.refund("OrderCancelled", &cancelled);
        let delivered = async {
            loop {
                if let Some(webhook) = shop.sandbox.webhooks().pop() {
                    return shop.deliver(&webhook).await;
                }
                tokio::task::yield_now().await;
            }
        };
        let (refunded, delivered) = tokio::join!(refund, delivered);
        assert!(refunded.is_ok(), "{refunded:?}");
        assert_eq!(delivered.status, 200, "{delivered:?}");
        let payment = shop.payment_of("ann", &order).await;
        assert_eq!(payment["refunds"].as_array().unwrap().len(), 1, "{payment}");
        assert_eq!(
            (&payment["refunded"], &payment["reviews"]),
            (&amount(2000), &Value::Null)
        );
    }
}

#[tokio::test]
async fn a_part_is_refunded_and_then_the_rest() {
    let (shop, order, _, payment) = paid().await;
    let requested = ask(
        &shop,
        "r1",
        &payment,
        &json!({ "amount": amount(500), "note": "one cup was broken" }),
    )
    .await;
    assert_eq!(
        (requested.status, &requested.body["refunds"][0]["status"]),
        (202, &"PENDING".into()),
        "{requested:?}"
    );
    let again = ask(
        &shop,
        "r1",
        &payment,
        &json!({ "amount": amount(500), "note": "one cup was broken" }),
    )
    .await;
    assert!(again.replayed);
    let meanwhile = ask(&shop, "r2", &payment, &json!({ "amount": amount(100) })).await;
    assert_eq!(meanwhile.problem(), "refund-under-way");
    shop.refund("RefundRequested", &requested.body).await.unwrap();
    assert_eq!(shop.charged().refunded, 500);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    let reused = ask(&shop, "r1", &payment, &json!({ "amount": amount(100) })).await;
    assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
    for (body, status, problem) in [
        (json!({ "amount": amount(1501) }), 409, "not-refundable"),
        (json!({ "amount": amount(0) }), 409, "not-refundable"),
        (
            json!({ "amount": { "amount": 5, "currency": "USD" } }),
            409,
            "not-refundable",
        ),
        (json!({ "note": "x".repeat(201) }), 422, "invalid-text"),
        (json!({ "note": " \n" }), 422, "invalid-text"),
        (json!({ "note": "a cup\u{202E}" }), 422, "invalid-text"),
        (json!({ "sum": 1 }), 400, "malformed-body"),
    ] {
        let answer = ask(&shop, "bad", &payment, &body).await;
        assert_eq!((answer.status, answer.problem()), (status, problem), "{answer:?}");
    }
    // Cancelling the order refunds the rest.
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let charged = shop.charged();
    assert_eq!((charged.refunded, charged.refund_count), (2000, 2));
    let nothing = ask(&shop, "r3", &payment, &json!({})).await;
    assert_eq!(nothing.problem(), "not-refundable");
}

#[tokio::test]
async fn only_an_administrator_refunds() {
    let (shop, _, _, payment) = paid().await;
    let id = payment["payment_id"].as_str().unwrap();
    let call = Call::new("POST", "/admin/payments/{payment_id}/refunds").path("payment_id", id);
    let answer = shop.request_refund(call.by("ann").key("r").json(&json!({}))).await;
    assert_eq!((answer.status, answer.problem()), (403, "forbidden"));
}

#[tokio::test]
async fn a_dashboard_refund_is_recorded_and_lowers_the_refundable_amount() {
    let (shop, order, key, payment) = paid().await;
    shop.sandbox.dashboard_refund(Provider::Toss, &key, 700);
    assert_eq!(shop.deliver_all().await, [200]);
    let after = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["refunded"], &after["refunds"][0]["reason"]),
        (&amount(700), &"ELSEWHERE".into())
    );
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 2));
}

#[tokio::test]
async fn a_dashboard_refund_that_races_a_cancellation_refunds_no_more_than_was_charged() {
    let (shop, order, key, _) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.sandbox.dashboard_refund(Provider::Toss, &key, 700);
    // The full refund is refused because of the provider's lock; the retry refunds the rest.
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    assert_eq!(shop.charged().refunded, 700);
    shop.advance(SignedDuration::from_mins(5));
    shop.reconcile().await;
    assert_eq!(shop.charged().refunded, 2000);
    assert_eq!(shop.payment_of("ann", &order).await["status"], "REFUNDED");
}

#[tokio::test]
async fn a_refused_refund_goes_to_review_and_can_be_retried() {
    let (shop, order, _, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.sandbox.plan(
        Provider::Toss,
        "cancel",
        Fault::Code("NOT_ALLOWED_PARTIAL_REFUND".to_owned()),
    );
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let after = shop.payment(&payment["payment_id"]).await;
    assert!(
        after["reviews"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("NOT_ALLOWED_PARTIAL_REFUND"),
        "{after}"
    );
    assert_eq!(after["refunds"][0]["status"], "REFUSED");
    let requested = ask(&shop, "again", &payment, &json!({})).await;
    assert_eq!(
        (requested.status, &requested.body["reviews"]),
        (202, &Value::Null),
        "{requested:?}"
    );
    shop.refund("RefundRequested", &requested.body).await.unwrap();
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
}

/// Opens a shop with an order that expired unpaid and whose Stripe payment then succeeded. Returns the fixture, the
/// order's id and the payment.
pub async fn paid_too_late(units: u64) -> (PaymentFixture, String, Value) {
    let shop = PaymentFixture::with("tea", units).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await;
    shop.advance(RESERVATION);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    shop.sandbox
        .stripe_pay(started.body["reference"].as_str().unwrap(), &Card::Good);
    (shop, order, started.body["payment_id"].clone())
}

#[tokio::test]
async fn a_payment_after_expiry_takes_stock_again() {
    let (shop, order, id) = paid_too_late(2).await;
    assert_eq!(shop.deliver_all().await, [200]);
    let payment = shop.payment(&id).await;
    assert_eq!(payment["status"], "UNSERVABLE");
    for _ in 0..3 {
        shop.refund("PaymentUnservable", &payment).await.unwrap();
    }
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.payment(&id).await["status"], "PAID");
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.available, balance.held), (0, 2));
    assert_eq!(shop.charged().refunded, 0);
}

#[tokio::test]
async fn a_payment_after_expiry_is_refunded_when_the_stock_is_gone() {
    let (shop, order, id) = paid_too_late(2).await;
    assert_eq!(shop.order("bob", "k", &[("tea", 1)]).await.status, 201);
    assert_eq!(shop.deliver_all().await, [200]);
    let payment = shop.payment(&id).await;
    for _ in 0..3 {
        shop.refund("PaymentUnservable", &payment).await.unwrap();
    }
    assert_eq!(shop.order_status("ann", &order).await, "EXPIRED");
    let after = shop.payment(&id).await;
    assert_eq!(
        (&after["status"], &after["refunds"][0]["reason"]),
        (&"REFUNDED".into(), &"UNSERVABLE".into())
    );
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
    shop.deliver_all().await;
    assert_eq!(shop.payment(&id).await["refunded"], amount(2000));
}

#[tokio::test]
async fn a_late_payment_without_an_event_is_placed_by_the_reconciler() {
    let (shop, order, _) = paid_too_late(2).await;
    // Without a webhook, the reconciler finds that the payment was charged before it abandons it.
    shop.advance(SignedDuration::from_mins(4));
    shop.reconcile().await;
    shop.advance(SignedDuration::from_mins(4));
    shop.reconcile().await;
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn the_stock_of_a_late_payment_is_taken_once_though_responses_are_lost() {
    let (shop, order, id) = paid_too_late(2).await;
    shop.deliver_all().await;
    let payment = shop.payment(&id).await;
    for _ in 0..3 {
        shop.engine
            .faults
            .plan("TransactWriteItems", harness::Fault::LoseAnswer);
    }
    shop.refund("PaymentUnservable", &payment).await.unwrap();
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.engine.balance("tea").await.held, 2);
    assert_eq!(shop.charged().refunded, 0);
}

#[tokio::test]
async fn a_payment_of_a_cancelled_order_that_succeeds_late_is_refunded() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await;
    let intent = started.body["reference"].as_str().unwrap();
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.sandbox.stripe_pay(intent, &Card::Good);
    // A canceled order stays canceled, and a charge cannot be stopped: the event finds the charge.
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let payment = shop.payment(&started.body["payment_id"]).await;
    assert_eq!(payment["status"], "UNSERVABLE");
    shop.refund("PaymentUnservable", &payment).await.unwrap();
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
    assert_eq!(shop.order_status("ann", &order).await, "CANCELLED");
}

#[tokio::test]
async fn a_cancelled_order_cannot_be_paid() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    assert_eq!(shop.payment(&started.body["payment_id"]).await["status"], "FAILED");
    assert!(shop.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn one_of_two_payments_of_an_order_is_refunded() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let one = shop.start(start_call("ann", "one", "STRIPE", &order)).await.body;
    let other = shop.start(start_call("ann", "two", "STRIPE", &order)).await.body;
    for started in [&one, &other] {
        shop.sandbox
            .stripe_pay(started["reference"].as_str().unwrap(), &Card::Good);
    }
    assert_eq!(shop.deliver_all().await, [200, 200]);
    let second = shop.payment(&other["payment_id"]).await;
    assert_eq!(second["status"], "UNSERVABLE");
    shop.refund("PaymentUnservable", &second).await.unwrap();
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.payment(&one["payment_id"]).await["refunded"], amount(0));
    let ledger = shop.sandbox.ledger();
    assert_eq!(
        ledger.iter().map(|entry| entry.charged - entry.refunded).sum::<i64>(),
        2000
    );
}

#[tokio::test]
async fn payments_of_a_provider_without_an_api_are_refunded_manually() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let data = json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000) });
    shop.deliver(&shop.sandbox.standard_webhook("payment.succeeded", &data))
        .await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let payment = shop.payment_of("ann", &order).await;
    assert!(
        payment["reviews"][0]["detail"].as_str().unwrap().contains("by hand"),
        "{payment}"
    );
    let data =
        json!({ "order_id": order, "reference": "transfer-1", "amount": amount(2000), "refunded": amount(2000) });
    shop.deliver(&shop.sandbox.standard_webhook("payment.refunded", &data))
        .await;
    assert_eq!(shop.payment_of("ann", &order).await["status"], "REFUNDED");
}

#[tokio::test]
async fn a_temporary_refusal_of_a_refund_is_not_repeated_forever() {
    let (shop, order, _, _) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    // Toss stores a 4xx under its idempotency key, even one that reports a temporary problem.
    shop.sandbox
        .plan(Provider::Toss, "cancel", Fault::Code("COMMON_ERROR".to_owned()));
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    for _ in 0..3 {
        shop.advance(SignedDuration::from_mins(10));
        shop.reconcile().await;
    }
    assert_eq!((shop.charged().refunded, shop.charged().refund_count), (2000, 1));
}

#[tokio::test]
async fn two_concurrent_runs_request_a_refund_once() {
    for provider in ["STRIPE", "KAKAOPAY"] {
        let shop = PaymentFixture::with("tea", 10).await;
        let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
        let started = shop.start(start_call("ann", "start", provider, &order)).await.body;
        let reference = started["reference"].as_str().unwrap();
        let call = if provider == "STRIPE" {
            shop.sandbox.stripe_pay(reference, &Card::Good);
            stripe_call("ann", "pay", &order, reference, 2000)
        } else {
            let token = shop.sandbox.kakaopay_approve_in_app(reference);
            kakaopay_call("ann", "pay", &order, &token, 2000)
        };
        let payment = shop.confirm(call).await.body;
        let requested = ask(&shop, "part", &payment, &json!({ "amount": amount(300) }))
            .await
            .body;
        let runs = futures::future::join_all((0..4).map(|_| shop.refund("RefundRequested", &requested))).await;
        assert!(runs.iter().any(Result::is_ok), "{runs:?}");
        shop.advance(SignedDuration::from_mins(5));
        tokio::join!(shop.reconcile(), shop.reconcile());
        assert_eq!(
            (shop.charged().refunded, shop.charged().refund_count),
            (300, 1),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn a_customer_does_not_see_internal_notes() {
    let (shop, _, _, payment) = paid().await;
    let note = "he broke the cup himself";
    ask(&shop, "r", &payment, &json!({ "amount": amount(100), "note": note })).await;
    let id = payment["payment_id"].as_str().unwrap();
    let call = Call::new("GET", "/payments/{payment_id}").path("payment_id", id);
    assert!(!shop.get(call.clone().by("ann")).await.body.to_string().contains(note));
    assert!(shop.get(call.by_admin()).await.body.to_string().contains(note));
}

#[tokio::test]
async fn one_key_for_two_payments_is_distinguished() {
    let (shop, _, _, payment) = paid().await;
    let second = id_of(&shop.order("ann", "k2", &[("tea", 1)]).await);
    let key = shop.sandbox.toss_authenticate(&second, 1000, "KRW");
    let other = shop.confirm(toss_call("ann", "pay-2", &second, &key, 1000)).await.body;
    assert_eq!(ask(&shop, "r", &payment, &json!({})).await.status, 202);
    let reused = ask(&shop, "r", &other, &json!({})).await;
    assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
}
