//! Products.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::{Category, ProductStatus, Sale, ShardCount, TaxClass, schema};
use crate::core::actor::Actor;
use crate::core::error::Rejection;
use crate::core::id::PathParameter;
use crate::core::metadata::Metadata;
use crate::core::money::Money;
use crate::images::ImageId;

/// A stock-keeping unit: 1 to 64 characters of `A-Z a-z 0-9 . _ -`, starting with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", examples("green-tea-100g"))]
pub struct Sku(String);

impl Sku {
    /// The SKU as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a [`Sku`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SKU has 1 to 64 characters of A-Z a-z 0-9 . _ - and starts with a letter or digit")]
pub struct InvalidSku;

impl TryFrom<String> for Sku {
    type Error = InvalidSku;

    fn try_from(text: String) -> Result<Self, InvalidSku> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if fits { Ok(Self(text)) } else { Err(InvalidSku) }
    }
}

impl PathParameter for Sku {
    const NAME: &'static str = "sku";

    fn from_path(text: &str) -> Result<Self, Rejection> {
        Self::try_from(text.to_owned()).map_err(|error| Rejection::invalid_parameter(Self::NAME, &error.to_string()))
    }
}

impl std::fmt::Display for Sku {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The package of one unit of a product that is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The weight of one unit with its packaging, in grams.
    #[schema(minimum = 1, maximum = 1_000_000, examples(120))]
    pub weight_grams: u32,
}

impl Package {
    /// The largest weight of one unit, in grams.
    pub const MAX_WEIGHT_GRAMS: u32 = 1_000_000;
}

/// A product of the catalog, as administrators and events see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// The stock-keeping unit.
    pub sku: Sku,
    /// The name that shoppers see.
    #[schema(min_length = 1, max_length = 200, examples("Green tea, 100 g"))]
    pub name: String,
    /// The description that shoppers see. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 5_000,
        examples("The first leaves of the year.")
    )]
    pub description: Option<String>,
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100, examples("Courtyard"))]
    pub brand: Option<String>,
    /// The categories, main category first.
    #[serde(default)]
    #[schema(required = true, max_items = 10)]
    pub categories: Vec<Category>,
    /// Facts that shoppers see, by name.
    #[serde(default)]
    #[schema(required = true, schema_with = schema::attributes_schema)]
    pub attributes: BTreeMap<String, String>,
    /// Notes of administrators, by name. Nobody else sees them.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[schema(schema_with = schema::metadata_schema)]
    pub metadata: Metadata,
    /// The price of one unit, outside of a sale.
    pub price: Money,
    /// Whether the product is for sale.
    pub status: ProductStatus,
    /// The time from which a `LISTED` product is visible and for sale. Absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub list_at: Option<Timestamp>,
    /// The time from which a `LISTED` product is neither visible nor for sale. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unlist_at: Option<Timestamp>,
    /// A lower price for some time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sale: Option<Sale>,
    /// The time at which the product is listed for the first time. Once reached, it never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub first_listed_at: Option<Timestamp>,
    /// The points that one unit adds to the buyer's wallet. Only for products that sell points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000_000)]
    pub points: Option<u32>,
    /// The package of one unit. Absent for a product that is not shipped, such as points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub package: Option<Package>,
    /// The tax class of the product.
    #[serde(default, skip_serializing_if = "TaxClass::is_standard")]
    #[schema(default = "STANDARD")]
    pub tax_class: TaxClass,
    /// The product's images, main image first.
    #[serde(default)]
    #[schema(required = true, max_items = 20)]
    pub images: Vec<ImageId>,
    /// The available units below which the stock is low. Nobody but administrators sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_000_000)]
    pub low_stock_threshold: Option<u32>,
    /// The number of shards of the stock.
    pub stock_shards: ShardCount,
    /// The number of changes, from 1.
    #[schema(minimum = 1)]
    pub version: u64,
    /// The administrator who made the last change.
    pub updated_by: Actor,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

impl Product {
    /// The most points per unit.
    pub const MAX_POINTS: u32 = 10_000_000;

    /// The most images.
    pub const MAX_IMAGES: usize = 20;

    /// The highest threshold of low stock.
    pub const MAX_LOW_STOCK_THRESHOLD: u32 = 1_000_000;

    /// The longest name, in characters.
    pub const MAX_NAME: usize = 200;

    /// The longest description, in characters.
    pub const MAX_DESCRIPTION: usize = 5_000;

    /// The longest brand, in characters.
    pub const MAX_BRAND: usize = 100;

    /// The most categories.
    pub const MAX_CATEGORIES: usize = 10;

    /// The most attributes. With all other limits a product and its newest event stay below half of what a DynamoDB item
    /// and an event of the bus can hold.
    pub const MAX_ATTRIBUTES: usize = 30;

    /// The longest name of an attribute, in characters.
    pub const MAX_ATTRIBUTE_NAME: usize = 50;

    /// The longest attribute, in characters.
    pub const MAX_ATTRIBUTE: usize = 200;

    /// Whether the product is visible and for sale at `now`.
    pub fn is_listed_at(&self, now: Timestamp) -> bool {
        self.status == ProductStatus::Listed
            && self.list_at.is_none_or(|at| at <= now)
            && self.unlist_at.is_none_or(|at| now < at)
    }

