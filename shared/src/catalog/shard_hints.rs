//! What a warm function remembers of products in several shards: a guess at the shard to take from first.
//!
//! Of two shards drawn at random the fuller one is tried. So all shards of a hot product run empty nearly together, and its
//! last units are sold by many shards, not by the few that chance has left over (Mitzenmacher, "The Power of Two Choices
//! in Randomized Load Balancing", IEEE TPDS 2001). Their levels come with the product, in the same request.
//!
//! Invariant: a hint decides where stock is looked for first, never whether there is any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::catalog::{Level, Shard, ShardCount};
use crate::catalog::{Product, Sku};

/// How many products are remembered; beyond that all are forgotten, for they are hints only.
const MOST: usize = 1000;

/// The memory, shared by all clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints(Arc<Mutex<HashMap<Sku, Hint>>>);

#[derive(Clone, Copy, Debug)]
struct Hint {
    count: ShardCount,
    /// The fuller of the two that were looked at, until it is used: an old level says nothing.
    fuller: Option<Shard>,
}

impl Hints {
    /// Two shards of each product that is known to have several, for at most `room` shards in all.
    pub fn draw(&self, skus: &[Sku], room: usize) -> Vec<(Sku, Shard)> {
        let known = self.known();
        let spread = skus.iter().filter_map(|sku| Some((sku, known.get(sku)?.count.get())));
        let pairs = spread.take(room / 2).flat_map(|(sku, count)| {
            let one = fastrand::u8(..count);
            let other = (one + fastrand::u8(1..count)) % count;
            [one, other].map(|shard| (sku.clone(), shard))
        });
        pairs.collect()
    }

    /// Remembers what was read: the products, and of those that were drawn the levels of the shards that exist.
    pub fn learn(&self, products: &HashMap<Sku, Product>, levels: &[(String, Level)]) {
        let mut known = self.known();
        if known.len() + products.len() > MOST {
            known.clear();
        }
        for (sku, product) in products
            .iter()
            .filter(|(_, product)| product.stock_shards > ShardCount::ONE)
        {
            let drawn = levels.iter().filter(|(of, _)| of == sku.as_str());
            let hint = Hint {
                count: product.stock_shards,
                fuller: drawn
                    .max_by_key(|(_, level)| level.available)
                    .map(|(_, level)| level.shard),
            };
            known.insert(sku.clone(), hint);
        }
    }

    /// The shard of `sku` to try first: the fuller one, once, else any of its `count`.
    pub fn first(&self, sku: &Sku, count: ShardCount) -> Shard {
        let fuller = self.known().get_mut(sku).and_then(|hint| hint.fuller.take());
        let fuller = fuller.filter(|shard| *shard < count.get());
        fuller.unwrap_or_else(|| fastrand::u8(..count.get()))
    }

    /// A panic elsewhere leaves hints that are as good as any.
    fn known(&self) -> MutexGuard<'_, HashMap<Sku, Hint>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
