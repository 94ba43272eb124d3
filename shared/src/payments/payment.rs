//! The payment of an order at one provider: its states and its checks.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balance::Reversal;
use super::dispute::Dispute;
use super::refund::Refund;
use super::report::Failure;
use super::review::{DecidedReview, Review, ReviewCode};
use crate::core::id::PaymentId;
use crate::core::idempotency::derive_id;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::OrderId;

/// A payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Provider {
    /// Toss Payments.
    Toss,
    /// Stripe.
    Stripe,
    /// KakaoPay.
    KakaoPay,
    /// Any other provider. It reports payments by signed webhooks (Standard Webhooks) and has no API.
    Standard,
}

impl Provider {
    /// The name, the same in the API, in events, in stored items and in derived ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Toss => "TOSS",
            Self::Stripe => "STRIPE",
            Self::KakaoPay => "KAKAOPAY",
            Self::Standard => "STANDARD",
        }
    }

    /// Whether the provider has an API that can be asked for the payment's present state.
    pub const fn has_api(self) -> bool {
        !matches!(self, Self::Standard)
    }
}

impl PaymentId {
    /// Derives the id of the payment with `provider`'s `reference`.
    pub fn of(provider: Provider, reference: &str) -> Self {
        Self(derive_id(&["payment", provider.name(), reference]))
    }
}

/// The status of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentStatus {
    /// The payment exists at the provider. The customer has not paid yet.
    Started,
    /// The payment is being confirmed at the provider.
    Confirming,
    /// The outcome is unknown. The provider will be queried again.
    Unknown,
    /// The customer has an account number for the deposit.
    AwaitingDeposit,
    /// The provider refused the payment. Nothing was charged.
    Failed,
    /// The payment was charged, and its order is paid.
    Paid,
    /// The payment was charged, but cannot pay its order. It is refunded automatically.
    Unservable,
    /// The payment is fully refunded.
    Refunded,
    /// The customer's bank took back what was not refunded: a deposit was withdrawn, or a dispute was lost.
    Reversed,
}

impl PaymentStatus {
    /// Whether the payment was charged, even if it was refunded or reversed since.
    pub const fn is_charged(self) -> bool {
        matches!(self, Self::Paid | Self::Unservable | Self::Refunded | Self::Reversed)
    }
}

/// A payment, as customers and events see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// The payment's id. Derived from the provider and its reference.
    pub payment_id: PaymentId,
    /// The order to pay.
    pub order_id: OrderId,
    /// The customer of the order.
    pub customer_id: CustomerId,
    /// The payment provider.
    pub provider: Provider,
    /// The provider's reference: Toss's `paymentKey`, Stripe's PaymentIntent, KakaoPay's `tid`.
    #[schema(max_length = 255)]
    pub reference: String,
    /// The payment's status.
    pub status: PaymentStatus,
    /// The amount to charge; after the charge, the charged amount.
    pub amount: Money,
    /// The refunded sum.
    pub refunded: Money,
    /// The sum that the customer's bank took back, at most what was not refunded. Absent if it took nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub withdrawn: Option<Money>,
    /// The refunds, made or requested.
    #[schema(max_items = 50)]
    pub refunds: Vec<Refund>,
    /// The provider's ids of the refunds that failed. Each failure is recorded once, however often it is reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub failed_refunds: Vec<String>,
    /// The disputes of the customer's bank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub disputes: Vec<Dispute>,
    /// The reversal, if the customer's bank took the payment back without a dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reversal: Option<Reversal>,
    /// The reason, if the payment failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<Failure>,
    /// The account for the deposit, if the customer pays by deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deposit: Option<DepositAccount>,
    /// The matters that an administrator must decide. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub reviews: Vec<Review>,
    /// The matters that were decided, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub decided: Vec<DecidedReview>,
    /// The time when the payment was started.
    pub created_at: Timestamp,
    /// The time at which the provider's confirmation of the charge arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub paid_at: Option<Timestamp>,
    /// The provider's time of the charge, if its report has one: a report of an older failure is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub charged_at: Option<Timestamp>,
    /// The provider's time of the latest reported failure, if its report has one: an older report of a charge contradicts
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failed_at: Option<Timestamp>,
}

/// A provider's account for one deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepositAccount {
    /// The bank, as the provider names it.
    pub bank: String,
    /// The account number.
    pub account_number: String,
    /// The deadline of the deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_at: Option<Timestamp>,
}

