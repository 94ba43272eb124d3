//! Reasons to reject a request that concerns payments.

crate::reasons! {
    PAYMENT_REFUSED = PaymentRequired "payment-refused" "The payment was refused";
    PAYMENT_UNSERVABLE = Conflict "payment-unservable" "The payment was charged, but the order cannot be fulfilled";
    PAYMENT_IN_REVIEW = Conflict "payment-in-review" "The payment is under review";
    PAYMENT_MISMATCH = Unprocessable "payment-mismatch" "The payment does not belong to the order";
    PROVIDER_NOT_CONFIGURED = Unprocessable "provider-not-configured" "The payment provider is not set up";
    AMOUNT_DIFFERS = Conflict "amount-differs" "The amount differs from the expected one";
    AMOUNT_NOT_TAKEN = Unprocessable "amount-not-taken" "The provider does not accept this amount";
    NOT_REFUNDABLE = Conflict "not-refundable" "The amount cannot be refunded";
    REFUND_UNDER_WAY = Conflict "refund-under-way" "Another refund is under way";
    NOT_IN_REVIEW = Conflict "not-in-review" "Nothing is under review";
    UNKNOWN_ORDER = NotFound "unknown-order" "The order of this event does not exist yet";
}
