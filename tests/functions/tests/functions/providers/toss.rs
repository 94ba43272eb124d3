//! Toss Payments.

use sandbox::{Authentication, Fault, Method};
use shared::payments::{Payment, PaymentStatus, Provider, ProviderStatus};

use super::{
    ProviderFixture, TOTAL, assert_charged, assert_failed, assert_refunded, assert_status, assert_unknown, first, id,
    refund, refunded, refused, report, short, with_wrong_key,
};

/// Returns a payment for order `n` that its customer approved.
fn agreed(shop: &ProviderFixture, n: u32) -> Payment {
    agreed_with(shop, n, &Authentication::default())
}

fn agreed_with(shop: &ProviderFixture, n: u32, how: &Authentication) -> Payment {
    let total = i64::try_from(TOTAL).unwrap();
    let key = shop.sandbox.toss_authenticate_with(&id(n), total, "KRW", how);
    shop.payment(n, &key)
}

#[tokio::test]
async fn a_payment_that_is_confirmed_again_is_charged_once() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let payment = agreed(&shop, 1);
    assert_status(shop.find(&payment).await, &ProviderStatus::Pending);
    for _ in 0..3 {
        assert_charged(shop.confirm(&payment, None).await, &payment);
    }
    assert_status(shop.find(&payment).await, &ProviderStatus::Charged);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_response_is_unknown_and_a_retry_charges_once() {
    let faults = [
        Fault::NeverAnswer,
        Fault::DropAfter,
        Fault::ErrorAfter(500),
        Fault::ErrorAfter(502),
    ];
    for fault in faults {
        let shop = ProviderFixture::open(Provider::Toss).await;
        let payment = agreed(&shop, 1);
        shop.plan("confirm", &[fault]);
        assert_unknown(&shop.confirm_by(&payment, None, short()).await);
        assert_status(shop.find(&payment).await, &ProviderStatus::Charged);
        assert_status(shop.confirm(&payment, None).await, &ProviderStatus::Charged);
        assert_eq!(shop.moved(), (1, 0, 0));
    }
}

#[tokio::test]
async fn a_failed_call_is_unknown_too_and_can_be_repeated() {
    let codes = [
        "PROVIDER_ERROR",
        "UNKNOWN_PAYMENT_ERROR",
        "FAILED_INTERNAL_SYSTEM_PROCESSING",
    ];
    let mut faults = vec![Fault::DropBefore, Fault::ErrorBefore(503), Fault::Busy];
    faults.extend(codes.map(|code| Fault::Code(code.to_owned())));
    for fault in faults {
        let shop = ProviderFixture::open(Provider::Toss).await;
        let payment = agreed(&shop, 1);
        shop.plan("confirm", &[fault]);
        assert_unknown(&shop.confirm(&payment, None).await);
        assert_eq!(shop.moved(), (0, 0, 0));
        assert_status(shop.find(&payment).await, &ProviderStatus::Pending);
    }
}

#[tokio::test]
async fn a_declined_card_has_the_banks_message() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let how = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let payment = agreed_with(&shop, 1, &how);
    let failure = refused(shop.confirm(&payment, None).await);
    assert_eq!(failure.code, "REJECT_CARD_PAYMENT");
    assert_eq!(failure.message, "the payment was declined");
    assert_failed(shop.find(&payment).await, "REJECT_CARD_PAYMENT");
    assert_eq!(shop.moved(), (0, 0, 0));
}

#[tokio::test]
async fn a_second_payment_of_an_order_is_refused() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let (first, second) = (agreed(&shop, 1), agreed(&shop, 1));
    assert_status(shop.confirm(&first, None).await, &ProviderStatus::Charged);
    assert_eq!(refused(shop.confirm(&second, None).await).code, "DUPLICATED_ORDER_ID");
    assert_status(shop.find(&second).await, &ProviderStatus::Pending);
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn an_unknown_payment_charged_nothing() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let other = agreed(&shop, 2);
    assert_status(shop.confirm(&other, None).await, &ProviderStatus::Charged);
    let long = "k".repeat(200);
    for reference in ["no-such-key", "..", "a/b?c#d", "키", &long] {
        let payment = shop.payment(1, reference);
        assert_eq!(refused(shop.confirm(&payment, None).await).code, "NOT_FOUND_PAYMENT");
        assert_failed(shop.find(&payment).await, "NOT_FOUND_PAYMENT");
        // The order has another payment than this one.
        assert_failed(shop.find(&shop.payment(2, reference)).await, "NOT_FOUND_PAYMENT");
    }
}

