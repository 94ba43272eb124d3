//! Stripe.

use std::time::Duration;

use sandbox::{Card, Fault};
use shared::payments::provider::ClientParameters;
use shared::payments::{Payment, Provider, Standing};

use super::{
    Desk, TOTAL, assert_charged, assert_failed, assert_refunded, assert_stands, assert_unknown, first, refund,
    refunded, refused, rejected, short, with_wrong_key,
};

/// A payment for order `n` that its customer made by `card`.
async fn paid(desk: &Desk, n: u32, card: &Card) -> Payment {
    let (payment, _) = desk.start(n).await;
    desk.sandbox.stripe_pay(&payment.reference, card);
    payment
}

#[tokio::test]
async fn a_payment_that_is_started_again_is_the_same() {
    let desk = Desk::open(Provider::Stripe).await;
    let (first, client) = desk.start(1).await;
    let ClientParameters::Stripe { client_secret } = client else {
        panic!("other parameters");
    };
    assert!(client_secret.starts_with(&first.reference));
    assert_eq!(desk.start(1).await.0, first);
    let other = desk.try_start(1, "another-request").await.unwrap();
    assert_ne!(other.reference, Some(first.reference));
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_can_be_made_again() {
    for fault in [
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::ErrorBefore(503),
        Fault::Busy,
    ] {
        let desk = Desk::open(Provider::Stripe).await;
        desk.plan("create_intent", &[fault]);
        let lost = desk.try_start(1, "request-1").await;
        assert!(matches!(lost, Err(shared::Error::Unavailable { .. })), "{lost:?}");
        let (payment, _) = desk.start(1).await;
        assert_stands(desk.find(&payment).await, &Standing::Pending);
    }
}

#[tokio::test]
async fn a_payment_stands_where_its_customer_has_come_to() {
    let desk = Desk::open(Provider::Stripe).await;
    let (payment, _) = desk.start(1).await;
    assert_stands(desk.confirm(&payment, None).await, &Standing::Pending);
    desk.sandbox
        .stripe_pay(&payment.reference, &Card::declined("card_declined", "lost_card"));
    assert_failed(desk.confirm(&payment, None).await, "lost_card");
    desk.sandbox.stripe_pay(&payment.reference, &Card::RequiresAction);
    assert_stands(desk.confirm(&payment, None).await, &Standing::Pending);
    desk.sandbox.stripe_pay(&payment.reference, &Card::Processing);
    assert_stands(desk.confirm(&payment, None).await, &Standing::Processing);
    desk.sandbox.stripe_settle(&payment.reference, true);
    for _ in 0..2 {
        assert_charged(desk.confirm(&payment, None).await, &payment);
    }
    assert_eq!(desk.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_answer_is_not_a_no() {
    let desk = Desk::open(Provider::Stripe).await;
    let payment = paid(&desk, 1, &Card::Good).await;
    for fault in [
        Fault::NeverAnswer,
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::ErrorAfter(500),
        Fault::Busy,
    ] {
        desk.plan("intent", &[fault]);
        assert_unknown(&desk.confirm_by(&payment, None, short()).await);
    }
    assert_stands(desk.find(&payment).await, &Standing::Charged);
}

#[tokio::test]
async fn an_abandoned_payment_can_be_paid_no_more() {
    let desk = Desk::open(Provider::Stripe).await;
    let (payment, _) = desk.start(1).await;
    desk.plan("cancel_intent", &[Fault::DropAfter]);
    assert_unknown(&desk.abandon(&payment).await);
    for _ in 0..2 {
        assert_failed(desk.abandon(&payment).await, "canceled");
    }
    let processing = paid(&desk, 2, &Card::Processing).await;
    assert_stands(desk.abandon(&processing).await, &Standing::Processing);
    let charged = paid(&desk, 3, &Card::Good).await;
    assert_stands(desk.abandon(&charged).await, &Standing::Charged);
    assert_eq!(desk.moved(), (1, 0, 0));
}

#[tokio::test]
async fn of_an_intent_that_is_not_known_no_money_was_taken() {
    let desk = Desk::open(Provider::Stripe).await;
    for reference in ["pi_none", "a/b?c"] {
        let payment = desk.payment(1, reference);
        assert_failed(desk.confirm(&payment, None).await, "resource_missing");
        assert_failed(desk.abandon(&payment).await, "resource_missing");
    }
    let payment = paid(&desk, 1, &Card::Good).await;
    assert_failed(desk.find(&desk.payment(2, &payment.reference)).await, "OTHER_ORDER");
}

#[tokio::test]
async fn a_wrong_key_says_nothing_of_a_payment_that_the_customer_makes() {
    let desk = Desk::open(Provider::Stripe).await;
    let payment = desk.payment(1, "pi_1");
    desk.vault.set(&with_wrong_key(&desk, "stripe"));
    assert_eq!(rejected(desk.try_start(1, "request-1").await), "payment-refused");
    assert_unknown(&desk.confirm(&payment, None).await);
    assert_unknown(&desk.abandon(&payment).await);
    assert_unknown(&desk.refund(&payment, &refund(11, 500)).await);
}

#[tokio::test]
async fn a_refund_that_is_asked_for_again_is_made_once() {
    for fault in [Fault::NeverAnswer, Fault::DropAfter, Fault::ErrorAfter(500)] {
        let desk = Desk::open(Provider::Stripe).await;
        let payment = paid(&desk, 1, &Card::Good).await;
        desk.plan("refund", &[fault]);
        let asked = refund(11, 500);
        assert_unknown(&desk.api().refund(first(&payment), &asked, short()).await);
        assert_refunded(desk.refund(&payment, &asked).await, 500);
        assert_refunded(desk.refund(&payment, &asked).await, 500);
        assert_eq!(desk.moved(), (1, 1, 500));
        assert_refunded(desk.refund(&refunded(&payment, 500), &refund(12, 1500)).await, TOTAL);
        assert_eq!(desk.moved(), (1, 2, 2000));
    }
}

#[tokio::test]
async fn a_refund_that_was_made_is_reported_though_the_intent_cannot_be_had() {
    let desk = Desk::open(Provider::Stripe).await;
    let payment = paid(&desk, 1, &Card::Good).await;
    // The first look, before the refund, goes well.
    let well = Fault::Late(Duration::from_millis(1));
    desk.plan("intent", &[well, Fault::ErrorBefore(503)]);
    assert_refunded(desk.refund(&payment, &refund(11, 500)).await, 500);
    assert_eq!(desk.moved(), (1, 1, 500));
}

#[tokio::test]
async fn a_refund_goes_only_on_top_of_what_we_know_has_gone_back() {
    let desk = Desk::open(Provider::Stripe).await;
    let payment = paid(&desk, 1, &Card::Good).await;
    desk.refund_elsewhere(&payment, 300);
    assert_refunded(desk.refund(&payment, &refund(11, 500)).await, 300);
    let known = refunded(&payment, 300);
    assert_eq!(
        refused(desk.refund(&known, &refund(12, 1701)).await).code,
        "amount_too_large"
    );
    assert_refunded(desk.refund(&known, &refund(11, 500)).await, 800);
    assert_eq!(desk.moved(), (1, 2, 800));
    // A refund of ours that came back from the bank is a person's to look at.
    assert_eq!(
        refused(desk.refund(&refunded(&payment, 900), &refund(13, 100)).await).code,
        "REFUNDS_DIFFER"
    );
}
