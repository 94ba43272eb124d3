//! The keys of products and their stock.

use crate::catalog::{CatalogStore, Shard, Sku};

/// The prefix of a product's key, before its SKU.
pub(super) const PRODUCT_PREFIX: &str = "PRODUCT#";

const STOCK_PREFIX: &str = "STOCK#";

/// The key of a product.
pub fn product_key(sku: &Sku) -> String {
    format!("{PRODUCT_PREFIX}{sku}")
}

/// The key of a stock shard. A SKU contains no `#`, so keys are unambiguous.
pub fn stock_key(sku: &Sku, shard: Shard) -> String {
    format!("{STOCK_PREFIX}{sku}#{shard}")
}

/// The SKU and the shard in the key of a stock shard.
pub(super) fn shard_in_key(pk: &str) -> Option<(&str, Shard)> {
    let (sku, shard) = pk.strip_prefix(STOCK_PREFIX)?.rsplit_once('#')?;
    Some((sku, shard.parse().ok()?))
}

impl CatalogStore {
    /// The product that an item with the key `pk` describes or has stock of.
    pub fn sku_in_key(pk: &str) -> Option<Sku> {
        let of_stock = || {
            let sku = pk.strip_prefix(STOCK_PREFIX)?.rsplit_once('#')?.0;
            Sku::try_from(sku.to_owned()).ok()
        };
        Self::product_in_key(pk).or_else(of_stock)
    }

    /// The product that an item with the key `pk` describes.
    pub fn product_in_key(pk: &str) -> Option<Sku> {
        Sku::try_from(pk.strip_prefix(PRODUCT_PREFIX)?.to_owned()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_products_and_stock_name_the_product() {
        let sku = |pk: &str| CatalogStore::sku_in_key(pk).map(|sku| sku.to_string());
        for pk in ["PRODUCT#tea", "STOCK#tea#0", "STOCK#tea#63"] {
            assert_eq!(sku(pk).as_deref(), Some("tea"), "{pk}");
        }
        for pk in [
            "",
            "ALERT#tea",
            "MOVEMENT#tea",
            "STOCK#tea",
            "PRODUCT#",
            "PRODUCT#a#b",
            "tea",
        ] {
            assert_eq!(sku(pk), None, "{pk}");
        }
    }
}
