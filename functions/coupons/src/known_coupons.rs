//! The coupons that a warm function remembers for a second, so that a storm of claims costs no reads.
//!
//! Invariants: what is remembered refuses a claim only before its opening, after its end, or once the coupon was found
//! exhausted. The units of the shards only say which one is tried first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::catalog::{Shard, ShardCount, StockLevel};
use shared::coupons::{CouponId, StoredCoupon};

/// How long a coupon is remembered.
const REUSE: SignedDuration = SignedDuration::from_secs(1);

/// How many coupons a function remembers.
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

    /// Remembers a coupon.
    pub fn put(&self, known: &KnownCoupon) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.retain(|other| other.stored.coupon.coupon_id != known.stored.coupon.coupon_id);
        memory.push_front(known.clone());
        memory.truncate(REMEMBERED);
    }

    /// Forgets a coupon.
    pub fn forget(&self, id: CouponId) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.retain(|known| known.stored.coupon.coupon_id != id);
    }
}
