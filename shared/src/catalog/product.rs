//! A product as the catalog sells it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::ShardCount;
use crate::core::error::Rejection;
use crate::core::id::PathParameter;
use crate::core::money::Money;
use crate::images::ImageId;

/// A stock-keeping unit: 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", examples("green-tea-100g"))]
pub struct Sku(String);

impl Sku {
    /// The sku as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a [`Sku`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sku is 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or digit")]
pub struct NotASku;

impl TryFrom<String> for Sku {
    type Error = NotASku;

    fn try_from(text: String) -> Result<Self, NotASku> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if fits { Ok(Self(text)) } else { Err(NotASku) }
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

/// Whether shoppers can see and buy a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductStatus {
    /// Seen and sold.
    Listed,
    /// Neither seen nor sold; its stock and orders stay.
    Unlisted,
}

/// A product of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// Its stock-keeping unit.
    pub sku: Sku,
    /// Its name, as shoppers see it.
    #[schema(min_length = 1, max_length = 200, examples("Green tea, 100 g"))]
    pub name: String,
    /// The price of one unit.
    pub price: Money,
    /// Whether it is for sale.
    pub status: ProductStatus,
    /// The points that one unit brings to its buyer's wallet, for a product that is points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000_000)]
    pub points: Option<u32>,
    /// Its pictures, the one that stands for it first.
    #[serde(default)]
    #[schema(required = true, max_items = 20)]
    pub images: Vec<ImageId>,
    /// Over how many shards its stock is spread.
    pub stock_shards: ShardCount,
    /// Counts the changes, from 1.
    #[schema(minimum = 1)]
    pub version: u64,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Product {
    /// The most points that one unit brings.
    pub const MAX_POINTS: u32 = 10_000_000;

    /// The most pictures.
    pub const MAX_IMAGES: usize = 20;

    /// The longest name, in characters.
    pub const MAX_NAME: usize = 200;

    /// Whether shoppers can buy it.
    pub fn is_listed(&self) -> bool {
        self.status == ProductStatus::Listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_short_and_plain() {
        let longest = "x".repeat(64);
        for good in ["a", "9", "tea", "TEA_1.2-b", &longest] {
            assert!(Sku::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let too_long = "x".repeat(65);
        for bad in ["", "-tea", ".", "a b", "차", "a#b", "a/b", &too_long] {
            assert_eq!(Sku::try_from(bad.to_owned()), Err(NotASku), "{bad}");
        }
    }
}
