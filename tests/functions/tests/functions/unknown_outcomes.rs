//! When nobody knows whether the money was taken: timeouts, crashes, faults of the provider, and the reconciler after them.

use std::time::Duration;

use function_tests::till::{amount, confirm_call, start_call, toss_call};
use function_tests::{RESERVATION, Till, id_of};
use harness::engine::PAYMENTS;
use jiff::SignedDuration;
use sandbox::{Authentication, Card, Fault, Provider};
use serde_json::json;
use shared::aws::lambda::Invocation;

/// A till with an order of 2,000 won, and a Toss payment of it that its customer agreed to.
async fn with_toss() -> (Till, String, String) {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    let key = till.sandbox.toss_authenticate(&order, 2000, "KRW");
    (till, order, key)
}

/// Enough for the reconciler to look at an attempt again.
const A_WHILE: SignedDuration = SignedDuration::from_mins(4);

#[tokio::test]
async fn a_charge_whose_answer_was_lost_is_found_and_paid_once() {
    for fault in [Fault::DropAfter, Fault::ErrorAfter(500), Fault::ErrorAfter(503)] {
        let (till, order, key) = with_toss().await;
        till.sandbox.plan(Provider::Toss, "confirm", fault.clone());
        let answer = till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
        assert_eq!(
            answer.status, 200,
            "asked at once, the provider says it: {fault:?} {answer:?}"
        );
        assert_eq!(till.charged().charges, 1);
    }
}

#[tokio::test]
async fn a_timeout_is_not_a_failure() {
    let (till, order, key) = with_toss().await;
    till.sandbox.plan(Provider::Toss, "confirm", Fault::NeverAnswer);
    let hurried = Invocation::new(till.now(), Duration::from_secs(2));
    let call = || toss_call("ann", "pay", &order, &key, 2000);
    let answer = till.confirm_in(call(), hurried).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (202, &"UNKNOWN".into()),
        "{answer:?}"
    );
    assert!(
        till.engine
            .events(PAYMENTS)
            .await
            .iter()
            .any(|(kind, _)| kind == "PaymentUnknown")
    );
    assert_eq!(till.order_status("ann", &order).await, "PAYING");

    // Neither time nor its customer ends an order whose money may have been taken.
    till.pass(RESERVATION);
    assert_eq!(till.expire_orders().await.unwrap().processed, 0);
    assert_eq!(till.cancel("ann", &order).await.problem(), "payment-under-way");
    assert_eq!(till.engine.balance("tea").await.available, 8);
    let rival = till.sandbox.toss_authenticate(&order, 2000, "KRW");
    let second = till.confirm(toss_call("ann", "pay-2", &order, &rival, 2000)).await;
    assert_eq!(second.problem(), "payment-under-way", "nobody pays twice");

    let summary = till.reconcile().await;
    assert_eq!((summary.settled, summary.open), (1, 0), "{summary:?}");
    assert_eq!(till.order_status("ann", &order).await, "PAID");
    assert_eq!(till.charged().charges, 1);
    assert_eq!(till.confirm(call()).await.status, 200);
}

#[tokio::test]
async fn a_provider_that_never_got_the_request_is_asked_with_the_same_key_again() {
    let (till, order, key) = with_toss().await;
    till.sandbox.plan(Provider::Toss, "confirm", Fault::DropBefore);
    let answer = till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert!(till.sandbox.ledger().is_empty());
    till.pass(A_WHILE);
    assert_eq!(till.reconcile().await.settled, 1);
    assert_eq!(till.order_status("ann", &order).await, "PAID");
    assert_eq!(till.charged().charges, 1);
}

#[tokio::test]
async fn a_no_that_comes_late_gives_the_stock_back_when_the_time_is_over() {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    let declined = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let key = till.sandbox.toss_authenticate_with(&order, 2000, "KRW", &declined);
    till.sandbox.plan(Provider::Toss, "confirm", Fault::DropAfter);
    till.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    let answer = till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    till.pass(RESERVATION);
    assert_eq!(till.expire_orders().await.unwrap().processed, 0);
    assert_eq!(till.reconcile().await.settled, 1);
    assert_eq!(till.payment_of("ann", &order).await["status"], "FAILED");
    assert_eq!(till.expire_orders().await.unwrap().processed, 1);
    assert_eq!(till.engine.balance("tea").await.available, 10);
}

