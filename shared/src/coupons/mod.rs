//! Coupons: their definition, the claims of customers, and the discount of an order.

mod claim;
mod coupon;
mod id;
pub mod reason;
mod redemption;
mod rules;
pub(crate) mod store;

pub use claim::{CouponClaim, CouponClaimStatus};
pub use coupon::{Benefit, Coupon, CouponScope, OnCancellation};
pub use id::{CouponClaimId, CouponId};
pub use redemption::{NotRedeemable, Redemption};
pub use rules::{CouponLine, NoDiscount, Sold};
pub use store::{CouponStore, StoredCoupon, claim_key, coupon_key, shard_key};
