//! Charges with unknown outcomes: timeouts, crashes and provider faults, and the reconciler after them.

use std::time::Duration;

use function_tests::payment_fixture::{amount, kakaopay_call, start_call, stripe_call, toss_call};
use function_tests::{PaymentFixture, RESERVATION, id_of};
use harness::engine::PAYMENTS;
use jiff::SignedDuration;
use sandbox::{Authentication, Card, Fault, Provider};
use shared::aws::lambda::Invocation;

/// Opens a shop with an order of 2,000 won and a Toss payment that its customer approved.
async fn with_toss() -> (PaymentFixture, String, String) {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let key = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    (shop, order, key)
}

/// The time after which the reconciler queries an attempt again.
const QUERY_DELAY: SignedDuration = SignedDuration::from_mins(4);

#[tokio::test]
async fn a_charge_with_a_lost_response_is_found_and_paid_once() {
    for fault in [Fault::DropAfter, Fault::ErrorAfter(500), Fault::ErrorAfter(503)] {
        let (shop, order, key) = with_toss().await;
        shop.sandbox.plan(Provider::Toss, "confirm", fault.clone());
        let answer = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
        assert_eq!(
            answer.status, 200,
            "the query right after it returns the charge: {fault:?} {answer:?}"
        );
        assert_eq!(shop.charged().charges, 1);
    }
}

#[tokio::test]
async fn a_timeout_is_not_a_failure() {
    let (shop, order, key) = with_toss().await;
    shop.sandbox.plan(Provider::Toss, "confirm", Fault::NeverAnswer);
    let hurried = Invocation::new(shop.now(), Duration::from_secs(2));
    let call = || toss_call("ann", "pay", &order, &key, 2000);
    let answer = shop.confirm_in(call(), hurried).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (202, &"UNKNOWN".into()),
        "{answer:?}"
    );
    assert!(
        shop.engine
            .events(PAYMENTS)
            .await
            .iter()
            .any(|(kind, _)| kind == "PaymentUnknown")
    );
    assert_eq!(shop.order_status("ann", &order).await, "PAYING");

    // Neither expiry nor the customer ends an order that may have been charged.
    shop.advance(RESERVATION);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
    assert_eq!(shop.cancel("ann", &order).await.problem(), "payment-under-way");
    assert_eq!(shop.engine.balance("tea").await.available, 8);
    let rival = shop.sandbox.toss_authenticate(&order, 2000, "KRW");
    let second = shop.confirm(toss_call("ann", "pay-2", &order, &rival, 2000)).await;
    assert_eq!(second.problem(), "payment-under-way", "no second charge");

    let summary = shop.reconcile().await;
    assert_eq!((summary.settled, summary.open), (1, 0), "{summary:?}");
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.charged().charges, 1);
    assert_eq!(shop.confirm(call()).await.status, 200);
}

#[tokio::test]
async fn a_lost_request_is_repeated_with_the_same_key() {
    let (shop, order, key) = with_toss().await;
    shop.sandbox.plan(Provider::Toss, "confirm", Fault::DropBefore);
    let answer = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert!(shop.sandbox.ledger().is_empty());
    shop.advance(QUERY_DELAY);
    assert_eq!(shop.reconcile().await.settled, 1);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn a_late_decline_releases_the_stock_after_the_deadline() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let declined = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &declined);
    shop.sandbox.plan(Provider::Toss, "confirm", Fault::DropAfter);
    shop.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    let answer = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    shop.advance(RESERVATION);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
    assert_eq!(shop.reconcile().await.settled, 1);
    assert_eq!(shop.payment_of("ann", &order).await["status"], "FAILED");
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    assert_eq!(shop.engine.balance("tea").await.available, 10);
}

#[tokio::test]
async fn a_crash_between_the_charge_and_its_record_is_settled_by_the_reconciler() {
    let (shop, order, key) = with_toss().await;
    // The attempt is recorded and the money is charged, but the function writes nothing after that.
    let call = toss_call("ann", "pay", &order, &key, 2000);
    let confirm = shop.confirm(call.clone());
    let charged = async {
        while shop.sandbox.ledger().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    shop.sandbox
        .plan(Provider::Toss, "confirm", Fault::Late(Duration::from_secs(30)));
    tokio::select! {
        answer = confirm => panic!("expected a crash, not {answer:?}"),
        () = charged => {}
    }
    assert_eq!(shop.payment_of("ann", &order).await["status"], "CONFIRMING");
    assert_eq!(shop.order_status("ann", &order).await, "PAYING");
    let early = shop.reconcile().await;
    assert_eq!((early.settled, early.open), (0, 0), "the call may still be running");
    shop.advance(QUERY_DELAY);
    assert_eq!(shop.reconcile().await.settled, 1);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.charged().charges, 1);
    assert_eq!(shop.confirm(call).await.status, 200);
}

