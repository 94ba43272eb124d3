//! The net price and the tax of an order by rate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::core::money::{Money, MoneyError};
use shared::orders::{Order, TaxRate};

/// The part of an order that is taxed at one rate: its lines and its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaxOfRate {
    /// The tax rate in percent. Absent for a part that is not taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tax_rate: Option<TaxRate>,
    /// The price without tax.
    pub net: Money,
    /// The tax, added or included.
    pub tax: Money,
}

/// The net price and the tax of `order` by rate, the highest rate first, what is not taxed last.
///
/// # Errors
/// [`MoneyError`] for an order whose parts do not add up.
pub fn by_rate(order: &Order) -> Result<Vec<TaxOfRate>, MoneyError> {
    let zero = Money::zero(order.totals.total.currency());
    let mut sums: BTreeMap<Option<TaxRate>, (Money, Money)> = BTreeMap::new();
    let mut add = |rate, price: Money, added, included| -> Result<(), MoneyError> {
        let (net, tax) = sums.entry(rate).or_insert((zero, zero));
        *net = net.plus(price.minus(included)?)?;
        *tax = tax.plus(added)?.plus(included)?;
        Ok(())
    };
    for line in &order.lines {
        add(line.tax_rate, line.price()?, line.tax, line.included_tax)?;
    }
    for part in order.shipping.iter().flat_map(|shipping| &shipping.parts) {
        add(part.tax_rate, part.price, part.tax, part.included_tax)?;
    }
    let of_rate = |(tax_rate, (net, tax))| TaxOfRate { tax_rate, net, tax };
    Ok(sums.into_iter().rev().map(of_rate).collect())
}
