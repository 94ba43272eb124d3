//! Toss Payments.

use sandbox::{Authentication, Fault, Method};
use shared::payments::{Payment, PaymentStatus, Provider, Standing};

use super::{
    Desk, TOTAL, assert_charged, assert_failed, assert_refunded, assert_stands, assert_unknown, first, id, refund,
    refunded, refused, report, short, with_wrong_key,
};

/// A payment for order `n` that its customer agreed to.
fn agreed(desk: &Desk, n: u32) -> Payment {
    agreed_with(desk, n, &Authentication::default())
}

fn agreed_with(desk: &Desk, n: u32, how: &Authentication) -> Payment {
    let total = i64::try_from(TOTAL).unwrap();
    let key = desk.sandbox.toss_authenticate_with(&id(n), total, "KRW", how);
    desk.payment(n, &key)
}

#[tokio::test]
async fn a_payment_that_is_confirmed_again_is_charged_once() {
    let desk = Desk::open(Provider::Toss).await;
    let payment = agreed(&desk, 1);
    assert_stands(desk.find(&payment).await, &Standing::Pending);
    for _ in 0..3 {
        assert_charged(desk.confirm(&payment, None).await, &payment);
    }
    assert_stands(desk.find(&payment).await, &Standing::Charged);
    assert_eq!(desk.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_answer_is_not_a_no_and_asking_again_charges_once() {
    let faults = [
        Fault::NeverAnswer,
        Fault::DropAfter,
        Fault::ErrorAfter(500),
        Fault::ErrorAfter(502),
    ];
    for fault in faults {
        let desk = Desk::open(Provider::Toss).await;
        let payment = agreed(&desk, 1);
        desk.plan("confirm", &[fault]);
        assert_unknown(&desk.confirm_by(&payment, None, short()).await);
        assert_stands(desk.find(&payment).await, &Standing::Charged);
        assert_stands(desk.confirm(&payment, None).await, &Standing::Charged);
        assert_eq!(desk.moved(), (1, 0, 0));
    }
}

#[tokio::test]
async fn a_call_that_was_not_served_is_not_known_either_and_can_be_made_again() {
    let codes = [
        "PROVIDER_ERROR",
        "UNKNOWN_PAYMENT_ERROR",
        "FAILED_INTERNAL_SYSTEM_PROCESSING",
    ];
    let mut faults = vec![Fault::DropBefore, Fault::ErrorBefore(503), Fault::Busy];
    faults.extend(codes.map(|code| Fault::Code(code.to_owned())));
    for fault in faults {
        let desk = Desk::open(Provider::Toss).await;
        let payment = agreed(&desk, 1);
        desk.plan("confirm", &[fault]);
        assert_unknown(&desk.confirm(&payment, None).await);
        assert_eq!(desk.moved(), (0, 0, 0));
        assert_stands(desk.find(&payment).await, &Standing::Pending);
    }
}

#[tokio::test]
async fn a_declined_card_is_refused_in_the_banks_words() {
    let desk = Desk::open(Provider::Toss).await;
    let how = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let payment = agreed_with(&desk, 1, &how);
    let failure = refused(desk.confirm(&payment, None).await);
    assert_eq!(failure.code, "REJECT_CARD_PAYMENT");
    assert_eq!(failure.message, "the payment was declined");
    assert_failed(desk.find(&payment).await, "REJECT_CARD_PAYMENT");
    assert_eq!(desk.moved(), (0, 0, 0));
}

#[tokio::test]
async fn a_second_payment_of_an_order_is_refused() {
    let desk = Desk::open(Provider::Toss).await;
    let (first, second) = (agreed(&desk, 1), agreed(&desk, 1));
    assert_stands(desk.confirm(&first, None).await, &Standing::Charged);
    assert_eq!(refused(desk.confirm(&second, None).await).code, "DUPLICATED_ORDER_ID");
    assert_stands(desk.find(&second).await, &Standing::Pending);
    assert_eq!(desk.moved(), (1, 0, 0));
}

#[tokio::test]
async fn of_a_payment_that_is_not_known_no_money_was_taken() {
    let desk = Desk::open(Provider::Toss).await;
    let other = agreed(&desk, 2);
    assert_stands(desk.confirm(&other, None).await, &Standing::Charged);
    let long = "k".repeat(200);
    for reference in ["no-such-key", "..", "a/b?c#d", "키", &long] {
        let payment = desk.payment(1, reference);
        assert_eq!(refused(desk.confirm(&payment, None).await).code, "NOT_FOUND_PAYMENT");
        assert_failed(desk.find(&payment).await, "NOT_FOUND_PAYMENT");
        // The order has another payment; it is not this one.
        assert_failed(desk.find(&desk.payment(2, reference)).await, "NOT_FOUND_PAYMENT");
    }
}

#[tokio::test]
async fn the_payment_of_another_order_pays_nothing() {
    let desk = Desk::open(Provider::Toss).await;
    let payment = agreed(&desk, 1);
    let stolen = desk.payment(2, &payment.reference);
    assert_eq!(refused(desk.confirm(&stolen, None).await).code, "INVALID_REQUEST");
    assert_stands(desk.confirm(&payment, None).await, &Standing::Charged);
    let late = desk.payment(3, &payment.reference);
    assert_failed(desk.confirm(&late, None).await, "OTHER_ORDER");
    assert_failed(desk.find(&stolen).await, "OTHER_ORDER");
    assert_eq!(desk.moved(), (1, 0, 0));
}

#[tokio::test]
async fn a_deposit_is_awaited_and_then_charged() {
    let desk = Desk::open(Provider::Toss).await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let payment = agreed_with(&desk, 1, &how);
    let awaiting = report(desk.confirm(&payment, None).await);
    assert_eq!(awaiting.standing, Standing::AwaitingDeposit);
    assert!(awaiting.deposit.is_some() && awaiting.deposit_secret.is_some());
    assert_eq!(desk.moved(), (0, 0, 0));
    desk.sandbox.toss_deposit(&payment.reference);
    assert_stands(desk.find(&payment).await, &Standing::Charged);
    // Where it is to go is not known here.
    refused(desk.refund(&payment, &refund(11, 500)).await);
    desk.sandbox.toss_withdraw_deposit(&payment.reference);
    assert_stands(desk.find(&payment).await, &Standing::AwaitingDeposit);
}

#[tokio::test]
async fn the_account_of_a_deposit_that_is_awaited_no_longer_is_closed() {
    let desk = Desk::open(Provider::Toss).await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let payment = agreed_with(&desk, 1, &how);
    desk.confirm(&payment, None).await;
    assert_failed(desk.abandon(&payment).await, "CANCELED");
    assert_failed(desk.abandon(&payment).await, "CANCELED");
    assert_eq!(desk.moved(), (0, 0, 0));
}

#[tokio::test]
async fn a_wrong_key_refuses_what_was_never_sent_and_says_nothing_of_the_rest() {
    let desk = Desk::open(Provider::Toss).await;
    desk.vault.set(&with_wrong_key(&desk, "toss"));
    let payment = agreed(&desk, 1);
    let failure = refused(desk.confirm(&payment, None).await);
    assert_eq!(failure.code, "UNAUTHORIZED_KEY");
    assert!(failure.message.contains("choose another"), "{}", failure.message);
    let tried = Payment {
        status: PaymentStatus::Unknown,
        ..payment.clone()
    };
    assert_unknown(&desk.confirm(&tried, None).await);
    assert_unknown(&desk.find(&payment).await);
    assert_unknown(&desk.abandon(&payment).await);
    assert_unknown(&desk.refund(&payment, &refund(11, 500)).await);
    // However often a key is refused, the secret was fetched just now.
    assert_eq!(desk.vault.reads(), 1);
}

#[tokio::test]
async fn a_refund_that_is_asked_for_again_is_made_once() {
    for fault in [Fault::NeverAnswer, Fault::DropAfter, Fault::ErrorAfter(500)] {
        let desk = Desk::open(Provider::Toss).await;
        let payment = agreed(&desk, 1);
        desk.confirm(&payment, None).await;
        desk.plan("cancel", &[fault]);
        let asked = refund(11, 500);
        assert_unknown(&desk.api().refund(first(&payment), &asked, short()).await);
        assert_refunded(desk.refund(&payment, &asked).await, 500);
        assert_refunded(desk.refund(&payment, &asked).await, 500);
        assert_eq!(desk.moved(), (1, 1, 500));
    }
}

#[tokio::test]
async fn a_refund_goes_only_on_top_of_what_we_know_has_gone_back() {
    let desk = Desk::open(Provider::Toss).await;
    let payment = agreed(&desk, 1);
    desk.confirm(&payment, None).await;
    desk.refund_elsewhere(&payment, 300);
    let asked = refund(11, 500);
    assert_refunded(desk.refund(&payment, &asked).await, 300);
    assert_eq!(desk.moved(), (1, 1, 300));
    // Once that is known the same refund can be made, although Toss remembers that it refused it.
    let payment = refunded(&payment, 300);
    assert_refunded(desk.refund(&payment, &asked).await, 800);
    assert_refunded(desk.refund(&refunded(&payment, 800), &refund(12, 1200)).await, TOTAL);
    assert_eq!(desk.moved(), (1, 3, 2000));
}

#[tokio::test]
async fn a_refund_of_what_went_back_already_is_done_or_refused() {
    let desk = Desk::open(Provider::Toss).await;
    let payment = agreed(&desk, 1);
    desk.confirm(&payment, None).await;
    desk.refund_elsewhere(&payment, 2000);
    assert_refunded(desk.refund(&payment, &refund(11, TOTAL)).await, TOTAL);
    let whole = refunded(&payment, TOTAL);
    let failure = refused(desk.refund(&whole, &refund(12, 1)).await);
    assert_eq!(failure.code, "ALREADY_CANCELED_PAYMENT");
    assert_eq!(desk.moved(), (1, 1, 2000));
}
