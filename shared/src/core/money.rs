//! Money: integer minor units and an ISO 4217 currency, never a float.

use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in a currency's minor units (won for KRW, cents for USD), 0 to 10^15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Unchecked")]
pub struct Money {
    /// Integer minor units.
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_000_i64, examples(12900))]
    amount: u64,
    /// ISO 4217 code.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", examples("KRW"))]
    currency: Currency,
}

impl Money {
    /// The largest amount: 10^15 minor units, which every JSON parser reads exactly (RFC 8259 §6: below 2^53).
    pub const MAX_AMOUNT: u64 = 1_000_000_000_000_000;

    /// Creates an amount in minor units of `currency`.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] above [`Money::MAX_AMOUNT`].
    pub fn new(amount: u64, currency: Currency) -> Result<Self, MoneyError> {
        if amount > Self::MAX_AMOUNT {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { amount, currency })
    }

    /// Zero in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// The amount in minor units.
    pub const fn amount(self) -> u64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Adds an amount of the same currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrenciesMixed`] for different currencies, [`MoneyError::OutOfRange`] when the sum is too large.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrenciesMixed);
        }
        Self::new(self.amount + other.amount, self.currency)
    }

    /// Subtracts a smaller or equal amount of the same currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrenciesMixed`] for different currencies, [`MoneyError::OutOfRange`] when `other` is larger.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrenciesMixed);
        }
        let amount = self.amount.checked_sub(other.amount).ok_or(MoneyError::OutOfRange)?;
        Self::new(amount, self.currency)
    }

    /// Subtracts `other`, down to zero. The currencies must be equal.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self {
            amount: self.amount.saturating_sub(other.amount),
            currency: self.currency,
        }
    }

    /// The smaller of two amounts. The currencies must be equal.
    #[must_use]
    pub const fn min(self, other: Self) -> Self {
        Self {
            amount: if self.amount < other.amount {
                self.amount
            } else {
                other.amount
            },
            currency: self.currency,
        }
    }

    /// Multiplies by `count`.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] when the product is too large.
    pub fn times(self, count: u32) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(count.into()).ok_or(MoneyError::OutOfRange)?;
        Self::new(amount, self.currency)
    }

    /// `percent` percent of the amount, rounded down. All of it from 100 on.
    #[must_use]
    pub fn percent(self, percent: u8) -> Self {
        let part = u128::from(self.amount) * u128::from(percent.min(100)) / 100;
        // It is at most the amount.
        let amount = u64::try_from(part).unwrap_or(self.amount);
        Self { amount, ..self }
    }

    /// The share of `part` in `whole`, rounded half up. All of it when `part` is `whole` or more.
    #[must_use]
    pub fn portion(self, part: u32, whole: u32) -> Self {
        if part >= whole {
            return self;
        }
        let (part, whole) = (u128::from(part), u128::from(whole));
        let rounded = (2 * u128::from(self.amount) * part + whole) / (2 * whole);
        // It is at most the amount.
        let amount = u64::try_from(rounded).unwrap_or(self.amount);
        Self { amount, ..self }
    }
}

impl std::fmt::Display for Money {
    /// Minor units and currency code, such as `12900 KRW`: for logs and messages, not for shoppers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.currency.code())
    }
}

/// The error of an operation on amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result is not in 0..=[`Money::MAX_AMOUNT`].
    #[error("an amount is 0 to 1000000000000000 minor units")]
    OutOfRange,
    /// The amounts have different currencies.
    #[error("the currencies differ")]
    CurrenciesMixed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    amount: u64,
    currency: Currency,
}

impl TryFrom<Unchecked> for Money {
    type Error = MoneyError;

    fn try_from(raw: Unchecked) -> Result<Self, MoneyError> {
        Self::new(raw.amount, raw.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    #[test]
    fn amounts_of_different_currencies_are_not_added_or_subtracted() {
        let dollar = Money::new(1, Currency::USD).unwrap();
        assert_eq!(won(1).plus(dollar), Err(MoneyError::CurrenciesMixed));
        assert_eq!(won(1).minus(dollar), Err(MoneyError::CurrenciesMixed));
    }

    #[test]
    fn an_invalid_amount_is_not_parsed() {
        for text in [
            r#"{"amount":-1,"currency":"KRW"}"#,
            r#"{"amount":1.5,"currency":"KRW"}"#,
            r#"{"amount":1000000000000001,"currency":"KRW"}"#,
            r#"{"amount":1,"currency":"WON"}"#,
            r#"{"amount":1,"currency":"KRW","tax":0}"#,
        ] {
            assert!(serde_json::from_str::<Money>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_portion_is_rounded_half_up() {
        for (amount, part, whole, rounded) in [
            (1000, 10, 110, 91), // 90.909…
            (10, 1, 4, 3),       // 2.5
            (10, 3, 8, 4),       // 3.75
            (9, 1, 8, 1),        // 1.125
            (1, 1, 3, 0),
            (7, 0, 3, 0),
            (7, 3, 3, 7),
            (7, 4, 3, 7),
            (0, 1, 3, 0),
        ] {
            assert_eq!(
                won(amount).portion(part, whole),
                won(rounded),
                "{amount} × {part} / {whole}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_portion_is_within_half_a_unit_of_the_exact_share(
            amount in 0..=Money::MAX_AMOUNT, part in 0..=1000u32, whole in 1000..=u32::MAX,
        ) {
            let portion = i128::from(won(amount).portion(part, whole).amount());
            let difference = 2 * (portion * i128::from(whole) - i128::from(amount) * i128::from(part));
            prop_assert!(-i128::from(whole) < difference && difference <= i128::from(whole));
        }

        #[test]
        fn times_is_repeated_plus(amount in 0..1_000_000u64, count in 0..100u32) {
            let mut sum = won(0);
            for _ in 0..count {
                sum = sum.plus(won(amount)).unwrap();
            }
            prop_assert_eq!(won(amount).times(count), Ok(sum));
        }

        #[test]
        fn plus_commutes_and_never_overflows(a in 0..=Money::MAX_AMOUNT, b in 0..=Money::MAX_AMOUNT) {
            prop_assert_eq!(won(a).plus(won(b)), won(b).plus(won(a)));
            prop_assert_eq!(won(a).plus(won(b)).is_ok(), a + b <= Money::MAX_AMOUNT);
        }

        #[test]
        fn minus_undoes_plus_and_never_goes_below_zero(a in 0..1_000_000u64, b in 0..1_000_000u64) {
            prop_assert_eq!(won(a).plus(won(b)).unwrap().minus(won(b)), Ok(won(a)));
            prop_assert_eq!(won(a).minus(won(b)).is_ok(), a >= b);
        }

        #[test]
        fn money_survives_a_json_round_trip(amount in 0..=Money::MAX_AMOUNT) {
            let text = serde_json::to_string(&won(amount)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), won(amount));
        }
    }
}
