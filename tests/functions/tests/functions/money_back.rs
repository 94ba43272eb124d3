//! Money that comes back: refunds that fail after they were made, disputes, and deposits that a bank withdraws.

use function_tests::payment_fixture::{amount, start_call, stripe_call, toss_call};
use function_tests::{PaymentFixture, id_of};
use harness::engine::PAYMENTS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Authentication, Card, Fault, Method, Provider};
use serde_json::{Value, json};

use crate::refunds::ask;

/// Opens a shop with an order of 2,000 won paid through Stripe. Returns the fixture, the order's id, the PaymentIntent
/// and the payment.
async fn paid() -> (PaymentFixture, String, String, Value) {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await.body;
    let intent = started["reference"].as_str().unwrap().to_owned();
    shop.sandbox.stripe_pay(&intent, &Card::Good);
    let payment = shop.confirm(stripe_call("ann", "pay", &order, &intent, 2000)).await;
    assert_eq!(payment.status, 200, "{payment:?}");
    shop.sandbox.webhooks();
    (shop, order, intent, payment.body)
}

/// Opens a shop with an order of 2,000 won paid by deposit. Returns the fixture, the order's id, the payment key and the
/// payment.
async fn deposited() -> (PaymentFixture, String, String, Value) {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let deposit = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &deposit);
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    shop.sandbox.toss_deposit(&key);
    shop.deliver_all().await;
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(payment["status"], "PAID");
    (shop, order, key, payment)
}

/// Requests a refund and makes it.
async fn refund(shop: &PaymentFixture, key: &str, payment: &Value, won: u64) -> Value {
    let requested = ask(shop, key, payment, &json!({ "amount": amount(won) })).await;
    assert_eq!(requested.status, 202, "{requested:?}");
    shop.refund("RefundRequested", &requested.body).await.unwrap();
    shop.payment(&payment["payment_id"]).await
}

/// Fails the `nth` made refund of an intent, and delivers its events.
async fn fail(shop: &PaymentFixture, intent: &str, nth: usize) -> Vec<u16> {
    let id = shop.sandbox.stripe_refunds(intent)[nth].clone();
    shop.sandbox.stripe_fail_refund(&id);
    shop.deliver_all().await
}

async fn decide(shop: &PaymentFixture, payment: &Value, review: &Value, mut body: Value) -> Answer {
    let id = payment["payment_id"].as_str().unwrap();
    body["review_id"] = review["review_id"].clone();
    let key = format!("{}-{}", review["review_id"], body["decision"]).replace('"', "");
    let call = Call::new("POST", "/admin/payments/{payment_id}/review").path("payment_id", id);
    shop.resolve(call.by_admin().key(&key).json(&body)).await
}

/// Returns the codes of a payment's matters.
fn codes(payment: &Value) -> Vec<&str> {
    let reviews = payment["reviews"].as_array().into_iter().flatten();
    reviews.map(|review| review["code"].as_str().unwrap()).collect()
}

async fn events(shop: &PaymentFixture) -> Vec<String> {
    let events = shop.engine.events(PAYMENTS).await;
    events.into_iter().map(|(kind, _)| kind).collect()
}

#[tokio::test]
async fn a_refund_that_failed_is_owed_and_all_of_the_payment_can_be_refunded() {
    for keeps in [false, true] {
        let (shop, _, intent, payment) = paid().await;
        shop.sandbox.stripe_keep_failed_refunds(keeps);
        refund(&shop, "r1", &payment, 1500).await;
        assert!(fail(&shop, &intent, 0).await.iter().all(|status| *status == 200));
        let failed = shop.payment(&payment["payment_id"]).await;
        assert_eq!(
            (&failed["refunded"], codes(&failed)),
            (&amount(0), vec!["REFUND_FAILED"]),
            "{failed}"
        );
        assert_eq!(
            (&failed["refunds"][0]["status"], &failed["reviews"][0]["owed"]),
            (&"FAILED".into(), &amount(1500))
        );
        assert_eq!(events(&shop).await, ["PaymentReviewNeeded"]);
        shop.ledger_audit().await.assert_sound();
        let whole = refund(&shop, "r2", &payment, 2000).await;
        assert_eq!(
            (&whole["status"], &whole["refunded"]),
            (&"REFUNDED".into(), &amount(2000)),
            "{whole}"
        );
        assert_eq!(shop.charged().refunded, 2000);
        assert!(codes(&whole).is_empty());
    }
}

