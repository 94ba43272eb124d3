//! Placements: the rows of a product in the lists, and what has to be written so that they are right.
//!
//! One builder makes the rows, whoever asks for them: a change of the product, of its stock, of the clock, or a walk.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::catalog::{Product, Sku};
use shared::core::idempotency::Fingerprint;

use super::card::ProductCard;
use super::keys::{list_key, price_list_key, price_value, sort_key, time_value};
use super::layout::Layouts;
use super::scope::{Listing, Scope};

/// The most rows in one transaction, which has the header too.
const MAX_ROWS: usize = 99;

/// A product's row in one list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The row's sort key: the list and its epoch. The partition key is the product.
    pub sk: String,
    /// The partition of the lists by time.
    pub list: String,
    /// The key by the time of the last change.
    pub updated_key: String,
    /// The key by the time of the first listing. Administrators have no such list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed_key: Option<String>,
    /// The partition of the lists by price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_list: Option<String>,
    /// The key by price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_key: Option<String>,
    /// The part of the product that the list shows.
    pub card: ProductCard,
}

/// The rows of a product, as far as known: the one item that each change of them is conditional on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The product.
    pub sku: Sku,
    /// The version of the product that the rows were made from.
    pub product_version: u64,
    /// The rows that exist: their sort keys, and fingerprints of their content.
    pub rows: BTreeMap<String, Fingerprint>,
    /// The number of changes. Each write is conditional on the version that was read.
    pub version: u64,
}

/// One transaction on the rows of a product.
#[derive(Clone, Debug)]
pub struct Step {
    /// The header with the rows that exist afterwards.
    pub header: Header,
    /// The rows to write.
    pub puts: Vec<Row>,
    /// The sort keys of the rows to remove.
    pub deletes: Vec<String>,
    /// How many rows each list gains or loses, in the epoch that is read. Lists whose rows only change gain none.
    pub changes: BTreeMap<String, i64>,
}

/// The rows of `product` at `now`.
pub fn rows(product: &Product, is_sold_out: bool, now: Timestamp, layouts: &Layouts) -> Vec<Row> {
    let card = ProductCard::of(product, is_sold_out, now);
    let sku = &product.sku;
    let updated_key = sort_key(time_value(product.updated_at), sku);
    let listed_at = product.first_listed_at.unwrap_or(product.updated_at);
    let listed_key = sort_key(time_value(listed_at), sku);
    let price_key = sort_key(price_value(card.current_price), sku);
    let mut rows = vec![];
    for scope in Scope::having(product, product.is_listed_at(now), is_sold_out) {
        let is_public = scope.listing != Listing::Admin;
        for epoch in layouts.of(&scope.listing).written() {
            let shard = epoch.shard_of(sku);
            rows.push(Row {
                sk: format!("{scope}#{}", epoch.number),
                list: list_key(&scope, epoch, shard),
                updated_key: updated_key.clone(),
                listed_key: is_public.then(|| listed_key.clone()),
                price_list: is_public.then(|| price_list_key(&scope, epoch, card.current_price.currency(), shard)),
                price_key: is_public.then(|| price_key.clone()),
                card: card.clone(),
            });
        }
    }
    rows
}

impl Header {
    /// The header of a product without rows.
    pub const fn new(sku: Sku) -> Self {
        Self {
            sku,
            product_version: 0,
            rows: BTreeMap::new(),
            version: 0,
        }
    }

    /// The next transaction towards `wanted`. None if the rows are equal.
    ///
    /// # Errors
    /// [`Error::Internal`] when a row cannot be serialized.
    pub fn step_to(&self, wanted: &[Row], product: &Product, layouts: &Layouts) -> Result<Option<Step>, Error> {
        let mut header = self.clone();
        header.version += 1;
        header.product_version = product.version;
        let (mut puts, mut deletes, mut changes) = (vec![], vec![], BTreeMap::new());
        for row in wanted {
            let content = Fingerprint::of(row).map_err(|error| Error::internal("compare a row", error))?;
            let known = header.rows.get(&row.sk);
            if known == Some(&content) || puts.len() == MAX_ROWS {
                continue;
            }
            count(&mut changes, &row.sk, i64::from(known.is_none()), layouts);
            header.rows.insert(row.sk.clone(), content);
            puts.push(row.clone());
        }
        let room = MAX_ROWS - puts.len();
        let is_wanted = |sk: &str| wanted.iter().any(|row| row.sk == sk);
        for sk in self.rows.keys().filter(|sk| !is_wanted(sk)).take(room) {
            count(&mut changes, sk, -1, layouts);
            header.rows.remove(sk);
            deletes.push(sk.clone());
        }
        let is_same = puts.is_empty() && deletes.is_empty();
        Ok((!is_same).then_some(Step {
            header,
            puts,
            deletes,
            changes,
        }))
    }
}

