//! A payment: one customer's money for one order, at one provider, and the states that it goes through.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refund::{MAX_REFUNDS, Refund};
use super::report::Failure;
use crate::core::error;
use crate::core::error::{Error, Rejection};
use crate::core::id::PaymentId;
use crate::core::idempotency::derive_id;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::OrderId;

/// Who takes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Toss Payments.
    Toss,
    /// Stripe.
    Stripe,
    /// KakaoPay.
    KakaoPay,
    /// Any other, which reports payments by signed webhooks (Standard Webhooks) and cannot be asked.
    Standard,
}

impl Provider {
    /// Its name in paths, keys and logs.
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
    /// The id of the payment that `provider` knows by `reference`.
    pub fn of(provider: Provider, reference: &str) -> Self {
        Self(derive_id(&["payment", provider.name(), reference]))
    }
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentStatus {
    /// The provider knows of it; the customer has not paid yet.
    Started,
    /// The provider is being asked to take the money.
    Confirming,
    /// Whether the money was taken is not known: the provider will be asked again.
    Unknown,
    /// The customer has an account number to send the money to.
    AwaitingDeposit,
    /// The provider said no: no money was taken.
    Failed,
    /// The money was taken, and its order is paid.
    Paid,
    /// The money was taken, and its order cannot have it: it goes back by itself.
    Unservable,
    /// All of the money went back.
    Refunded,
}

impl PaymentStatus {
    /// Whether money was taken, some of it perhaps given back.
    pub const fn is_charged(self) -> bool {
        matches!(self, Self::Paid | Self::Unservable | Self::Refunded)
    }
}

/// A payment, as its customer sees it and as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// Its id.
    pub payment_id: PaymentId,
    /// The order that it is for.
    pub order_id: OrderId,
    /// Whose order that is.
    pub customer_id: CustomerId,
    /// Who takes the money.
    pub provider: Provider,
    /// What the provider calls it: Toss's `paymentKey`, Stripe's PaymentIntent, KakaoPay's `tid`.
    #[schema(max_length = 255)]
    pub reference: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What is to be taken; once it was, what was taken.
    pub amount: Money,
    /// What went back of it.
    pub refunded: Money,
    /// How it went back, and what is to go back.
    #[schema(max_items = 50)]
    pub refunds: Vec<Refund>,
    /// Why it failed, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<Failure>,
    /// Where the customer is to send the money, when they pay by deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deposit: Option<DepositAccount>,
    /// Why a person must look at it, when one must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub review: Option<Review>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When we learnt that the money was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub paid_at: Option<Timestamp>,
}

/// An account that a provider opened for one deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepositAccount {
    /// The bank, as the provider names it.
    pub bank: String,
    /// The account's number.
    pub account_number: String,
    /// Until when the money must be there, as the provider writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due: Option<String>,
}

/// A matter that only a person can decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// What is the matter, in a sentence.
    pub reason: String,
    /// What is to go back now, as far as the books know: so much is entered when it was given back by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owed: Option<Money>,
    /// Since when.
    pub since: Timestamp,
}

/// How long a call to a provider may be under way before its attempt counts as abandoned by a crash.
const CALL: SignedDuration = SignedDuration::from_mins(2);
/// The longest pause between two questions to the provider.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(60);
/// How long after it was taken a payment is compared with the provider's books.
const COMPARISON: SignedDuration = SignedDuration::from_hours(24);

impl Payment {
    /// A payment that `provider` knows by `reference`, for `amount`, of which nothing has been taken.
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

    /// The payment while its provider is asked to take the money; none when it was asked before and has not said no.
    #[must_use]
    pub fn confirming(&self) -> Option<Self> {
        let may_be_asked = matches!(self.status, PaymentStatus::Started | PaymentStatus::Failed);
        may_be_asked.then(|| Self {
            status: PaymentStatus::Confirming,
            failure: None,
            review: None,
            ..self.clone()
        })
    }

    /// The payment in front of a person.
    #[must_use]
    pub fn in_review(mut self, reason: impl Into<String>, now: Timestamp) -> Self {
        self.review = Some(Review {
            reason: reason.into(),
            owed: self.to_give_back(),
            since: now,
        });
        self
    }

    /// Whether the provider is being asked to take the money right now: nobody else knows better meanwhile.
    pub fn is_being_confirmed(&self, since: Timestamp, now: Timestamp) -> bool {
        self.status == PaymentStatus::Confirming && now.duration_since(since) < CALL
    }

