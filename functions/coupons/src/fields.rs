//! The fields of a new coupon, and their rules.

use std::collections::BTreeSet;
use std::fmt::Display;

use iso_currency::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::catalog::ShardCount;
use shared::core::error::Rejection;
use shared::core::money::Money;
use shared::core::text::DisplayText;
use shared::coupons::{
    Benefit, Coupon, CouponClass, CouponDistribution, CouponDuration, CouponId, CouponScope, OnCancellation,
};
use shared::waiting_rooms::WaitingRoomId;
use utoipa::ToSchema;

use crate::reason;

const MAX_NAME: usize = 100;
/// The most entries of each list of a scope.
const MAX_NAMED: usize = 100;

/// A new coupon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCouponRequest {
    /// The name that customers see. Text of one line.
    #[schema(min_length = 1, max_length = 100, examples("Opening week: 15 % off"))]
    pub name: String,
    /// The currency of the orders that it is for, and of all its amounts.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", examples("KRW"))]
    pub currency: Currency,
    /// The coupon's class, which cannot be changed. Default: a coupon of the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub class: Option<CouponClass>,
    /// The benefit of the coupon: an amount or a percentage.
    pub benefit: Benefit,
    /// The price that the eligible lines have to reach before the discount, but after that of a coupon that applies
    /// before it. Default:
    /// anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub minimum_subtotal: Option<Money>,
    /// The eligible lines. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scope: Option<CouponScope>,
    /// The way in which customers get the coupon. Default: everybody can claim it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub distribution: Option<CouponDistribution>,
    /// The number of customers who can claim it, first come, first served. Default: no limit. Not with codes, which limit it
    /// themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100_000_000)]
    pub total: Option<u64>,
    /// The number of shards that the units are spread over: 16 by default. Only with `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shards: Option<ShardCount>,
    /// The time from which it can be claimed.
    pub claims_start_at: Timestamp,
    /// The time from which it can no longer be claimed.
    pub claims_end_at: Timestamp,
    /// The time from which a claimed coupon can no longer be redeemed. It cannot be changed.
    pub redeemable_until: Timestamp,
    /// The outcome for the coupon when its customer cancels a paid order.
    pub on_cancellation: OnCancellation,
    /// For how many charges of a subscription it counts. It cannot be changed. Default: one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duration: Option<CouponDuration>,
    /// The waiting room whose admission a claim needs. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waiting_room_id: Option<WaitingRoomId>,
}

impl CreateCouponRequest {
    /// The coupon with these fields, created at `now`.
    ///
    /// # Errors
    /// `invalid-coupon`.
    pub fn checked(self, coupon_id: CouponId, now: Timestamp) -> Result<Coupon, Rejection> {
        check_benefit(self.benefit, self.currency)?;
        if let Some(minimum) = self.minimum_subtotal {
            check_amount("minimum_subtotal", minimum, self.currency)?;
        }
        if let Some(scope) = &self.scope {
            check_scope(scope)?;
        }
        if self
            .total
            .is_some_and(|total| !(1..=Coupon::MAX_TOTAL).contains(&total))
        {
            let detail = format!("it is 1 to {}", Coupon::MAX_TOTAL);
            return Err(invalid("total", &detail));
        }
        let distribution = self.distribution.unwrap_or_default();
        if distribution == CouponDistribution::Codes && self.total.is_some() {
            return Err(invalid("total", "the number of codes limits the coupon"));
        }
        check_room(distribution, self.waiting_room_id)?;
        let duration = self.duration.unwrap_or_default();
        check_duration(duration)?;
        let shards = match (self.total, self.shards) {
            (None, Some(_)) => return Err(invalid("shards", "only a coupon with a total has shards")),
            (None, None) => None,
            (Some(_), shards) => Some(shards.unwrap_or(ShardCount::SIXTEEN)),
        };
        if self.claims_end_at <= self.claims_start_at.max(now) {
            return Err(invalid(
                "claims_end_at",
                "it is after claims_start_at, and in the future",
            ));
        }
        let coupon = Coupon {
            coupon_id,
            name: name(&self.name)?,
            currency: self.currency,
            class: self.class.unwrap_or_default(),
            benefit: self.benefit,
            minimum_subtotal: self.minimum_subtotal,
            scope: self.scope,
            distribution,
            revoked_codes: vec![],
            total: self.total,
            shards,
            claims_start_at: self.claims_start_at,
            claims_end_at: self.claims_end_at,
            redeemable_until: self.redeemable_until,
            on_cancellation: self.on_cancellation,
            duration,
            waiting_room_id: self.waiting_room_id,
            revoked_at: None,
            exhausted_at: None,
            created_at: now,
            updated_at: now,
        };
        check_times(&coupon)?;
        Ok(coupon)
    }
}

