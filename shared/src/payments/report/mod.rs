//! Providers' reports and the changes that they make: the only place that decides which order a charge pays.

mod last_word;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::id::PaymentId;
use crate::core::money::Money;
use crate::orders::{Order, OrderId, OrderStatus};
use crate::payments::balance::Reversal;
use crate::payments::{
    DepositAccount, FailedRefund, Payment, PaymentStatus, Provider, Refund, RefundReason, RefundStatus,
    ReportedDispute, ReviewCode,
};

/// The claim of a report without a time that a charged payment is not charged.
const NOT_CHARGED: &str = "not charged";

/// A provider's report of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The provider.
    pub provider: Provider,
    /// The provider's reference of the payment.
    pub reference: String,
    /// The payment's order.
    pub order_id: OrderId,
    /// The amount to charge, or the charged amount.
    pub amount: Money,
    /// The refunded sum, without failed refunds.
    pub refunded: Money,
    /// The refunds that failed after they were made.
    pub failed_refunds: Vec<FailedRefund>,
    /// The disputes of the payment.
    pub disputes: Vec<ReportedDispute>,
    /// The payment's status at the provider.
    pub status: ProviderStatus,
    /// When the provider said so, if the report itself has the time.
    pub reported_at: Option<Timestamp>,
    /// The account for the deposit, if the customer pays by deposit. Boxed, since few reports have one.
    pub deposit: Option<Box<DepositAccount>>,
    /// The secret that authenticates the provider's deposit webhook.
    pub deposit_secret: Option<String>,
}

impl Report {
    /// A report of `payment` with `status` and the recorded amounts.
    pub fn on(payment: &Payment, status: ProviderStatus) -> Self {
        Self {
            provider: payment.provider,
            reference: payment.reference.clone(),
            order_id: payment.order_id,
            amount: payment.amount,
            refunded: payment.refunded_by_provider(),
            failed_refunds: vec![],
            disputes: vec![],
            status,
            reported_at: None,
            deposit: None,
            deposit_secret: None,
        }
    }

    /// When the charge was made, if the report itself has the time. A report of a refund has the time of the refund.
    fn charged_at(&self) -> Option<Timestamp> {
        self.reported_at.filter(|_| self.refunded.amount() == 0)
    }

    /// The id of the reported payment.
    pub fn payment_id(&self) -> PaymentId {
        PaymentId::of(self.provider, &self.reference)
    }
}

/// The status of a payment at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderStatus {
    /// The customer has not paid yet, or we have not confirmed the payment yet.
    Pending,
    /// The provider is processing the payment.
    Processing,
    /// The provider waits for the customer's deposit.
    AwaitingDeposit,
    /// The payment was charged. It may be partly or fully refunded.
    Charged,
    /// Nothing was charged, and nothing will be unless the customer pays again.
    Failed(Failure),
    /// The provider has no such payment of the order. Nothing was charged.
    NotFound(Failure),
}

impl ProviderStatus {
    /// The failure, if nothing was charged, and nothing will be unless the customer pays again.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::NotFound(failure) => Some(failure),
            Self::Pending | Self::Processing | Self::AwaitingDeposit | Self::Charged => None,
        }
    }
}

/// The reason for a provider's refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The provider's code.
    #[schema(examples("REJECT_CARD_PAYMENT"))]
    pub code: String,
    /// A message for the customer.
    pub message: String,
    /// The card issuer's advice on another attempt, if the provider passes one on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub advice: Option<Advice>,
}

/// A card issuer's advice on another attempt to charge the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Advice {
    /// The card's number or expiry date is wrong.
    ConfirmCardData,
    /// No attempt will succeed.
    DoNotTryAgain,
    /// A later attempt may succeed.
    TryAgainLater,
}

impl Failure {
    /// Creates a failure with the provider's `code`.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            advice: None,
        }
    }
}

/// The effect of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The report changes the payment.
    Change(Box<Change>),
    /// The report has nothing new.
    Known,
    /// The report says less than what is known and may be old, so it changes nothing.
    Outdated,
}

impl Effect {
    /// The change, if there is one.
    pub fn change(self) -> Option<Change> {
        match self {
            Self::Change(change) => Some(*change),
            Self::Known | Self::Outdated => None,
        }
    }

    fn of(payment: Payment, order: Option<Order>, event_kind: Option<PaymentEventKind>) -> Self {
        Self::Change(Box::new(Change {
            payment,
            order,
            event_kind,
        }))
    }
}

/// The change that a report makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The changed payment.
    pub payment: Payment,
    /// The changed order, if the order changes too.
    pub order: Option<Order>,
    /// The event about the payment, if there is one.
    pub event_kind: Option<PaymentEventKind>,
}

