//! The index `products-by-change`: all products by the time of their last change, for functions that follow the catalog or walk
//! all of it without a scan.
//!
//! A product has one entry, which moves to the end of its shard with each change. So a walk from any position to the end
//! meets every product that exists from its beginning to its end, and one that changes meanwhile perhaps twice.
//!
//! The index lags behind the table by moments: read the product itself. A change has the time at which its request began,
//! and is written up to a minute later: a function that follows the changes continues two minutes before
//! the last one that it has seen.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;

use super::PRODUCT_PREFIX;
use crate::aws::dynamodb::damaged::{Damaged, parse_each};
use crate::aws::dynamodb::table::text_of;
use crate::aws::dynamodb::{Item, classify_error, parse, send_until_answered, text};
use crate::catalog::{CatalogStore, Product, Sku};
use crate::core::error::Error;

const INDEX: &str = "products-by-change";
const DOING: &str = "list changed products";

/// The shards of the index. They keep an import from being limited to the writes of one partition.
pub const CHANGE_SHARDS: u8 = 16;

/// A place among the changes of a shard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChangePosition(String);

impl ChangePosition {
    /// The place before all changes.
    pub fn start() -> Self {
        Self::at(Timestamp::UNIX_EPOCH)
    }

    /// The place before all changes at or after `time`.
    pub fn at(time: Timestamp) -> Self {
        // 13 digits sort as text until the year 2286.
        Self(format!("{:013}", time.as_millisecond().max(0)))
    }

    fn of(sku: &Sku, updated_at: Timestamp) -> Self {
        let Self(time) = Self::at(updated_at);
        Self(format!("{time}#{sku}"))
    }
}

/// A product's last change, as the index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedProduct {
    /// The product.
    pub sku: Sku,
    /// The product's version after the change.
    pub version: u64,
    /// Increases with each change of the product and with each time of its schedule.
    pub revision: u64,
    /// Time of the change, or of the schedule.
    pub updated_at: Timestamp,
}

/// A page of the changes of a shard.
#[derive(Debug)]
pub struct ChangedPage {
    /// The changes, in their order. The index may have a product twice while it changes.
    pub products: Vec<ChangedProduct>,
    /// The entries that cannot be read.
    pub damaged: Vec<Damaged>,
    /// Where the next page begins. None after the last one.
    pub next: Option<ChangePosition>,
}

impl ChangedPage {
    /// The products of the page, each once.
    pub fn skus(&self) -> BTreeSet<&Sku> {
        self.products.iter().map(|product| &product.sku).collect()
    }
}

impl CatalogStore {
    /// Lists at most `limit` changes of a shard after `from`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn changed_products(
        &self,
        shard: u8,
        from: &ChangePosition,
        limit: u8,
        deadline: Instant,
    ) -> Result<ChangedPage, Error> {
        // An entry has less than 300 bytes, so a page is below the limit of a query, 1 MB.
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX)
            .key_condition_expression("change_shard = :shard AND change_position > :from")
            .expression_attribute_values(":shard", text(shard_key(shard)))
            .expression_attribute_values(":from", text(&from.0))
            .limit(limit.into());
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let items = answer.items.unwrap_or_default();
        // By its key: the last entry may be unreadable otherwise.
        let last = items.last().filter(|_| items.len() == usize::from(limit));
        let next = last.and_then(|last| text_of(last, "change_position"));
        let next = next.map(|position| ChangePosition(position.to_owned()));
        let (products, damaged) = parse_each(items, PRODUCT_PREFIX, entry);
        Ok(ChangedPage {
            products,
            damaged,
            next,
        })
    }
}

/// Where a product is on the index after a change at `now`.
pub(super) fn position_of(product: &Product, now: Timestamp) -> AttributeValue {
    let ChangePosition(position) = ChangePosition::of(&product.sku, now.max(product.updated_at));
    text(position)
}

/// How often the product's schedule was woken since it was saved.
pub(super) fn wakes(item: &Item) -> u64 {
    let wakes = item.get("wakes").and_then(|wakes| wakes.as_n().ok()?.parse().ok());
    wakes.unwrap_or_default()
}

/// A number that increases with each version, and with each wake of one version. A product has at most four times in its
/// schedule.
pub(super) const fn revision(version: u64, wakes: u64) -> u64 {
    version << 16 | wakes & 0xffff
}

/// Adds the attributes that put a product on the index.
pub(super) fn put_on_index(item: &mut Item, product: &Product) {
    let ChangePosition(position) = ChangePosition::of(&product.sku, product.updated_at);
    item.insert("change_shard".into(), text(shard_key(shard_of(&product.sku))));
    item.insert("change_position".into(), text(position));
}

fn shard_of(sku: &Sku) -> u8 {
    Sha256::digest(sku.as_str())[0] % CHANGE_SHARDS
}

fn shard_key(shard: u8) -> String {
    format!("PRODUCT#{shard:02}")
}

fn entry(item: Item) -> Result<ChangedProduct, Error> {
    #[derive(Deserialize)]
    struct Entry {
        change_position: String,
        version: u64,
        #[serde(default)]
        wakes: u64,
    }
    let entry: Entry = parse(DOING, item)?;
    let read = entry.change_position.split_once('#').and_then(|(time, sku)| {
        let updated_at = Timestamp::from_millisecond(time.parse().ok()?).ok()?;
        let sku = Sku::try_from(sku.to_owned()).ok()?;
        Some((sku, updated_at))
    });
    let (sku, updated_at) = read.ok_or_else(|| {
        let position = &entry.change_position;
        Error::internal(DOING, format!("{position} is not a position"))
    })?;
    let version = entry.version;
    Ok(ChangedProduct {
        sku,
        version,
        revision: revision(version, entry.wakes),
        updated_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sku(text: &str) -> Sku {
        Sku::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_position_is_before_all_changes_from_its_time_on() {
        let time = |ms| Timestamp::from_millisecond(ms).unwrap();
        let at = ChangePosition::at(time(1_767_225_600_000));
        assert!(ChangePosition::of(&sku("z"), time(1_767_225_599_999)) < at);
        assert!(at < ChangePosition::of(&sku("a"), time(1_767_225_600_000)));
    }

    proptest! {
        #[test]
        fn later_changes_have_later_positions(
            one in 0..4_102_444_800_000i64, other in 0..4_102_444_800_000i64, a in "[A-Za-z0-9]{1,8}", b in "[a-z]{1,8}",
        ) {
            let position = |ms, text: &str| {
                ChangePosition::of(&sku(text), Timestamp::from_millisecond(ms).unwrap())
            };
            let expected = (one, &a).cmp(&(other, &b));
            prop_assert_eq!(position(one, &a).cmp(&position(other, &b)), expected);
        }

        #[test]
        fn every_product_is_in_one_of_the_shards(text in "[A-Za-z0-9]{1,64}") {
            prop_assert!(shard_of(&sku(&text)) < CHANGE_SHARDS);
        }
    }
}