/// The greatest time that a provider call may take before its attempt counts as abandoned by a crash.
const MAX_CALL_TIME: SignedDuration = SignedDuration::from_mins(2);
/// The longest interval between two checks.
const MAX_CHECK_INTERVAL: SignedDuration = SignedDuration::from_mins(60);
/// The time from the charge to the comparison with the provider's records.
const COMPARISON_DELAY: SignedDuration = SignedDuration::from_hours(24);

impl Payment {
    /// Creates a started payment of `amount` with `provider`'s `reference`.
    pub fn new(
        provider: Provider,
        reference: String,
        order_id: OrderId,
        customer_id: CustomerId,
        amount: Money,
        now: Timestamp,
    ) -> Self {
        Self {
            payment_id: PaymentId::of(provider, &reference),
            order_id,
            customer_id,
            provider,
            reference,
            status: PaymentStatus::Started,
            amount,
            refunded: Money::zero(amount.currency()),
            withdrawn: None,
            refunds: vec![],
            failed_refunds: vec![],
            disputes: vec![],
            reversal: None,
            failure: None,
            deposit: None,
            reviews: vec![],
            decided: vec![],
            created_at: now,
            paid_at: None,
            charged_at: None,
            failed_at: None,
        }
    }

    /// The payment while it is being confirmed. `None` unless it is started or failed.
    #[must_use]
    pub fn confirming(&self) -> Option<Self> {
        let can_be_confirmed = matches!(self.status, PaymentStatus::Started | PaymentStatus::Failed);
        can_be_confirmed.then(|| {
            let mut next = self.clone();
            next.status = PaymentStatus::Confirming;
            next.failure = None;
            next.close_reviews(|review| review.code == ReviewCode::OutcomeUnknown);
            next
        })
    }

    /// Whether a confirmation is in progress now. Its result is more reliable than other reports.
    pub fn is_being_confirmed(&self, since: Timestamp, now: Timestamp) -> bool {
        self.status == PaymentStatus::Confirming && now.duration_since(since) < MAX_CALL_TIME
    }

    /// The payment as its customer sees it, without reviews, notes, who requested refunds, and what only tells apart
    /// reports.
    #[must_use]
    pub fn for_customer(mut self) -> Self {
        self.reviews = vec![];
        self.decided = vec![];
        self.failed_refunds = vec![];
        self.failed_at = None;
        for refund in &mut self.refunds {
            refund.note = None;
            refund.requested_by = None;
        }
        self
    }

    /// The time of the reconciler's next check, after `tries` checks that changed nothing. `None` when no check is
    /// needed.
    ///
    /// `payable_until` is the deadline of its order; `compared` means that its comparison with the provider is done.
    pub fn next_check_at(
        &self,
        now: Timestamp,
        tries: u32,
        payable_until: Timestamp,
        compared: bool,
    ) -> Option<Timestamp> {
        let interval = SignedDuration::from_mins(1 << tries.min(6)).min(MAX_CHECK_INTERVAL);
        if self.can_make_refund() {
            return Some(now + MAX_CALL_TIME + interval);
        }
        if self.owes_refund() {
            return Some(now + interval);
        }
        if self.is_blocked() {
            return None;
        }
        let ended = (payable_until + MAX_CALL_TIME).max(now + interval);
        match self.status {
            // Until then the customer may pay; at Stripe even after a refusal.
            PaymentStatus::Started => Some(ended),
            PaymentStatus::Failed if !compared => Some(ended),
            PaymentStatus::Confirming => Some(now + MAX_CALL_TIME + interval),
            PaymentStatus::Unservable if self.kept().amount() > 0 => Some(now + MAX_CALL_TIME + interval),
            PaymentStatus::Unknown => Some(now + interval),
            PaymentStatus::AwaitingDeposit => Some(ended.min(now + MAX_CHECK_INTERVAL)),
            PaymentStatus::Paid | PaymentStatus::Refunded | PaymentStatus::Reversed if !compared => {
                Some((self.paid_at.unwrap_or(now) + COMPARISON_DELAY).max(now + interval))
            }
            _ if self.has_open_dispute() => Some(now + COMPARISON_DELAY),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_one_name_in_the_api_and_in_derived_ids() {
        for (provider, name) in [
            (Provider::Toss, "TOSS"),
            (Provider::Stripe, "STRIPE"),
            (Provider::KakaoPay, "KAKAOPAY"),
            (Provider::Standard, "STANDARD"),
        ] {
            assert_eq!(serde_json::to_value(provider).unwrap(), name);
            assert_eq!(provider.name(), name);
        }
    }
}