/// The kind of event about a changed payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentEventKind {
    /// The payment was charged and the order is paid.
    Confirmed,
    /// The payment failed.
    Failed,
    /// The outcome of the payment is unknown.
    Unknown,
    /// The payment was charged but cannot pay the order.
    Unservable,
    /// A refund was requested.
    RefundRequested,
    /// Money was refunded.
    Refunded,
    /// A dispute of the payment changed.
    Disputed,
    /// Money of the payment was taken back by the customer's bank or the provider.
    Reversed,
    /// The payment needs a review.
    ReviewNeeded,
}

impl Payment {
    /// The effect of `report` on this payment and its `order`.
    ///
    /// A charge is accepted in every state. It pays the order if the order waits for exactly this amount; otherwise the
    /// payment is unservable and is refunded. A failure is accepted only before a charge. `current` means that the
    /// payment has not changed since the provider was queried: then the report is the present state, even if it says
    /// less than what is known. What contradicts the records goes into review.
    pub fn after(&self, report: &Report, order: &Order, current: bool, now: Timestamp) -> Effect {
        let mut payment = self.clone();
        if payment.deposit.is_none() {
            payment.deposit = report.deposit.as_deref().cloned();
        }
        let of_charge = report.failed_refunds.iter().map(|failed| &failed.reference);
        let of_charge = of_charge
            .chain(report.disputes.iter().map(|dispute| &dispute.dispute_id))
            .next();
        if let Some(reference) = of_charge
            && !self.status.is_charged()
            && report.status != ProviderStatus::Charged
        {
            let detail = format!("The provider reports {reference} of a payment that it did not charge.");
            return payment.contradicted(reference, detail, now);
        }
        match (&report.status, self.status.is_charged()) {
            (ProviderStatus::Charged, false) => payment.charged(report, order, now),
            (ProviderStatus::Charged, true) => payment.charged_before(self, report, order, current, now),
            (ProviderStatus::Failed(failure) | ProviderStatus::NotFound(failure), false) => {
                let is_newer = report.reported_at > self.failed_at;
                if self.status == PaymentStatus::Failed && !is_newer {
                    return Effect::Known;
                }
                payment.failed_at = self.failed_at.max(report.reported_at);
                payment.failure = Some(failure.clone());
                if self.status == PaymentStatus::Failed {
                    return Effect::of(payment, None, None);
                }
                payment.status = PaymentStatus::Failed;
                payment.reviews = vec![];
                let order = order.to_pending_payment(self.payment_id);
                Effect::of(payment, order, Some(PaymentEventKind::Failed))
            }
            (ProviderStatus::AwaitingDeposit, false) => {
                if matches!(self.status, PaymentStatus::AwaitingDeposit | PaymentStatus::Failed) {
                    return Effect::Known;
                }
                payment.status = PaymentStatus::AwaitingDeposit;
                Effect::of(payment, order.to_pending_payment(self.payment_id), None)
            }
            (_, true) => payment.not_charged(report, current, now),
            (ProviderStatus::Pending | ProviderStatus::Processing, false) => Effect::Known,
        }
    }

    /// The effect of a charge that is known: new refunds, failed refunds, disputes, and money that came back.
    fn charged_before(
        mut self,
        before: &Self,
        report: &Report,
        order: &Order,
        current: bool,
        now: Timestamp,
    ) -> Effect {
        self.hear(report, now);
        if report.amount != self.amount || report.refunded.amount() > report.amount.amount() {
            let mut claim = format!("{} charged, {} refunded", report.amount, report.refunded);
            let detail = format!(
                "The provider reports {claim}. The records have {} charged and {} refunded.",
                self.amount, self.refunded
            );
            // A later message with the same amounts is another matter: it is the provider's last word.
            if let Some(reported_at) = report.reported_at {
                claim = format!("{claim} at {reported_at}");
            }
            self.contradict(&claim, detail, now);
            return self.heard(before, Effect::Known);
        }
        if !current && before.may_be_older(report) {
            return self.heard(before, Effect::Outdated);
        }
        if current {
            self.restore();
        }
        self.apply_reported_refunds(report.refunded, &report.failed_refunds, now);
        for dispute in &report.disputes {
            self.apply_dispute(dispute, now);
        }
        // The report answers the question.
        if current || (before.pending_refund().is_some() && self.pending_refund().is_none()) {
            self.close_reviews(|review| review.code == ReviewCode::OutcomeUnknown);
        }
        self.settle(Some(order));
        if self == *before {
            return Effect::Known;
        }
        let is_restored = before.status == PaymentStatus::Reversed && self.status != PaymentStatus::Reversed;
        let of_reviews = self.event_of_reviews(before);
        let event_kind = if of_reviews.is_some() {
            of_reviews
        } else if before.status != PaymentStatus::Unservable && self.status == PaymentStatus::Unservable {
            Some(PaymentEventKind::Unservable)
        } else if self.refunded != before.refunded {
            Some(PaymentEventKind::Refunded)
        } else if is_restored && order.status == OrderStatus::Paid {
            Some(PaymentEventKind::Confirmed)
        } else if self.disputes != before.disputes {
            Some(PaymentEventKind::Disputed)
        } else if is_restored && self.owed().amount() > 0 {
            // The money that came back is owed to the customer.
            Some(PaymentEventKind::Unservable)
        } else if is_restored {
            Some(PaymentEventKind::Confirmed)
        } else {
            (self.refunds != before.refunds).then_some(PaymentEventKind::Refunded)
        };
        Effect::of(self, None, event_kind)
    }