/// Counts a change of the row `sk`: by `rows` if its epoch is read, else by nothing.
fn count(changes: &mut BTreeMap<String, i64>, sk: &str, rows: i64, layouts: &Layouts) {
    let Some((scope, epoch)) = sk.rsplit_once('#') else {
        return;
    };
    let listing = scope.strip_suffix("+available").unwrap_or(scope);
    let read = Listing::try_from(listing.to_owned()).map(|listing| layouts.of(&listing).current.number.to_string());
    let rows = if read.as_deref() == Ok(epoch) { rows } else { 0 };
    *changes.entry(scope.to_owned()).or_default() += rows;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings::scope::tests::product;
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use shared::catalog::{Category, ProductStatus, ShardCount};

    fn now() -> Timestamp {
        "2026-02-01T00:00:00Z".parse().unwrap()
    }

    fn header() -> Header {
        Header::new(product(&[]).sku)
    }

    /// The header after all steps to `wanted`, and the number of steps.
    fn placed(mut header: Header, wanted: &[Row], product: &Product, layouts: &Layouts) -> (Header, usize) {
        for steps in 0.. {
            let Some(step) = header.step_to(wanted, product, layouts).unwrap() else {
                return (header, steps);
            };
            assert!(step.puts.len() + step.deletes.len() <= MAX_ROWS);
            assert_eq!(step.header.version, header.version + 1);
            header = step.header;
        }
        unreachable!()
    }

    #[test]
    fn what_has_not_changed_is_not_written() {
        let (layouts, tea) = (Layouts::default(), product(&["drinks/tea"]));
        let wanted = rows(&tea, false, now(), &layouts);
        let step = header().step_to(&wanted, &tea, &layouts).unwrap().unwrap();
        assert_eq!(step.puts, wanted);
        assert_eq!(step.changes.values().sum::<i64>(), 7);
        assert!(step.header.step_to(&wanted, &tea, &layouts).unwrap().is_none());
        let sold_out = rows(&tea, true, now(), &layouts);
        let step = step.header.step_to(&sold_out, &tea, &layouts).unwrap().unwrap();
        assert_eq!((step.puts.len(), step.deletes.len()), (4, 3));
        assert_eq!(step.changes["category:drinks+available"], -1);
        assert_eq!(step.changes["category:drinks"], 0);
    }

    #[test]
    fn a_list_by_price_is_sorted_by_the_price_that_is_shown() {
        let mut tea = product(&[]);
        let sale = serde_json::json!({
            "price": { "amount": 700, "currency": "KRW" },
            "starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-02T00:00:00Z",
        });
        tea.sale = Some(serde_json::from_value(sale).unwrap());
        let key = |now| {
            let rows = rows(&tea, false, now, &Layouts::default());
            let row = rows.into_iter().find(|row| row.sk == "all#1").unwrap();
            (
                row.price_key.unwrap(),
                row.card.current_price.amount(),
                row.card.price.amount(),
            )
        };
        assert_eq!(key(now()), ("0000000000000700#tea".to_owned(), 700, 1000));
        let after = now() + SignedDuration::from_hours(24);
        assert_eq!(key(after), ("0000000000001000#tea".to_owned(), 1000, 1000));
    }

    #[test]
    fn a_product_of_all_categories_moves_in_two_steps_while_they_are_spread_anew() {
        let categories = |name: &str| -> Vec<Category> {
            let paths = (0..10).map(|n| format!("{name}{n}/b/c/d").try_into().unwrap());
            paths.collect()
        };
        let mut tea = product(&[]);
        tea.categories = categories("old");
        let layouts = Layouts::default();
        let (header, steps) = placed(header(), &rows(&tea, false, now(), &layouts), &tea, &layouts);
        assert_eq!((header.rows.len(), steps), (83, 1));
        tea.categories = categories("new");
        let wanted = rows(&tea, false, now(), &layouts);
        let (header, steps) = placed(header, &wanted, &tea, &layouts);
        assert_eq!((header.rows.len(), steps), (83, 2));
    }

    proptest! {
        #[test]
        fn after_its_steps_a_product_has_exactly_its_rows(
            states in prop::collection::vec((any::<bool>(), any::<bool>(), 0..3usize, any::<bool>()), 1..8),
        ) {
            let mut spread = Layouts::default();
            let layout = spread.of(&Listing::All).reshard(ShardCount::ONE, now()).unwrap();
            spread.listings.insert(Listing::All, layout);
            let paths = [&["a/b"][..], &["a/c", "d"], &[]];
            let mut header = header();
            for (is_listed, is_sold_out, path, is_spread) in states {
                let layouts = if is_spread { spread.clone() } else { Layouts::default() };
                let mut product = product(paths[path]);
                if !is_listed {
                    product.status = ProductStatus::Unlisted;
                }
                let wanted = rows(&product, is_sold_out, now(), &layouts);
                header = placed(header, &wanted, &product, &layouts).0;
                let known: Vec<&String> = header.rows.keys().collect();
                let mut expected: Vec<&String> = wanted.iter().map(|row| &row.sk).collect();
                expected.sort();
                prop_assert_eq!(known, expected);
            }
        }
    }
}
