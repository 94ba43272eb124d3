//! The money of an order.

use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::money::{Money, MoneyError};
use crate::orders::{Line, Shipping};

/// The money of an order: the total, and its parts in the same currency.
///
/// `subtotal` − `discount` + `shipping` + `tax` = `total`. A later version may have more parts, so take `total` for what
/// the order costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// The prices of all units of all lines.
    pub subtotal: Money,
    /// The whole discount: the sum of the lines' discounts.
    pub discount: Money,
    /// The price of the delivery.
    pub shipping: Money,
    /// The tax that is added to the prices, that of the delivery too. 0 where prices include it.
    pub tax: Money,
    /// The part of `total` that is tax, where prices include it, that of the delivery too. 0 where tax is added.
    pub included_tax: Money,
    /// The price of the order.
    pub total: Money,
}

impl Totals {
    /// The totals of an order of `lines` in `currency`, with its delivery.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
    pub fn of(currency: Currency, lines: &[Line], shipping: Option<&Shipping>) -> Result<Self, MoneyError> {
        let zero = Money::zero(currency);
        let (mut subtotal, mut discount) = (zero, zero);
        for line in lines {
            subtotal = subtotal.plus(line.unit_price.times(line.quantity)?)?;
            discount = discount.plus(line.discount)?;
        }
        let (mut tax, mut included_tax) = (zero, zero);
        let of_lines = lines.iter().map(|line| (line.tax, line.included_tax));
        let of_shipping = shipping.into_iter().flat_map(|shipping| &shipping.parts);
        for (added, included) in of_lines.chain(of_shipping.map(|part| (part.tax, part.included_tax))) {
            tax = tax.plus(added)?;
            included_tax = included_tax.plus(included)?;
        }
        let shipping = shipping.map_or(zero, |shipping| shipping.price);
        Ok(Self {
            subtotal,
            discount,
            shipping,
            tax,
            included_tax,
            total: subtotal.minus(discount)?.plus(shipping)?.plus(tax)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::example;

    #[test]
    fn totals_of_two_currencies_are_refused() {
        let line = example::line("Tea");
        let refused = Totals::of(Currency::USD, &[line], None);
        assert_eq!(refused, Err(MoneyError::CurrenciesMixed));
    }
}
