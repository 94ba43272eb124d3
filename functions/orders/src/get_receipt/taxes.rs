//! The net price and the tax of an order by rate, and what was refunded of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::core::money::{Money, MoneyError};
use shared::orders::{StoredOrder, TaxRate};

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
    /// The part of both together whose refund was requested, for units and for the delivery. Absent for none. A refund that names
    /// neither counts only in that of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refunded: Option<Money>,
}

/// The net price and the tax of an order by rate, the highest rate first, what is not taxed last.
///
/// # Errors
/// [`MoneyError`] for an order whose parts do not add up.
pub fn by_rate(stored: &StoredOrder) -> Result<Vec<TaxOfRate>, MoneyError> {
    let order = &stored.order;
    let zero = Money::zero(order.totals.total.currency());
    let mut sums: BTreeMap<Option<TaxRate>, [Money; 3]> = BTreeMap::new();
    let mut add = |rate, amounts: [Money; 3]| -> Result<(), MoneyError> {
        let sums = sums.entry(rate).or_insert([zero; 3]);
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum = sum.plus(amount)?;
        }
        Ok(())
    };
    for line in &order.lines {
        let (net, tax) = (
            line.price()?.minus(line.included_tax)?,
            line.tax.plus(line.included_tax)?,
        );
        add(line.tax_rate, [net, tax, line.refunded.unwrap_or(zero)])?;
    }
    if let Some(shipping) = &order.shipping {
        let refunded = shipping.by_rate(stored.shipping_refunded.unwrap_or(zero))?;
        for (part, (rate, refunded)) in shipping.parts.iter().zip(refunded) {
            let (net, tax) = (part.price.minus(part.included_tax)?, part.tax.plus(part.included_tax)?);
            add(rate, [net, tax, refunded])?;
        }
    }
    let of_rate = |(tax_rate, [net, tax, refunded]): (_, [Money; 3])| TaxOfRate {
        tax_rate,
        net,
        tax,
        refunded: Some(refunded).filter(|refunded| refunded.amount() > 0),
    };
    Ok(sums.into_iter().rev().map(of_rate).collect())
}
