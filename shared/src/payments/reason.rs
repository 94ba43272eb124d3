//! Reasons to reject a request that concerns payments.

use crate::core::money::Money;

crate::reasons! {
    /// The provider refused the payment or the card. Nothing was charged, and another attempt can be made.
    PAYMENT_REFUSED = PaymentRequired "payment-refused" "The payment was refused" PaymentRefused {
        /// The provider's code.
        #[schema(examples("REJECT_CARD_PAYMENT"))]
        provider_code: String,
        /// With the code `authentication_required`: let the cardholder authenticate with it, then send the same request
        /// again.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        client_secret: Option<String>,
    };
    /// The payment is refunded automatically.
    PAYMENT_UNSERVABLE = Conflict "payment-unservable" "The payment was charged, but the order cannot be fulfilled";
    /// Try again later.
    PAYMENT_IN_REVIEW = Conflict "payment-in-review" "The payment is under review";
    PAYMENT_MISMATCH = Unprocessable "payment-mismatch" "The payment does not belong to the order";
    PROVIDER_NOT_CONFIGURED = Unprocessable "provider-not-configured" "The payment provider is not set up";
    /// Exactly one member names the expected amount.
    AMOUNT_DIFFERS = Conflict "amount-differs" "The amount differs from the expected one" AmountDiffers {
        /// The order's total, which a payment must have.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        total: Option<Money>,
        /// The amount that the customer is owed. A return by hand must have it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        owed: Option<Money>,
        /// The amount of the payment that the shop keeps. No more can have been taken back.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        kept: Option<Money>,
        /// The amount that was refunded or taken back of the payment. No less can have been charged.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        returned: Option<Money>,
    };
    AMOUNT_NOT_TAKEN = Unprocessable "amount-not-taken" "The provider does not accept this amount";
    /// Nothing is left, less than the amount is left, or the payment has reached the limit of refunds.
    NOT_REFUNDABLE = Conflict "not-refundable" "The amount cannot be refunded" NotRefundable {
        /// The amount that is left to refund, if it is less than the requested one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        refundable: Option<Money>,
    };
    /// Cancel what is not shipped of the order.
    PAYMENT_NOT_KEPT = Conflict "payment-not-kept" "The payment of the order was refunded or taken back";
    /// Try again later.
    REFUND_UNDER_WAY = Conflict "refund-under-way" "Another refund is under way";
    /// No such matter is in review, or the matter does not allow the decision.
    NOT_IN_REVIEW = Conflict "not-in-review" "Nothing is under review";
    /// Deliver the message again later.
    UNKNOWN_ORDER = NotFound "unknown-order" "The order of this event does not exist yet";
}
