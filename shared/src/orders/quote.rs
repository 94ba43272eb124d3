//! The items of a request, and the quote of what they cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::Sku;
use crate::orders::{Line, MAX_LINES, MAX_QUANTITY, Rejected, Shipping, Totals};

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

/// The lines of an order and what they cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// One line for each product, in the order of the request.
    pub lines: Vec<Line>,
    /// The delivery. `None` if nothing is shipped.
    pub shipping: Option<Shipping>,
    /// The totals.
    pub totals: Totals,
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
    use proptest::prelude::*;

    fn sku(name: &str) -> Sku {
        Sku::try_from(name.to_owned()).unwrap()
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
    }
}