#[tokio::test]
async fn an_unavailable_provider_is_queried_with_growing_delays() {
    let (shop, order, key) = with_toss().await;
    for _ in 0..200 {
        shop.sandbox.plan(Provider::Toss, "confirm", Fault::DropBefore);
        shop.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    }
    let call = toss_call("ann", "pay", &order, &key, 2000);
    assert_eq!(shop.confirm(call).await.status, 202);
    let mut queries = vec![];
    for minute in 1..=60 {
        shop.advance(SignedDuration::from_mins(1));
        if shop.reconcile().await.open == 1 {
            queries.push(minute);
        }
    }
    assert_eq!(queries, [1, 3, 7, 15, 31], "the delays double");
    assert!(shop.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_client_that_retries_after_a_crash_gets_the_outcome_at_once() {
    let (shop, order, key) = with_toss().await;
    shop.sandbox.plan(Provider::Toss, "confirm", Fault::DropAfter);
    shop.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    let call = || toss_call("ann", "pay", &order, &key, 2000);
    assert_eq!(shop.confirm(call()).await.status, 202);
    let again = shop.confirm(call()).await;
    assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn kakaopay_is_queried_by_tid_after_a_lost_response() {
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::ErrorAfter(500)] {
        let shop = PaymentFixture::with("tea", 10).await;
        let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
        let started = shop.start(start_call("ann", "start", "KAKAOPAY", &order)).await;
        let token = shop
            .sandbox
            .kakaopay_approve_in_app(started.body["reference"].as_str().unwrap());
        shop.sandbox.plan(Provider::Kakaopay, "approve", fault.clone());
        shop.sandbox.plan(Provider::Kakaopay, "order", Fault::DropBefore);
        let answer = shop.confirm(kakaopay_call("ann", "pay", &order, &token, 2000)).await;
        assert_eq!(answer.status, 202, "{fault:?} {answer:?}");
        shop.advance(QUERY_DELAY);
        assert_eq!(shop.reconcile().await.settled, 1, "{fault:?}");
        assert_eq!(shop.order_status("ann", &order).await, "PAID");
        assert_eq!(shop.charged().charges, 1);
    }
}

#[tokio::test]
async fn an_outcome_unknown_for_a_day_goes_to_review() {
    let (shop, order, key) = with_toss().await;
    for _ in 0..200 {
        for operation in ["confirm", "payment", "order"] {
            shop.sandbox.plan(Provider::Toss, operation, Fault::DropBefore);
        }
    }
    assert_eq!(
        shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await.status,
        202
    );
    let mut reviews = 0;
    for _ in 0..30 {
        shop.advance(SignedDuration::from_hours(1));
        reviews += shop.reconcile().await.reviews;
    }
    assert_eq!(reviews, 1);
    let payment = shop.payment_of("ann", &order).await;
    assert!(payment["reviews"][0]["detail"].is_string(), "{payment}");
    assert_eq!(
        shop.order_status("ann", &order).await,
        "PAYING",
        "its stock is held until the decision"
    );
    assert!(
        shop.engine
            .events(PAYMENTS)
            .await
            .iter()
            .any(|(kind, _)| kind == "PaymentReviewNeeded")
    );
}

#[tokio::test]
async fn a_started_payment_that_is_never_paid_is_closed() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await;
    let kakao = shop.start(start_call("ann", "start-2", "KAKAOPAY", &order)).await;
    assert_eq!(kakao.status, 201);
    shop.advance(RESERVATION + QUERY_DELAY);
    shop.expire_orders().await.unwrap();
    assert_eq!(shop.reconcile().await.settled, 2);
    let payment = shop.payment(&started.body["payment_id"]).await;
    assert_eq!(payment["status"], "FAILED");
    assert_eq!(shop.reconcile().await.settled, 0);
    shop.deliver_all().await;
    assert_eq!(shop.payment(&started.body["payment_id"]).await, payment);
}

#[tokio::test]
async fn a_payment_is_compared_with_the_providers_records_the_day_after() {
    let (shop, order, key) = with_toss().await;
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    let second = id_of(&shop.order("ann", "k2", &[("tea", 1)]).await);
    let other = shop.sandbox.toss_authenticate(&second, 1000, "KRW");
    shop.confirm(toss_call("ann", "pay-2", &second, &other, 1000)).await;
    shop.sandbox.dashboard_refund(Provider::Toss, &other, 400);
    shop.advance(SignedDuration::from_hours(23));
    assert_eq!(shop.reconcile().await.compared, 0);
    shop.advance(SignedDuration::from_hours(2));
    let summary = shop.reconcile().await;
    assert_eq!((summary.compared, summary.differences), (1, 1), "{summary:?}");
    let payment = shop.payment_of("ann", &second).await;
    assert_eq!(
        (&payment["refunded"], &payment["refunds"][0]["reason"]),
        (&amount(400), &"ELSEWHERE".into())
    );
    shop.advance(SignedDuration::from_hours(48));
    let summary = shop.reconcile().await;
    assert_eq!(summary.compared, 1, "once each: {summary:?}");
}

#[tokio::test]
async fn a_payment_recorded_but_unknown_to_the_provider_goes_to_review() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let deposit = Authentication {
        method: sandbox::Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &deposit);
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    shop.sandbox.toss_deposit(&key);
    shop.deliver_all().await;
    shop.sandbox.toss_withdraw_deposit(&key);
    shop.advance(SignedDuration::from_hours(25));
    assert_eq!(shop.reconcile().await.differences, 1);
    assert!(shop.payment_of("ann", &order).await["reviews"][0]["detail"].is_string());
}

