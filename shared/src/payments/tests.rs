//! The laws of a payment's money, over sequences of reports, refunds, failures, disputes and decisions.

use iso_currency::Currency;
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::{Order, OrderId, OrderStatus};
use crate::payments::{
    Decision, DisputeStatus, FailedRefund, Failure, Payment, PaymentStatus, Provider, ProviderStatus, RefundReason,
    RefundStatus, Report, ReportedDispute,
};

const TOTAL: u64 = 1000;

fn won(amount: u64) -> Money {
    Money::new(amount, Currency::KRW).unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn order(status: OrderStatus) -> Order {
    Order {
        order_id: OrderId(Uuid::nil()),
        customer_id: CustomerId::new("ann"),
        status,
        lines: vec![],
        total: won(TOTAL),
        subscription: None,
        placed_at: second(0),
        expires_at: second(100),
        payment_id: None,
        paid_at: None,
        closed_at: None,
    }
}

/// What the provider knows of a payment.
#[derive(Clone, Debug, Default)]
struct Books {
    refunds: Vec<(Option<Uuid>, u64, bool)>,
    disputes: Vec<(DisputeStatus, u64, bool)>,
    is_gone: bool,
}

impl Books {
    fn refunded(&self) -> u64 {
        self.refunds
            .iter()
            .filter(|refund| !refund.2)
            .map(|refund| refund.1)
            .sum()
    }

    fn report(&self, payment: &Payment) -> Report {
        let failed = self.refunds.iter().enumerate().filter(|(_, refund)| refund.2);
        let disputes = self.disputes.iter().enumerate();
        let status = if self.is_gone {
            ProviderStatus::AwaitingDeposit
        } else {
            ProviderStatus::Charged
        };
        Report {
            amount: won(TOTAL),
            refunded: won(if self.is_gone { 0 } else { self.refunded() }),
            failed_refunds: failed
                .map(|(nth, refund)| FailedRefund {
                    refund_id: refund.0,
                    reference: format!("re_{nth}"),
                    amount: won(refund.1),
                    code: "lost_or_stolen_card".to_owned(),
                })
                .collect(),
            disputes: disputes
                .map(|(nth, (status, amount, funds_withdrawn))| ReportedDispute {
                    dispute_id: format!("du_{nth}"),
                    amount: won(*amount),
                    reason: "fraudulent".to_owned(),
                    status: *status,
                    funds_withdrawn: *funds_withdrawn,
                })
                .collect(),
            ..Report::on(payment, status)
        }
    }
}

/// A world of one payment, its order and its provider.
#[derive(Clone, Debug)]
struct World {
    payment: Payment,
    order: Order,
    books: Books,
    step: u128,
}

impl World {
    fn new(provider: Provider, is_late: bool) -> Self {
        let order = order(if is_late {
            OrderStatus::Cancelled
        } else {
            OrderStatus::PendingPayment
        });
        let started = Payment::new(
            provider,
            "this".into(),
            order.order_id,
            order.customer_id.clone(),
            won(TOTAL),
            second(0),
        );
        let mut world = Self {
            payment: started,
            order,
            books: Books::default(),
            step: 0,
        };
        world.hear(true);
        world
    }

    fn now(&self) -> Timestamp {
        second(i64::try_from(self.step).unwrap() + 1)
    }

    fn id(&self) -> Uuid {
        Uuid::from_u128(self.step + 1)
    }

    /// The provider's report arrives.
    fn hear(&mut self, current: bool) {
        let report = self.books.report(&self.payment);
        let report = if current {
            report
        } else {
            Report {
                refunded: won(0),
                failed_refunds: vec![],
                ..report
            }
        };
        if let Some(change) = self.payment.after(&report, &self.order, current, self.now()).change() {
            self.payment = change.payment;
            self.order = change.order.unwrap_or_else(|| self.order.clone());
        }
    }

    /// The provider is asked to make the pending refund.
    fn make_refund(&mut self, is_refused: bool) {
        let Some(refund) = self.payment.pending_refund().cloned() else {
            return;
        };
        self.hear(true);
        if !self.payment.can_make_refund() || self.payment.pending_refund() != Some(&refund) {
            return;
        }
        let kept = TOTAL.saturating_sub(self.books.refunded() + self.withdrawn());
        if is_refused || self.books.is_gone || refund.amount.amount() > kept {
            self.payment = self.payment.refund_refused(&Failure::new("NO", "No."), self.now());
        } else {
            self.books
                .refunds
                .push((Some(refund.refund_id), refund.amount.amount(), false));
            self.hear(true);
        }
    }

    fn withdrawn(&self) -> u64 {
        self.books
            .disputes
            .iter()
            .filter(|dispute| dispute.2)
            .map(|dispute| dispute.1)
            .sum()
    }

    fn step(&mut self, step: u8, amount: u64) {
        self.step += 1;
        let (now, id) = (self.now(), self.id());
        let nth = usize::try_from(amount).unwrap();
        match step {
            0 => {
                let refund = self
                    .payment
                    .with_refund(id, Some(won(amount)), RefundReason::Requested, None, now);
                self.payment = refund.unwrap_or_else(|_| self.payment.clone());
            }
            1 if self.order.status == OrderStatus::Paid && !self.payment.is_in_review() => {
                self.order.status = OrderStatus::Cancelled;
                let refund = self.payment.with_cancelled_order(id, now);
                self.payment = refund.unwrap_or_else(|_| self.payment.clone());
            }
            2 | 3 => self.make_refund(step == 3),
            // A dashboard refund.
            4 if self.books.refunded() + self.withdrawn() + amount <= TOTAL && amount > 0 && !self.books.is_gone => {
                self.books.refunds.push((None, amount, false));
            }
            5 if !self.books.refunds.is_empty() => {
                let nth = nth % self.books.refunds.len();
                self.books.refunds[nth].2 = true;
            }
            6 if self.books.disputes.len() < 2
                && self.books.refunded() + self.withdrawn() + amount <= TOTAL
                && amount > 0 =>
            {
                self.books.disputes.push((DisputeStatus::Open, amount, true));
            }
            7 if !self.books.disputes.is_empty() => {
                let nth = nth % self.books.disputes.len();
                if self.books.disputes[nth].0 != DisputeStatus::Open {
                    return;
                }
                let is_won = amount % 2 == 0;
                let status = if is_won {
                    DisputeStatus::Won
                } else {
                    DisputeStatus::Lost
                };
                self.books.disputes[nth] = (status, self.books.disputes[nth].1, !is_won);
            }
            8 if self.payment.provider == Provider::Toss => {
                self.payment.deposit = Some(crate::payments::DepositAccount {
                    bank: "20".to_owned(),
                    account_number: "1".to_owned(),
                    due_at: None,
                });
                self.books.is_gone = !self.books.is_gone;
            }
            9 => self.hear(true),
            10 => self.hear(false),
            11 => self.payment = self.payment.with_unknown_outcome(now),
            12 => {
                let retried = self.payment.with_retried_refund(id, now).ok().flatten();
                self.payment = retried.unwrap_or_else(|| self.payment.clone());
            }
            13 => {
                if let Some(change) = self.payment.applied_to_order(&self.order, now) {
                    self.payment = change.payment;
                    self.order = change.order.unwrap();
                }
            }
            _ => self.decide(nth),
        }
    }

    fn decide(&mut self, nth: usize) {
        let Some(review) = self
            .payment
            .reviews
            .get(nth % self.payment.reviews.len().max(1))
            .cloned()
        else {
            return;
        };
        let allowed = self.payment.allowed_decisions(&review);
        let decision = allowed[nth / 7 % allowed.len()];
        let amount = if decision == Decision::TakenBack {
            Some(self.payment.kept())
        } else {
            review.owed
        };
        let before = self.payment.clone();
        let decided = self
            .payment
            .with_decision(review.review_id, decision, amount, self.id(), self.now());
        let Ok(decided) = decided else {
            assert_eq!(decision, Decision::AskAgain, "{review:?} {before:?}");
            return;
        };
        let after = decided.payment;
        let still_open = after.reviews.iter().any(|open| open.review_id == review.review_id);
        assert!(!still_open, "{decision:?} did not end {review:?}");
        let moved = after.refunded.amount() - before.refunded.amount();
        let given = if decision == Decision::GivenBack {
            review.owed.unwrap().amount()
        } else {
            0
        };
        assert_eq!(
            moved, given,
            "{decision:?} of {review:?} enters only what was given back"
        );
        if decision != Decision::TakenBack {
            let withdrawn = |payment: &Payment| payment.withdrawn.map_or(0, Money::amount);
            assert!(
                withdrawn(&after) <= withdrawn(&before),
                "{decision:?} takes nothing back"
            );
        }
        self.payment = after;
    }

    /// What is true at every moment.
    fn check(&self) {
        let payment = &self.payment;
        let withdrawn = payment.withdrawn.map_or(0, Money::amount);
        let (refunded, kept, owed) = (
            payment.refunded.amount(),
            payment.kept().amount(),
            payment.owed().amount(),
        );
        assert_eq!(
            payment.amount.amount(),
            refunded + withdrawn + kept,
            "the charge is split: {payment:?}"
        );
        assert!(owed <= kept, "{owed} of {kept} is owed: {payment:?}");
        let done = payment
            .refunds
            .iter()
            .filter(|refund| refund.status == RefundStatus::Done);
        assert_eq!(
            done.map(|refund| refund.amount.amount()).sum::<u64>(),
            refunded,
            "{payment:?}"
        );
        assert!(
            payment
                .refunds
                .iter()
                .filter(|refund| refund.status == RefundStatus::Pending)
                .count()
                <= 1
        );
        assert!(payment.refunds.len() <= crate::payments::MAX_REFUNDS);
        if payment.status == PaymentStatus::Refunded {
            assert_eq!((kept, withdrawn), (0, 0), "{payment:?}");
        }
        for review in &payment.reviews {
            let decisions = payment.allowed_decisions(review);
            let ends = decisions.iter().any(|decision| *decision != Decision::AskAgain);
            assert!(ends, "nothing ends {review:?} of {payment:?}");
        }
        let pending = payment.pending_refund().map_or(0, |refund| refund.amount.amount());
        let in_review = payment.reviews.iter().filter(|review| review.code.is_about_refund());
        let in_review: u64 = in_review.filter_map(|review| review.owed).map(Money::amount).sum();
        assert!(pending + in_review <= owed.max(pending), "{payment:?}");
        let is_seen_to = pending + in_review == owed || payment.owes_refund() || payment.is_blocked();
        let is_unservable = payment.status == PaymentStatus::Unservable || self.payment.pending_refund().is_some();
        assert!(is_seen_to || is_unservable, "what is owed has an owner: {payment:?}");
    }

    /// Checks the books after the provider has reported its present state.
    fn check_settled(&mut self) {
        self.books.is_gone = false;
        for _ in 0..3 {
            self.step += 1;
            self.hear(true);
        }
        let payment = &self.payment;
        let has_overpaid = payment.refunds.iter().any(|refund| refund.by_hand);
        let is_decided = payment.reversal.is_some();
        if payment.status.is_charged() && !has_overpaid && !is_decided {
            assert_eq!(
                payment.refunded.amount(),
                self.books.refunded(),
                "{payment:?} {:?}",
                self.books
            );
            let withdrawn = payment.withdrawn.map_or(0, Money::amount);
            assert_eq!(withdrawn, self.withdrawn(), "{payment:?} {:?}", self.books);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// For any sequence: the charge is refunded, withdrawn or kept to the last unit; no more is owed than is kept; each
    /// review has a decision that ends it, and no decision enters money that did not move; the present report of the
    /// provider makes the records equal to the provider's.
    #[test]
    fn money_is_conserved_and_each_review_has_an_end(
        is_late: bool,
        provider in prop::sample::select(vec![Provider::Toss, Provider::Stripe, Provider::Standard]),
        steps in prop::collection::vec((0..18u8, 0..=TOTAL), 1..32),
    ) {
        let mut world = World::new(provider, is_late);
        for (step, amount) in steps {
            world.step(step, amount);
            world.check();
        }
        world.check_settled();
        world.check();
    }
}

#[test]
fn a_payment_stored_with_one_review_is_read() {
    let mut stored = serde_json::to_value(&World::new(Provider::Toss, false).payment).unwrap();
    stored["review"] = serde_json::json!({ "reason": "The provider refused.", "since": "2026-01-01T00:00:00Z" });
    let payment: Payment = serde_json::from_value(stored).unwrap();
    let review = &payment.reviews[0];
    assert_eq!(
        (payment.reviews.len(), review.detail.as_str()),
        (1, "The provider refused.")
    );
    assert!(payment.allowed_decisions(review).contains(&Decision::Settled));
}

#[test]
fn two_failed_refunds_are_two_matters() {
    let mut world = World::new(Provider::Stripe, false);
    for amount in [300, 200] {
        world.step(0, amount);
        world.step(2, 0);
    }
    assert_eq!(world.payment.refunded, won(500));
    for nth in [0, 1] {
        world.step(5, nth);
    }
    world.step(9, 0);
    let owed: Vec<_> = world
        .payment
        .reviews
        .iter()
        .map(|review| review.owed.unwrap().amount())
        .collect();
    assert_eq!((owed, world.payment.refunded), (vec![300, 200], won(0)));
    let first = world.payment.reviews[0].review_id;
    let given = world
        .payment
        .with_decision(first, Decision::GivenBack, Some(won(300)), Uuid::max(), second(9))
        .unwrap();
    assert_eq!((given.payment.reviews.len(), given.payment.refunded), (1, won(300)));
    assert_eq!(given.payment.owed(), won(200));
}

#[test]
fn disputed_money_is_not_owed_until_the_dispute_is_won() {
    for is_won in [true, false] {
        let mut world = World::new(Provider::Stripe, false);
        world.step(1, 0);
        world.step(6, TOTAL);
        world.step(9, 0);
        assert_eq!((world.payment.owed(), world.payment.kept()), (won(0), won(0)));
        assert_eq!(world.payment.withdrawn, Some(won(TOTAL)));
        world.step(7, u64::from(!is_won));
        world.step(9, 0);
        let expected = if is_won {
            (TOTAL, PaymentStatus::Paid)
        } else {
            (0, PaymentStatus::Reversed)
        };
        assert_eq!((world.payment.owed().amount(), world.payment.status), expected);
        assert_eq!(world.payment.owes_refund(), is_won, "{:?}", world.payment);
    }
}

#[test]
fn a_withdrawn_deposit_is_not_owed_and_its_review_can_be_settled() {
    let mut world = World::new(Provider::Toss, false);
    world.step(1, 0);
    world.step(8, 0);
    world.step(9, 0);
    let payment = &world.payment;
    assert_eq!(
        (payment.status, payment.owed(), payment.reviews.len()),
        (PaymentStatus::Reversed, won(0), 1)
    );
    let review = payment.reviews[0].review_id;
    let settled = payment
        .with_decision(review, Decision::Settled, None, Uuid::max(), second(9))
        .unwrap()
        .payment;
    assert!(!settled.is_in_review() && settled.refunded == won(0));
    // The deposit comes back: it is owed again.
    world.step(8, 0);
    world.step(9, 0);
    assert_eq!(
        (world.payment.status, world.payment.owed()),
        (PaymentStatus::Paid, won(TOTAL))
    );
}

#[test]
fn a_repeated_contradiction_is_reviewed_once() {
    let mut world = World::new(Provider::Standard, false);
    let report = Report {
        amount: won(900),
        ..Report::on(&world.payment, ProviderStatus::Charged)
    };
    let hear = |world: &World| world.payment.after(&report, &world.order, false, second(9)).change();
    world.payment = hear(&world).unwrap().payment;
    assert_eq!(hear(&world), None, "it is in review");
    let review = world.payment.reviews[0].review_id;
    let settled = world
        .payment
        .with_decision(review, Decision::Settled, None, Uuid::max(), second(9))
        .unwrap();
    world.payment = settled.payment;
    assert_eq!(hear(&world), None, "it was decided");
}
