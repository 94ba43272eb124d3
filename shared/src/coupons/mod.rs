//! Coupons: their definition, the claims of customers, and the discount of an order or of a charge of a subscription.

mod claim;
mod code_range;
mod combination;
mod coupon;
mod duration;
#[cfg(test)]
pub(crate) mod example;
mod id;
pub mod reason;
mod redemption;
mod rules;
pub(crate) mod store;

pub use claim::{CouponClaim, CouponClaimStatus, Redeemer};
pub use code_range::CodeRange;
pub use combination::{NotCombinable, Redemptions, require_combinable};
pub use coupon::{Benefit, Coupon, CouponClass, CouponDistribution, CouponScope, OnCancellation};
pub use duration::CouponDuration;
pub use id::{CouponClaimId, CouponId};
pub use redemption::{NotRedeemable, Redemption};
pub use rules::{CouponLine, NoDiscount, Sold};
pub use store::{CodeSeries, CouponStore, StoredCoupon, claim_key, coupon_key, shard_key};
