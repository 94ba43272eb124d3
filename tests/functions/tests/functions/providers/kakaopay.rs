//! KakaoPay.

use sandbox::Fault;
use shared::payments::provider::{ClientParameters, Start};
use shared::payments::{Payment, Provider, ProviderStatus};

use super::{
    ProviderFixture, TOTAL, ample, assert_charged, assert_refunded, assert_status, assert_unknown, first, order,
    refund, refunded, refused, rejected, report, short, with_wrong_key,
};

/// Returns a payment for order `n` that its customer approved, and the token that the customer returned with.
async fn agreed(shop: &ProviderFixture, n: u32) -> (Payment, String) {
    let (payment, _) = shop.start(n).await;
    let token = shop.sandbox.kakaopay_approve_in_app(&payment.reference);
    (payment, token)
}

/// Returns a charged payment for order 1.
async fn paid(shop: &ProviderFixture) -> Payment {
    let (payment, token) = agreed(shop, 1).await;
    assert_status(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
    payment
}

#[tokio::test]
async fn a_customer_is_redirected_and_needs_a_return_url() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let (payment, client) = shop.start(1).await;
    assert!(matches!(client, ClientParameters::KakaoPay { pc_url, .. } if pc_url.starts_with("https://")));
    assert_status(shop.find(&payment).await, &ProviderStatus::Pending);
    assert_status(shop.abandon(&payment).await, &ProviderStatus::Pending);
    let order = order(1);
    let start = Start {
        order: &order,
        request_id: "request",
        return_urls: None,
    };
    assert_eq!(rejected(shop.api().start(&start, ample()).await), "invalid-parameter");
}

#[tokio::test]
async fn a_payment_that_is_confirmed_again_is_charged_once() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let (payment, token) = agreed(&shop, 1).await;
    for _ in 0..3 {
        assert_charged(shop.confirm(&payment, Some(&token)).await, &payment);
    }
    assert_status(shop.find(&payment).await, &ProviderStatus::Charged);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_response_is_unknown_and_a_retry_charges_once() {
    for fault in [
        Fault::NeverAnswer,
        Fault::DropAfter,
        Fault::ErrorAfter(500),
        Fault::ErrorAfter(503),
    ] {
        let shop = ProviderFixture::open(Provider::KakaoPay).await;
        let (payment, token) = agreed(&shop, 1).await;
        shop.plan("approve", &[fault]);
        assert_unknown(&shop.confirm_by(&payment, Some(&token), short()).await);
        assert_status(shop.find(&payment).await, &ProviderStatus::Charged);
        assert_status(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
        assert_eq!(shop.moved(), (1, 0, 0));
    }
    for fault in [Fault::DropBefore, Fault::ErrorBefore(500), Fault::Busy] {
        let shop = ProviderFixture::open(Provider::KakaoPay).await;
        let (payment, token) = agreed(&shop, 1).await;
        shop.plan("approve", &[fault]);
        assert_unknown(&shop.confirm(&payment, Some(&token)).await);
        assert_status(shop.find(&payment).await, &ProviderStatus::Pending);
        assert_status(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
        assert_eq!(shop.moved(), (1, 0, 0));
    }
}

#[tokio::test]
async fn a_refusal_is_final_only_when_the_order_is_not_paid() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let (payment, token) = agreed(&shop, 1).await;
    assert_eq!(refused(shop.confirm(&payment, None).await).code, "MISSING_TOKEN");
    assert_eq!(refused(shop.confirm(&payment, Some("wrong")).await).code, "-703");
    // The charge is refused, and the query of the order fails.
    shop.plan("order", &[Fault::ErrorBefore(503)]);
    assert_unknown(&shop.confirm(&payment, Some("wrong")).await);
    assert_status(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
    assert_status(shop.confirm(&payment, Some("wrong")).await, &ProviderStatus::Charged);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_declined_payment_has_the_banks_message() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let (payment, _) = shop.start(1).await;
    let token = shop
        .sandbox
        .kakaopay_approve_in_app_declined(&payment.reference, "USER_LOCKED");
    let failure = refused(shop.confirm(&payment, Some(&token)).await);
    assert_eq!(
        (failure.code.as_str(), failure.message.as_str()),
        ("-780", "the payment method declined")
    );
    assert!(matches!(
        report(shop.find(&payment).await).status,
        ProviderStatus::Failed(_)
    ));
    assert_eq!(shop.moved(), (0, 0, 0));
}

#[tokio::test]
async fn an_unknown_payment_has_an_unknown_status() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let payment = shop.payment(1, "T-none");
    assert_unknown(&shop.find(&payment).await);
    assert_unknown(&shop.confirm(&payment, Some("token")).await);
    assert_unknown(&shop.refund(&payment, &refund(11, 500)).await);
}

#[tokio::test]
async fn with_a_wrong_key_the_payments_status_is_unknown() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    shop.vault.set(&with_wrong_key(&shop, "kakaopay"));
    assert_eq!(rejected(shop.try_start(1, "request-1").await), "payment-refused");
    let payment = shop.payment(1, "T-1");
    assert_unknown(&shop.confirm(&payment, Some("token")).await);
    assert_unknown(&shop.refund(&payment, &refund(11, 500)).await);
}

#[tokio::test]
async fn a_repeated_refund_is_made_once() {
    for fault in [Fault::NeverAnswer, Fault::DropAfter, Fault::ErrorAfter(500)] {
        let shop = ProviderFixture::open(Provider::KakaoPay).await;
        let payment = paid(&shop).await;
        shop.plan("cancel", &[fault]);
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
async fn a_refund_needs_the_sum_refunded_before() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let payment = paid(&shop).await;
    shop.refund_elsewhere(&payment, 300);
    assert_refunded(shop.refund(&payment, &refund(11, 500)).await, 300);
    let known = refunded(&payment, 300);
    assert_eq!(refused(shop.refund(&known, &refund(12, 1701)).await).code, "-710");
    // The sum refunded before is unknown, so nothing is refunded.
    shop.plan("order", &[Fault::ErrorBefore(503)]);
    assert_unknown(&shop.refund(&known, &refund(11, 500)).await);
    assert_eq!(shop.moved(), (1, 1, 300));
    assert_refunded(shop.refund(&known, &refund(11, 500)).await, 800);
    assert_eq!(shop.moved(), (1, 2, 800));
}
