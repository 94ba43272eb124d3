//! Tax rates, and the tax of a price.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::money::Money;

/// A tax rate in percent, as decimal text such as `10` or `7.25`: above 0, at most 100, with at most three decimals.
///
/// Kept in thousandths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = r"^(0|[1-9][0-9]{0,2})(\.[0-9]{0,2}[1-9])?$", examples("10"))]
pub struct TaxRate(u32);

/// The text is not a [`TaxRate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tax rate is a number of percent such as 10 or 7.25, above 0 and at most 100")]
pub struct InvalidTaxRate;

/// 100 %, in thousandths of a percent.
const WHOLE: u32 = 100_000;

impl TaxRate {
    /// The tax that is added to `price`, rounded half up.
    pub fn added_to(self, price: Money) -> Money {
        price.portion(self.0, WHOLE)
    }

    /// The tax that `price` includes, rounded half up.
    pub fn included_in(self, price: Money) -> Money {
        price.portion(self.0, WHOLE + self.0)
    }
}

impl From<TaxRate> for String {
    fn from(rate: TaxRate) -> Self {
        let (percent, decimals) = (rate.0 / 1000, rate.0 % 1000);
        if decimals == 0 {
            return percent.to_string();
        }
        let text = format!("{percent}.{decimals:03}");
        text.trim_end_matches('0').to_owned()
    }
}

impl std::fmt::Display for TaxRate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(*self))
    }
}

impl TryFrom<String> for TaxRate {
    type Error = InvalidTaxRate;

    fn try_from(text: String) -> Result<Self, InvalidTaxRate> {
        let (percent, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| InvalidTaxRate);
        if percent.len() > 3 || decimals.len() > 3 {
            return Err(InvalidTaxRate);
        }
        let thousandths = number(percent)? * 1000 + number(&format!("{decimals:0<3}"))?;
        let rate = Self(thousandths);
        // One text for each rate.
        let is_rate = (1..=WHOLE).contains(&thousandths) && String::from(rate) == text;
        is_rate.then_some(rate).ok_or(InvalidTaxRate)
    }
}

/// The tax treatment of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tax {
    /// The rate.
    pub rate: TaxRate,
    /// Whether prices include the tax.
    pub is_included: bool,
}

impl Tax {
    /// The tax that is added to `price`. Zero where prices include it.
    pub fn added_to(self, price: Money) -> Money {
        match self.is_included {
            true => Money::zero(price.currency()),
            false => self.rate.added_to(price),
        }
    }
}

/// The part of `price` that is tax, if `price` is taxed at `rate` and `added` is the tax that was added to it.
///
/// Where `added` is 0 although there is a rate, the price includes the tax, or both are rounded to 0: what a price includes
/// is never more than what the same rate adds to it. So how a price was taxed need not be stored.
pub(in crate::orders) fn included(price: Money, rate: Option<TaxRate>, added: Money) -> Money {
    match rate {
        Some(rate) if added.amount() == 0 => rate.included_in(price),
        _ => Money::zero(price.currency()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso_currency::Currency;
    use proptest::prelude::*;

    fn rate(percent: &str) -> TaxRate {
        percent.to_owned().try_into().unwrap()
    }

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    #[test]
    fn a_rate_is_read_in_one_form_only() {
        for good in ["10", "7.25", "6.625", "0.5", "0.001", "100"] {
            assert_eq!(String::from(rate(good)), good);
        }
        for bad in [
            "", "0", "0.0", "10.0", "7.250", "6.6255", "100.001", "101", "1000", "-1", "+1", "01", ".5", "5.", "1e1",
            "１", "5.+1",
        ] {
            assert_eq!(TaxRate::try_from(bad.to_owned()), Err(InvalidTaxRate), "{bad}");
        }
    }

    #[test]
    fn tax_is_rounded_half_up() {
        assert_eq!(rate("10").included_in(won(1000)), won(91)); // 90.909…
        assert_eq!(rate("25").included_in(won(2)), won(0)); // 0.4
        assert_eq!(rate("100").included_in(won(1)), won(1)); // 0.5
        assert_eq!(rate("5").added_to(won(10)), won(1)); // 0.5
        assert_eq!(rate("5").added_to(won(9)), won(0)); // 0.45
        assert_eq!(rate("7.25").added_to(won(1999)), won(145)); // 144.9…
    }

    proptest! {
        #[test]
        fn how_a_price_was_taxed_is_known_from_what_was_added(
            price in 0..=Money::MAX_AMOUNT / 2, thousandths in 1..=WHOLE, is_included: bool,
        ) {
            let (price, rate) = (won(price), TaxRate(thousandths));
            let added = Tax { rate, is_included }.added_to(price);
            let known = included(price, Some(rate), added);
            let expected = if is_included { rate.included_in(price) } else { won(0) };
            prop_assert_eq!(known, expected);
            prop_assert_eq!(included(price, None, won(0)), won(0));
        }

        #[test]
        fn tax_that_is_added_is_included_in_the_sum(price in 0..1_000_000_000_000u64, thousandths in 1..=WHOLE) {
            let (price, rate) = (won(price), TaxRate(thousandths));
            let added = rate.added_to(price);
            let included = rate.included_in(price.plus(added).unwrap());
            prop_assert!(included.amount().abs_diff(added.amount()) <= 1);
        }

        #[test]
        fn a_rate_survives_a_round_trip(thousandths in 1..=WHOLE) {
            let rate = TaxRate(thousandths);
            prop_assert_eq!(TaxRate::try_from(String::from(rate)), Ok(rate));
        }
    }
}
