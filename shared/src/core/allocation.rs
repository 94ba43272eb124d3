//! Allocation: divides an amount in proportion to others, such as an order's discount over its lines.

use std::cmp::Reverse;

use crate::core::money::{Money, MoneyError};

/// Divides `amount` in proportion to `weights`: one share each, in the same order. Weights that are all 0 count as equal.
///
/// Each share is rounded down, and the units that are left go to the largest remainders, to the first of equal ones. So
/// the shares add up to `amount`, and none is more than its weight unless `amount` is more than all of them.
///
/// # Errors
/// [`MoneyError::CurrenciesMixed`], and [`MoneyError::OutOfRange`] when there is nothing to divide `amount` over.
pub fn allocate(amount: Money, weights: &[Money]) -> Result<Vec<Money>, MoneyError> {
    let currency = amount.currency();
    if weights.iter().any(|weight| weight.currency() != currency) {
        return Err(MoneyError::CurrenciesMixed);
    }
    let equal = weights.iter().all(|weight| weight.amount() == 0);
    let weights = weights.iter().map(|weight| if equal { 1 } else { weight.amount() });
    let weights: Vec<u128> = weights.map(u128::from).collect();
    // Only without weights is it 0, and nothing is divided by it.
    let whole: u128 = weights.iter().sum();
    let exact = |weight: u128| u128::from(amount.amount()) * weight;
    let shares = weights.iter().map(|&weight| u64::try_from(exact(weight) / whole));
    let mut shares: Vec<u64> = shares.collect::<Result<_, _>>().map_err(|_| MoneyError::OutOfRange)?;
    let left = amount.amount() - shares.iter().sum::<u64>();
    let left = usize::try_from(left).ok().filter(|left| *left <= shares.len());
    let left = left.ok_or(MoneyError::OutOfRange)?;
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    // The sort is stable: equal remainders stay in order.
    by_remainder.sort_by_key(|&at| Reverse(exact(weights[at]) % whole));
    for at in by_remainder.into_iter().take(left) {
        shares[at] += 1;
    }
    shares.into_iter().map(|share| Money::new(share, currency)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso_currency::Currency;
    use proptest::prelude::*;

    fn amounts(of: &[u64], currency: Currency) -> Vec<Money> {
        of.iter().map(|&amount| Money::new(amount, currency).unwrap()).collect()
    }

    fn shares(amount: u64, weights: &[u64]) -> Vec<u64> {
        let amount = Money::new(amount, Currency::KRW).unwrap();
        let shares = allocate(amount, &amounts(weights, Currency::KRW)).unwrap();
        shares.into_iter().map(Money::amount).collect()
    }

    #[test]
    fn equal_remainders_are_served_by_position() {
        assert_eq!(shares(10_000, &[33_000, 33_000, 33_000]), [3334, 3333, 3333]);
        assert_eq!(shares(1, &[5, 5]), [1, 0]);
    }

    #[test]
    fn the_largest_remainder_is_served_first() {
        // 4.2, 4.2 and 1.6
        assert_eq!(shares(10, &[42, 42, 16]), [4, 4, 2]);
    }

    #[test]
    fn a_weight_of_zero_gets_nothing_unless_all_are_zero() {
        assert_eq!(shares(3, &[0, 2, 0, 2]), [0, 2, 0, 1]);
        assert_eq!(shares(3, &[0, 0]), [2, 1]);
        assert_eq!(shares(0, &[0, 0]), [0, 0]);
    }

    #[test]
    fn nothing_is_divided_over_nothing() {
        assert_eq!(shares(0, &[]), [0_u64; 0]);
        let one = Money::new(1, Currency::KRW).unwrap();
        assert_eq!(allocate(one, &[]), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn an_amount_is_not_divided_over_another_currency() {
        let dollar = Money::new(1, Currency::USD).unwrap();
        let weights = amounts(&[5, 5], Currency::KRW);
        assert_eq!(allocate(dollar, &weights), Err(MoneyError::CurrenciesMixed));
    }

    proptest! {
        #[test]
        fn shares_add_up_and_none_is_more_than_its_weight(
            weights in prop::collection::vec(0..10_000_000_000u64, 1..=50),
            part in 0..=1_000_000u64,
            currency in prop::sample::select(vec![Currency::KRW, Currency::JPY, Currency::USD, Currency::KWD]),
        ) {
            let whole: u128 = weights.iter().copied().map(u128::from).sum();
            let amount = u64::try_from(whole * u128::from(part) / 1_000_000).unwrap();
            let weights = amounts(&weights, currency);
            let shares = allocate(Money::new(amount, currency).unwrap(), &weights).unwrap();
            prop_assert_eq!(shares.len(), weights.len());
            prop_assert_eq!(shares.iter().map(|share| share.amount()).sum::<u64>(), amount);
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(share.amount() <= weight.amount());
                let exact = u128::from(amount) * u128::from(weight.amount());
                let (share, whole) = (u128::from(share.amount()), whole.max(1));
                prop_assert!(share == exact / whole || share == exact / whole + 1);
            }
        }

        #[test]
        fn any_amount_is_divided_exactly(
            weights in prop::collection::vec(0..=Money::MAX_AMOUNT, 1..=50), amount in 0..=Money::MAX_AMOUNT,
        ) {
            let shares = shares(amount, &weights);
            prop_assert_eq!(shares.iter().sum::<u64>(), amount);
        }
    }
}
