//! Tests of the changes that reports make, as tables and properties.

use crate::core::identity::CustomerId;
use crate::orders::{OrderStatus, example};
use crate::payments::DisputeStatus;
use crate::payments::report::*;
use iso_currency::Currency;
use proptest::prelude::*;
use uuid::Uuid;

pub(super) fn won(amount: u64) -> Money {
    Money::new(amount, Currency::KRW).unwrap()
}

pub(super) fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn payment(reference: &str, status: PaymentStatus) -> Payment {
    let amount = won(1000);
    Payment {
        status,
        ..Payment::new(
            Provider::Toss,
            reference.into(),
            OrderId(Uuid::nil()),
            CustomerId::new("ann"),
            amount,
            second(0),
        )
    }
}

/// An order of 1,000 won in `status` with `payment` as its latest payment.
pub(super) fn order(status: OrderStatus, payment: &str) -> Order {
    Order {
        payment_id: Some(PaymentId::of(Provider::Toss, payment)),
        ..example::order(status, 1000)
    }
}

pub(super) fn report(status: ProviderStatus, amount: u64, refunded: u64) -> Report {
    Report {
        provider: Provider::Toss,
        reference: "this".into(),
        order_id: OrderId(Uuid::nil()),
        amount: won(amount),
        refunded: won(refunded),
        failed_refunds: vec![],
        disputes: vec![],
        status,
        reported_at: None,
        deposit: None,
        deposit_secret: None,
    }
}

pub(super) fn failed() -> ProviderStatus {
    ProviderStatus::Failed(Failure::new("REJECT_CARD_PAYMENT", "The card was declined."))
}

