//! The money of an order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::money::{Money, MoneyError};
use crate::orders::Line;

/// The money of an order: the total, and its parts in the same currency.
///
/// `subtotal` − `discount` + `shipping` + `tax` = `total`. A later version may have more parts, so take `total` for what
/// the order costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// The prices of all units of all lines.
    pub subtotal: Money,
    /// What is taken off: the sum of the lines' discounts.
    pub discount: Money,
    /// The price of the delivery.
    pub shipping: Money,
    /// The tax that is added to the prices. 0 where prices include it.
    pub tax: Money,
    /// What the order costs.
    pub total: Money,
}

impl Totals {
    /// The totals of an order of `lines`.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
    pub fn of(lines: &[Line], shipping: Money) -> Result<Self, MoneyError> {
        let zero = Money::zero(shipping.currency());
        let (mut subtotal, mut discount, mut tax) = (zero, zero, zero);
        for line in lines {
            subtotal = subtotal.plus(line.unit_price.times(line.quantity)?)?;
            discount = discount.plus(line.discount)?;
            tax = tax.plus(line.tax)?;
        }
        Ok(Self {
            subtotal,
            discount,
            shipping,
            tax,
            total: subtotal.minus(discount)?.plus(shipping)?.plus(tax)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{LineId, example, line};
    use iso_currency::Currency;
    use proptest::prelude::*;

    /// The unit price, the units, the discount in thousandths of the price, and the tax.
    type Parts = (u64, u32, u64, u64);

    fn line_of(line_id: LineId, (price, quantity, discount, tax): Parts, currency: Currency) -> Line {
        let money = |amount| Money::new(amount, currency).unwrap();
        let (unit_price, tax) = (money(price), money(tax));
        let discount = money(price * u64::from(quantity) * discount / 1000);
        Line {
            line_id,
            unit_price,
            quantity,
            discount,
            tax,
            total: line::total(unit_price, quantity, discount, tax).unwrap(),
            ..example::line("Tea")
        }
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_total_in_every_currency(
            parts in prop::collection::vec((0..1_000_000_000u64, 1..=999u32, 0..=1000u64, 0..1_000_000u64), 1..=50),
            shipping in 0..1_000_000u64,
            currency in prop::sample::select(vec![Currency::KRW, Currency::JPY, Currency::USD, Currency::KWD]),
        ) {
            let lines: Vec<Line> =
                LineId::all().zip(&parts).map(|(id, parts)| line_of(id, *parts, currency)).collect();
            let shipping = Money::new(shipping, currency).unwrap();
            let Totals { subtotal, discount, shipping, tax, total } = Totals::of(&lines, shipping).unwrap();
            let amounts = [subtotal, shipping, tax].map(Money::amount);
            prop_assert_eq!(amounts.iter().sum::<u64>() - discount.amount(), total.amount());
            let of_lines: u64 = lines.iter().map(|line| line.total.amount()).sum();
            prop_assert_eq!(of_lines + shipping.amount(), total.amount());
            prop_assert!([subtotal, discount, shipping, tax, total].iter().all(|part| part.currency() == currency));
        }
    }

    #[test]
    fn totals_of_two_currencies_are_refused() {
        let line = example::line("Tea");
        let refused = Totals::of(&[line], Money::zero(Currency::USD));
        assert_eq!(refused, Err(MoneyError::CurrenciesMixed));
    }
}
