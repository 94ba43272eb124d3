//! Quotes: sums the lines of an order and prices them from the catalog.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::{Product, Sku};
use crate::core::money::Money;
use crate::orders::{Line, MAX_LINES, MAX_QUANTITY, Rejected};

/// A requested product and quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The product's SKU.
    pub sku: Sku,
    /// The number of units. Lines of the same product are summed.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: i64,
}

impl From<(Sku, u32)> for Item {
    fn from((sku, quantity): (Sku, u32)) -> Self {
        let quantity = quantity.into();
        Self { sku, quantity }
    }
}

/// The lines and the total of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// One line for each product, in the order of the request.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
}

/// Sums the lines of the same product. A DynamoDB transaction can contain each stock item only once.
///
/// # Errors
/// [`Rejected::LineCount`] outside 1..=[`MAX_LINES`], [`Rejected::Quantity`] outside 1..=[`MAX_QUANTITY`],
/// for a line and for the sum.
pub fn sum_lines(items: &[Item]) -> Result<Vec<(Sku, u32)>, Rejected> {
    if !(1..=MAX_LINES).contains(&items.len()) {
        return Err(Rejected::LineCount(items.len()));
    }
    let mut sums: Vec<(Sku, u32)> = Vec::with_capacity(items.len());
    for item in items {
        let refused = || Rejected::Quantity(item.sku.clone());
        let in_range = |quantity: &u32| (1..=MAX_QUANTITY).contains(quantity);
        let quantity = u32::try_from(item.quantity).ok().filter(in_range).ok_or_else(refused)?;
        match sums.iter_mut().find(|(sku, _)| *sku == item.sku) {
            Some((_, sum)) => *sum = Some(*sum + quantity).filter(in_range).ok_or_else(refused)?,
            None => sums.push((item.sku.clone(), quantity)),
        }
    }
    Ok(sums)
}

/// Prices the requested products from `products`.
///
/// # Errors
/// [`Rejected::ProductUnavailable`], [`Rejected::CurrenciesMixed`], [`Rejected::TotalTooLarge`].
pub fn quote(wanted: &[(Sku, u32)], products: &HashMap<Sku, Product>) -> Result<Quote, Rejected> {
    let mut lines = Vec::with_capacity(wanted.len());
    let mut total: Option<Money> = None;
    for (sku, quantity) in wanted {
        let product = products
            .get(sku)
            .filter(|product| product.is_listed())
            .ok_or_else(|| Rejected::ProductUnavailable(sku.clone()))?;
        let line_total = product.price.times(*quantity)?;
        total = Some(match total {
            Some(sum) => sum.plus(line_total)?,
            None => line_total,
        });
        lines.push(Line {
            sku: sku.clone(),
            name: product.name.clone(),
            quantity: *quantity,
            unit_price: product.price,
            points: product.points,
        });
    }
    let total = total.ok_or(Rejected::LineCount(0))?;
    Ok(Quote { lines, total })
}

/// A product with too few units available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shortage {
    /// The product's SKU.
    pub sku: Sku,
    /// The requested units.
    pub requested: u32,
    /// The available units.
    pub available: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ProductStatus;
    use crate::catalog::ShardCount;
    use crate::core::actor::Actor;
    use crate::core::identity::CustomerId;
    use iso_currency::Currency;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn sku(name: &str) -> Sku {
        Sku::try_from(name.to_owned()).unwrap()
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn product(name: &str, won: u64) -> (Sku, Product) {
        let product = Product {
            sku: sku(name),
            name: name.to_owned(),
            description: None,
            brand: None,
            categories: vec![],
            attributes: [].into(),
            metadata: [].into(),
            price: Money::new(won, Currency::KRW).unwrap(),
            status: ProductStatus::Listed,
            points: None,
            images: vec![],
            stock_shards: ShardCount::ONE,
            version: 1,
            updated_by: Actor::staff(&CustomerId::new("the-admin")),
            updated_at: second(0),
        };
        (sku(name), product)
    }

    proptest! {
        #[test]
        fn summed_lines_keep_every_unit_and_contain_each_product_once(
            items in prop::collection::vec((0..5usize, 1..=19i64), 1..=MAX_LINES),
        ) {
            let items: Vec<Item> = items
                .into_iter()
                .map(|(product, quantity)| Item { sku: sku(&format!("p{product}")), quantity })
                .collect();
            let sums = sum_lines(&items).unwrap();
            let asked: i64 = items.iter().map(|item| item.quantity).sum();
            prop_assert_eq!(sums.iter().map(|(_, sum)| i64::from(*sum)).sum::<i64>(), asked);
            let mut names: Vec<_> = sums.iter().map(|(sku, _)| sku).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), sums.len());
        }

        #[test]
        fn a_total_is_the_sum_of_its_lines(prices in prop::collection::vec(0..1_000_000u64, 1..=MAX_LINES), quantity in 1..=MAX_QUANTITY) {
            let products: HashMap<Sku, Product> =
                prices.iter().enumerate().map(|(n, &won)| product(&format!("p{n}"), won)).collect();
            let wanted: Vec<(Sku, u32)> = (0..prices.len()).map(|n| (sku(&format!("p{n}")), quantity)).collect();
            let quote = quote(&wanted, &products).unwrap();
            prop_assert_eq!(quote.total.amount(), prices.iter().sum::<u64>() * u64::from(quantity));
            prop_assert_eq!(quote.lines.len(), prices.len());
        }
    }
}
