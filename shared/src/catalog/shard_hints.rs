//! Hints that a warm function caches for products in several shards: the shard to try first.
//!
//! Of two random shards, the one with more stock is tried first. So all shards of a hot product run out at about the same
//! time, and its last units are spread over many shards (Mitzenmacher, "The Power of Two Choices in Randomized Load
//! Balancing", IEEE TPDS 2001). The levels are read with the product, in the same request.
//!
//! Invariant: a hint only decides which shard is tried first, never whether there is stock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::catalog::{Product, Shard, ShardCount, Sku, StockLevel};

/// The most products in the cache. Beyond that it is cleared.
const MAX_PRODUCTS: usize = 1000;

/// The cache. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints(Arc<Mutex<HashMap<Sku, Hint>>>);

#[derive(Clone, Copy, Debug)]
struct Hint {
    count: ShardCount,
    /// The shard with more stock of the two that were read. Used once, since levels go stale.
    fuller: Option<Shard>,
}

impl Hints {
    /// Two random shards of each product that is known to have several, at most `limit` shards in total.
    pub fn draw(&self, skus: &[Sku], limit: usize) -> Vec<(Sku, Shard)> {
        let known = self.known();
        let spread = skus.iter().filter_map(|sku| Some((sku, known.get(sku)?.count.get())));
        let pairs = spread.take(limit / 2).flat_map(|(sku, count)| {
            let one = fastrand::u8(..count);
            let other = (one + fastrand::u8(1..count)) % count;
            [one, other].map(|shard| (sku.clone(), shard))
        });
        pairs.collect()
    }

    /// Caches the products that were read, and the levels of the shards that were drawn.
    pub fn learn(&self, products: &HashMap<Sku, Product>, levels: &[(String, StockLevel)]) {
        let mut known = self.known();
        if known.len() + products.len() > MAX_PRODUCTS {
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

    /// The shard of `sku` to try first: the fuller one, once, otherwise a random one of `count`.
    pub fn first(&self, sku: &Sku, count: ShardCount) -> Shard {
        let fuller = self.known().get_mut(sku).and_then(|hint| hint.fuller.take());
        let fuller = fuller.filter(|shard| *shard < count.get());
        fuller.unwrap_or_else(|| fastrand::u8(..count.get()))
    }

    /// Ignores a poisoned lock: hints cannot be inconsistent.
    fn known(&self) -> MutexGuard<'_, HashMap<Sku, Hint>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
