//! Refunds of a payment: each is made once, one at a time, and never exceeds what is kept.
//!
//! A refund that the customer did not get, because it was refused or failed later, is owed until it is requested again,
//! given back by hand, or waived.

mod reported;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::actor::Actor;
use crate::core::idempotency::derive_id;
use crate::core::money::Money;
use crate::payments::review::{Review, ReviewCode};
use crate::payments::{Failure, Payment, PaymentStatus, Rejected};

pub use reported::FailedRefund;

/// The most refunds in the list of a payment: when it is full, refunds that are alike become one. When an administrator requests
/// a refund without naming units or the delivery and one place is left or none, it must refund the whole rest, or take the place of
/// another one. Refunds of units and of the delivery are not limited.
pub const MAX_REFUNDS: usize = 50;

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refund {
    /// The refund's id. Derived from its cause.
    pub refund_id: Uuid,
    /// The amount. For a refused or failed refund, what is left of it: reduced by what was refunded since.
    pub amount: Money,
    /// The part of the amount that is known to be untaxed: of the units and the delivery that the refund is for, and of the refunds
    /// that it replaces. Absent if nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub untaxed: Option<Money>,
    /// The reason.
    pub reason: RefundReason,
    /// The note of the administrator who requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub note: Option<String>,
    /// The refund's status.
    pub status: RefundStatus,
    /// Whether an administrator gave the amount back by hand, outside of the provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub by_hand: bool,
    /// The provider's id of a failed refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 255)]
    pub reference: Option<String>,
    /// The administrator who requested the refund, or gave the money back by hand. Absent if it was made at the
    /// provider, and for customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub requested_by: Option<Actor>,
    /// The time of the request, or when a refund made at the provider was found.
    pub requested_at: Timestamp,
    /// The time at which the provider's confirmation arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub done_at: Option<Timestamp>,
    /// The time at which the report of the refund's failure arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failed_at: Option<Timestamp>,
}

/// The reason for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// The customer cancelled the order.
    OrderCancelled,
    /// Units of the order were cancelled, or all of its seats for a fee.
    LinesCancelled,
    /// Units of the order were returned.
    Returned,
    /// The price of the delivery was given back without units.
    Delivery,
    /// The order could not accept the payment.
    Unservable,
    /// An administrator requested it.
    Requested,
    /// It was made at the provider, such as in its dashboard.
    Elsewhere,
}

impl RefundReason {
    /// Whether the refund is for units of the order or for its delivery, so that the order counts it.
    const fn is_by_line(self) -> bool {
        matches!(self, Self::LinesCancelled | Self::Returned | Self::Delivery)
    }
}

/// The status of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// The refund is requested or in progress at the provider.
    Pending,
    /// The refund is made.
    Done,
    /// The provider refused it. It is still owed.
    Refused,
    /// It failed after the provider had made it. It is still owed.
    Failed,
    /// The customer did not get it, and an administrator decided that it is not owed.
    Waived,
    /// Other refunds took its place.
    Superseded,
}

impl Refund {
    /// A refund without a note that nobody here requested, recorded at `now`.
    fn new(refund_id: Uuid, amount: Money, reason: RefundReason, status: RefundStatus, now: Timestamp) -> Self {
        Self {
            refund_id,
            amount,
            untaxed: None,
            reason,
            note: None,
            status,
            by_hand: false,
            reference: None,
            requested_by: None,
            requested_at: now,
            done_at: None,
            failed_at: None,
        }
    }

    fn is_pending(&self) -> bool {
        self.status == RefundStatus::Pending
    }

    /// The reason and the note of a refund that takes its place.
    fn as_requested(&self) -> (RefundReason, Option<String>) {
        let reason = match self.reason {
            RefundReason::Elsewhere => RefundReason::Requested,
            reason => reason,
        };
        (reason, self.note.clone())
    }

