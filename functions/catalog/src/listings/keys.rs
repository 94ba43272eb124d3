//! The keys of rows: lists as partitions, and values that sort as texts.
//!
//! A sort key ends with the SKU, so no two rows have the same key: none is lost or repeated where values are equal.

use iso_currency::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::catalog::Sku;
use shared::core::money::Money;
use utoipa::ToSchema;

use super::layout::Epoch;
use super::scope::Scope;

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductOrder {
    /// By the time of the first listing, newest first.
    #[default]
    Newest,
    /// By the price that is shown, lowest first.
    PriceAsc,
    /// By the price that is shown, highest first.
    PriceDesc,
    /// By the time of the last change, newest first. A product that changes meanwhile moves to the first page.
    RecentlyUpdated,
}

impl ProductOrder {
    /// Whether the lowest key comes first.
    pub const fn is_ascending(self) -> bool {
        matches!(self, Self::PriceAsc)
    }

    /// Whether the list is of one currency.
    pub const fn is_by_price(self) -> bool {
        matches!(self, Self::PriceAsc | Self::PriceDesc)
    }

    /// The index with this order, its partition key and its sort key.
    pub(crate) const fn index(self) -> [&'static str; 3] {
        match self {
            Self::Newest => ["by-time", "list", "listed_key"],
            Self::PriceAsc | Self::PriceDesc => ["by-price", "price_list", "price_key"],
            Self::RecentlyUpdated => ["by-update", "list", "updated_key"],
        }
    }
}

/// The partition of one shard of a list.
pub fn list_key(scope: &Scope, epoch: Epoch, shard: u8) -> String {
    format!("{scope}#{}#{shard}", epoch.number)
}

/// The partition of one shard of a list by price. Amounts of different currencies have no order.
pub fn price_list_key(scope: &Scope, epoch: Epoch, currency: Currency, shard: u8) -> String {
    format!("{scope}#{}#{}#{shard}", epoch.number, currency.code())
}

/// A time as a sort value: milliseconds.
pub fn time_value(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or_default()
}

/// A price as a sort value: minor units.
pub const fn price_value(price: Money) -> u64 {
    price.amount()
}

/// The key of a row: 16 digits hold the largest amount, 10^15, and each time.
pub fn sort_key(value: u64, sku: &Sku) -> String {
    format!("{value:016}#{sku}")
}

/// The value and the SKU of a key.
pub fn parse_sort_key(key: &str) -> Option<(u64, Sku)> {
    let (value, sku) = key.split_once('#')?;
    Some((value.parse().ok()?, Sku::try_from(sku.to_owned()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_amount_and_the_last_time_have_16_digits() {
        let last = time_value(Timestamp::MAX).max(Money::MAX_AMOUNT);
        assert!(last.to_string().len() <= 16);
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_values_and_then_their_skus(
            a in 0..=Money::MAX_AMOUNT, b in 0..=Money::MAX_AMOUNT, x in "[a-z0-9]{1,9}", y in "[a-z0-9]{1,9}",
        ) {
            let (x, y) = (Sku::try_from(x).unwrap(), Sku::try_from(y).unwrap());
            prop_assert_eq!(sort_key(a, &x).cmp(&sort_key(b, &y)), (a, x.as_str()).cmp(&(b, y.as_str())));
            prop_assert_eq!(parse_sort_key(&sort_key(a, &x)), Some((a, x)));
        }
    }
}
