//! Reads pages of lists.

use futures::future::try_join_all;
use iso_currency::Currency;
use shared::Error;
use shared::aws::lambda::page::Position;
use shared::catalog::Sku;
use tokio::time::Instant;

use super::card::ProductCard;
use super::keys::{ProductOrder, list_key, parse_sort_key, price_list_key, sort_key};
use super::layout::Epoch;
use super::merge::{Merge, rows_per_read};
use super::scope::Scope;
use super::store::{ListingStore, ShardRead};

/// A list in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The list.
    pub scope: Scope,
    /// The order.
    pub order: ProductOrder,
    /// The currency of a list by price.
    pub currency: Option<Currency>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// The products.
    pub cards: Vec<ProductCard>,
    /// The position of the last product, if more follow.
    pub next: Option<ListPosition>,
}

/// The position of a product in a list: its sort value and its SKU. It names no shard and no epoch, so a walk through a list
/// goes on while the list is spread anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPosition {
    /// The sort value.
    pub value: u64,
    /// The product.
    pub sku: Sku,
}

impl Position for ListPosition {
    fn bytes(&self) -> Vec<u8> {
        [&self.value.to_be_bytes(), self.sku.as_str().as_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (value, sku) = bytes.split_first_chunk()?;
        let sku = String::from_utf8(sku.to_vec()).ok()?;
        Some(Self {
            value: u64::from_be_bytes(*value),
            sku: Sku::try_from(sku).ok()?,
        })
    }
}

impl List {
    /// Reads the page after `after` of at most `limit` products from `epoch`. Eventually consistent.
    ///
    /// Each page costs the same, however deep it is: one query of each shard, and one more of a shard that has more than its
    /// share of the page. Whether more follow is known from one row more than the page has.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn page(
        &self,
        store: &ListingStore,
        epoch: Epoch,
        after: Option<&ListPosition>,
        limit: usize,
        deadline: Instant,
    ) -> Result<ListPage, Error> {
        let after = after.map(|position| sort_key(position.value, &position.sku));
        let is_ascending = self.order.is_ascending();
        let shards = epoch.shards.get();
        let mut merge = Merge::new(shards, is_ascending, after.as_deref());
        let mut rows = vec![];
        while rows.len() <= limit {
            let missing = merge.missing();
            if missing.is_empty() {
                match merge.take() {
                    Some(row) => rows.push(row),
                    None => break,
                }
                continue;
            }
            let reads = missing.into_iter().map(async |(shard, after)| {
                let read = ShardRead {
                    order: self.order,
                    list: self.key(epoch, shard),
                    after,
                    is_ascending,
                    limit: rows_per_read(limit + 1, shards),
                };
                Ok::<_, Error>((shard, store.rows(&read, deadline).await?))
            });
            for (shard, page) in try_join_all(reads).await? {
                merge.add(shard, page.rows, page.is_complete);
            }
        }
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_next);
        let next = last.and_then(|(key, _)| parse_sort_key(key));
        Ok(ListPage {
            next: next.map(|(value, sku)| ListPosition { value, sku }),
            cards: rows.into_iter().filter_map(|(_, card)| card).collect(),
        })
    }

    /// Whether the list has no row in `epoch`, not even one that cannot be read. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn is_empty(&self, store: &ListingStore, epoch: Epoch, deadline: Instant) -> Result<bool, Error> {
        let reads = (0..epoch.shards.get()).map(async |shard| {
            let read = ShardRead {
                order: self.order,
                list: self.key(epoch, shard),
                after: None,
                is_ascending: self.order.is_ascending(),
                limit: 1,
            };
            Ok::<_, Error>(store.rows(&read, deadline).await?.rows.is_empty())
        });
        let shards = try_join_all(reads).await?;
        Ok(shards.into_iter().all(|is_empty| is_empty))
    }

    /// The partition of one shard.
    fn key(&self, epoch: Epoch, shard: u8) -> String {
        match self.currency {
            Some(currency) if self.order.is_by_price() => price_list_key(&self.scope, epoch, currency, shard),
            _ => list_key(&self.scope, epoch, shard),
        }
    }
}
