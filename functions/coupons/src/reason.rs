//! Reasons to reject the definition of a coupon.

shared::reasons! {
    INVALID_COUPON = Unprocessable "invalid-coupon" "A field of a coupon breaks a rule" InvalidCoupon {
        /// The field's name.
        field: String,
    };
}