#[tokio::test]
async fn the_refund_of_a_cancelled_order_that_failed_is_owed_and_requested_again() {
    for decision in ["ASK_AGAIN", "GIVEN_BACK"] {
        let (shop, order, intent, payment) = paid().await;
        let cancelled = shop.cancel("ann", &order).await.body;
        shop.refund("OrderCancelled", &cancelled).await.unwrap();
        assert_eq!(shop.payment(&payment["payment_id"]).await["status"], "REFUNDED");
        fail(&shop, &intent, 0).await;
        let failed = shop.payment(&payment["payment_id"]).await;
        assert_eq!(
            (&failed["status"], &failed["refunded"]),
            (&"PAID".into(), &amount(0)),
            "{failed}"
        );
        let review = failed["reviews"][0].clone();
        assert_eq!(review["owed"], amount(2000));
        let mut body = json!({ "decision": decision });
        if decision == "GIVEN_BACK" {
            body["amount"] = amount(2000);
        }
        let decided = decide(&shop, &payment, &review, body).await;
        assert_eq!(decided.status, 200, "{decided:?}");
        if decision == "ASK_AGAIN" {
            shop.refund("RefundRequested", &decided.body).await.unwrap();
            shop.ledger_audit().await.assert_settled();
        }
        let after = shop.payment(&payment["payment_id"]).await;
        assert_eq!(
            (&after["status"], codes(&after)),
            (&"REFUNDED".into(), vec![]),
            "{after}"
        );
        // The events arrive again, and the payment is compared a day later.
        shop.advance(SignedDuration::from_hours(25));
        shop.reconcile().await;
        assert_eq!(shop.payment(&payment["payment_id"]).await["refunded"], amount(2000));
    }
}

#[tokio::test]
async fn the_present_state_wins_over_a_replayed_answer() {
    let (shop, _, intent, payment) = paid().await;
    let requested = ask(&shop, "r1", &payment, &json!({ "amount": amount(1500) }))
        .await
        .body;
    shop.sandbox.plan(Provider::Stripe, "refund", Fault::DropAfter);
    shop.refund("RefundRequested", &requested).await.unwrap();
    assert_eq!(shop.charged().refunded, 1500);
    let id = shop.sandbox.stripe_refunds(&intent)[0].clone();
    shop.sandbox.stripe_fail_refund(&id);
    shop.sandbox.webhooks();
    shop.advance(SignedDuration::from_mins(5));
    shop.reconcile().await;
    let failed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&failed["refunded"], codes(&failed)),
        (&amount(0), vec!["REFUND_FAILED"]),
        "{failed}"
    );
    let again = decide(
        &shop,
        &payment,
        &failed["reviews"][0],
        json!({ "decision": "ASK_AGAIN" }),
    )
    .await;
    shop.refund("RefundRequested", &again.body).await.unwrap();
    let after = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&after["refunded"], shop.charged().refunded),
        (&amount(1500), 1500),
        "{after}"
    );
}

#[tokio::test]
async fn an_event_of_a_failed_refund_is_asked_for_again_while_the_api_still_counts_the_refund() {
    let (shop, _, intent, payment) = paid().await;
    refund(&shop, "r1", &payment, 1500).await;
    let known = shop.payment(&payment["payment_id"]).await;
    shop.sandbox.stripe_keep_failed_refunds(true);
    shop.sandbox.stripe_hide_failed_refunds(true);
    shop.sandbox.webhooks();
    let id = shop.sandbox.stripe_refunds(&intent)[0].clone();
    shop.sandbox.stripe_fail_refund(&id);
    let event = shop.sandbox.webhooks().remove(0);
    assert_eq!(shop.deliver(&event).await.status, 503);
    assert_eq!(
        shop.payment(&payment["payment_id"]).await,
        known,
        "nothing was recorded"
    );
    shop.sandbox.stripe_hide_failed_refunds(false);
    assert_eq!(shop.deliver(&shop.sandbox.again(&event)).await.status, 200);
    let failed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&failed["refunded"], codes(&failed)),
        (&amount(0), vec!["REFUND_FAILED"]),
        "{failed}"
    );
}