    /// Takes over what is known of the refunds in whose place it comes, each with the amount that it covers of it: what of them is
    /// not taxed, and, if it is of nothing else and names no units itself, that it is for units, the delivery or the cancelled order. What
    /// is not taxed of a part of a refund is not known.
    fn take_over(&mut self, replaced: &[(Self, Money)]) {
        let whole = replaced.iter().filter(|(former, covered)| former.amount == *covered);
        let untaxed = whole.filter_map(|(former, _)| former.untaxed);
        self.untaxed = untaxed.reduce(|sum, untaxed| sum.plus(untaxed).unwrap_or(sum));
        let covered: u64 = replaced.iter().map(|(_, covered)| covered.amount()).sum();
        let is_nothing_else = covered == self.amount.amount() && self.reason == RefundReason::Requested;
        let is_counted = |reason: RefundReason| reason.is_by_line() || reason == RefundReason::OrderCancelled;
        if let [(first, _), ..] = replaced
            && is_nothing_else
            && replaced.iter().all(|(former, _)| is_counted(former.reason))
        {
            self.reason = first.reason;
        }
    }

    /// Whether the refund neither was made nor is owed.
    fn is_void(&self) -> bool {
        matches!(self.status, RefundStatus::Superseded | RefundStatus::Waived)
    }

    /// Whether the refund failed after it was made. It stays failed: what the customer gets instead is another refund.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed_at.is_some()
    }

    pub(crate) fn complete(&mut self, amount: Money, now: Timestamp) {
        self.set_amount(amount);
        self.status = RefundStatus::Done;
        self.done_at = Some(now);
    }

    /// Reduces what is left of the refund by `covered`, which other refunds cover.
    pub(crate) fn reduce(&mut self, covered: Money) {
        if covered.amount() >= self.amount.amount() {
            self.status = RefundStatus::Superseded;
        } else {
            self.set_amount(self.amount.saturating_sub(covered));
        }
    }

    /// Sets the amount. What of another one is not taxed is not known.
    pub(crate) fn set_amount(&mut self, amount: Money) {
        self.untaxed = self.untaxed.filter(|_| amount == self.amount);
        self.amount = amount;
    }
}

