//! KakaoPay.

use sandbox::Fault;
use shared::payments::provider::{ClientParameters, Start};
use shared::payments::{Payment, Provider, ProviderStatus};

use super::{
    ProviderFixture, TOTAL, ample, assert_charged, assert_refunded, assert_stands, assert_unknown, first, order,
    refund, refunded, refused, rejected, report, short, with_wrong_key,
};

/// A payment for order `n` that its customer agreed to, and the token that they brought back.
async fn agreed(shop: &ProviderFixture, n: u32) -> (Payment, String) {
    let (payment, _) = shop.start(n).await;
    let token = shop.sandbox.kakaopay_approve_in_app(&payment.reference);
    (payment, token)
}

/// A payment for order 1, its money taken.
async fn paid(shop: &ProviderFixture) -> Payment {
    let (payment, token) = agreed(shop, 1).await;
    assert_stands(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
    payment
}

#[tokio::test]
async fn a_customer_is_sent_away_and_has_to_be_sent_back() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let (payment, client) = shop.start(1).await;
    assert!(matches!(client, ClientParameters::KakaoPay { pc_url, .. } if pc_url.starts_with("https://")));
    assert_stands(shop.find(&payment).await, &ProviderStatus::Pending);
    assert_stands(shop.abandon(&payment).await, &ProviderStatus::Pending);
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
    assert_stands(shop.find(&payment).await, &ProviderStatus::Charged);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_answer_is_not_a_no_and_asking_again_charges_once() {
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
        assert_stands(shop.find(&payment).await, &ProviderStatus::Charged);
        assert_stands(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
        assert_eq!(shop.moved(), (1, 0, 0));
    }
    for fault in [Fault::DropBefore, Fault::ErrorBefore(500), Fault::Busy] {
        let shop = ProviderFixture::open(Provider::KakaoPay).await;
        let (payment, token) = agreed(&shop, 1).await;
        shop.plan("approve", &[fault]);
        assert_unknown(&shop.confirm(&payment, Some(&token)).await);
        assert_stands(shop.find(&payment).await, &ProviderStatus::Pending);
        assert_stands(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
        assert_eq!(shop.moved(), (1, 0, 0));
    }
}

#[tokio::test]
async fn a_refusal_counts_only_when_the_order_is_not_paid() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let (payment, token) = agreed(&shop, 1).await;
    assert_eq!(refused(shop.confirm(&payment, None).await).code, "MISSING_TOKEN");
    assert_eq!(refused(shop.confirm(&payment, Some("wrong")).await).code, "-703");
    // It is refused, and whether it is paid cannot be learnt.
    shop.plan("order", &[Fault::ErrorBefore(503)]);
    assert_unknown(&shop.confirm(&payment, Some("wrong")).await);
    assert_stands(shop.confirm(&payment, Some(&token)).await, &ProviderStatus::Charged);
    assert_stands(shop.confirm(&payment, Some("wrong")).await, &ProviderStatus::Charged);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_declined_payment_is_refused_in_the_banks_words() {
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
async fn of_a_payment_that_is_not_known_nothing_is_known() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let payment = shop.payment(1, "T-none");
    assert_unknown(&shop.find(&payment).await);
    assert_unknown(&shop.confirm(&payment, Some("token")).await);
    assert_unknown(&shop.refund(&payment, &refund(11, 500)).await);
}

#[tokio::test]
async fn a_wrong_key_says_nothing_of_a_payment() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    shop.vault.set(&with_wrong_key(&shop, "kakaopay"));
    assert_eq!(rejected(shop.try_start(1, "request-1").await), "payment-refused");
    let payment = shop.payment(1, "T-1");
    assert_unknown(&shop.confirm(&payment, Some("token")).await);
    assert_unknown(&shop.refund(&payment, &refund(11, 500)).await);
}

#[tokio::test]
async fn a_refund_that_is_asked_for_again_is_made_once() {
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
async fn a_refund_goes_only_on_top_of_what_we_know_has_gone_back() {
    let shop = ProviderFixture::open(Provider::KakaoPay).await;
    let payment = paid(&shop).await;
    shop.refund_elsewhere(&payment, 300);
    assert_refunded(shop.refund(&payment, &refund(11, 500)).await, 300);
    let known = refunded(&payment, 300);
    assert_eq!(refused(shop.refund(&known, &refund(12, 1701)).await).code, "-710");
    // What has gone back cannot be learnt, so nothing is given back.
    shop.plan("order", &[Fault::ErrorBefore(503)]);
    assert_unknown(&shop.refund(&known, &refund(11, 500)).await);
    assert_eq!(shop.moved(), (1, 1, 300));
    assert_refunded(shop.refund(&known, &refund(11, 500)).await, 800);
    assert_eq!(shop.moved(), (1, 2, 800));
}