    /// The effect of a report that at most dates the charge, and opens or ends matters; `unchanged` if it does not.
    fn heard(mut self, before: &Self, unchanged: Effect) -> Effect {
        if self.charged_at == before.charged_at && self.reviews == before.reviews {
            return unchanged;
        }
        self.refresh_reviews();
        let event_kind = self.event_of_reviews(before);
        Effect::of(self, None, event_kind)
    }

    /// The event about reviews that were opened or ended since `before`: an unservable payment is resolved once nothing
    /// blocks it.
    fn event_of_reviews(&self, before: &Self) -> Option<PaymentEventKind> {
        if self.has_new_review(before) {
            return Some(PaymentEventKind::ReviewNeeded);
        }
        self.is_released_since(before).then_some(PaymentEventKind::Unservable)
    }

    /// Whether the payment is unservable and the last review that blocked it has ended since `before`.
    pub(crate) fn is_released_since(&self, before: &Self) -> bool {
        self.status == PaymentStatus::Unservable && before.is_blocked() && !self.is_blocked()
    }

    /// Whether a report of a known charge can be older than what is known: it has less refunds, or more although some
    /// have failed, or money that was taken back, or another end of a dispute. A provider without an API cannot be asked
    /// again, so only a smaller sum counts as older.
    fn may_be_older(&self, report: &Report) -> bool {
        let (reported, known) = (report.refunded.amount(), self.refunded_by_provider().amount());
        let mut restored = self.clone();
        restored.restore();
        let is_asked_again = (reported > known && self.has_failed_refund())
            || restored != *self
            || report.disputes.iter().any(|dispute| self.knows_other_end(dispute));
        reported < known || (is_asked_again && self.provider.has_api())
    }

    /// The effect of a report that a charged payment is not charged.
    fn not_charged(mut self, report: &Report, current: bool, now: Timestamp) -> Effect {
        if !self.provider.has_api() {
            return self.failed_after_charge(report, now);
        }
        if !current {
            return Effect::Outdated;
        }
        let kept = self.kept();
        if self.reversal.is_some() || kept.amount() == 0 {
            return Effect::Known;
        }
        // A provider that does not have the payment says nothing about the deposit: the credentials may be of another
        // account.
        let is_deposit = self.deposit.is_some()
            && matches!(
                report.status,
                ProviderStatus::AwaitingDeposit | ProviderStatus::Failed(_)
            );
        if !is_deposit {
            let detail = format!("The provider charged {}, and now reports that it did not.", self.amount);
            return self.contradicted(NOT_CHARGED, detail, now);
        }
        self.reverse(kept, false, now);
        let detail = format!("The customer's bank took back the deposit of {kept}. Decide about the order.");
        self.review_reversal(detail, now);
        Effect::of(self, None, Some(PaymentEventKind::ReviewNeeded))
    }

    /// Records that the customer's bank or the provider took back `amount`.
    pub(crate) fn reverse(&mut self, amount: Money, decided: bool, now: Timestamp) {
        let before = self.reversal.iter().map(|reversal| reversal.amount);
        let amount = self.sum(before.chain([amount]));
        // Anything that was news since the first decision stays news.
        let known = self.reversal.as_ref().filter(|reversal| reversal.decided);
        let charged_at = known.map_or(self.charged_at, |known| known.charged_at);
        self.reversal = Some(Reversal {
            amount,
            reversed_at: now,
            decided,
            charged_at,
        });
        self.settle(None);
    }

    /// Records that the provider has the money, although it reported before that it had not.
    fn restore(&mut self) {
        if self.reversal.as_ref().is_some_and(|reversal| !reversal.decided) {
            self.reversal = None;
            self.close_reviews(|review| review.code == ReviewCode::Reversed);
        }
        self.withdraw_contradiction(NOT_CHARGED);
    }

    fn contradicted(mut self, claim: &str, detail: String, now: Timestamp) -> Effect {
        if self.contradict(claim, detail, now) {
            self.refresh_reviews();
            return Effect::of(self, None, Some(PaymentEventKind::ReviewNeeded));
        }
        Effect::Known
    }