#[tokio::test]
async fn each_failed_refund_is_a_matter_of_its_own_until_it_is_decided() {
    let (shop, _, intent, payment) = paid().await;
    refund(&shop, "r1", &payment, 300).await;
    refund(&shop, "r2", &payment, 200).await;
    fail(&shop, &intent, 0).await;
    fail(&shop, &intent, 0).await;
    let failed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(codes(&failed), ["REFUND_FAILED", "REFUND_FAILED"], "{failed}");
    let (first, second) = (&failed["reviews"][0], &failed["reviews"][1]);
    assert_eq!((&first["owed"], &second["owed"]), (&amount(300), &amount(200)));
    assert_ne!(first["review_id"], second["review_id"]);
    let given = decide(
        &shop,
        &payment,
        first,
        json!({ "decision": "GIVEN_BACK", "amount": amount(300) }),
    )
    .await;
    assert_eq!(
        (&given.body["refunded"], codes(&given.body)),
        (&amount(300), vec!["REFUND_FAILED"]),
        "{given:?}"
    );
    let settled = decide(&shop, &payment, second, json!({ "decision": "SETTLED" })).await;
    assert_eq!(
        (&settled.body["refunded"], codes(&settled.body)),
        (&amount(300), vec![]),
        "{settled:?}"
    );
    let again = decide(
        &shop,
        &payment,
        second,
        json!({ "decision": "GIVEN_BACK", "amount": amount(200) }),
    )
    .await;
    assert_eq!(again.problem(), "not-in-review");
}

#[tokio::test]
async fn a_failed_refund_without_a_webhook_is_found_by_the_comparison() {
    let (shop, _, intent, payment) = paid().await;
    refund(&shop, "r1", &payment, 500).await;
    let id = shop.sandbox.stripe_refunds(&intent)[0].clone();
    shop.sandbox.stripe_fail_refund(&id);
    shop.sandbox.webhooks();
    shop.advance(SignedDuration::from_hours(25));
    let summary = shop.reconcile().await;
    assert_eq!(summary.differences, 1, "{summary:?}");
    let failed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&failed["refunded"], codes(&failed)),
        (&amount(0), vec!["REFUND_FAILED"])
    );
}

#[tokio::test]
async fn a_refund_of_the_dashboard_that_failed_is_a_matter_too() {
    let (shop, _, intent, payment) = paid().await;
    shop.sandbox.dashboard_refund(Provider::Stripe, &intent, 700);
    shop.deliver_all().await;
    assert_eq!(shop.payment(&payment["payment_id"]).await["refunded"], amount(700));
    for _ in 0..2 {
        // The second time there is nothing left to fail.
        for id in shop.sandbox.stripe_refunds(&intent) {
            shop.sandbox.stripe_fail_refund(&id);
        }
        shop.deliver_all().await;
        let failed = shop.payment(&payment["payment_id"]).await;
        assert_eq!(
            (&failed["refunded"], codes(&failed)),
            (&amount(0), vec!["REFUND_FAILED"]),
            "{failed}"
        );
    }
}

#[tokio::test]
async fn a_dispute_is_reviewed_and_its_money_is_not_owed_a_second_time() {
    let (shop, order, intent, payment) = paid().await;
    let dispute = shop.sandbox.stripe_dispute(&intent, 2000);
    assert_eq!(shop.deliver_all().await, [200, 200]);
    let disputed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&disputed["status"], codes(&disputed)),
        (&"PAID".into(), vec!["DISPUTED"]),
        "{disputed}"
    );
    assert_eq!(
        (&disputed["withdrawn"], &disputed["reviews"][0]["dispute_id"]),
        (&amount(2000), &dispute.clone().into())
    );
    assert_eq!(shop.cancel("ann", &order).await.problem(), "payment-in-review");
    let refused = ask(&shop, "r1", &payment, &json!({})).await;
    assert_eq!(refused.problem(), "not-refundable");
    shop.ledger_audit().await.assert_sound();

    shop.sandbox.stripe_close_dispute(&dispute, false);
    shop.deliver_all().await;
    let lost = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&lost["status"], codes(&lost)),
        (&"REVERSED".into(), vec!["DISPUTE_LOST"]),
        "{lost}"
    );
    assert_eq!(lost["disputes"][0]["status"], "LOST");
    let settled = decide(&shop, &payment, &lost["reviews"][0], json!({ "decision": "SETTLED" })).await;
    assert!(codes(&settled.body).is_empty(), "{settled:?}");

    // An administrator takes the order back: the stock returns, and nothing is owed.
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &order);
    let cancelled = shop.cancel_order(call.by_admin().key("c")).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    assert_eq!(shop.engine.balance("tea").await.available, 10);
    shop.refund("OrderCancelled", &cancelled.body).await.unwrap();
    shop.ledger_audit().await.assert_settled();
    assert_eq!(shop.charged().refunded, 0);
}

