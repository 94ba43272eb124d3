//! The stock of a product, spread over shards so that a hot product is not one hot item.
//!
//! DynamoDB limits a partition key to 1,000 write units per second, and a transactional write costs two. Each shard is
//! an item with its own key.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::Sku;

/// The number of shards of a product's stock, or of a list: 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u8")]
#[schema(value_type = u8, minimum = 1, maximum = 64, examples(1))]
pub struct ShardCount(u8);

impl ShardCount {
    /// One shard, which suffices for all but hot products.
    pub const ONE: Self = Self(1);

    /// Sixteen shards.
    pub const SIXTEEN: Self = Self(16);

    /// Half the number, at least one.
    pub const fn halved(self) -> Self {
        if self.0 == 1 { self } else { Self(self.0 / 2) }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The shards of a product with this number.
    pub fn shards(self) -> impl Iterator<Item = Shard> {
        0..self.0
    }
}

/// The number is not a [`ShardCount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are 1 to 64 shards")]
pub struct InvalidShardCount;

impl TryFrom<u8> for ShardCount {
    type Error = InvalidShardCount;

    fn try_from(count: u8) -> Result<Self, InvalidShardCount> {
        if (1..=64).contains(&count) {
            Ok(Self(count))
        } else {
            Err(InvalidShardCount)
        }
    }
}

/// The number of a shard, from 0.
pub type Shard = u8;

/// The stock of one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockLevel {
    /// The shard.
    pub shard: Shard,
    /// The shard's units.
    pub available: u64,
}

/// Units of one shard that an order has reserved. A release returns them to the same shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The product.
    pub sku: Sku,
    /// The shard that the units were taken from.
    pub shard: Shard,
    /// The number of units.
    pub quantity: u32,
}

/// Allocates `quantity` units from `levels`: from one shard if one has enough, otherwise from as few as possible.
///
/// `pick` selects among the shards that have enough, so that concurrent buyers use different shards. Returns none when
/// the shards have too few units in total.
pub fn allocate(levels: &[StockLevel], quantity: u32, pick: usize) -> Option<Vec<(Shard, u32)>> {
    let wanted = u64::from(quantity);
    let enough: Vec<&StockLevel> = levels.iter().filter(|level| level.available >= wanted).collect();
    if !enough.is_empty() {
        return Some(vec![(enough[pick % enough.len()].shard, quantity)]);
    }
    let mut largest_first = levels.to_vec();
    largest_first.sort_by_key(|level| std::cmp::Reverse(level.available));
    let mut missing = quantity;
    let mut parts = Vec::new();
    for level in largest_first {
        // Each level is below `quantity` here, so it fits a u32.
        let part = missing.min(u32::try_from(level.available).unwrap_or(missing));
        if part > 0 {
            parts.push((level.shard, part));
            missing -= part;
        }
    }
    (missing == 0).then_some(parts)
}

/// Splits `holds` into those that are left after `units` of `sku` are released, and the released ones. `None` if the holds
/// have fewer units.
pub fn release(holds: &[Hold], sku: &Sku, units: u32) -> Option<(Vec<Hold>, Vec<Hold>)> {
    let (mut left, mut released, mut missing) = (vec![], vec![], units);
    for hold in holds {
        let part = if hold.sku == *sku {
            hold.quantity.min(missing)
        } else {
            0
        };
        missing -= part;
        for (to, quantity) in [(&mut released, part), (&mut left, hold.quantity - part)] {
            if quantity > 0 {
                to.push(Hold {
                    quantity,
                    ..hold.clone()
                });
            }
        }
    }
    (missing == 0).then_some((left, released))
}

/// Spreads received `units` evenly over `width` of a product's `count` shards, beginning at shard `first`.
///
/// The remainder goes to the first of them. A `width` above `count` means all shards.
pub fn spread(units: u64, count: ShardCount, width: ShardCount, first: Shard) -> Vec<(Shard, u64)> {
    let width = width.min(count);
    width
        .shards()
        .map(|nth| {
            let extra = u64::from(u64::from(nth) < units % u64::from(width.get()));
            let shard = (usize::from(first) + usize::from(nth)) % usize::from(count.get());
            // Below `count`, so it fits a shard number.
            (shard as Shard, units / u64::from(width.get()) + extra)
        })
        .filter(|&(_, part)| part > 0)
        .collect()
}

