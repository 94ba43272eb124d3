//! The parts of a refund: what goes back of each line, and of the price of the delivery.

use crate::core::allocation::allocate;
use crate::core::money::{Money, MoneyError};
use crate::orders::{LineQuantity, LineRefund, Order};

/// A refund of an order, by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundParts {
    /// The parts of lines.
    pub lines: Vec<LineRefund>,
    /// The part of the price of the delivery, with its tax.
    pub shipping: Money,
}

impl RefundParts {
    /// All parts together.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
    pub fn sum(&self) -> Result<Money, MoneyError> {
        let mut lines = self.lines.iter();
        lines.try_fold(self.shipping, |sum, line| sum.plus(line.amount))
    }

    /// The part that is not taxed: of the lines of `order` without a tax rate, and of such parts of its delivery.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
    pub fn untaxed(&self, order: &Order) -> Result<Money, MoneyError> {
        let mut untaxed = Money::zero(self.shipping.currency());
        for refund in &self.lines {
            let line = order.lines.iter().find(|line| line.line_id == refund.line_id);
            if line.is_some_and(|line| line.tax_rate.is_none()) {
                untaxed = untaxed.plus(refund.amount)?;
            }
        }
        let Some(shipping) = &order.shipping else {
            return Ok(untaxed);
        };
        let shares = shipping.by_rate(self.shipping)?;
        let mut shares = shares.into_iter().filter(|(rate, _)| rate.is_none());
        shares.try_fold(untaxed, |sum, (_, share)| sum.plus(share))
    }

    /// Reduces all parts in proportion, by largest remainder, if they are more than `limit` together.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
    pub fn limit(&mut self, limit: Money) -> Result<(), MoneyError> {
        if self.sum()?.amount() <= limit.amount() {
            return Ok(());
        }
        let lines = self.lines.iter().map(|line| line.amount);
        let amounts: Vec<Money> = lines.chain([self.shipping]).collect();
        let lines = self.lines.iter_mut().map(|line| &mut line.amount);
        for (part, share) in lines.chain([&mut self.shipping]).zip(allocate(limit, &amounts)?) {
            *part = share;
        }
        Ok(())
    }
}

impl Order {
    /// The refund for `units`, which `cancelled` no longer has: their parts of the lines, and `shipping_left`, the rest of the price of
    /// the delivery, if they are the last ones with a package that the customer would get or keep.
    pub fn refund_parts(&self, units: &[LineQuantity], cancelled: &Self, shipping_left: Money) -> RefundParts {
        let are_last = self.has_packages_left() && !cancelled.has_packages_left();
        RefundParts {
            lines: self.refunds_of(units),
            shipping: if are_last {
                shipping_left
            } else {
                Money::zero(shipping_left.currency())
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{LineId, OrderStatus, Quantities, Shipping, ShippingPart, Step, TaxRate, example};
    use iso_currency::Currency;
    use proptest::prelude::*;

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    fn parts(lines: &[u64], shipping: u64) -> RefundParts {
        let lines = LineId::all().zip(lines).map(|(line_id, &amount)| LineRefund {
            line_id,
            amount: won(amount),
        });
        RefundParts {
            lines: lines.collect(),
            shipping: won(shipping),
        }
    }

    /// A paid order of a line for each of these quantities and totals.
    fn order(lines: &[(u32, u64)]) -> Order {
        let mut order = example::order(OrderStatus::Paid, 1000);
        let line = order.lines.remove(0);
        let lines = LineId::all().zip(lines).map(|(line_id, &(quantity, total))| {
            let mut line = line.clone();
            (line.line_id, line.quantity, line.quantities) = (line_id, quantity, Quantities::of(quantity));
            line.total = won(total);
            line
        });
        order.lines = lines.collect();
        order
    }

    #[test]
    fn a_refund_that_is_reduced_takes_from_each_part_in_proportion() {
        let mut two = parts(&[10_000, 10_000], 0);
        two.limit(won(10_000)).unwrap();
        assert_eq!(two, parts(&[5000, 5000], 0));
        let mut uneven = parts(&[700, 500], 300);
        uneven.limit(won(1000)).unwrap();
        assert_eq!(uneven, parts(&[467, 333], 200));
    }

    #[test]
    fn lines_and_parts_of_the_delivery_without_a_tax_rate_are_untaxed() {
        let rate: TaxRate = "10".to_owned().try_into().unwrap();
        let mut order = order(&[(1, 10_000), (1, 15_000)]);
        order.lines[0].tax_rate = Some(rate);
        let part = |price, tax_rate| ShippingPart {
            price: won(price),
            tax_rate,
            tax: won(0),
            included_tax: won(0),
        };
        order.shipping = Some(Shipping {
            method_id: "standard".to_owned().try_into().unwrap(),
            name: "Standard delivery".to_owned(),
            price: won(3000),
            parts: vec![part(1200, Some(rate)), part(1800, None)],
        });
        for (refund, untaxed) in [
            (parts(&[10_000, 0], 0), 0),
            (parts(&[0, 15_000], 0), 15_000),
            (parts(&[10_000, 15_000], 3000), 16_800),
            (parts(&[0, 0], 1000), 600),
        ] {
            assert_eq!(refund.untaxed(&order), Ok(won(untaxed)), "{refund:?}");
        }
    }

    #[test]
    fn a_refund_within_its_limit_stays() {
        for limit in [1500, 1501, 9000] {
            let mut refund = parts(&[700, 500], 300);
            refund.limit(won(limit)).unwrap();
            assert_eq!(refund, parts(&[700, 500], 300), "{limit}");
        }
    }

    #[test]
    fn a_limit_in_another_currency_is_refused() {
        let dollar = Money::new(1, Currency::USD).unwrap();
        assert_eq!(parts(&[700], 300).limit(dollar), Err(MoneyError::CurrenciesMixed));
    }

    proptest! {
        #[test]
        fn reduced_parts_add_up_to_the_limit_and_none_grows(
            lines in prop::collection::vec(0..1_000_000_000u64, 0..=50),
            shipping in 0..1_000_000u64,
            limit in 0..20_000_000_000u64,
        ) {
            let full = parts(&lines, shipping);
            let mut reduced = full.clone();
            reduced.limit(won(limit)).unwrap();
            prop_assert_eq!(reduced.sum().unwrap(), full.sum().unwrap().min(won(limit)));
            prop_assert!(reduced.shipping.amount() <= shipping);
            for (reduced, full) in reduced.lines.iter().zip(&full.lines) {
                prop_assert!(reduced.amount.amount() <= full.amount.amount());
            }
        }

        #[test]
        fn any_number_of_reduced_refunds_never_gives_back_more_of_a_line_than_it_costs(
            lines in prop::collection::vec((1..=5u32, 0..1_000_000u64), 1..=5),
            limits in prop::collection::vec(0..1_500_000u64, 5),
        ) {
            let mut order = order(&lines);
            for limit in limits {
                let units: Vec<LineQuantity> = order.left(Step::Cancel).into_iter()
                    .map(|left| LineQuantity { quantity: 1, ..left })
                    .collect();
                if units.is_empty() {
                    break;
                }
                let mut refund = RefundParts { lines: order.refunds_of(&units), shipping: won(0) };
                refund.limit(won(limit)).unwrap();
                let refunded = order.after(Step::Cancel, &units).unwrap().with_refunds(&refund.lines);
                order = refunded.unwrap();
            }
            for line in &order.lines {
                let given_back = line.total.portion(line.quantities.given_back(), line.quantity);
                prop_assert!(line.refunded.unwrap_or(won(0)).amount() <= given_back.amount());
            }
        }
    }
}
