//! Reasons to reject the definition of a coupon, or what is asked about its codes.

use jiff::Timestamp;
use shared::coupons::CouponClaimId;

shared::reasons! {
    INVALID_COUPON = Unprocessable "invalid-coupon" "A field of a coupon breaks a rule" InvalidCoupon {
        /// The field's name.
        field: String,
    };
    /// Send `POST /coupon-claims` with a code.
    COUPON_NEEDS_CODE = Conflict "coupon-needs-code" "The coupon is claimed with a code";
    /// Only a coupon with the distribution `CODES` has codes.
    COUPON_WITHOUT_CODES = Conflict "coupon-without-codes" "The coupon has no codes";
    INVALID_CODE_RANGE = Unprocessable "invalid-code-range" "The range of codes is empty, too long, or out of range";
    /// Revoke ranges that touch the present ones, or end the claims of the coupon.
    TOO_MANY_CODE_RANGES = Conflict "too-many-code-ranges" "The coupon has too many ranges of revoked codes";
    /// Also the answer for any code that does not work, after a few wrong ones.
    COUPON_CODE_INVALID = Unprocessable "coupon-code-invalid" "The code is not valid";
    COUPON_CODE_USED = Conflict "coupon-code-used" "The code was used";
    COUPON_CODE_REVOKED = Conflict "coupon-code-revoked" "The code was revoked";
    /// The code stays unused: somebody else can use it.
    COUPON_CLAIMED = Conflict "coupon-claimed" "The customer has the coupon already" CouponClaimed {
        /// The customer's claim.
        coupon_claim_id: CouponClaimId,
    };
    TOO_MANY_WRONG_CODES = Conflict "too-many-wrong-codes" "The customer has sent too many wrong codes" TooManyWrongCodes {
        /// The time from which a code is looked at again.
        again_at: Timestamp,
    };
}
