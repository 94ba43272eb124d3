//! The laws of a payment's money, over sequences of reports, refunds, failures, disputes and decisions.

use iso_currency::Currency;
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::core::actor::Actor;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::{Order, OrderStatus, example};
use crate::payments::{
    Decision, DisputeStatus, Effect, FailedRefund, Failure, MAX_REFUNDS, Payment, PaymentStatus, Provider,
    ProviderStatus, Refund, RefundReason, RefundStatus, Rejected, Report, ReportedDispute, ReviewCode, StoredPayment,
};

const TOTAL: u64 = 1000;

fn won(amount: u64) -> Money {
    Money::new(amount, Currency::KRW).unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An administrator.
pub(super) fn staff() -> Actor {
    Actor::staff(&CustomerId::new("the-admin"))
}

fn order(status: OrderStatus) -> Order {
    example::order(status, TOTAL)
}

/// A payment as the provider knows it.
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
    reports: Vec<Report>,
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
            reports: vec![],
            step: 0,
        };
        world.hear();
        world
    }

    fn now(&self) -> Timestamp {
        second(i64::try_from(self.step).unwrap() + 1)
    }

    fn id(&self) -> Uuid {
        Uuid::from_u128(self.step + 1)
    }

    /// A report arrives, twice. The second time it changes nothing.
    fn hear_report(&mut self, report: &Report, current: bool) {
        if let Some(change) = self.payment.after(report, &self.order, current, self.now()).change() {
            self.payment = change.payment;
            self.order = change.order.unwrap_or_else(|| self.order.clone());
        }
        let later = self.now() + jiff::SignedDuration::from_millis(1);
        let again = self.payment.after(report, &self.order, current, later).change();
        assert!(
            again.is_none(),
            "heard again: {report:?} of {:?}: {again:?}",
            self.payment
        );
    }

    /// The provider's present report arrives.
    fn hear(&mut self) {
        self.hear_report(&self.books.report(&self.payment), true);
    }

    /// An earlier report arrives.
    fn hear_old(&mut self, nth: usize) {
        let report = self.reports[nth % self.reports.len()].clone();
        let before = self.payment.clone();
        self.hear_report(&report, false);
        if before.provider.has_api() && before.has_failed_refund() {
            assert_eq!(
                self.payment.refunded, before.refunded,
                "an old sum: {report:?} {before:?}"
            );
        }
    }

    /// The provider is asked to make the pending refund.
    fn make_refund(&mut self, is_refused: bool) {
        let Some(refund) = self.payment.pending_refund().cloned() else {
            return;
        };
        self.hear();
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
            self.hear();
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
                let refund =
                    self.payment
                        .with_refund(id, Some(won(amount)), RefundReason::Requested, None, &staff(), now);
                self.payment = refund.unwrap_or_else(|_| self.payment.clone());
            }
            1 if self.order.status == OrderStatus::Paid => self.cancel_order(),
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
                let (status, disputed, _) = self.books.disputes[nth];
                let is_won = amount.is_multiple_of(2);
                self.books.disputes[nth] = match status {
                    DisputeStatus::Open if !is_won => (DisputeStatus::Lost, disputed, true),
                    DisputeStatus::Open | DisputeStatus::Lost if is_won => (DisputeStatus::Won, disputed, false),
                    _ => return,
                };
            }
            8 if self.payment.provider == Provider::Toss => {
                self.payment.deposit = Some(crate::payments::DepositAccount {
                    bank: "20".to_owned(),
                    account_number: "1".to_owned(),
                    due_at: None,
                });
                self.books.is_gone = !self.books.is_gone;
            }
            9 => self.hear(),
            10 if !self.reports.is_empty() => self.hear_old(nth),
            11 => self.payment = self.payment.with_unknown_outcome(now),
            12 => {
                let retried = self.payment.with_retried_refund(id, &staff(), now).ok().flatten();
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
        self.reports.push(self.books.report(&self.payment));
    }

    /// Cancels the order, unless a matter other than a dispute is in review.
    fn cancel_order(&mut self) {
        let (now, id) = (self.now(), self.id());
        for review in self.payment.reviews.clone() {
            if matches!(review.code, ReviewCode::Disputed | ReviewCode::DisputeLost) {
                let seen = self
                    .payment
                    .with_decision(review.review_id, Decision::Settled, None, id, &staff(), now);
                self.payment = seen.unwrap().payment;
            }
        }
        if self.payment.is_in_review() {
            return;
        }
        match self.payment.with_cancelled_order(id, &staff(), now) {
            Ok(refunding) => self.payment = refunding,
            Err(Rejected::NothingToRefund) => {}
            Err(_) => return,
        }
        self.order.status = OrderStatus::Cancelled;
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
            .with_decision(review.review_id, decision, amount, self.id(), &staff(), self.now());
        let Ok(decided) = decided else {
            assert_eq!(decision, Decision::AskAgain, "{review:?} {before:?}");
            return;
        };
        let change = decided.change(&self.order, self.now());
        let after = change.payment;
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
        self.order = change.order.unwrap_or_else(|| self.order.clone());
    }

    /// Checks the rules that hold at every moment.
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
        assert!(payment.refunds.len() <= MAX_REFUNDS);
        if payment.status == PaymentStatus::Refunded {
            assert_eq!((kept, withdrawn), (0, 0), "{payment:?}");
        }
        for review in &payment.reviews {
            let decisions = payment.allowed_decisions(review);
            let ends = decisions.iter().any(|decision| *decision != Decision::AskAgain);
            assert!(ends, "nothing ends {review:?} of {payment:?}");
        }
        if self.order.status == OrderStatus::Cancelled {
            let waived = payment
                .refunds
                .iter()
                .filter(|refund| refund.status == RefundStatus::Waived);
            let waived: u64 = waived.map(|refund| refund.amount.amount()).sum();
            assert!(kept <= owed + waived, "a cancelled order keeps money: {payment:?}");
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
            self.hear();
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

/// Any step; every second one cancels the order, makes or refuses a refund, opens or decides a dispute, brings a report,
/// or is a decision: together they bring money back.
fn step() -> impl Strategy<Value = u8> {
    prop_oneof![0..18u8, prop::sample::select(vec![1, 2, 3, 6, 7, 7, 9, 9, 14])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// For any sequence: the charge is refunded, withdrawn or kept to the last unit; no more is owed than is kept; each
    /// review has a decision that ends it, and no decision enters money that did not move; what is kept of a cancelled
    /// order is owed, unless a person waived it; a report that arrives again changes nothing; the present report of the
    /// provider makes the records equal to the provider's.
    #[test]
    fn money_is_conserved_and_each_review_has_an_end(
        is_late: bool,
        provider in prop::sample::select(vec![Provider::Toss, Provider::Stripe, Provider::Standard]),
        steps in prop::collection::vec((step(), 0..=TOTAL), 1..32),
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
        .with_decision(
            first,
            Decision::GivenBack,
            Some(won(300)),
            Uuid::max(),
            &staff(),
            second(9),
        )
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
        .with_decision(review, Decision::Settled, None, Uuid::max(), &staff(), second(9))
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
        .with_decision(review, Decision::Settled, None, Uuid::max(), &staff(), second(9))
        .unwrap();
    world.payment = settled.payment;
    assert_eq!(hear(&world), None, "it was decided");
}

/// A Stripe payment with a refund of 500 that was requested here, made, and failed.
fn with_failed_refund() -> World {
    let mut world = World::new(Provider::Stripe, false);
    world.step(0, 500);
    world.step(2, 0);
    world.step(5, 0);
    world.step(9, 0);
    assert_eq!(
        (world.payment.refunds[0].status, world.payment.refunded),
        (RefundStatus::Failed, won(0))
    );
    world
}

#[test]
fn a_refund_of_the_dashboard_in_place_of_a_failed_one_stays_made() {
    let mut world = with_failed_refund();
    world.step(4, 500);
    world.step(9, 0);
    let refunds = world.payment.refunds.iter();
    let statuses: Vec<_> = refunds.map(|refund| (refund.status, refund.reason)).collect();
    let expected = [
        (RefundStatus::Superseded, RefundReason::Requested),
        (RefundStatus::Done, RefundReason::Elsewhere),
    ];
    assert_eq!(
        (statuses.as_slice(), world.payment.owed()),
        (expected.as_slice(), won(0))
    );
    // Stripe reports the failure for ever. The next refund is not sent yet.
    world.step(0, 500);
    world.step(9, 0);
    assert_eq!(
        world.payment.pending_refund().map(|refund| refund.amount),
        Some(won(500))
    );
    assert_eq!(world.payment.refunded, won(500));
}

#[test]
fn a_failed_refund_that_was_given_back_by_hand_stays_given_back() {
    let mut world = with_failed_refund();
    let review = world.payment.reviews[0].review_id;
    let given = world.payment.with_decision(
        review,
        Decision::GivenBack,
        Some(won(500)),
        Uuid::max(),
        &staff(),
        second(9),
    );
    world.payment = given.unwrap().payment;
    for _ in 0..2 {
        world.step(9, 0);
        assert_eq!((world.payment.refunded, world.payment.owed()), (won(500), won(0)));
        // Later the same amount is refunded in the dashboard: it counts as the same money.
        world.books.refunds.push((None, 500, false));
    }
}

#[test]
fn the_disputed_part_of_a_pending_refund_is_owed_when_the_dispute_is_won() {
    let mut world = World::new(Provider::Stripe, false);
    world.step(1, 0);
    world.step(6, 400);
    world.step(9, 0);
    assert_eq!(
        world.payment.pending_refund().map(|refund| refund.amount),
        Some(won(600))
    );
    world.step(2, 0);
    assert_eq!((world.payment.refunded, world.payment.owed()), (won(600), won(0)));
    world.step(7, 0);
    world.step(9, 0);
    assert_eq!(
        (world.payment.status, world.payment.owed()),
        (PaymentStatus::Paid, won(400))
    );
    assert!(world.payment.owes_refund());
}

#[test]
fn the_disputed_part_of_a_refund_that_was_given_back_by_hand_is_owed_when_the_dispute_is_won() {
    let mut world = World::new(Provider::Stripe, false);
    world.step(1, 0);
    world.step(3, 0);
    world.step(6, 800);
    world.step(9, 0);
    let refused = world
        .payment
        .reviews
        .iter()
        .find(|review| review.owed.is_some())
        .unwrap();
    assert_eq!(refused.owed, Some(won(200)));
    let given = world.payment.with_decision(
        refused.review_id,
        Decision::GivenBack,
        Some(won(200)),
        Uuid::max(),
        &staff(),
        second(9),
    );
    world.payment = given.unwrap().payment;
    assert_eq!((world.payment.refunded, world.payment.owed()), (won(200), won(0)));
    world.step(7, 0);
    world.step(9, 0);
    assert_eq!((world.payment.kept(), world.payment.owed()), (won(800), won(800)));
}

#[test]
fn a_lost_dispute_that_is_won_later_leaves_no_matter_and_its_money_is_owed() {
    let mut world = World::new(Provider::Stripe, false);
    world.step(6, 400);
    world.step(7, 1);
    world.step(9, 0);
    assert_eq!(world.payment.reviews[0].code, ReviewCode::DisputeLost);
    let mut won_later = world.clone();
    // An administrator has seen it and cancels the order.
    world.step(1, 0);
    world.step(2, 0);
    assert_eq!(
        (world.payment.status, world.payment.refunded),
        (PaymentStatus::Reversed, won(600))
    );
    world.step(7, 0);
    world.step(9, 0);
    assert_eq!((world.payment.kept(), world.payment.owed()), (won(400), won(400)));
    // Nobody has seen it.
    won_later.step(7, 0);
    won_later.step(9, 0);
    assert_eq!(
        (won_later.payment.reviews.len(), won_later.payment.withdrawn),
        (0, None)
    );
}

#[test]
fn a_refund_in_review_as_unknown_is_settled_with_its_disputed_part() {
    let mut world = World::new(Provider::Stripe, false);
    world.step(1, 0);
    world.step(6, 400);
    world.step(9, 0);
    world.step(11, 0);
    let unknown = world
        .payment
        .reviews
        .iter()
        .find(|review| review.owed.is_some())
        .unwrap();
    let settled = world.payment.with_decision(
        unknown.review_id,
        Decision::Settled,
        None,
        Uuid::max(),
        &staff(),
        second(9),
    );
    let settled = settled.unwrap().payment;
    assert_eq!((settled.kept(), settled.owed()), (won(600), won(0)));
}

#[test]
fn a_refund_that_is_settled_as_unknown_is_settled_with_each_of_its_disputed_parts() {
    let mut world = World::new(Provider::Stripe, false);
    world.step(1, 0);
    let refund = world.payment.pending_refund().unwrap().clone();
    let part = Refund {
        amount: won(200),
        ..refund.clone()
    };
    // The first part was waived before, so that the second has another id.
    world.payment.owe_withdrawn(&part);
    world.payment.refunds.last_mut().unwrap().status = RefundStatus::Waived;
    world.payment.owe_withdrawn(&part);
    let payment = world.payment.with_unknown_outcome(second(8));
    let review = payment.reviews[0].review_id;
    let settled = payment.with_decision(review, Decision::Settled, None, Uuid::max(), &staff(), second(9));
    let settled = settled.unwrap().payment;
    assert!(
        settled
            .refunds
            .iter()
            .all(|refund| refund.status == RefundStatus::Waived),
        "{settled:?}"
    );
}

#[test]
fn an_old_report_does_not_undo_what_happened_since() {
    let mut failed = with_failed_refund();
    let old = Report {
        refunded: won(500),
        ..Report::on(&failed.payment, ProviderStatus::Charged)
    };
    failed.step(0, 500);
    let mut reversed = World::new(Provider::Toss, false);
    reversed.step(8, 0);
    reversed.step(9, 0);
    assert_eq!(reversed.payment.status, PaymentStatus::Reversed);
    let charged = Report::on(&reversed.payment, ProviderStatus::Charged);
    let mut disputed = World::new(Provider::Stripe, false);
    disputed.step(6, 400);
    disputed.step(7, 1);
    let lost = disputed.books.report(&disputed.payment);
    disputed.step(7, 0);
    disputed.step(9, 0);
    for (world, report) in [(failed, old), (reversed, charged), (disputed, lost)] {
        let effect = |current| world.payment.after(&report, &world.order, current, second(9));
        assert_eq!(
            effect(false),
            Effect::Outdated,
            "it may be old: the provider is asked again"
        );
        assert!(effect(true).change().is_some(), "the present state");
    }
}

#[test]
fn a_deposit_of_which_the_provider_knows_nothing_is_a_contradiction() {
    let mut world = World::new(Provider::Toss, false);
    world.step(8, 0);
    let nothing = || Failure::new("NOT_FOUND_PAYMENT", "The provider has no such payment.");
    let after = |status| {
        let report = Report::on(&world.payment, status);
        let change = world.payment.after(&report, &world.order, true, second(9)).change();
        change.unwrap().payment
    };
    let unknown = after(ProviderStatus::NotFound(nothing()));
    assert_eq!(
        (unknown.status, unknown.withdrawn, unknown.reviews[0].code),
        (PaymentStatus::Paid, None, ReviewCode::Contradiction)
    );
    let withdrawn = after(ProviderStatus::Failed(nothing()));
    assert_eq!(withdrawn.status, PaymentStatus::Reversed);
}

#[test]
fn each_failure_is_recorded_once_even_when_the_list_of_refunds_is_full() {
    let mut world = World::new(Provider::Stripe, false);
    for _ in 0..=MAX_REFUNDS {
        // It was made and failed between two reports.
        world.books.refunds.push((None, 10, true));
        world.step(9, 0);
    }
    let failed = 10 * (MAX_REFUNDS as u64 + 1);
    assert_eq!(
        (world.payment.refunds.len(), world.payment.owed()),
        (MAX_REFUNDS, won(failed))
    );
    world.step(9, 0);
    assert_eq!(world.payment.owed(), won(failed));
    // More failures than are recorded are reviewed.
    for _ in 0..MAX_REFUNDS {
        world.books.refunds.push((None, 1, true));
    }
    world.step(9, 0);
    assert_eq!(world.payment.failed_refunds.len(), 100);
    assert!(
        world
            .payment
            .reviews
            .iter()
            .any(|review| review.code == ReviewCode::Contradiction)
    );
}

#[test]
fn each_version_of_a_payment_requests_a_refund_of_its_own() {
    let stored = StoredPayment::unsaved(World::new(Provider::Stripe, false).payment, second(0));
    let next = stored.next(stored.payment.clone(), None, second(1));
    assert_eq!(stored.refund_id("owed"), stored.clone().refund_id("owed"));
    assert_ne!(stored.refund_id("owed"), next.refund_id("owed"));
    assert_ne!(stored.refund_id("owed"), stored.refund_id("unservable"));
}
