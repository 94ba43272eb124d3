//! The definition of a coupon: what it takes off, of what, when, and how often.

use iso_currency::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::{Category, ShardCount, Sku};
use crate::core::money::Money;
use crate::coupons::{CodeRange, CouponDuration, CouponId};
use crate::tickets::{ClassCode, ShowtimeId};
use crate::waiting_rooms::WaitingRoomId;

/// The benefit of a coupon: an amount or a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Benefit {
    /// An amount, at most what the eligible lines cost.
    Fixed {
        /// The amount.
        amount: Money,
    },
    /// A part of the price of the eligible lines, rounded down.
    Percent {
        /// The part.
        #[schema(minimum = 1, maximum = 100, examples(15))]
        percent: u8,
        /// The most that is taken off. Absent: no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        at_most: Option<Money>,
    },
}

/// The lines that a coupon takes something off.
///
/// A product is in the scope if its SKU is named, or a category that it is in. A seat is in the scope if its showtime is named, or
/// its price class; if the scope has both, the seat needs both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponScope {
    /// Products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub skus: Vec<Sku>,
    /// Categories, with those below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub categories: Vec<Category>,
    /// Showtimes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub showtimes: Vec<ShowtimeId>,
    /// Price classes of seats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub classes: Vec<ClassCode>,
}

/// The way in which customers get a coupon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponDistribution {
    /// Everybody can claim it, as long as there are units.
    #[default]
    Claim,
    /// A code that the shop has given away claims it. Each code works once.
    Codes,
}

/// The party that funds a coupon. An order takes at most one coupon of each class. The classes apply in the order of
/// the variants, each to the price less the discounts before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponClass {
    /// A coupon of the seller.
    #[default]
    Seller,
    /// A coupon of the platform on which the seller sells.
    Platform,
}

impl CouponClass {
    /// All classes, in the order in which they apply.
    pub const ALL: [Self; 2] = [Self::Seller, Self::Platform];
}

/// The outcome for a coupon when its customer cancels a paid order as a whole.
///
/// An order that is not paid, or that the shop cancels, gives its coupon back. One of which units are cancelled keeps it. The
/// order of a subscription has none: the subscription keeps its coupon whatever becomes of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnCancellation {
    /// The customer can use it again.
    Returned,
    /// It stays used.
    Kept,
}

/// A coupon that customers claim and then redeem with an order or a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coupon {
    /// The coupon's id.
    pub coupon_id: CouponId,
    /// The name that customers see.
    #[schema(min_length = 1, max_length = 100, examples("Opening week: 15 % off"))]
    pub name: String,
    /// The currency of the orders and subscriptions that it is for.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", examples("KRW"))]
    pub currency: Currency,
    /// The coupon's class, which does not change.
    #[serde(default)]
    #[schema(required = true)]
    pub class: CouponClass,
    /// The benefit of the coupon: an amount or a percentage.
    pub benefit: Benefit,
    /// The price that the eligible lines have to reach before the discount, but after that of a coupon that applies
    /// before it. Absent:
    /// anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub minimum_subtotal: Option<Money>,
    /// The eligible lines. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scope: Option<CouponScope>,
    /// The way in which customers get the coupon.
    pub distribution: CouponDistribution,
    /// The codes that no longer work, in the order of their indexes. Shown to administrators only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub revoked_codes: Vec<CodeRange>,
    /// The number of customers who can claim it, first come, first served. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100_000_000)]
    pub total: Option<u64>,
    /// The number of shards that the units are spread over, so that many customers can claim it at once. Absent without `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shards: Option<ShardCount>,
    /// The time from which it can be claimed.
    pub claims_start_at: Timestamp,
    /// The time from which it can no longer be claimed.
    pub claims_end_at: Timestamp,
    /// The time from which a claimed coupon can no longer be redeemed.
    pub redeemable_until: Timestamp,
    /// The time from which nobody claims or redeems it, because an administrator has revoked it. Orders and subscriptions that have
    /// redeemed it keep it. Absent: it is not revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revoked_at: Option<Timestamp>,
    /// The outcome for the coupon when its customer cancels a paid order.
    pub on_cancellation: OnCancellation,
    /// For how many charges of a subscription it counts.
    #[serde(default)]
    #[schema(required = true)]
    pub duration: CouponDuration,
    /// The waiting room whose admission a claim needs. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waiting_room_id: Option<WaitingRoomId>,
    /// The time at which all units were found claimed. Absent while there may be more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exhausted_at: Option<Timestamp>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change by an administrator.
    pub updated_at: Timestamp,
}

impl Coupon {
    /// The most units.
    pub const MAX_TOTAL: u64 = 100_000_000;
    /// The most ranges of revoked codes.
    pub const MAX_REVOKED: usize = 100;

    /// The time from which nobody can claim it.
    pub fn claimable_until(&self) -> Timestamp {
        self.revoked_at
            .map_or(self.claims_end_at, |revoked_at| revoked_at.min(self.claims_end_at))
    }
}
