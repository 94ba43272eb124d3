//! The payment of an order at one provider: its states and its checks.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refund::{MAX_REFUNDS, Refund};
use super::report::Failure;
use crate::core::error::{self, Error, Rejection};
use crate::core::id::PaymentId;
use crate::core::idempotency::derive_id;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::OrderId;
use crate::payments::reason;

/// A payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
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
    /// The name in paths, keys and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Toss => "toss",
            Self::Stripe => "stripe",
            Self::KakaoPay => "kakaopay",
            Self::Standard => "standard",
        }
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
}

impl PaymentStatus {
    /// Whether the payment was charged, even if it was refunded since.
    pub const fn is_charged(self) -> bool {
        matches!(self, Self::Paid | Self::Unservable | Self::Refunded)
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
    /// The refunds, made or requested.
    #[schema(max_items = 50)]
    pub refunds: Vec<Refund>,
    /// The reason, if the payment failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<Failure>,
    /// The account for the deposit, if the customer pays by deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deposit: Option<DepositAccount>,
    /// The review, while the payment needs a decision by an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub review: Option<Review>,
    /// The time when the payment was started.
    pub created_at: Timestamp,
    /// When the provider's confirmation of the charge arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub paid_at: Option<Timestamp>,
}

/// A provider's account for one deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepositAccount {
    /// The bank, as the provider names it.
    pub bank: String,
    /// The account number.
    pub account_number: String,
    /// The deadline of the deposit, as the provider writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due: Option<String>,
}

/// A decision that an administrator must make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// The reason for the review, in a sentence.
    pub reason: String,
    /// The amount that is owed to the customer now. The decision `GIVEN_BACK` records a refund of this amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owed: Option<Money>,
    /// The start of the review.
    pub since: Timestamp,
}

/// How long a provider call may take before its attempt counts as abandoned by a crash.
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
            refunds: vec![],
            failure: None,
            deposit: None,
            review: None,
            created_at: now,
            paid_at: None,
        }
    }

    /// The payment while it is being confirmed. `None` unless it is started or failed.
    #[must_use]
    pub fn confirming(&self) -> Option<Self> {
        let can_be_confirmed = matches!(self.status, PaymentStatus::Started | PaymentStatus::Failed);
        can_be_confirmed.then(|| Self {
            status: PaymentStatus::Confirming,
            failure: None,
            review: None,
            ..self.clone()
        })
    }

    /// The payment with a review.
    #[must_use]
    pub fn in_review(mut self, reason: impl Into<String>, now: Timestamp) -> Self {
        self.review = Some(Review {
            reason: reason.into(),
            owed: self.owed_amount(),
            since: now,
        });
        self
    }

    /// Whether a confirmation is in progress now. Its result is more reliable than other reports.
    pub fn is_being_confirmed(&self, since: Timestamp, now: Timestamp) -> bool {
        self.status == PaymentStatus::Confirming && now.duration_since(since) < MAX_CALL_TIME
    }

    /// The payment as its customer sees it, without reviews and notes.
    #[must_use]
    pub fn for_customer(mut self) -> Self {
        self.review = None;
        for refund in &mut self.refunds {
            refund.note = None;
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
        if self.review.is_some() {
            return None;
        }
        let interval = SignedDuration::from_mins(1 << tries.min(6)).min(MAX_CHECK_INTERVAL);
        if self.pending_refund().is_some() {
            return Some(now + MAX_CALL_TIME + interval);
        }
        if self.owes_refund() {
            return Some(now + interval);
        }
        let ended = (payable_until + MAX_CALL_TIME).max(now + interval);
        match self.status {
            // Until then the customer may pay; at Stripe even after a refusal.
            PaymentStatus::Started => Some(ended),
            PaymentStatus::Failed if !compared => Some(ended),
            PaymentStatus::Confirming | PaymentStatus::Unservable => Some(now + MAX_CALL_TIME + interval),
            PaymentStatus::Unknown => Some(now + interval),
            PaymentStatus::AwaitingDeposit => Some(ended.min(now + MAX_CHECK_INTERVAL)),
            PaymentStatus::Paid | PaymentStatus::Refunded if !compared => {
                Some((self.paid_at.unwrap_or(now) + COMPARISON_DELAY).max(now + interval))
            }
            PaymentStatus::Paid | PaymentStatus::Refunded | PaymentStatus::Failed => None,
        }
    }
}

/// The reason for rejecting a request about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The caller has no such payment.
    NotFound,
    /// The payment belongs to another order.
    OtherOrder,
    /// The amount differs from the order's total.
    AmountDiffers {
        /// The order's total.
        total: Money,
    },
    /// The provider does not accept the amount or the currency.
    AmountNotTaken,
    /// The provider refused the payment.
    Refused(Failure),
    /// The payment was charged, but cannot pay the order.
    Unservable,
    /// Nothing can be refunded: nothing was charged, or all is refunded.
    NothingToRefund,
    /// The amount exceeds the refundable amount.
    RefundTooLarge {
        /// The refundable amount.
        refundable: Money,
    },
    /// Another refund of the payment is pending.
    RefundUnderWay,
    /// The payment has reached the limit of refunds.
    TooManyRefunds,
    /// The owed amount differs from the amount that was returned by hand.
    OwedDiffers {
        /// The owed amount.
        owed: Money,
    },
    /// The payment is not in review, or its review does not allow this decision.
    NotInReview,
    /// An administrator must decide the review first.
    InReview,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such payment."),
            Rejected::OtherOrder => Self::new(&reason::PAYMENT_MISMATCH, "The payment belongs to another order."),
            Rejected::AmountDiffers { total } => {
                let detail = format!("The order's total is {total}; nothing was charged.");
                Self::new(&reason::AMOUNT_DIFFERS, detail).with("total", total)
            }
            Rejected::AmountNotTaken => Self::new(
                &reason::AMOUNT_NOT_TAKEN,
                "The provider does not accept this amount in this currency.",
            ),
            Rejected::Refused(failure) => {
                Self::new(&reason::PAYMENT_REFUSED, failure.message).with("provider_code", failure.code)
            }
            Rejected::Unservable => Self::new(
                &reason::PAYMENT_UNSERVABLE,
                "The payment was charged, but cannot pay the order. It is refunded automatically.",
            ),
            Rejected::NothingToRefund => Self::new(&reason::NOT_REFUNDABLE, "Nothing is left to refund."),
            Rejected::RefundTooLarge { refundable } => {
                let detail = format!("Only {refundable} is left to refund.");
                Self::new(&reason::NOT_REFUNDABLE, detail).with("refundable", refundable)
            }
            Rejected::RefundUnderWay => Self::new(
                &reason::REFUND_UNDER_WAY,
                "Another refund of the payment is in progress. Try again later.",
            ),
            Rejected::TooManyRefunds => {
                let detail =
                    format!("A payment can have at most {MAX_REFUNDS} refunds. Refund the whole rest instead.");
                Self::new(&reason::NOT_REFUNDABLE, detail)
            }
            Rejected::OwedDiffers { owed } => {
                let detail = format!("{owed} is owed now. Nothing was recorded.");
                Self::new(&reason::AMOUNT_DIFFERS, detail).with("owed", owed)
            }
            Rejected::NotInReview => Self::new(
                &reason::NOT_IN_REVIEW,
                "The payment is not in review, or its review does not allow this decision.",
            ),
            Rejected::InReview => Self::new(
                &reason::PAYMENT_IN_REVIEW,
                "The order's payment is in review. Try again later.",
            ),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}