    /// The price of one unit at `now`: that of a sale while it runs.
    pub fn price_at(&self, now: Timestamp) -> Money {
        self.sale_at(now).map_or(self.price, |sale| sale.price)
    }

    /// The sale, if it runs at `now`.
    pub fn sale_at(&self, now: Timestamp) -> Option<Sale> {
        self.sale.filter(|sale| sale.runs_at(now))
    }

    /// The first time after `now` at which the product is listed or unlisted, or its price changes, without anybody changing
    /// the product.
    pub fn next_change_after(&self, now: Timestamp) -> Option<Timestamp> {
        if self.status != ProductStatus::Listed {
            return None;
        }
        let sale = self.sale.iter().flat_map(|sale| [sale.starts_at, sale.ends_at]);
        let schedule = self.list_at.into_iter().chain(self.unlist_at);
        schedule.chain(sale).filter(|at| *at > now).min()
    }

    /// [`Product::first_listed_at`] of the product as it is saved at `now`: kept once it is reached, and until then as the
    /// schedule says.
    pub fn first_listing(&self, now: Timestamp) -> Option<Timestamp> {
        let reached = self.first_listed_at.filter(|at| *at <= now);
        let planned = || {
            let from = self.list_at.map_or(now, |at| at.max(now));
            let is_shown = self.status == ProductStatus::Listed && self.unlist_at.is_none_or(|at| from < at);
            is_shown.then_some(from)
        };
        reached.or_else(planned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::example;
    use proptest::prelude::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A product with a schedule and a sale at half the price.
    fn scheduled(status: ProductStatus, times: [Option<i64>; 2], sale: Option<[i64; 2]>) -> Product {
        let product = example::product("Tea", 1000);
        let [list_at, unlist_at] = times.map(|at| at.map(second));
        let half = Money::new(500, product.price.currency()).unwrap();
        let sale = sale.map(|[starts_at, ends_at]| Sale {
            price: half,
            starts_at: second(starts_at),
            ends_at: second(ends_at),
        });
        Product {
            status,
            list_at,
            unlist_at,
            sale,
            ..product
        }
    }

    #[test]
    fn a_listed_product_is_shown_from_its_first_time_to_before_its_second() {
        let product = scheduled(ProductStatus::Listed, [Some(10), Some(20)], None);
        let shown = [9, 10, 19, 20].map(|at| product.is_listed_at(second(at)));
        assert_eq!(shown, [false, true, true, false]);
        for status in [ProductStatus::Draft, ProductStatus::Unlisted] {
            assert!(!scheduled(status, [Some(10), None], None).is_listed_at(second(15)));
        }
    }

    #[test]
    fn a_sale_lowers_the_price_from_its_start_to_before_its_end() {
        let product = scheduled(ProductStatus::Listed, [None; 2], Some([10, 20]));
        let prices = [9, 10, 19, 20].map(|at| product.price_at(second(at)).amount());
        assert_eq!(prices, [1000, 500, 500, 1000]);
    }

    #[test]
    fn the_first_listing_follows_the_schedule_until_it_is_reached_and_never_changes_after() {
        let mut product = scheduled(ProductStatus::Draft, [None; 2], None);
        assert_eq!(product.first_listing(second(1)), None);
        product.status = ProductStatus::Listed;
        product.list_at = Some(second(10));
        product.first_listed_at = product.first_listing(second(2));
        assert_eq!(product.first_listed_at, Some(second(10)));
        product.list_at = Some(second(8));
        product.first_listed_at = product.first_listing(second(3));
        assert_eq!(product.first_listed_at, Some(second(8)));
        product.status = ProductStatus::Unlisted;
        assert_eq!(product.first_listing(second(9)), Some(second(8)));
        product.list_at = Some(second(30));
        product.status = ProductStatus::Listed;
        assert_eq!(product.first_listing(second(9)), Some(second(8)));
    }

    proptest! {
        #[test]
        fn what_is_shown_changes_only_at_the_next_change(
            list in prop::option::of(0..40i64), length in prop::option::of(1..20i64),
            sale in prop::option::of((0..40i64, 1..20i64)), from in 0..50i64,
        ) {
            let unlist = length.map(|length| list.unwrap_or(0) + length);
            let sale = sale.map(|(starts, length)| [starts, starts + length]);
            let product = scheduled(ProductStatus::Listed, [list, unlist], sale);
            let shown = |at: i64| (product.is_listed_at(second(at)), product.price_at(second(at)));
            let until = product.next_change_after(second(from)).map_or(100, Timestamp::as_second);
            prop_assert!(until > from);
            for at in from..until {
                prop_assert_eq!(shown(at), shown(from));
            }
        }
    }

    #[test]
    fn a_sku_has_1_to_64_allowed_characters() {
        let longest = "x".repeat(64);
        for good in ["a", "9", "tea", "TEA_1.2-b", &longest] {
            assert!(Sku::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let too_long = "x".repeat(65);
        for bad in ["", "-tea", ".", "a b", "차", "a#b", "a/b", &too_long] {
            assert_eq!(Sku::try_from(bad.to_owned()), Err(InvalidSku), "{bad}");
        }
    }
}