#[tokio::test]
async fn a_crash_between_the_charge_and_our_write_is_settled_by_the_reconciler() {
    let (till, order, key) = with_toss().await;
    // The attempt is written, the money is taken, and from then on the function writes nothing any more.
    let call = toss_call("ann", "pay", &order, &key, 2000);
    let confirm = till.confirm(call.clone());
    let charged = async {
        while till.sandbox.ledger().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    till.sandbox
        .plan(Provider::Toss, "confirm", Fault::Late(Duration::from_secs(30)));
    tokio::select! {
        answer = confirm => panic!("it was to crash, and answered {answer:?}"),
        () = charged => {}
    }
    assert_eq!(till.payment_of("ann", &order).await["status"], "CONFIRMING");
    assert_eq!(till.order_status("ann", &order).await, "PAYING");
    let early = till.reconcile().await;
    assert_eq!((early.settled, early.open), (0, 0), "it may be under way still");
    till.pass(A_WHILE);
    assert_eq!(till.reconcile().await.settled, 1);
    assert_eq!(till.order_status("ann", &order).await, "PAID");
    assert_eq!(till.charged().charges, 1);
    assert_eq!(till.confirm(call).await.status, 200);
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_later_and_later() {
    let (till, order, key) = with_toss().await;
    for _ in 0..200 {
        till.sandbox.plan(Provider::Toss, "confirm", Fault::DropBefore);
        till.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    }
    let call = toss_call("ann", "pay", &order, &key, 2000);
    assert_eq!(till.confirm(call).await.status, 202);
    let mut looks = vec![];
    for minute in 1..=60 {
        till.pass(SignedDuration::from_mins(1));
        if till.reconcile().await.open == 1 {
            looks.push(minute);
        }
    }
    assert_eq!(looks, [1, 3, 7, 15, 31], "the pauses double");
    assert!(till.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_client_that_retries_after_a_crash_learns_the_truth_at_once() {
    let (till, order, key) = with_toss().await;
    till.sandbox.plan(Provider::Toss, "confirm", Fault::DropAfter);
    till.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    let call = || toss_call("ann", "pay", &order, &key, 2000);
    assert_eq!(till.confirm(call()).await.status, 202);
    let again = till.confirm(call()).await;
    assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
    assert_eq!(till.charged().charges, 1);
}

#[tokio::test]
async fn kakaopay_is_asked_by_its_tid_when_its_answer_was_lost() {
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::ErrorAfter(500)] {
        let till = Till::with("tea", 10).await;
        let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
        let started = till.start(start_call("ann", "start", "kakaopay", &order)).await;
        let token = till
            .sandbox
            .kakaopay_approve_in_app(started.body["reference"].as_str().unwrap());
        till.sandbox.plan(Provider::Kakaopay, "approve", fault.clone());
        till.sandbox.plan(Provider::Kakaopay, "order", Fault::DropBefore);
        let body = json!({ "provider": "kakaopay", "order_id": order, "pg_token": token, "amount": amount(2000) });
        let answer = till.confirm(confirm_call("ann", "pay", &body)).await;
        assert_eq!(answer.status, 202, "{fault:?} {answer:?}");
        till.pass(A_WHILE);
        assert_eq!(till.reconcile().await.settled, 1, "{fault:?}");
        assert_eq!(till.order_status("ann", &order).await, "PAID");
        assert_eq!(till.charged().charges, 1);
    }
}

#[tokio::test]
async fn what_a_provider_does_not_say_for_a_day_is_for_a_person() {
    let (till, order, key) = with_toss().await;
    for _ in 0..200 {
        for operation in ["confirm", "payment", "order"] {
            till.sandbox.plan(Provider::Toss, operation, Fault::DropBefore);
        }
    }
    assert_eq!(
        till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await.status,
        202
    );
    let mut reviews = 0;
    for _ in 0..30 {
        till.pass(SignedDuration::from_hours(1));
        reviews += till.reconcile().await.reviews;
    }
    assert_eq!(reviews, 1);
    let payment = till.payment_of("ann", &order).await;
    assert!(payment["review"]["reason"].is_string(), "{payment}");
    assert_eq!(
        till.order_status("ann", &order).await,
        "PAYING",
        "its stock is held until a person decides"
    );
    assert!(
        till.engine
            .events(PAYMENTS)
            .await
            .iter()
            .any(|(kind, _)| kind == "PaymentReviewNeeded")
    );
}

#[tokio::test]
async fn a_payment_that_was_begun_and_never_paid_can_be_paid_no_more() {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    let started = till.start(start_call("ann", "start", "stripe", &order)).await;
    let kakao = till.start(start_call("ann", "start-2", "kakaopay", &order)).await;
    assert_eq!(kakao.status, 201);
    till.pass(RESERVATION + A_WHILE);
    till.expire_orders().await.unwrap();
    assert_eq!(till.reconcile().await.settled, 2);
    let payment = till.payment(&started.body["payment_id"]).await;
    assert_eq!(payment["status"], "FAILED");
    assert_eq!(till.reconcile().await.settled, 0);
    till.deliver_all().await;
    assert_eq!(till.payment(&started.body["payment_id"]).await, payment);
}

#[tokio::test]
async fn a_payment_is_compared_with_the_providers_books_the_day_after() {
    let (till, order, key) = with_toss().await;
    till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    let second = id_of(&till.order("ann", "k2", &[("tea", 1)]).await);
    let other = till.sandbox.toss_authenticate(&second, 1000, "KRW");
    till.confirm(toss_call("ann", "pay-2", &second, &other, 1000)).await;
    till.sandbox.dashboard_refund(Provider::Toss, &other, 400);
    till.pass(SignedDuration::from_hours(23));
    assert_eq!(till.reconcile().await.compared, 0);
    till.pass(SignedDuration::from_hours(2));
    let summary = till.reconcile().await;
    assert_eq!((summary.compared, summary.differences), (1, 1), "{summary:?}");
    let payment = till.payment_of("ann", &second).await;
    assert_eq!(
        (&payment["refunded"], &payment["refunds"][0]["reason"]),
        (&amount(400), &"ELSEWHERE".into())
    );
    till.pass(SignedDuration::from_hours(48));
    let summary = till.reconcile().await;
    assert_eq!(summary.compared, 1, "once each: {summary:?}");
}

#[tokio::test]
async fn books_that_have_more_than_the_provider_are_for_a_person() {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    let deposit = Authentication {
        method: sandbox::Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = till.sandbox.toss_authenticate_with(&order, 2000, "KRW", &deposit);
    till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    till.sandbox.toss_deposit(&key);
    till.deliver_all().await;
    till.sandbox.toss_withdraw_deposit(&key);
    till.pass(SignedDuration::from_hours(25));
    assert_eq!(till.reconcile().await.differences, 1);
    assert!(till.payment_of("ann", &order).await["review"]["reason"].is_string());
}

#[tokio::test]
async fn two_reconcilers_at_once_settle_once() {
    let (till, order, key) = with_toss().await;
    till.sandbox.plan(Provider::Toss, "confirm", Fault::DropAfter);
    till.sandbox.plan(Provider::Toss, "payment", Fault::DropBefore);
    till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    till.pass(A_WHILE);
    let (one, other) = tokio::join!(till.reconcile(), till.reconcile());
    assert_eq!((one.failed, other.failed), (0, 0));
    assert_eq!(till.order_status("ann", &order).await, "PAID");
    assert_eq!(till.charged().charges, 1);
}

#[tokio::test]
async fn a_stripe_charge_while_stripe_does_not_answer_us_is_held_and_settled() {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    let started = till.start(start_call("ann", "start", "stripe", &order)).await;
    let intent = started.body["reference"].as_str().unwrap();
    till.sandbox.stripe_pay(intent, &Card::Good);
    for _ in 0..2 {
        till.sandbox.plan(Provider::Stripe, "intent", Fault::ErrorBefore(500));
    }
    let body = json!({ "provider": "stripe", "order_id": order, "payment_intent": intent, "amount": amount(2000) });
    let answer = till.confirm(confirm_call("ann", "pay", &body)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    till.pass(RESERVATION);
    assert_eq!(till.expire_orders().await.unwrap().processed, 0);
    assert_eq!(till.reconcile().await.settled, 1);
    assert_eq!(till.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn a_customer_who_retries_while_the_money_is_being_taken_is_not_told_no() {
    let (till, order, key) = with_toss().await;
    till.sandbox
        .plan(Provider::Toss, "confirm", Fault::Late(Duration::from_millis(300)));
    // Whoever asks meanwhile is told that there is no such payment.
    for operation in ["payment", "order"] {
        till.sandbox
            .plan(Provider::Toss, operation, Fault::Code("NOT_FOUND_PAYMENT".to_owned()));
    }
    let call = || toss_call("ann", "pay", &order, &key, 2000);
    let retry = async {
        while till.sandbox.ledger().is_empty() {
            tokio::task::yield_now().await;
        }
        till.confirm(call()).await
    };
    let (first, retried) = tokio::join!(till.confirm(call()), retry);
    assert_eq!((first.status, retried.status), (200, 202), "{first:?} {retried:?}");
    assert_eq!(till.order_status("ann", &order).await, "PAID");
}

#[tokio::test]
async fn an_attempt_whose_answer_was_lost_is_recognised_and_goes_on() {
    let (till, order, key) = with_toss().await;
    for _ in 0..3 {
        till.engine
            .faults
            .plan("TransactWriteItems", harness::Fault::LoseAnswer);
    }
    let answer = till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(till.charged().charges, 1);
}

#[tokio::test]
async fn a_stripe_payment_that_was_refused_once_is_closed_when_its_order_has_ended() {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    let started = till.start(start_call("ann", "start", "stripe", &order)).await.body;
    let intent = started["reference"].as_str().unwrap();
    till.sandbox
        .stripe_pay(intent, &Card::declined("card_declined", "insufficient_funds"));
    till.deliver_all().await;
    assert_eq!(till.payment(&started["payment_id"]).await["status"], "FAILED");
    till.pass(RESERVATION + A_WHILE);
    till.expire_orders().await.unwrap();
    till.reconcile().await;
    assert!(
        till.sandbox.try_stripe_pay(intent, &Card::Good).is_err(),
        "nobody can pay it any more"
    );
    till.pass(SignedDuration::from_hours(1));
    let summary = till.reconcile().await;
    assert_eq!((summary.settled, summary.open), (0, 0), "once: {summary:?}");
}

#[tokio::test]
async fn the_account_of_a_deposit_is_closed_when_its_order_has_ended() {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    let deposit = Authentication {
        method: sandbox::Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = till.sandbox.toss_authenticate_with(&order, 2000, "KRW", &deposit);
    till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    till.pass(RESERVATION + A_WHILE);
    till.expire_orders().await.unwrap();
    till.reconcile().await;
    let payment = till.payment_of("ann", &order).await;
    assert_eq!(payment["status"], "FAILED", "{payment}");
    assert!(till.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn one_outage_at_the_comparison_is_no_matter_for_a_person() {
    let (till, order, key) = with_toss().await;
    till.confirm(toss_call("ann", "pay", &order, &key, 2000)).await;
    till.pass(SignedDuration::from_hours(25));
    till.sandbox.plan(Provider::Toss, "payment", Fault::ErrorBefore(500));
    let down = till.reconcile().await;
    assert_eq!((down.open, down.reviews), (1, 0), "{down:?}");
    till.pass(SignedDuration::from_hours(1));
    assert_eq!(till.reconcile().await.compared, 1);
}

#[tokio::test]
async fn an_order_is_begun_to_be_paid_twenty_times_at_most() {
    let till = Till::with("tea", 10).await;
    let order = id_of(&till.order("ann", "k", &[("tea", 2)]).await);
    for n in 0..20 {
        let started = till.start(start_call("ann", &format!("s{n}"), "stripe", &order)).await;
        assert_eq!(started.status, 201, "{started:?}");
    }
    let more = till.start(start_call("ann", "more", "stripe", &order)).await;
    assert_eq!((more.status, more.problem()), (409, "too-many-payments"));
}