    /// Whether the payment has a matter in review that it did not have `before`.
    pub(crate) fn has_new_review(&self, before: &Self) -> bool {
        let is_known = |id| before.reviews.iter().any(|review| review.review_id == id);
        self.reviews.iter().any(|review| !is_known(review.review_id))
    }

    /// The payment after a confirmation found that the customer has not paid yet.
    ///
    /// The order waits for payment again. Otherwise a customer could hold stock without paying.
    pub fn not_paid_yet(&self, order: &Order) -> Option<Change> {
        matches!(self.status, PaymentStatus::Confirming | PaymentStatus::Unknown).then(|| Change {
            payment: Self {
                status: PaymentStatus::Started,
                ..self.clone()
            },
            order: order.to_pending_payment(self.payment_id),
            event_kind: None,
        })
    }

    /// The change that pays the order with an unservable payment, if the order now waits for exactly this amount.
    pub fn applied_to_order(&self, order: &Order, now: Timestamp) -> Option<Change> {
        let is_wanted = self.status == PaymentStatus::Unservable && self.covers(order);
        let paid = is_wanted.then(|| order.paid(self.payment_id, now).ok()).flatten()?;
        Some(self.with_paid_order(paid))
    }

    /// The change that pays an expired order with an unservable payment. The caller takes the stock again.
    pub fn applied_to_expired_order(&self, order: &Order, now: Timestamp) -> Option<Change> {
        let is_wanted = self.status == PaymentStatus::Unservable && self.covers(order);
        let paid = is_wanted
            .then(|| order.reinstated(self.payment_id, now).ok())
            .flatten()?;
        Some(self.with_paid_order(paid))
    }

    fn covers(&self, order: &Order) -> bool {
        if self.amount != order.totals.total || self.pending_refund().is_some() {
            return false;
        }
        // A failure kept the charge from paying its order, and the provider reported refunds meanwhile.
        let is_of_provider = |refund: &Refund| refund.reason == RefundReason::Elsewhere && !refund.by_hand;
        let is_in_part = self.failed_at.is_some()
            && self.kept().amount() > 0
            && self.withdrawn.is_none()
            && self.refunds.iter().all(is_of_provider);
        self.kept() == order.totals.total || is_in_part
    }

    fn with_paid_order(&self, order: Order) -> Change {
        let mut payment = self.clone();
        payment.status = PaymentStatus::Paid;
        payment.close_reviews(|review| !review.code.is_about_refund() && !review.code.is_of_bank());
        for refund in &mut payment.refunds {
            let is_unmet = matches!(refund.status, RefundStatus::Refused | RefundStatus::Failed);
            if is_unmet && refund.reason == RefundReason::Unservable {
                refund.status = RefundStatus::Superseded;
            }
        }
        payment.settle(Some(&order));
        Change {
            payment,
            order: Some(order),
            event_kind: Some(PaymentEventKind::Confirmed),
        }
    }

    /// The effect of a charge that was not known.
    fn charged(mut self, report: &Report, order: &Order, now: Timestamp) -> Effect {
        self.amount = report.amount;
        self.refunded = Money::zero(report.amount.currency());
        self.paid_at = Some(now);
        self.failure = None;
        // The report answers the reviews' question.
        self.reviews = vec![];
        self.status = PaymentStatus::Unservable;
        self.apply_reported_refunds(report.refunded, &report.failed_refunds, now);
        for dispute in &report.disputes {
            self.apply_dispute(dispute, now);
        }
        let is_contradicted = self.hear(report, now);
        self.settle(None);
        if self.status != PaymentStatus::Unservable {
            let order = order.to_pending_payment(self.payment_id);
            return self.first_charge(order, PaymentEventKind::Refunded);
        }
        // The order stays unpaid until a person knows whether the shop has the money.
        if report.amount == order.totals.total
            && !is_contradicted
            && let Ok(paid) = order.paid(self.payment_id, now)
        {
            self.status = PaymentStatus::Paid;
            self.settle(None);
            return self.first_charge(Some(paid), PaymentEventKind::Confirmed);
        }
        let order = order.to_pending_payment(self.payment_id);
        self.first_charge(order, PaymentEventKind::Unservable)
    }

    /// The effect of the first report of a charge. If the report also has a matter for review, such as a dispute, the event
    /// is about the review.
    fn first_charge(self, order: Option<Order>, event_kind: PaymentEventKind) -> Effect {
        let event_kind = if self.is_in_review() {
            PaymentEventKind::ReviewNeeded
        } else {
            event_kind
        };
        Effect::of(self, order, Some(event_kind))
    }
}

#[cfg(test)]
mod tests;
