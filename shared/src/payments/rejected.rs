//! The reasons to reject a request about a payment, and their texts.

use super::refund::MAX_REFUNDS;
use super::report::Failure;
use crate::core::error::{self, Error, Rejection};
use crate::core::money::Money;
use crate::payments::reason;

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
    /// The amount that was taken back exceeds what is kept of the payment.
    TakenBackTooLarge {
        /// What is kept.
        kept: Money,
    },
    /// The payment has no such matter in review, or the matter does not allow this decision.
    NotInReview,
    /// An administrator must decide the payment's matters in review first.
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
            Rejected::TakenBackTooLarge { kept } => {
                let detail = format!("Only {kept} of the payment is kept. Nothing was recorded.");
                Self::new(&reason::AMOUNT_DIFFERS, detail).with("kept", kept)
            }
            Rejected::NotInReview => Self::new(
                &reason::NOT_IN_REVIEW,
                "The payment has no such matter in review, or the matter does not allow this decision.",
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