/// The change of each shard that spreads `levels` evenly over `count` shards.
///
/// The changes sum to zero: units only move.
pub fn rebalance(levels: &[StockLevel], count: ShardCount) -> Vec<(Shard, i64)> {
    let total = levels.iter().map(|level| level.available).sum();
    let present = |shard| {
        levels
            .iter()
            .find(|level| level.shard == shard)
            .map_or(0, |level| level.available)
    };
    let even = spread(total, count, count, 0);
    let wanted = |shard| even.iter().find(|&&(s, _)| s == shard).map_or(0, |&(_, part)| part);
    count
        .shards()
        .map(|shard| (shard, wanted(shard).cast_signed() - present(shard).cast_signed()))
        .filter(|&(_, change)| change != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn levels(available: &[u64]) -> Vec<StockLevel> {
        (0..)
            .zip(available)
            .map(|(shard, &available)| StockLevel { shard, available })
            .collect()
    }

    fn count(n: u8) -> ShardCount {
        ShardCount::try_from(n).unwrap()
    }

    #[test]
    fn one_shard_with_enough_units_is_used_alone() {
        assert_eq!(allocate(&levels(&[1, 5, 0, 5]), 5, 0), Some(vec![(1, 5)]));
        assert_eq!(allocate(&levels(&[1, 5, 0, 5]), 5, 1), Some(vec![(3, 5)]));
    }

    #[test]
    fn scattered_units_are_allocated_from_few_shards() {
        assert_eq!(allocate(&levels(&[1, 3, 0, 2]), 5, 0), Some(vec![(1, 3), (3, 2)]));
        assert_eq!(allocate(&levels(&[1, 3, 0, 2]), 7, 0), None);
    }

    #[test]
    fn released_units_leave_the_other_holds() {
        let hold = |sku: &str, shard, quantity| Hold {
            sku: Sku::try_from(sku.to_owned()).unwrap(),
            shard,
            quantity,
        };
        let holds = [hold("tea", 0, 2), hold("mug", 0, 1), hold("tea", 3, 4)];
        let tea = &holds[0].sku;
        let left = vec![hold("mug", 0, 1), hold("tea", 3, 3)];
        let released = vec![hold("tea", 0, 2), hold("tea", 3, 1)];
        assert_eq!(release(&holds, tea, 3), Some((left, released)));
        assert_eq!(release(&holds, tea, 7), None);
    }

    #[test]
    fn a_product_has_1_to_64_shards() {
        assert!(ShardCount::try_from(0).is_err());
        assert!(ShardCount::try_from(65).is_err());
    }

    proptest! {
        #[test]
        fn an_allocation_succeeds_exactly_when_there_are_enough_units(
            available in prop::collection::vec(0..50u64, 1..=64), quantity in 1..=999u32, pick: usize,
        ) {
            let levels = levels(&available);
            let found = allocate(&levels, quantity, pick);
            prop_assert_eq!(found.is_some(), available.iter().sum::<u64>() >= quantity.into());
            if let Some(parts) = found {
                prop_assert_eq!(parts.iter().map(|p| p.1).sum::<u32>(), quantity);
                for (shard, part) in &parts {
                    prop_assert!(*part > 0 && u64::from(*part) <= available[usize::from(*shard)]);
                }
                let mut shards: Vec<_> = parts.iter().map(|p| p.0).collect();
                shards.sort_unstable();
                shards.dedup();
                prop_assert_eq!(shards.len(), parts.len(), "each shard at most once");
            }
        }

        #[test]
        fn spreading_preserves_the_total_and_is_even(
            units in 0..1_000_000u64, n in 1..=64u8, width in 1..=64u8, first in 0..64u8,
        ) {
            let parts = spread(units, count(n), count(width), first);
            let width = u64::from(width.min(n));
            prop_assert_eq!(parts.iter().map(|p| p.1).sum::<u64>(), units);
            prop_assert_eq!(parts.len() as u64, width.min(units));
            prop_assert!(parts.iter().all(|&(shard, part)| shard < n && part >= units / width));
            prop_assert!(parts.iter().all(|&(_, part)| part <= units / width + 1));
        }

        #[test]
        fn rebalancing_preserves_the_total_and_is_even(
            available in prop::collection::vec(0..1_000u64, 1..=64), more in 0..64u8,
        ) {
            let n = (available.len() as u8).saturating_add(more).min(64);
            let changes = rebalance(&levels(&available), count(n));
            prop_assert_eq!(changes.iter().map(|c| c.1).sum::<i64>(), 0);
            let mut after: Vec<i64> = available.iter().map(|&a| a as i64).collect();
            after.resize(usize::from(n), 0);
            for (shard, change) in changes {
                after[usize::from(shard)] += change;
            }
            let (least, most) = (after.iter().min().unwrap(), after.iter().max().unwrap());
            prop_assert!(*least >= 0 && most - least <= 1);
        }
    }
}