#[test]
fn a_report_changes_payment_and_order() {
    use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
    use PaymentStatus as P;
    use ProviderStatus::{AwaitingDeposit, Charged, Pending, Processing};
    // The payment's status, its order (with the order's latest payment), the report, and the new statuses.
    for (status, of, reported, expected) in [
        (P::Confirming, (Paying, "this"), Charged, Some((P::Paid, Some(Paid)))),
        (P::Unknown, (Paying, "this"), Charged, Some((P::Paid, Some(Paid)))),
        (
            P::Started,
            (PendingPayment, "this"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (
            P::Started,
            (PendingPayment, "other"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (
            P::Failed,
            (PendingPayment, "this"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (
            P::AwaitingDeposit,
            (PendingPayment, "this"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (P::Started, (Paying, "other"), Charged, Some((P::Unservable, None))),
        (P::Started, (Paid, "other"), Charged, Some((P::Unservable, None))),
        (P::Started, (Expired, "this"), Charged, Some((P::Unservable, None))),
        (P::Started, (Cancelled, "this"), Charged, Some((P::Unservable, None))),
        (P::Paid, (Paid, "this"), Charged, None),
        (P::Unservable, (Expired, "this"), Charged, None),
        (
            P::Confirming,
            (Paying, "this"),
            failed(),
            Some((P::Failed, Some(PendingPayment))),
        ),
        (
            P::Unknown,
            (Paying, "this"),
            failed(),
            Some((P::Failed, Some(PendingPayment))),
        ),
        (P::Started, (Paying, "other"), failed(), Some((P::Failed, None))),
        (P::Started, (Expired, "this"), failed(), Some((P::Failed, None))),
        (P::Failed, (PendingPayment, "this"), failed(), None),
        (
            P::Confirming,
            (Paying, "this"),
            AwaitingDeposit,
            Some((P::AwaitingDeposit, Some(PendingPayment))),
        ),
        (P::AwaitingDeposit, (PendingPayment, "this"), AwaitingDeposit, None),
        (P::Confirming, (Paying, "this"), Pending, None),
        (P::Confirming, (Paying, "this"), Processing, None),
        (P::Paid, (Paid, "this"), failed(), None),
        (P::Paid, (Paid, "this"), AwaitingDeposit, None),
    ] {
        let order = order(of.0, of.1);
        let effect = payment("this", status).after(&report(reported.clone(), 1000, 0), &order, false, second(50));
        let found = effect
            .change()
            .map(|change| (change.payment.status, change.order.map(|order| order.status)));
        assert_eq!(found, expected, "{status:?} of {of:?}, {reported:?}");
    }
}

#[test]
fn a_failure_after_a_charge_starts_a_review_unless_it_may_be_old() {
    let (paid, order) = (payment("this", PaymentStatus::Paid), order(OrderStatus::Paid, "this"));
    for status in [failed(), ProviderStatus::AwaitingDeposit, ProviderStatus::Pending] {
        let report = report(status, 1000, 0);
        assert_eq!(paid.after(&report, &order, false, second(50)), Effect::Outdated);
        let change = paid.after(&report, &order, true, second(50)).change().unwrap();
        assert_eq!(
            (change.event_kind, change.order),
            (Some(PaymentEventKind::ReviewNeeded), None)
        );
        assert_eq!(change.payment.status, PaymentStatus::Paid);
        assert_eq!(change.payment.reviews[0].code, ReviewCode::Contradiction);
        assert_eq!(
            change.payment.after(&report, &order, true, second(51)),
            Effect::Known,
            "the review starts once"
        );
    }
}

#[test]
fn a_dispute_that_is_reported_with_the_charge_is_told() {
    let unknown = payment("this", PaymentStatus::Unknown);
    let report = Report {
        disputes: vec![ReportedDispute {
            dispute_id: "du_1".to_owned(),
            amount: won(1000),
            reason: "fraudulent".to_owned(),
            status: DisputeStatus::Open,
            funds_withdrawn: true,
        }],
        ..report(ProviderStatus::Charged, 1000, 0)
    };
    let order = order(OrderStatus::Paying, "this");
    let change = unknown.after(&report, &order, true, second(50)).change().unwrap();
    assert_eq!(change.event_kind, Some(PaymentEventKind::ReviewNeeded));
    assert_eq!(change.payment.status, PaymentStatus::Paid);
    assert_eq!(change.order.unwrap().status, OrderStatus::Paid);
}

#[test]
fn a_charge_of_another_amount_does_not_pay_the_order() {
    let confirming = payment("this", PaymentStatus::Confirming);
    let report = report(ProviderStatus::Charged, 999, 0);
    let change = confirming
        .after(&report, &order(OrderStatus::Paying, "this"), true, second(50))
        .change()
        .unwrap();
    assert_eq!(change.payment.status, PaymentStatus::Unservable);
    assert_eq!(change.payment.amount, won(999), "the refund is of the charged amount");
    assert_eq!(change.order.unwrap().status, OrderStatus::PendingPayment);
}

#[test]
fn a_charge_that_was_refunded_before_its_report_does_not_pay_the_order() {
    let unknown = payment("this", PaymentStatus::Unknown);
    let report = report(ProviderStatus::Charged, 1000, 1000);
    let change = unknown
        .after(&report, &order(OrderStatus::Paying, "this"), true, second(50))
        .change()
        .unwrap();
    assert_eq!(change.payment.status, PaymentStatus::Refunded);
    assert_eq!(change.order.unwrap().status, OrderStatus::PendingPayment);
}

#[test]
fn an_order_that_holds_its_stock_is_paid_after_its_deadline() {
    let started = payment("this", PaymentStatus::Started);
    let report = report(ProviderStatus::Charged, 1000, 0);
    let change = started
        .after(&report, &order(OrderStatus::PendingPayment, "this"), false, second(500))
        .change()
        .unwrap();
    assert_eq!(change.order.unwrap().status, OrderStatus::Paid);
}

proptest! {
    /// For any order of reports about two payments of an order: at most one of them pays it, and each charged payment
    /// either pays the order or is refunded.
    #[test]
    fn an_order_is_paid_by_one_payment_at_most(
        steps in prop::collection::vec((any::<bool>(), 0..6u8), 1..16),
    ) {
        let mut payments = [payment("this", PaymentStatus::Started), payment("that", PaymentStatus::Started)];
        let mut order = order(OrderStatus::PendingPayment, "none");
        for (n, (which, step)) in steps.into_iter().enumerate() {
            let now = second(n as i64);
            let at = usize::from(which);
            let reference = payments[at].reference.clone();
            let status = match step {
                0 => {
                    let confirming = payments[at].confirming();
                    if let (Ok(paying), Some(confirming)) = (order.paying(payments[at].payment_id, now), confirming) {
                        order = paying;
                        payments[at] = confirming;
                    }
                    continue;
                }
                1 => ProviderStatus::Charged,
                2 => failed(),
                3 => ProviderStatus::Pending,
                4 => ProviderStatus::AwaitingDeposit,
                _ => ProviderStatus::Processing,
            };
            let report = Report { reference, ..report(status, 1000, 0) };
            if let Some(change) = payments[at].after(&report, &order, true, now).change() {
                payments[at] = change.payment;
                order = change.order.unwrap_or(order);
            }
            let paid: Vec<_> = payments.iter().filter(|p| p.status == PaymentStatus::Paid).collect();
            prop_assert!(paid.len() <= 1);
            prop_assert_eq!(order.status == OrderStatus::Paid, paid.len() == 1);
            for payment in &payments {
                if payment.paid_at.is_some() {
                    prop_assert!(payment.status.is_charged());
                }
                let is_under_way = matches!(payment.status, PaymentStatus::Confirming | PaymentStatus::Unknown);
                prop_assert!(!is_under_way || order.payment_id == Some(payment.payment_id), "the order has the payment in progress");
            }
        }
    }
}
