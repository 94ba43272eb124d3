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
    /// The payment was refunded in full, or the customer's bank has it.
    NotKept,
    /// The owed amount differs from the amount that was returned by hand.
    OwedDiffers {
        /// The owed amount.
        owed: Money,
    },
    /// The amount that was taken back exceeds what is kept of the payment.
    TakenBackTooLarge {
        /// The amount that the shop keeps.
        kept: Money,
    },
    /// The amount that was charged is less than what went back of the payment, or has another currency.
    ChargedTooSmall {
        /// The amount that was refunded or taken back.
        returned: Money,
    },
    /// The payment has no such matter in review, or the matter does not allow this decision.
    NotInReview,
    /// An administrator must decide the payment's matters in review first.
    InReview,
}

const NO_AMOUNT: reason::AmountDiffers = reason::AmountDiffers {
    total: None,
    owed: None,
    kept: None,
    returned: None,
};

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such payment."),
            Rejected::OtherOrder => Self::new(&reason::PAYMENT_MISMATCH, "The payment belongs to another order."),
            Rejected::AmountDiffers { total } => {
                let detail = format!("The order's total is {total}; nothing was charged.");
                Self::with(
                    reason::AmountDiffers {
                        total: Some(total),
                        ..NO_AMOUNT
                    },
                    detail,
                )
            }
            Rejected::AmountNotTaken => Self::new(
                &reason::AMOUNT_NOT_TAKEN,
                "The provider does not accept this amount in this currency.",
            ),
            Rejected::Refused(failure) => {
                let (provider_code, client_secret) = (failure.code, None);
                let members = reason::PaymentRefused {
                    provider_code,
                    client_secret,
                };
                Self::with(members, failure.message)
            }
            Rejected::Unservable => Self::new(
                &reason::PAYMENT_UNSERVABLE,
                "The payment was charged, but cannot pay the order. It is refunded automatically.",
            ),
            Rejected::NothingToRefund => not_refundable(None, "Nothing is left to refund."),
            Rejected::RefundTooLarge { refundable } => {
                let detail = format!("Only {refundable} is left to refund.");
                not_refundable(Some(refundable), detail)
            }
            Rejected::RefundUnderWay => Self::new(
                &reason::REFUND_UNDER_WAY,
                "Another refund of the payment is in progress. Try again later.",
            ),
            Rejected::TooManyRefunds => {
                let detail =
                    format!("A payment can have at most {MAX_REFUNDS} refunds. Refund the whole rest instead.");
                not_refundable(None, detail)
            }
            Rejected::NotKept => Self::new(
                &reason::PAYMENT_NOT_KEPT,
                "The order's payment was refunded in full, or the customer's bank took it back.",
            ),
            Rejected::OwedDiffers { owed } => {
                let detail = format!("{owed} is owed now. Nothing was recorded.");
                Self::with(
                    reason::AmountDiffers {
                        owed: Some(owed),
                        ..NO_AMOUNT
                    },
                    detail,
                )
            }
            Rejected::TakenBackTooLarge { kept } => {
                let detail = format!("Only {kept} of the payment is kept. Nothing was recorded.");
                Self::with(
                    reason::AmountDiffers {
                        kept: Some(kept),
                        ..NO_AMOUNT
                    },
                    detail,
                )
            }
            Rejected::ChargedTooSmall { returned } => {
                let detail = format!("{returned} of the payment was refunded or taken back. Nothing was recorded.");
                Self::with(
                    reason::AmountDiffers {
                        returned: Some(returned),
                        ..NO_AMOUNT
                    },
                    detail,
                )
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

fn not_refundable(refundable: Option<Money>, detail: impl Into<String>) -> Rejection {
    Rejection::with(reason::NotRefundable { refundable }, detail)
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}