#[tokio::test]
async fn a_dispute_that_was_won_leaves_the_order_paid() {
    let (shop, order, intent, payment) = paid().await;
    let dispute = shop.sandbox.stripe_dispute(&intent, 2000);
    shop.deliver_all().await;
    shop.sandbox.stripe_close_dispute(&dispute, true);
    shop.deliver_all().await;
    let won = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&won["status"], codes(&won), won.get("withdrawn")),
        (&"PAID".into(), vec![], None),
        "{won}"
    );
    assert_eq!(won["disputes"][0]["status"], "WON");
    assert_eq!(events(&shop).await, ["PaymentDisputed"]);
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    assert_eq!(shop.charged().refunded, 2000);
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn the_money_of_an_order_cancelled_during_a_dispute_is_owed_once_the_dispute_is_won() {
    for is_won in [true, false] {
        let (shop, order, intent, payment) = paid().await;
        let dispute = shop.sandbox.stripe_dispute(&intent, 2000);
        shop.deliver_all().await;
        let disputed = shop.payment(&payment["payment_id"]).await;
        decide(
            &shop,
            &payment,
            &disputed["reviews"][0],
            json!({ "decision": "SETTLED" }),
        )
        .await;
        let cancelled = shop.cancel("ann", &order).await;
        assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
        shop.refund("OrderCancelled", &cancelled.body).await.unwrap();
        shop.sandbox.stripe_close_dispute(&dispute, is_won);
        shop.deliver_all().await;
        for _ in 0..2 {
            shop.advance(SignedDuration::from_mins(5));
            shop.reconcile().await;
        }
        let after = shop.payment(&payment["payment_id"]).await;
        let expected = if is_won { ("REFUNDED", 2000) } else { ("REVERSED", 0) };
        assert_eq!(
            (after["status"].as_str().unwrap(), shop.charged().refunded),
            expected,
            "{after}"
        );
    }
}

#[tokio::test]
async fn the_events_of_a_dispute_count_in_any_order_and_without_any_of_them() {
    for (is_won, order) in [
        (true, [3, 0, 2, 1].as_slice()),
        (true, &[]),
        (false, &[2, 1, 0]),
        (false, &[]),
    ] {
        let (shop, _, intent, payment) = paid().await;
        let dispute = shop.sandbox.stripe_dispute(&intent, 1200);
        shop.sandbox.stripe_close_dispute(&dispute, is_won);
        let webhooks = shop.sandbox.webhooks();
        for &nth in order {
            assert_eq!(shop.deliver(&webhooks[nth]).await.status, 200);
        }
        shop.advance(SignedDuration::from_hours(25));
        shop.reconcile().await;
        let after = shop.payment(&payment["payment_id"]).await;
        let expected = if is_won {
            (Value::Null, vec![])
        } else {
            (amount(1200), vec!["DISPUTE_LOST"])
        };
        assert_eq!((after["withdrawn"].clone(), codes(&after)), expected, "{after}");
        assert_eq!(after["status"], "PAID", "800 won are kept at least");
        shop.ledger_audit().await.assert_sound();
    }
}