impl Payment {
    /// The pending refund. There is at most one, to distinguish it from refunds made at the provider.
    pub fn pending_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.is_pending())
    }

    /// The refund with this id.
    pub fn refund(&self, refund_id: Uuid) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.refund_id == refund_id)
    }

    /// Checks that units of the order can be refunded now.
    ///
    /// Not while the customer's bank has money of the payment: the units' part would be limited to what is kept, and
    /// forgotten when the rest returns. Nor while another refund is owed: a new one would take its place.
    ///
    /// # Errors
    /// [`Rejected::InReview`] and [`Rejected::RefundUnderWay`].
    pub fn require_refundable_by_line(&self) -> Result<(), Rejected> {
        if self.is_in_review() || self.withdrawn.is_some() {
            return Err(Rejected::InReview);
        }
        if self.pending_refund().is_some() || self.owes_refund() {
            return Err(Rejected::RefundUnderWay);
        }
        Ok(())
    }

    /// The payment with `untaxed` as the part of its pending refund that is not taxed. Providers that book taxed and tax-free amounts
    /// are told.
    #[must_use]
    pub fn with_untaxed_part(mut self, untaxed: Money) -> Self {
        if let Some(refund) = self.refunds.iter_mut().find(|refund| refund.is_pending()) {
            refund.untaxed = Some(untaxed.min(refund.amount));
        }
        self
    }

    /// The sum of the refunds for units of the order that were cancelled or returned, and for its delivery.
    pub fn refunded_by_line(&self) -> u64 {
        let is_by_line = |refund: &&Refund| refund.reason.is_by_line() && refund.status == RefundStatus::Done;
        let by_line = self.refunds.iter().filter(is_by_line);
        by_line
            .map(|refund| refund.amount.amount())
            .fold(0, u64::saturating_add)
    }

    /// The payment with a pending refund of `amount`, or of the whole refundable amount, which `by` requested.
    ///
    /// Refunds that the customer did not get count as requested again, as far as `amount` covers them, and their reviews
    /// end: the request is the decision that they waited for. The new refund keeps what is known of their parts.
    ///
    /// # Errors
    /// [`Rejected::NothingToRefund`], [`Rejected::RefundTooLarge`], [`Rejected::RefundUnderWay`],
    /// [`Rejected::TooManyRefunds`].
    pub fn with_refund(
        &self,
        refund_id: Uuid,
        amount: Option<Money>,
        reason: RefundReason,
        note: Option<String>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Self, Rejected> {
        let refundable = self.refundable();
        if refundable.amount() == 0 {
            return Err(Rejected::NothingToRefund);
        }
        if self.pending_refund().is_some() {
            return Err(Rejected::RefundUnderWay);
        }
        let amount = amount.unwrap_or(refundable);
        if amount.currency() != refundable.currency() || !(1..=refundable.amount()).contains(&amount.amount()) {
            return Err(Rejected::RefundTooLarge { refundable });
        }
        let mut next = self.clone();
        let replaced = next.supersede(amount);
        let is_in_place_of_another = next.live_refunds() < self.live_refunds();
        let places = MAX_REFUNDS.saturating_sub(next.live_refunds());
        let is_full = places <= 1 && amount != refundable && !is_in_place_of_another;
        // A refund that is owed for units that were cancelled or returned must not be refused. It may take the last place, so the whole
        // rest is not refused either.
        if is_full && !reason.is_by_line() {
            return Err(Rejected::TooManyRefunds);
        }
        next.close_reviews(|review| review.code == ReviewCode::OutcomeUnknown);
        let mut refund = Refund {
            note,
            requested_by: Some(by.clone()),
            ..Refund::new(refund_id, amount, reason, RefundStatus::Pending, now)
        };
        refund.take_over(&replaced);
        next.add_refund(refund);
        next.settle(None);
        Ok(next)
    }

    /// The payment of an order that `by` cancelled: all that is kept is refunded, and what the bank has withdrawn is owed
    /// if the bank returns it, even after a lost dispute.
    ///
    /// # Errors
    /// As [`Payment::with_refund`]. [`Rejected::NothingToRefund`] when nothing is kept and nothing can return.
    pub fn with_cancelled_order(&self, refund_id: Uuid, by: &Actor, now: Timestamp) -> Result<Self, Rejected> {
        let reason = RefundReason::OrderCancelled;
        let refunding = self.with_refund(refund_id, None, reason, None, by, now);
        let (Some(withdrawn), Ok(_) | Err(Rejected::NothingToRefund)) = (self.withdrawn, &refunding) else {
            return refunding;
        };
        let mut next = refunding.unwrap_or_else(|_| self.clone());
        next.owe_withdrawn(&Refund {
            requested_by: Some(by.clone()),
            ..Refund::new(refund_id, withdrawn, reason, RefundStatus::Refused, now)
        });
        next.settle(None);
        Ok(next)
    }

    /// Adds the part of a refund that the customer's bank has withdrawn. It is owed if the bank returns it.
    pub(crate) fn owe_withdrawn(&mut self, part: &Refund) {
        let refund_id = withdrawn_part_of(part.refund_id);
        let known = self
            .refunds
            .iter_mut()
            .find(|refund| refund.refund_id == refund_id && refund.status == RefundStatus::Refused);
        match known {
            Some(known) => known.set_amount(known.amount.plus(part.amount).unwrap_or(known.amount)),
            None => self.add_refund(Refund {
                refund_id: self.unused_refund_id(refund_id),
                status: RefundStatus::Refused,
                ..part.clone()
            }),
        }
    }

    /// The payment in review after the provider refused the pending refund.
    #[must_use]
    pub fn refund_refused(&self, failure: &Failure, now: Timestamp) -> Self {
        let mut next = self.clone();
        let Some(refund) = next.refunds.iter_mut().find(|refund| refund.is_pending()) else {
            return next;
        };
        refund.status = RefundStatus::Refused;
        let refund = refund.clone();
        let detail = format!(
            "The refund of {} was refused: {} ({}).",
            refund.amount, failure.message, failure.code
        );
        next.open_review(Review::of_refund(self, ReviewCode::RefundRefused, &refund, detail, now));
        next.settle(None);
        next
    }

    /// Whether money is owed that is neither being refunded nor in review: the rest of a refund that the customer did
    /// not get, or money that the bank returned.
    pub fn owes_refund(&self) -> bool {
        self.status != PaymentStatus::Unservable && self.owed_without_review().amount() > 0
    }

    /// The payment with the owed rest requested again, by `by`. It is a new refund, since providers repeat a refusal for
    /// the same key. `None` when nothing is owed outside of reviews, or a refund is pending.
    ///
    /// # Errors
    /// [`Rejected::TooManyRefunds`].
    pub fn with_retried_refund(&self, refund_id: Uuid, by: &Actor, now: Timestamp) -> Result<Option<Self>, Rejected> {
        let owed = self.owed_without_review();
        if owed.amount() == 0 {
            return Ok(None);
        }
        let unmet = self
            .refunds
            .iter()
            .find(|refund| self.is_unmet(refund) && !self.has_review_of(refund));
        let (reason, note) = unmet.map_or((RefundReason::Requested, None), |refund| refund.as_requested());
        self.with_refund(refund_id, Some(owed), reason, note, by, now).map(Some)
    }

    /// The payment with what is owed for the matter `review` requested again, by `by`. `None` when nothing is owed for
    /// it.
    ///
    /// # Errors
    /// As [`Payment::with_refund`].
    pub fn with_refund_of(
        &self,
        review: &Review,
        refund_id: Uuid,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Option<Self>, Rejected> {
        let mut next = self.clone();
        next.close_reviews(|known| known.review_id == review.review_id);
        let Some(owed) = review.owed.filter(|_| review.code.is_about_refund()) else {
            return next
                .with_retried_refund(refund_id, by, now)
                .map(|retried| retried.or(Some(next)));
        };
        let refused = review.refund_id.and_then(|id| self.refund(id));
        let (reason, note) = refused.map_or((RefundReason::Requested, None), |refund| refund.as_requested());
        // Its own refund is superseded before others.
        if let Some(nth) = next
            .refunds
            .iter()
            .position(|refund| Some(refund.refund_id) == review.refund_id)
        {
            next.refunds.swap(0, nth);
        }
        next.with_refund(refund_id, Some(owed), reason, note, by, now)
            .map(|mut refunding| {
                refunding.refunds.sort_by_key(|refund| refund.requested_at);
                Some(refunding)
            })
    }

    /// The sum that is owed, without pending refunds and sums in review.
    fn owed_without_review(&self) -> Money {
        let nothing = Money::zero(self.amount.currency());
        if self.pending_refund().is_some() {
            return nothing;
        }
        let in_review = self.reviews.iter();
        let in_review = in_review.filter(|review| review.code.is_about_refund());
        let in_review = self.sum(in_review.filter_map(|review| review.owed));
        self.owed().saturating_sub(in_review)
    }

    /// Whether a refund is in review.
    pub(crate) fn has_review_of(&self, refund: &Refund) -> bool {
        self.reviews
            .iter()
            .any(|review| review.refund_id == Some(refund.refund_id))
    }

    /// Marks refunds that are owed and not in review as superseded by `amount`.
    pub(crate) fn supersede_unreviewed(&mut self, amount: Money) {
        let reviewed: Vec<Uuid> = self.reviews.iter().filter_map(|review| review.refund_id).collect();
        self.supersede_unless(amount, |refund| reviewed.contains(&refund.refund_id));
    }

    /// Marks refunds that the customer did not get as requested again by a refund of `amount`: first one of the same
    /// amount, then the oldest. Returns them as they were, each with the amount that is covered of it.
    fn supersede(&mut self, amount: Money) -> Vec<(Refund, Money)> {
        self.supersede_unless(amount, |_| false)
    }

    fn supersede_unless(&mut self, amount: Money, is_exempt: impl Fn(&Refund) -> bool) -> Vec<(Refund, Money)> {
        let mut left = amount;
        let status = self.status;
        let is_unmet = |refund: &Refund| {
            let is_wanted = refund.reason != RefundReason::Unservable || status == PaymentStatus::Unservable;
            is_wanted && matches!(refund.status, RefundStatus::Refused | RefundStatus::Failed) && !is_exempt(refund)
        };
        let exact = self
            .refunds
            .iter()
            .position(|refund| is_unmet(refund) && refund.amount == amount);
        let order: Vec<usize> = exact.into_iter().chain(0..self.refunds.len()).collect();
        let mut replaced: Vec<(Refund, Money)> = vec![];
        for nth in order {
            let refund = &mut self.refunds[nth];
            if left.amount() == 0 || !is_unmet(refund) {
                continue;
            }
            let covered = refund.amount.min(left);
            left = left.saturating_sub(covered);
            replaced.push((refund.clone(), covered));
            refund.reduce(covered);
        }
        let is_replaced = |id: Uuid| replaced.iter().any(|(former, _)| former.refund_id == id);
        self.close_reviews(|review| review.refund_id.is_some_and(is_replaced));
        replaced
    }

    /// The number of refunds that count towards the limit.
    fn live_refunds(&self) -> usize {
        self.refunds.iter().filter(|refund| !refund.is_void()).count()
    }

    /// Adds a refund. When the list is full, a void refund gives its place, or the newest two that are alike become one.
    pub(crate) fn add_refund(&mut self, refund: Refund) {
        if self.refunds.len() >= MAX_REFUNDS {
            self.make_room();
        }
        self.refunds.push(refund);
    }

    fn make_room(&mut self) {
        if let Some(void) = self.refunds.iter().position(Refund::is_void) {
            self.refunds.remove(void);
            return;
        }
        let kind = |refund: &Refund| (refund.status, refund.by_hand, refund.reason, self.has_review_of(refund));
        // There are fewer kinds than places.
        let like = |nth: usize| {
            let older = &self.refunds[..nth];
            older.iter().rposition(|older| kind(older) == kind(&self.refunds[nth]))
        };
        let pair = (0..self.refunds.len()).rev().find_map(|nth| Some((like(nth)?, nth)));
        if let Some((older, newer)) = pair {
            let merged = self.refunds.remove(newer);
            let older = &mut self.refunds[older];
            let untaxed = older.untaxed.zip(merged.untaxed);
            older.untaxed = untaxed.and_then(|(older, merged)| older.plus(merged).ok());
            older.amount = older.amount.plus(merged.amount).unwrap_or(older.amount);
        }
    }

    /// `wanted`, or an id derived from it that no refund of the payment has.
    pub(crate) fn unused_refund_id(&self, wanted: Uuid) -> Uuid {
        let mut ids = alternatives_to(wanted);
        let unused = ids.find(|&id| self.refund(id).is_none());
        unused.unwrap_or(wanted)
    }

    /// Adds a refund that was made without a request here: at the provider, or by `by`.
    pub(crate) fn add_refund_made(&mut self, amount: Money, by_hand: bool, by: Option<&Actor>, now: Timestamp) {
        let sum = self.refunded.amount().to_string();
        let refund_id = derive_id(&["refund elsewhere", &self.payment_id.to_string(), &sum]);
        let refund_id = self.unused_refund_id(refund_id);
        self.add_refund(Refund {
            by_hand,
            requested_by: by.cloned(),
            done_at: Some(now),
            ..Refund::new(refund_id, amount, RefundReason::Elsewhere, RefundStatus::Done, now)
        });
    }
}

/// The id of the part of a refund that the customer's bank has withdrawn.
fn withdrawn_part_of(refund_id: Uuid) -> Uuid {
    derive_id(&["withdrawn", &refund_id.to_string()])
}

/// The ids that the parts of a refund can have that the customer's bank has withdrawn.
pub(crate) fn withdrawn_parts_of(refund_id: Uuid) -> impl Iterator<Item = Uuid> {
    alternatives_to(withdrawn_part_of(refund_id)).take(MAX_REFUNDS)
}

/// `wanted`, and the ids that take its place where it is used.
fn alternatives_to(wanted: Uuid) -> impl Iterator<Item = Uuid> {
    std::iter::successors(Some(wanted), |id| Some(derive_id(&["another refund", &id.to_string()])))
}

#[cfg(test)]
mod tests;