/// Checks that no waiting room guards codes: who has one does not compete for it.
///
/// # Errors
/// `invalid-coupon`.
pub fn check_room(distribution: CouponDistribution, room: Option<WaitingRoomId>) -> Result<(), Rejection> {
    if distribution == CouponDistribution::Codes && room.is_some() {
        return Err(invalid("waiting_room_id", "a coupon with codes has none"));
    }
    Ok(())
}

/// Checks and normalizes a name.
///
/// # Errors
/// `invalid-coupon`.
pub fn name(text: &str) -> Result<String, Rejection> {
    let name = DisplayText::line(text, MAX_NAME).map(String::from);
    name.map_err(|refused| invalid("name", &refused.to_string()))
}

/// Checks that a coupon can be redeemed as long as it can be claimed. Claims that end at their start are none.
///
/// # Errors
/// `invalid-coupon`.
pub fn check_times(coupon: &Coupon) -> Result<(), Rejection> {
    if coupon.claims_end_at < coupon.claims_start_at {
        return Err(invalid("claims_end_at", "it is not before claims_start_at"));
    }
    if coupon.redeemable_until < coupon.claims_end_at {
        return Err(invalid("redeemable_until", "it is not before claims_end_at"));
    }
    Ok(())
}

/// The rejection of a field.
pub fn invalid(field: &str, detail: &str) -> Rejection {
    let detail = format!("{field}: {detail}.");
    let field = field.to_owned();
    Rejection::with(reason::InvalidCoupon { field }, detail)
}

fn check_benefit(benefit: Benefit, currency: Currency) -> Result<(), Rejection> {
    match benefit {
        Benefit::Fixed { amount } => check_amount("benefit", amount, currency),
        Benefit::Percent { percent, .. } if !(1..=100).contains(&percent) => {
            Err(invalid("benefit", "percent is 1 to 100"))
        }
        Benefit::Percent { at_most, .. } => at_most.map_or(Ok(()), |most| check_amount("benefit", most, currency)),
    }
}

fn check_duration(duration: CouponDuration) -> Result<(), Rejection> {
    let (least, most) = (CouponDuration::MIN_REPEATED, CouponDuration::MAX_REPEATED);
    match duration {
        CouponDuration::Repeating { charges } if !(least..=most).contains(&charges) => {
            Err(invalid("duration", &format!("charges is {least} to {most}")))
        }
        _ => Ok(()),
    }
}

fn check_amount(field: &str, amount: Money, currency: Currency) -> Result<(), Rejection> {
    if amount.currency() != currency {
        let detail = format!("its currency is {}, as that of the coupon", currency.code());
        return Err(invalid(field, &detail));
    }
    if amount.amount() == 0 {
        return Err(invalid(field, "an amount is more than 0"));
    }
    Ok(())
}

fn check_scope(scope: &CouponScope) -> Result<(), Rejection> {
    if scope.is_empty() {
        return Err(invalid(
            "scope",
            "it names something; leave it out for a coupon that is for everything",
        ));
    }
    check_list("skus", &scope.skus)?;
    let categories: Vec<&str> = scope.categories.iter().map(|category| category.as_str()).collect();
    check_list("categories", &categories)?;
    check_list("showtimes", &scope.showtimes)?;
    let classes: Vec<&str> = scope.classes.iter().map(|class| class.as_str()).collect();
    check_list("classes", &classes)
}

fn check_list<T: Ord + Display>(name: &str, values: &[T]) -> Result<(), Rejection> {
    if values.len() > MAX_NAMED {
        return Err(invalid("scope", &format!("{name} has at most {MAX_NAMED} entries")));
    }
    let mut seen = BTreeSet::new();
    match values.iter().find(|value| !seen.insert(*value)) {
        Some(twice) => Err(invalid("scope", &format!("{name} has {twice} twice"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coupon_that_repeats_counts_for_two_charges_or_more() {
        for (charges, is_allowed) in [(0, false), (1, false), (2, true), (999, true), (1_000, false)] {
            let checked = check_duration(CouponDuration::Repeating { charges });
            assert_eq!(checked.is_ok(), is_allowed, "{charges}");
        }
        assert!(check_duration(CouponDuration::Once {}).is_ok());
        assert!(check_duration(CouponDuration::Forever {}).is_ok());
    }

    #[test]
    fn codes_have_no_waiting_room() {
        let room = Some(WaitingRoomId(uuid::Uuid::nil()));
        assert!(check_room(CouponDistribution::Claim, room).is_ok());
        assert!(check_room(CouponDistribution::Codes, None).is_ok());
        let refused = check_room(CouponDistribution::Codes, room).unwrap_err();
        assert_eq!(refused.members["field"], "waiting_room_id");
    }
}
