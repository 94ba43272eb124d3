//! Stripe.

use std::time::Duration;

use sandbox::{Card, Fault};
use shared::payments::provider::ClientParameters;
use shared::payments::{Payment, Provider, ProviderStatus};

use super::{
    ProviderFixture, TOTAL, assert_charged, assert_failed, assert_refunded, assert_stands, assert_unknown, first,
    refund, refunded, refused, rejected, short, with_wrong_key,
};

/// A payment for order `n` that its customer made by `card`.
async fn paid(shop: &ProviderFixture, n: u32, card: &Card) -> Payment {
    let (payment, _) = shop.start(n).await;
    shop.sandbox.stripe_pay(&payment.reference, card);
    payment
}

#[tokio::test]
async fn a_payment_that_is_started_again_is_the_same() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let (first, client) = shop.start(1).await;
    let ClientParameters::Stripe { client_secret } = client else {
        panic!("other parameters");
    };
    assert!(client_secret.starts_with(&first.reference));
    assert_eq!(shop.start(1).await.0, first);
    let other = shop.try_start(1, "another-request").await.unwrap();
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
        let shop = ProviderFixture::open(Provider::Stripe).await;
        shop.plan("create_intent", &[fault]);
        let lost = shop.try_start(1, "request-1").await;
        assert!(matches!(lost, Err(shared::Error::Unavailable { .. })), "{lost:?}");
        let (payment, _) = shop.start(1).await;
        assert_stands(shop.find(&payment).await, &ProviderStatus::Pending);
    }
}

#[tokio::test]
async fn a_payment_stands_where_its_customer_has_come_to() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let (payment, _) = shop.start(1).await;
    assert_stands(shop.confirm(&payment, None).await, &ProviderStatus::Pending);
    shop.sandbox
        .stripe_pay(&payment.reference, &Card::declined("card_declined", "lost_card"));
    assert_failed(shop.confirm(&payment, None).await, "lost_card");
    shop.sandbox.stripe_pay(&payment.reference, &Card::RequiresAction);
    assert_stands(shop.confirm(&payment, None).await, &ProviderStatus::Pending);
    shop.sandbox.stripe_pay(&payment.reference, &Card::Processing);
    assert_stands(shop.confirm(&payment, None).await, &ProviderStatus::Processing);
    shop.sandbox.stripe_settle(&payment.reference, true);
    for _ in 0..2 {
        assert_charged(shop.confirm(&payment, None).await, &payment);
    }
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_answer_is_not_a_no() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let payment = paid(&shop, 1, &Card::Good).await;
    for fault in [
        Fault::NeverAnswer,
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::ErrorAfter(500),
        Fault::Busy,
    ] {
        shop.plan("intent", &[fault]);
        assert_unknown(&shop.confirm_by(&payment, None, short()).await);
    }
    assert_stands(shop.find(&payment).await, &ProviderStatus::Charged);
}

#[tokio::test]
async fn an_abandoned_payment_can_be_paid_no_more() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let (payment, _) = shop.start(1).await;
    shop.plan("cancel_intent", &[Fault::DropAfter]);
    assert_unknown(&shop.abandon(&payment).await);
    for _ in 0..2 {
        assert_failed(shop.abandon(&payment).await, "canceled");
    }
    let processing = paid(&shop, 2, &Card::Processing).await;
    assert_stands(shop.abandon(&processing).await, &ProviderStatus::Processing);
    let charged = paid(&shop, 3, &Card::Good).await;
    assert_stands(shop.abandon(&charged).await, &ProviderStatus::Charged);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn of_an_intent_that_is_not_known_no_money_was_taken() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    for reference in ["pi_none", "a/b?c"] {
        let payment = shop.payment(1, reference);
        assert_failed(shop.confirm(&payment, None).await, "resource_missing");
        assert_failed(shop.abandon(&payment).await, "resource_missing");
    }
    let payment = paid(&shop, 1, &Card::Good).await;
    assert_failed(shop.find(&shop.payment(2, &payment.reference)).await, "OTHER_ORDER");
}

#[tokio::test]
async fn a_wrong_key_says_nothing_of_a_payment_that_the_customer_makes() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let payment = shop.payment(1, "pi_1");
    shop.vault.set(&with_wrong_key(&shop, "stripe"));
    assert_eq!(rejected(shop.try_start(1, "request-1").await), "payment-refused");
    assert_unknown(&shop.confirm(&payment, None).await);
    assert_unknown(&shop.abandon(&payment).await);
    assert_unknown(&shop.refund(&payment, &refund(11, 500)).await);
}

#[tokio::test]
async fn a_refund_that_is_asked_for_again_is_made_once() {
    for fault in [Fault::NeverAnswer, Fault::DropAfter, Fault::ErrorAfter(500)] {
        let shop = ProviderFixture::open(Provider::Stripe).await;
        let payment = paid(&shop, 1, &Card::Good).await;
        shop.plan("refund", &[fault]);
        let asked = refund(11, 500);
        assert_unknown(&shop.api().refund(first(&payment), &asked, short()).await);
        assert_refunded(shop.refund(&payment, &asked).await, 500);
        assert_refunded(shop.refund(&payment, &asked).await, 500);
        assert_eq!(shop.moved(), (1, 1, 500));
        assert_refunded(shop.refund(&refunded(&payment, 500), &refund(12, 1500)).await, TOTAL);
        assert_eq!(shop.moved(), (1, 2, 2000));
    }
}

#[tokio::test]
async fn a_refund_that_was_made_is_reported_though_the_intent_cannot_be_had() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let payment = paid(&shop, 1, &Card::Good).await;
    // The first look, before the refund, goes well.
    let well = Fault::Late(Duration::from_millis(1));
    shop.plan("intent", &[well, Fault::ErrorBefore(503)]);
    assert_refunded(shop.refund(&payment, &refund(11, 500)).await, 500);
    assert_eq!(shop.moved(), (1, 1, 500));
}

#[tokio::test]
async fn a_refund_goes_only_on_top_of_what_we_know_has_gone_back() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let payment = paid(&shop, 1, &Card::Good).await;
    shop.refund_elsewhere(&payment, 300);
    assert_refunded(shop.refund(&payment, &refund(11, 500)).await, 300);
    let known = refunded(&payment, 300);
    assert_eq!(
        refused(shop.refund(&known, &refund(12, 1701)).await).code,
        "amount_too_large"
    );
    assert_refunded(shop.refund(&known, &refund(11, 500)).await, 800);
    assert_eq!(shop.moved(), (1, 2, 800));
    // A refund of ours that came back from the bank is a person's to look at.
    assert_eq!(
        refused(shop.refund(&refunded(&payment, 900), &refund(13, 100)).await).code,
        "REFUNDS_DIFFER"
    );
}
