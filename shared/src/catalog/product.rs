//! Products.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::{ShardCount, TaxClass, schema};
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

/// The path of a category, such as `drinks/tea`: names of `a-z 0-9 -`, separated by `/`, at most 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(
    value_type = String,
    max_length = 100,
    pattern = "^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*$",
    examples("drinks/tea")
)]
pub struct Category(String);

/// The text is not a [`Category`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a category has 1 to 100 characters: names of a-z 0-9 -, separated by /")]
pub struct InvalidCategory;

impl TryFrom<String> for Category {
    type Error = InvalidCategory;

    fn try_from(text: String) -> Result<Self, InvalidCategory> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let is_name = |name: &str| name.split('-').all(is_word);
        if text.len() <= 100 && text.split('/').all(is_name) {
            Ok(Self(text))
        } else {
            Err(InvalidCategory)
        }
    }
}

impl std::fmt::Display for Category {
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

/// Whether a product is for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductStatus {
    /// Visible and for sale.
    Listed,
    /// Neither visible nor for sale. Its stock and orders are unchanged.
    Unlisted,
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
    /// The price of one unit.
    pub price: Money,
    /// Whether the product is for sale.
    pub status: ProductStatus,
    /// The points that one unit adds to the buyer's wallet. Only for products that sell points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000_000)]
    pub points: Option<u32>,
    /// The package of one unit. Absent for what is not shipped, such as points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub package: Option<Package>,
    /// How the product is taxed.
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
    /// Number of shards of the stock.
    pub stock_shards: ShardCount,
    /// Number of changes, from 1.
    #[schema(minimum = 1)]
    pub version: u64,
    /// The administrator who made the last change.
    pub updated_by: Actor,
    /// Time of the last change.
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

    /// Whether the product is visible and for sale.
    pub fn is_listed(&self) -> bool {
        self.status == ProductStatus::Listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_a_path_of_names() {
        let longest = "x".repeat(100);
        for good in ["drinks", "drinks/tea", "drinks/green-tea/2026", &longest] {
            assert!(Category::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let too_long = "x".repeat(101);
        for bad in [
            "", "/", "/drinks", "drinks/", "a//b", "Drinks", "-a", "a-", "a--b", "a b", "차", &too_long,
        ] {
            assert_eq!(Category::try_from(bad.to_owned()), Err(InvalidCategory), "{bad}");
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