#[tokio::test]
async fn a_payment_of_another_order_pays_nothing() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let payment = agreed(&shop, 1);
    let stolen = shop.payment(2, &payment.reference);
    assert_eq!(refused(shop.confirm(&stolen, None).await).code, "INVALID_REQUEST");
    assert_status(shop.confirm(&payment, None).await, &ProviderStatus::Charged);
    let late = shop.payment(3, &payment.reference);
    assert_failed(shop.confirm(&late, None).await, "OTHER_ORDER");
    assert_failed(shop.find(&stolen).await, "OTHER_ORDER");
    assert_eq!(shop.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_deposit_is_pending_and_then_charged() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let payment = agreed_with(&shop, 1, &how);
    let awaiting = report(shop.confirm(&payment, None).await);
    assert_eq!(awaiting.status, ProviderStatus::AwaitingDeposit);
    assert!(awaiting.deposit.is_some() && awaiting.deposit_secret.is_some());
    assert_eq!(shop.moved(), (0, 0, 0));
    shop.sandbox.toss_deposit(&payment.reference);
    assert_status(shop.find(&payment).await, &ProviderStatus::Charged);
    // The account to refund to is unknown here.
    refused(shop.refund(&payment, &refund(11, 500)).await);
    shop.sandbox.toss_withdraw_deposit(&payment.reference);
    assert_status(shop.find(&payment).await, &ProviderStatus::AwaitingDeposit);
}

#[tokio::test]
async fn the_account_of_an_abandoned_deposit_is_closed() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let payment = agreed_with(&shop, 1, &how);
    shop.confirm(&payment, None).await;
    assert_failed(shop.abandon(&payment).await, "CANCELED");
    assert_failed(shop.abandon(&payment).await, "CANCELED");
    assert_eq!(shop.moved(), (0, 0, 0));
}

#[tokio::test]
async fn a_wrong_key_fails_new_payments_and_leaves_others_unknown() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    shop.vault.set(&with_wrong_key(&shop, "toss"));
    let payment = agreed(&shop, 1);
    let failure = refused(shop.confirm(&payment, None).await);
    assert_eq!(failure.code, "UNAUTHORIZED_KEY");
    assert!(failure.message.contains("Choose another"), "{}", failure.message);
    let tried = Payment {
        status: PaymentStatus::Unknown,
        ..payment.clone()
    };
    assert_unknown(&shop.confirm(&tried, None).await);
    assert_unknown(&shop.find(&payment).await);
    assert_unknown(&shop.abandon(&payment).await);
    assert_unknown(&shop.refund(&payment, &refund(11, 500)).await);
    // However often a key is refused, a secret just fetched is not fetched again.
    assert_eq!(shop.vault.reads(), 1);
}

#[tokio::test]
async fn a_repeated_refund_is_made_once() {
    for fault in [Fault::NeverAnswer, Fault::DropAfter, Fault::ErrorAfter(500)] {
        let shop = ProviderFixture::open(Provider::Toss).await;
        let payment = agreed(&shop, 1);
        shop.confirm(&payment, None).await;
        shop.plan("cancel", &[fault]);
        let asked = refund(11, 500);
        assert_unknown(&shop.api().refund(first(&payment), &asked, short()).await);
        assert_refunded(shop.refund(&payment, &asked).await, 500);
        assert_refunded(shop.refund(&payment, &asked).await, 500);
        assert_eq!(shop.moved(), (1, 1, 500));
    }
}

#[tokio::test]
async fn a_refund_needs_the_sum_refunded_before() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let payment = agreed(&shop, 1);
    shop.confirm(&payment, None).await;
    shop.refund_elsewhere(&payment, 300);
    let asked = refund(11, 500);
    assert_refunded(shop.refund(&payment, &asked).await, 300);
    assert_eq!(shop.moved(), (1, 1, 300));
    // With the sum known, the same refund succeeds, although Toss remembers its refusal.
    let payment = refunded(&payment, 300);
    assert_refunded(shop.refund(&payment, &asked).await, 800);
    assert_refunded(shop.refund(&refunded(&payment, 800), &refund(12, 1200)).await, TOTAL);
    assert_eq!(shop.moved(), (1, 3, 2000));
}

#[tokio::test]
async fn a_refund_of_money_already_refunded_is_done_or_refused() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    let payment = agreed(&shop, 1);
    shop.confirm(&payment, None).await;
    shop.refund_elsewhere(&payment, 2000);
    assert_refunded(shop.refund(&payment, &refund(11, TOTAL)).await, TOTAL);
    let whole = refunded(&payment, TOTAL);
    let failure = refused(shop.refund(&whole, &refund(12, 1)).await);
    assert_eq!(failure.code, "ALREADY_CANCELED_PAYMENT");
    assert_eq!(shop.moved(), (1, 1, 2000));
}