#[tokio::test]
async fn a_signed_dispute_that_the_api_does_not_show_yet_is_recorded() {
    let (shop, _, intent, payment) = paid().await;
    let object = json!({
        "id": "du_1", "object": "dispute", "payment_intent": intent, "amount": 2000, "currency": "krw",
        "reason": "product_not_received", "status": "needs_response",
    });
    let event = json!({ "id": "evt_1", "type": "charge.dispute.created", "data": { "object": object } });
    let body = event.to_string();
    let signature = shop.sandbox.sign_stripe(shop.now().as_second(), body.as_bytes());
    let call = Call::new("POST", "/webhooks/{provider}").path("provider", "stripe");
    let answer = shop
        .webhook(call.header("stripe-signature", &signature).text(&body))
        .await;
    assert_eq!(answer.body["outcome"], "ENTERED", "{answer:?}");
    let disputed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(codes(&disputed), ["DISPUTED"]);
    assert!(
        disputed["reviews"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("product_not_received")
    );
}

#[tokio::test]
async fn a_withdrawn_deposit_is_not_owed_and_its_review_can_be_ended() {
    for is_cancelled in [false, true] {
        let (shop, order, key, payment) = deposited().await;
        if is_cancelled {
            let cancelled = shop.cancel("ann", &order).await.body;
            // Toss refunds a deposit only to a bank account.
            shop.refund("OrderCancelled", &cancelled).await.unwrap();
        }
        shop.sandbox.toss_withdraw_deposit(&key);
        assert_eq!(shop.deliver_all().await, [200]);
        let reversed = shop.payment(&payment["payment_id"]).await;
        assert_eq!(
            (&reversed["status"], codes(&reversed)),
            (&"REVERSED".into(), vec!["REVERSED"]),
            "{reversed}"
        );
        assert_eq!(
            (&reversed["withdrawn"], reversed["reviews"][0].get("owed")),
            (&amount(2000), None)
        );
        let settled = decide(
            &shop,
            &payment,
            &reversed["reviews"][0],
            json!({ "decision": "SETTLED" }),
        )
        .await;
        assert!(settled.status == 200 && codes(&settled.body).is_empty(), "{settled:?}");
        shop.ledger_audit().await.assert_sound();
        if is_cancelled {
            shop.ledger_audit().await.assert_settled();
        }
        shop.advance(SignedDuration::from_hours(25));
        shop.reconcile().await;
        assert!(
            codes(&shop.payment(&payment["payment_id"]).await).is_empty(),
            "it stays decided"
        );
    }
}

#[tokio::test]
async fn a_deposit_that_arrives_again_is_kept_or_owed_again() {
    for is_cancelled in [false, true] {
        let (shop, order, key, payment) = deposited().await;
        shop.sandbox.toss_withdraw_deposit(&key);
        shop.deliver_all().await;
        let reversed = shop.payment(&payment["payment_id"]).await;
        decide(
            &shop,
            &payment,
            &reversed["reviews"][0],
            json!({ "decision": "SETTLED" }),
        )
        .await;
        if is_cancelled {
            assert_eq!(shop.cancel("ann", &order).await.body["status"], "CANCELLED");
        }
        shop.sandbox.toss_deposit(&key);
        shop.deliver_all().await;
        let restored = shop.payment(&payment["payment_id"]).await;
        assert_eq!(
            (&restored["status"], restored.get("withdrawn")),
            (&"PAID".into(), None),
            "{restored}"
        );
        let kind = if is_cancelled {
            "PaymentUnservable"
        } else {
            "PaymentConfirmed"
        };
        assert_eq!(events(&shop).await, [kind]);
        shop.advance(SignedDuration::from_mins(2));
        shop.reconcile().await;
        let after = shop.payment(&payment["payment_id"]).await;
        if is_cancelled {
            // Toss refunds a deposit only to a bank account.
            assert_eq!(codes(&after), ["REFUND_REFUSED"], "{after}");
            assert_eq!(after["reviews"][0]["owed"], amount(2000));
        } else {
            assert!(codes(&after).is_empty(), "{after}");
        }
    }
}

#[tokio::test]
async fn a_dispute_over_a_part_that_is_lost_and_won_later_is_refunded_for_a_cancelled_order() {
    let (shop, order, intent, payment) = paid().await;
    let dispute = shop.sandbox.stripe_dispute(&intent, 500);
    shop.deliver_all().await;
    shop.sandbox.stripe_close_dispute(&dispute, false);
    shop.deliver_all().await;
    let lost = shop.payment(&payment["payment_id"]).await;
    assert_eq!(codes(&lost), ["DISPUTE_LOST"], "{lost}");
    decide(&shop, &payment, &lost["reviews"][0], json!({ "decision": "SETTLED" })).await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let reversed = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&reversed["status"], &reversed["refunded"], &reversed["withdrawn"]),
        (&"REVERSED".into(), &amount(1500), &amount(500)),
        "{reversed}"
    );
    shop.sandbox.stripe_close_dispute(&dispute, true);
    shop.deliver_all().await;
    shop.advance(SignedDuration::from_mins(2));
    shop.reconcile().await;
    let refunded = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&refunded["status"], &refunded["refunded"]),
        (&"REFUNDED".into(), &amount(2000)),
        "{refunded}"
    );
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn a_cancellation_and_a_report_of_its_payment_exclude_each_other_even_if_nothing_is_refunded() {
    let (shop, order, _, payment) = paid().await;
    refund(&shop, "all", &payment, 2000).await;
    let version = async || {
        let items = shop.engine.items(PAYMENTS).await;
        let stored = items.iter().find(|item| item["version"].is_number());
        stored.unwrap()["version"].as_u64().unwrap()
    };
    let before = version().await;
    assert_eq!(shop.cancel("ann", &order).await.body["status"], "CANCELLED");
    // A report that was read before the cancellation cannot be saved any more.
    assert_eq!(version().await, before + 1);
}

