//! The refund of units of a line.

use crate::core::money::Money;
use crate::orders::Line;

impl Line {
    /// The refund for `units` of the line after `refunded` of its units were refunded: their part of the line's
    /// total, so less the discount and with the tax.
    ///
    /// It is the difference of two rounded parts of the total. So the refunds of all units add up to the total, however
    /// they are split, and never to more. Units beyond the line's quantity have no refund.
    #[must_use]
    pub fn refund_of(&self, refunded: u32, units: u32) -> Money {
        let before = self.total.portion(refunded, self.quantity);
        let after = self.total.portion(refunded.saturating_add(units), self.quantity);
        after.saturating_sub(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::example;
    use iso_currency::Currency;
    use proptest::prelude::*;

    fn line(quantity: u32, total: u64, currency: Currency) -> Line {
        Line {
            quantity,
            total: Money::new(total, currency).unwrap(),
            ..example::line("Tea")
        }
    }

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    #[test]
    fn three_units_that_do_not_divide_evenly_are_refunded_to_the_last_won() {
        let line = line(3, 89_000, Currency::KRW);
        let each = [0, 1, 2].map(|refunded| line.refund_of(refunded, 1));
        assert_eq!(each, [won(29_667), won(29_666), won(29_667)]);
        assert_eq!(line.refund_of(0, 3), won(89_000));
        assert_eq!(line.refund_of(1, 2), won(59_333));
    }

    #[test]
    fn units_that_the_line_does_not_have_are_not_refunded() {
        let line = line(3, 89_000, Currency::KRW);
        assert_eq!(line.refund_of(0, 4), won(89_000));
        assert_eq!(line.refund_of(3, 1), won(0));
        assert_eq!(line.refund_of(u32::MAX, u32::MAX), won(0));
        assert_eq!(line.refund_of(1, 0), won(0));
    }

    proptest! {
        #[test]
        fn every_split_into_partial_refunds_adds_up_to_the_whole(
            total in 0..1_000_000_000_000u64,
            splits in prop::collection::vec(1..=20u32, 1..=49),
            currency in prop::sample::select(vec![Currency::KRW, Currency::JPY, Currency::USD, Currency::KWD]),
        ) {
            let line = line(splits.iter().sum(), total, currency);
            let (mut refunded, mut sum) = (0, Money::zero(currency));
            for units in splits {
                sum = sum.plus(line.refund_of(refunded, units)).unwrap();
                refunded += units;
                prop_assert!(sum.amount() <= total);
                prop_assert_eq!(sum, line.refund_of(0, refunded), "at once or in parts");
            }
            prop_assert_eq!(sum.amount(), total);
        }
    }
}
