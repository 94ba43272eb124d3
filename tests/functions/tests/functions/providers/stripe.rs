//! Stripe.

use std::time::Duration;

use sandbox::{Card, Fault};
use shared::payments::provider::ClientParameters;
use shared::payments::{Payment, Provider, ProviderStatus};

use super::{
    ProviderFixture, TOTAL, assert_charged, assert_failed, assert_refunded, assert_status, assert_unknown, first,
    refund, refunded, refused, rejected, short, with_wrong_key,
};

/// Returns a payment for order `n` that its customer paid by `card`.
async fn paid(shop: &ProviderFixture, n: u32, card: &Card) -> Payment {
    let (payment, _) = shop.start(n).await;
    shop.sandbox.stripe_pay(&payment.reference, card);
    payment
}

#[tokio::test]
async fn a_payment_started_again_is_the_same() {
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
async fn a_start_with_a_lost_response_can_be_repeated() {
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
        assert_status(shop.find(&payment).await, &ProviderStatus::Pending);
    }
}

#[tokio::test]
async fn a_payment_has_the_status_that_its_customer_has_reached() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let (payment, _) = shop.start(1).await;
    assert_status(shop.confirm(&payment, None).await, &ProviderStatus::Pending);
    shop.sandbox
        .stripe_pay(&payment.reference, &Card::declined("card_declined", "lost_card"));
    assert_failed(shop.confirm(&payment, None).await, "lost_card");
    shop.sandbox.stripe_pay(&payment.reference, &Card::RequiresAction);
    assert_status(shop.confirm(&payment, None).await, &ProviderStatus::Pending);
    shop.sandbox.stripe_pay(&payment.reference, &Card::Processing);
    assert_status(shop.confirm(&payment, None).await, &ProviderStatus::Processing);
    shop.sandbox.stripe_settle(&payment.reference, true);
    for _ in 0..2 {
        assert_charged(shop.confirm(&payment, None).await, &payment);
    }
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_response_is_not_a_failure() {
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
    assert_status(shop.find(&payment).await, &ProviderStatus::Charged);
}

#[tokio::test]
async fn an_abandoned_payment_cannot_be_paid() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let (payment, _) = shop.start(1).await;
    shop.plan("cancel_intent", &[Fault::DropAfter]);
    assert_unknown(&shop.abandon(&payment).await);
    for _ in 0..2 {
        assert_failed(shop.abandon(&payment).await, "canceled");
    }
    let processing = paid(&shop, 2, &Card::Processing).await;
    assert_status(shop.abandon(&processing).await, &ProviderStatus::Processing);
    let charged = paid(&shop, 3, &Card::Good).await;
    assert_status(shop.abandon(&charged).await, &ProviderStatus::Charged);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn an_unknown_intent_charged_nothing() {
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
async fn with_a_wrong_key_the_status_of_a_customers_payment_is_unknown() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let payment = shop.payment(1, "pi_1");
    shop.vault.set(&with_wrong_key(&shop, "stripe"));
    assert_eq!(rejected(shop.try_start(1, "request-1").await), "payment-refused");
    assert_unknown(&shop.confirm(&payment, None).await);
    assert_unknown(&shop.abandon(&payment).await);
    assert_unknown(&shop.refund(&payment, &refund(11, 500)).await);
}

#[tokio::test]
async fn a_repeated_refund_is_made_once() {
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
async fn a_made_refund_is_unknown_until_stripes_present_state_shows_it() {
    let shop = ProviderFixture::open(Provider::Stripe).await;
    let payment = paid(&shop, 1, &Card::Good).await;
    // The first read, before the refund, succeeds.
    let well = Fault::Late(Duration::from_millis(1));
    shop.plan("intent", &[well, Fault::ErrorBefore(503)]);
    let asked = refund(11, 500);
    assert_unknown(&shop.refund(&payment, &asked).await);
    assert_refunded(shop.refund(&payment, &asked).await, 500);
    assert_eq!(shop.moved(), (1, 1, 500));
}

#[tokio::test]
async fn a_refund_needs_the_sum_refunded_before() {
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
    // Less than the records have: the caller enters the present state first.
    assert_refunded(shop.refund(&refunded(&payment, 900), &refund(13, 100)).await, 800);
    assert_eq!(shop.moved(), (1, 2, 800));
}
