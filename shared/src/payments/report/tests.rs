//! What follows from a report, as tables and as laws.

use crate::core::identity::CustomerId;
use crate::orders::OrderStatus;
use crate::payments::report::*;
use iso_currency::Currency;
use proptest::prelude::*;
use uuid::Uuid;

fn won(amount: u64) -> Money {
    Money::new(amount, Currency::KRW).unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn payment(reference: &str, status: PaymentStatus) -> Payment {
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

/// An order of 1,000 won in `status`, which names `payment`.
fn order(status: OrderStatus, payment: &str) -> Order {
    Order {
        order_id: OrderId(Uuid::nil()),
        customer_id: CustomerId::new("ann"),
        status,
        lines: vec![],
        total: won(1000),
        subscription: None,
        placed_at: second(0),
        expires_at: second(100),
        payment_id: Some(PaymentId::of(Provider::Toss, payment)),
        paid_at: None,
        closed_at: None,
    }
}

fn report(status: ProviderStatus, amount: u64, refunded: u64) -> Report {
    Report {
        provider: Provider::Toss,
        reference: "this".into(),
        order_id: OrderId(Uuid::nil()),
        amount: won(amount),
        refunded: won(refunded),
        status,
        deposit: None,
        deposit_secret: None,
    }
}

fn failed() -> ProviderStatus {
    ProviderStatus::Failed(Failure::new("REJECT_CARD_PAYMENT", "The card was declined."))
}

#[test]
fn a_report_changes_payment_and_order_as_the_table_says() {
    use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
    use PaymentStatus as P;
    use ProviderStatus::{AwaitingDeposit, Charged, Pending, Processing};
    // The payment, its order (and the payment that this names), what is said, and what follows for both.
    for (status, of, said, follows) in [
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
        let change = payment("this", status).after(&report(said.clone(), 1000, 0), &order, false, second(50));
        let found = change.map(|change| (change.payment.status, change.order.map(|order| order.status)));
        assert_eq!(found, follows, "{status:?} of {of:?}, {said:?}");
    }
}

#[test]
fn a_no_after_a_yes_is_for_a_person_unless_it_may_be_old() {
    let (paid, order) = (payment("this", PaymentStatus::Paid), order(OrderStatus::Paid, "this"));
    for status in [failed(), ProviderStatus::AwaitingDeposit] {
        let told = report(status, 1000, 0);
        assert_eq!(paid.after(&told, &order, false, second(50)), None);
        let change = paid.after(&told, &order, true, second(50)).unwrap();
        assert_eq!(
            (change.event_kind, change.order),
            (Some(PaymentEventKind::ReviewNeeded), None)
        );
        assert_eq!(change.payment.status, PaymentStatus::Paid);
        assert!(change.payment.review.is_some());
        assert_eq!(
            change.payment.after(&told, &order, true, second(51)),
            None,
            "once is enough"
        );
    }
}

#[test]
fn money_of_another_amount_pays_no_order() {
    let confirming = payment("this", PaymentStatus::Confirming);
    let told = report(ProviderStatus::Charged, 999, 0);
    let change = confirming
        .after(&told, &order(OrderStatus::Paying, "this"), true, second(50))
        .unwrap();
    assert_eq!(change.payment.status, PaymentStatus::Unservable);
    assert_eq!(change.payment.amount, won(999), "what was taken is what goes back");
    assert_eq!(change.order.unwrap().status, OrderStatus::PendingPayment);
}

#[test]
fn money_that_came_and_went_before_we_knew_pays_no_order() {
    let unknown = payment("this", PaymentStatus::Unknown);
    let told = report(ProviderStatus::Charged, 1000, 1000);
    let change = unknown
        .after(&told, &order(OrderStatus::Paying, "this"), true, second(50))
        .unwrap();
    assert_eq!(change.payment.status, PaymentStatus::Refunded);
    assert_eq!(change.order.unwrap().status, OrderStatus::PendingPayment);
}

#[test]
fn an_order_is_paid_late_as_long_as_it_holds_its_stock() {
    let started = payment("this", PaymentStatus::Started);
    let told = report(ProviderStatus::Charged, 1000, 0);
    let change = started
        .after(&told, &order(OrderStatus::PendingPayment, "this"), false, second(500))
        .unwrap();
    assert_eq!(change.order.unwrap().status, OrderStatus::Paid);
}

proptest! {
    /// Whatever is said of two payments of one order, in whatever order: it is paid by one of them at most, and each
    /// payment whose money was taken either pays the order or is on its way back.
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
                    let asked = payments[at].confirming();
                    if let (Ok(paying), Some(asked)) = (order.paying(payments[at].payment_id, now), asked) {
                        order = paying;
                        payments[at] = asked;
                    }
                    continue;
                }
                1 => ProviderStatus::Charged,
                2 => failed(),
                3 => ProviderStatus::Pending,
                4 => ProviderStatus::AwaitingDeposit,
                _ => ProviderStatus::Processing,
            };
            let told = Report { reference, ..report(status, 1000, 0) };
            if let Some(change) = payments[at].after(&told, &order, true, now) {
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
                prop_assert!(!is_under_way || order.payment_id == Some(payment.payment_id), "no attempt is forgotten");
            }
        }
    }
}
