//! Checks that the lists of products are right: each product has exactly the rows that follow from it, its stock and the clock.

use std::collections::BTreeMap;

use catalog::listings::layout::{Layouts, ListingPhase};
use catalog::listings::placement::rows;
use catalog::listings::scope::Listing;
use jiff::Timestamp;
use serde_json::Value;
use shared::catalog::Product;

/// Compares the rows in the listings table with those of the products in the catalog table, as of `now`. Of a listing that is
/// being spread anew, only the epoch that is read.
///
/// # Errors
/// The first product whose rows differ.
pub fn check_listings(catalog: &[Value], listings: &[Value], now: Timestamp) -> Result<(), String> {
    let layouts = listings.iter().find(|item| item["pk"] == "LAYOUTS");
    let layouts: Layouts = layouts.map_or_else(Layouts::default, read);
    let mut found: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    let mut known: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for item in listings {
        let (pk, sk) = (text(&item["pk"]), text(&item["sk"]));
        let Some(sku) = pk.strip_prefix("PRODUCT#") else {
            continue;
        };
        if sk == "HEADER" {
            let rows = item["rows"].as_object().into_iter().flat_map(|rows| rows.keys());
            known.insert(sku, rows.filter(|sk| is_checked(sk, &layouts)).collect());
            continue;
        }
        if !is_checked(sk, &layouts) {
            continue;
        }
        let mut row = item.clone();
        row.as_object_mut().expect("an item").remove("pk");
        found.entry(sku).or_default().insert(sk, row);
    }
    for item in catalog {
        let Some(sku) = text(&item["pk"]).strip_prefix("PRODUCT#") else {
            continue;
        };
        let product: Product = read(item);
        let stock = format!("STOCK#{sku}#");
        let levels = catalog.iter().filter(|item| text(&item["pk"]).starts_with(&stock));
        let is_sold_out = levels.filter_map(|item| item["available"].as_u64()).sum::<u64>() == 0;
        let wanted = rows(&product, is_sold_out, now, &layouts);
        let wanted: BTreeMap<String, Value> = wanted
            .into_iter()
            .filter(|row| is_checked(&row.sk, &layouts))
            .map(|row| (row.sk.clone(), serde_json::to_value(row).expect("a row")))
            .collect();
        let present = found.remove(sku).unwrap_or_default();
        let is_same = wanted
            .iter()
            .map(|(sk, row)| (sk.as_str(), row))
            .eq(present.iter().map(|(sk, row)| (*sk, row)));
        if !is_same {
            return Err(format!("{sku} has the rows {present:?} instead of {wanted:?}"));
        }
        let mut known = known.remove(sku).unwrap_or_default();
        known.sort();
        if !known.into_iter().eq(wanted.keys()) {
            return Err(format!("the header of {sku} does not name its rows"));
        }
    }
    match found.first_key_value() {
        Some((sku, _)) => Err(format!("there is no product {sku}, but it has rows")),
        None => Ok(()),
    }
}

/// Whether a row is of a listing with one epoch, or of the epoch that is read.
fn is_checked(sk: &str, layouts: &Layouts) -> bool {
    let (scope, epoch) = sk.rsplit_once('#').expect("a row");
    let listing = scope.strip_suffix("+available").unwrap_or(scope);
    let layout = layouts.of(&Listing::try_from(listing.to_owned()).expect("a listing"));
    layout.phase() == ListingPhase::Steady || layout.current.number.to_string() == epoch
}

fn read<T: serde::de::DeserializeOwned>(item: &Value) -> T {
    serde_json::from_value(item.clone()).expect("an item of its table")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
