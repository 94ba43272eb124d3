//! The coupons that a warm function remembers for a second, so that a storm of claims costs no reads.
//!
//! Invariants: what is remembered refuses a claim only before its opening, after its end, or once the coupon was found
//! exhausted. The units of the shards only say which one is tried first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::catalog::{Shard, ShardCount, StockLevel};
use shared::coupons::{CouponId, StoredCoupon};

/// The time for which a coupon is remembered.
const REUSE: SignedDuration = SignedDuration::from_secs(1);

/// The number of coupons that a function remembers.
const REMEMBERED: usize = 16;

/// A coupon as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownCoupon {
    /// The time of the read.
    pub read_at: Timestamp,
    /// The coupon.
    pub stored: StoredCoupon,
    /// The units that were left in each shard. Empty if they were not read.
    pub levels: Vec<StockLevel>,
}

impl KnownCoupon {
    /// A coupon that was read at `read_at`.
    pub const fn new(stored: StoredCoupon, read_at: Timestamp) -> Self {
        Self {
            read_at,
            stored,
            levels: vec![],
        }
    }

    /// The shard to take a unit from: one that had units, the fuller the likelier, so that all run out at about the same time.
    pub fn pick(&self, count: ShardCount) -> Shard {
        let units: u64 = self.levels.iter().map(|level| level.available).sum();
        if units == 0 {
            return fastrand::u8(..count.get());
        }
        let mut at = fastrand::u64(..units);
        for level in &self.levels {
            match at.checked_sub(level.available) {
                None => return level.shard,
                Some(rest) => at = rest,
            }
        }
        0
    }
}

/// The memory.
#[derive(Debug, Default)]
pub struct KnownCoupons(Mutex<VecDeque<KnownCoupon>>);

impl KnownCoupons {
    /// The coupon, if it was read less than a second ago.
    pub fn get(&self, id: CouponId, now: Timestamp) -> Option<KnownCoupon> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |known: &KnownCoupon| known.read_at <= now && now < known.read_at + REUSE;
        let mut known = memory.iter().filter(|known| is_fresh(known));
        known.find(|known| known.stored.coupon.coupon_id == id).cloned()
    }

    /// Remembers a coupon. If its units were not read again, those that were left of the same version are remembered on: units are
    /// only added with a new version, so a shard that was seen empty is.
    pub fn put(&self, known: &mut KnownCoupon) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, version) = (known.stored.coupon.coupon_id, known.stored.version);
        let before = memory
            .iter()
            .position(|other| other.stored.coupon.coupon_id == id)
            .and_then(|place| memory.remove(place))
            .filter(|before| before.stored.version == version);
        if let Some(before) = before.filter(|_| known.levels.is_empty()) {
            known.levels = before.levels;
        }
        memory.push_front(known.clone());
        memory.truncate(REMEMBERED);
    }

    /// Forgets a coupon.
    pub fn forget(&self, id: CouponId) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.retain(|known| known.stored.coupon.coupon_id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn coupon(version: u64, second: i64, levels: &[(Shard, u64)]) -> KnownCoupon {
        let stored = json!({
            "coupon_id": "018f0000-0000-7000-8000-000000000001", "name": "Opening week", "currency": "KRW",
            "benefit": { "kind": "PERCENT", "percent": 15 }, "distribution": "CLAIM", "total": 10, "shards": 4,
            "claims_start_at": at(0), "claims_end_at": at(100), "redeemable_until": at(100),
            "on_cancellation": "KEPT", "created_at": at(0), "updated_at": at(0),
            "fingerprint": "0", "version": version, "updated_by": { "kind": "CUSTOMER", "id": "staff" },
        });
        let levels = levels.iter().map(|&(shard, available)| StockLevel { shard, available });
        KnownCoupon {
            levels: levels.collect(),
            ..KnownCoupon::new(serde_json::from_value(stored).unwrap(), at(second))
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_shard_that_was_seen_empty_is_not_picked_again_until_units_are_added() {
        let memory = KnownCoupons::default();
        memory.put(&mut coupon(1, 0, &[(0, 0), (1, 0), (2, 5), (3, 0)]));
        let mut again = coupon(1, 2, &[]);
        memory.put(&mut again);
        assert_eq!(memory.get(again.stored.coupon.coupon_id, at(2)), Some(again.clone()));
        assert!((0..100).all(|_| again.pick(ShardCount::SIXTEEN) == 2));
        let mut raised = coupon(2, 3, &[]);
        memory.put(&mut raised);
        assert_eq!(raised.levels, [], "a new version may have units in each shard");
    }

    #[test]
    fn what_is_read_later_replaces_what_is_remembered_of_the_shards() {
        let memory = KnownCoupons::default();
        memory.put(&mut coupon(1, 0, &[(0, 5), (1, 5)]));
        let mut later = coupon(1, 0, &[(1, 1)]);
        memory.put(&mut later);
        assert_eq!(later.levels.len(), 1);
    }
}