#[tokio::test]
async fn a_repeated_confirmation_of_a_payment_that_was_taken_back_is_the_first_one() {
    let (shop, order, intent, payment) = paid().await;
    let dispute = shop.sandbox.stripe_dispute(&intent, 2000);
    shop.sandbox.stripe_close_dispute(&dispute, false);
    shop.deliver_all().await;
    let again = shop.confirm(stripe_call("ann", "pay", &order, &intent, 2000)).await;
    assert!(again.status == 200 && again.replayed, "{again:?}");
    assert_eq!(
        (&again.body["payment_id"], &again.body["status"]),
        (&payment["payment_id"], &"REVERSED".into())
    );
}

#[tokio::test]
async fn a_refund_of_the_dashboard_in_place_of_a_failed_one_agrees_with_the_provider() {
    let (shop, _, intent, payment) = paid().await;
    refund(&shop, "r1", &payment, 1500).await;
    fail(&shop, &intent, 0).await;
    shop.sandbox.dashboard_refund(Provider::Stripe, &intent, 1500);
    shop.deliver_all().await;
    let refunded = shop.payment(&payment["payment_id"]).await;
    assert_eq!(
        (&refunded["refunded"], codes(&refunded)),
        (&amount(1500), vec![]),
        "{refunded}"
    );
    shop.advance(SignedDuration::from_hours(25));
    let summary = shop.reconcile().await;
    assert_eq!((summary.compared, summary.differences), (1, 0), "{summary:?}");
    shop.ledger_audit().await.assert_sound();
}

#[tokio::test]
async fn a_failed_refund_of_a_foreign_or_unknown_payment_is_no_matter_of_ours() {
    let (shop, _, _, payment) = paid().await;
    shop.sandbox.stripe_foreign_events();
    let webhooks = shop.sandbox.webhooks();
    assert!(webhooks.len() >= 8);
    for webhook in &webhooks {
        let answer = shop.deliver(webhook).await;
        assert_eq!(
            (answer.status, &answer.body["outcome"]),
            (200, &"IGNORED".into()),
            "{}",
            webhook.json()
        );
    }
    assert_eq!(shop.engine.count(PAYMENTS).await, 3, "one payment and its two requests");
    assert!(codes(&shop.payment(&payment["payment_id"]).await).is_empty());
}

#[tokio::test]
async fn a_refused_refund_is_told_in_words_about_a_refund() {
    let (shop, order, _, payment) = paid().await;
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.sandbox
        .plan(Provider::Stripe, "refund", Fault::Code("insufficient_funds".to_owned()));
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    let refused = shop.payment(&payment["payment_id"]).await;
    let detail = refused["reviews"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("refund of 2000 KRW") && detail.contains("insufficient_funds"),
        "{detail}"
    );
    assert!(!detail.to_lowercase().contains("pay again"), "{detail}");
}

#[tokio::test]
async fn what_is_only_not_over_yet_waits_for_the_reconciler() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await.body;
    let intent = started["reference"].as_str().unwrap();
    shop.sandbox.stripe_pay(intent, &Card::Processing);
    let cancelled = shop.cancel("ann", &order).await.body;
    shop.refund("OrderCancelled", &cancelled).await.unwrap();
    shop.sandbox.stripe_settle(intent, true);
    for _ in 0..3 {
        shop.advance(SignedDuration::from_mins(20));
        shop.reconcile().await;
    }
    assert_eq!(shop.payment(&started["payment_id"]).await["status"], "REFUNDED");
    shop.ledger_audit().await.assert_settled();
}

#[tokio::test]
async fn money_for_an_order_that_another_payment_may_pay_waits_for_the_reconciler() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    for operation in ["confirm", "payment", "order"] {
        shop.sandbox.plan(Provider::Toss, operation, Fault::DropAfter);
    }
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(shop.order_status("ann", &order).await, "PAYING");
    shop.sandbox.standard_charge(&order, 2000);
    for webhook in shop.sandbox.webhooks() {
        if webhook.path.ends_with("standard") {
            assert_eq!(shop.deliver(&webhook).await.status, 200);
        }
    }
    let items = shop.engine.items(PAYMENTS).await;
    let second = items.iter().find(|item| item["provider"] == "STANDARD").unwrap();
    assert_eq!(second["status"], "UNSERVABLE");
    shop.refund("PaymentUnservable", second).await.unwrap();
    assert_eq!(shop.payment(&second["payment_id"]).await["status"], "UNSERVABLE");
}