    /// The payment as its customer sees it: what is between the shop and itself stays there.
    #[must_use]
    pub fn as_customer_sees(mut self) -> Self {
        self.review = None;
        for refund in &mut self.refunds {
            refund.note = None;
        }
        self
    }

    /// When the reconciler is to look at it next, after `tries` looks that changed nothing; never again when `None`.
    ///
    /// `payable_until` is the deadline of its order; `compared` says that its comparison with the provider is done.
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
        let pause = SignedDuration::from_mins(1 << tries.min(6)).min(LONGEST_PAUSE);
        if self.pending_refund().is_some() {
            return Some(now + CALL + pause);
        }
        if self.owes_refund() {
            return Some(now + pause);
        }
        let ended = (payable_until + CALL).max(now + pause);
        match self.status {
            // Until then its customer may be paying, at Stripe after a refusal as well.
            PaymentStatus::Started => Some(ended),
            PaymentStatus::Failed if !compared => Some(ended),
            PaymentStatus::Confirming | PaymentStatus::Unservable => Some(now + CALL + pause),
            PaymentStatus::Unknown => Some(now + pause),
            PaymentStatus::AwaitingDeposit => Some(ended.min(now + LONGEST_PAUSE)),
            PaymentStatus::Paid | PaymentStatus::Refunded if !compared => {
                Some((self.paid_at.unwrap_or(now) + COMPARISON).max(now + pause))
            }
            PaymentStatus::Paid | PaymentStatus::Refunded | PaymentStatus::Failed => None,
        }
    }
}

/// Why a payment is not taken, or not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There is no such payment for this caller.
    NotFound,
    /// The payment belongs to another order.
    OtherOrder,
    /// The amount is not that of the order.
    AmountDiffers {
        /// The order's total.
        total: Money,
    },
    /// The provider does not take this currency here, or there is nothing to pay.
    AmountNotTaken,
    /// The provider said no.
    Refused(Failure),
    /// The money was taken, and the order cannot have it.
    Unservable,
    /// No money of it can go back: none was taken, or it went back already.
    NothingToRefund,
    /// More is to go back than is left.
    RefundTooLarge {
        /// What is left.
        refundable: Money,
    },
    /// Another refund of it is under way.
    RefundUnderWay,
    /// It has had as many refunds as are kept.
    TooManyRefunds,
    /// Another sum is to go back than a person says to have given.
    OwedDiffers {
        /// That sum.
        owed: Money,
    },
    /// No person's decision is asked for, or not this one.
    NotInReview,
    /// A person has to decide first.
    InReview,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such payment."),
            Rejected::OtherOrder => Self::new(&error::PAYMENT_MISMATCH, "The payment belongs to another order."),
            Rejected::AmountDiffers { total } => {
                let detail = format!("The order's total is {total}; nothing was charged.");
                Self::new(&error::AMOUNT_DIFFERS, detail).with("total", total)
            }
            Rejected::AmountNotTaken => Self::new(
                &error::AMOUNT_NOT_TAKEN,
                "The provider does not take this amount in this currency.",
            ),
            Rejected::Refused(failure) => {
                Self::new(&error::PAYMENT_REFUSED, failure.message).with("provider_code", failure.code)
            }
            Rejected::Unservable => Self::new(
                &error::PAYMENT_UNSERVABLE,
                "The money was taken, but the order could not have it: it goes back by itself.",
            ),
            Rejected::NothingToRefund => Self::new(&error::NOT_REFUNDABLE, "Nothing is left to be refunded."),
            Rejected::RefundTooLarge { refundable } => {
                let detail = format!("Only {refundable} is left to be refunded.");
                Self::new(&error::NOT_REFUNDABLE, detail).with("refundable", refundable)
            }
            Rejected::RefundUnderWay => Self::new(
                &error::REFUND_UNDER_WAY,
                "Another refund of it is under way; ask again later.",
            ),
            Rejected::TooManyRefunds => {
                let detail = format!("A payment has {MAX_REFUNDS} refunds at most; refund all that is left.");
                Self::new(&error::NOT_REFUNDABLE, detail)
            }
            Rejected::OwedDiffers { owed } => {
                let detail = format!("{owed} is owed now; nothing was entered.");
                Self::new(&error::AMOUNT_DIFFERS, detail).with("owed", owed)
            }
            Rejected::NotInReview => Self::new(
                &error::NOT_IN_REVIEW,
                "The payment waits for nobody's decision, or for another one.",
            ),
            Rejected::InReview => Self::new(
                &error::PAYMENT_IN_REVIEW,
                "A person is looking at the order's payment; ask again later.",
            ),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}