#[tokio::test]
async fn two_concurrent_reconcilers_settle_once() {
    let (shop, order, key) = with_toss().await;
    shop.sandbox.plan(Provider::Toss, "confirm", Fault::DropAfter);
    shop.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    shop.advance(QUERY_DELAY);
    let (one, other) = tokio::join!(shop.reconcile(), shop.reconcile());
    assert_eq!((one.failed, other.failed), (0, 0));
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn a_stripe_charge_is_held_and_settled_while_stripe_is_unreachable() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await;
    let intent = started.body["reference"].as_str().unwrap();
    shop.sandbox.stripe_pay(intent, &Card::Good);
    for _ in 0..2 {
        shop.sandbox.plan(Provider::Stripe, "intent", Fault::ErrorBefore(500));
    }
    let answer = shop.confirm(stripe_call("ann", "pay", &order, intent, 2000)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    shop.advance(RESERVATION);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
    assert_eq!(shop.reconcile().await.settled, 1);
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn a_retry_during_a_charge_does_not_return_a_failure() {
    let (shop, order, key) = with_toss().await;
    shop.sandbox
        .plan(Provider::Toss, "confirm", Fault::Late(Duration::from_millis(300)));
    // Queries meanwhile find no such payment.
    for operation in ["payment", "order"] {
        shop.sandbox
            .plan(Provider::Toss, operation, Fault::Code("NOT_FOUND_PAYMENT".to_owned()));
    }
    let call = || toss_call("ann", "pay", &order, &key, 2000);
    let retry = async {
        while shop.sandbox.ledger().is_empty() {
            tokio::task::yield_now().await;
        }
        shop.confirm(call()).await
    };
    let (first, retried) = tokio::join!(shop.confirm(call()), retry);
    assert_eq!((first.status, retried.status), (200, 202), "{first:?} {retried:?}");
    assert_eq!(shop.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn an_attempt_with_a_lost_response_is_recognized_and_continues() {
    let (shop, order, key) = with_toss().await;
    for _ in 0..3 {
        shop.engine
            .faults
            .plan("TransactWriteItems", harness::Fault::LoseAnswer);
    }
    let answer = shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn a_declined_stripe_payment_is_closed_when_its_order_has_ended() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let started = shop.start(start_call("ann", "start", "STRIPE", &order)).await.body;
    let intent = started["reference"].as_str().unwrap();
    shop.sandbox
        .stripe_pay(intent, &Card::declined("card_declined", "insufficient_funds"));
    shop.deliver_all().await;
    assert_eq!(shop.payment(&started["payment_id"]).await["status"], "FAILED");
    shop.advance(RESERVATION + QUERY_DELAY);
    shop.expire_orders().await.unwrap();
    shop.reconcile().await;
    assert!(
        shop.sandbox.try_stripe_pay(intent, &Card::Good).is_err(),
        "it can no longer be paid"
    );
    shop.advance(SignedDuration::from_hours(1));
    let summary = shop.reconcile().await;
    assert_eq!((summary.settled, summary.open), (0, 0), "once: {summary:?}");
}

#[tokio::test]
async fn a_deposit_account_is_closed_when_its_order_has_ended() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    let deposit = Authentication {
        method: sandbox::Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = shop.sandbox.toss_authenticate_with(&order, 2000, "KRW", &deposit);
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    shop.advance(RESERVATION + QUERY_DELAY);
    shop.expire_orders().await.unwrap();
    shop.reconcile().await;
    let payment = shop.payment_of("ann", &order).await;
    assert_eq!(payment["status"], "FAILED", "{payment}");
    assert!(shop.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn one_outage_during_the_comparison_starts_no_review() {
    let (shop, order, key) = with_toss().await;
    shop.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    shop.advance(SignedDuration::from_hours(25));
    shop.sandbox.plan(Provider::Toss, "payment", Fault::ErrorBefore(500));
    let down = shop.reconcile().await;
    assert_eq!((down.open, down.reviews), (1, 0), "{down:?}");
    shop.advance(SignedDuration::from_hours(1));
    assert_eq!(shop.reconcile().await.compared, 1);
}

#[tokio::test]
async fn an_order_has_at_most_twenty_payment_attempts() {
    let shop = PaymentFixture::with("tea", 10).await;
    let order = id_of(&shop.order("ann", "k", &[("tea", 2)]).await);
    for n in 0..20 {
        let started = shop.start(start_call("ann", &format!("s{n}"), "STRIPE", &order)).await;
        assert_eq!(started.status, 201, "{started:?}");
    }
    let more = shop.start(start_call("ann", "more", "STRIPE", &order)).await;
    assert_eq!((more.status, more.problem()), (409, "too-many-payments"));
}
