//! The least that the consumer protection of a country leaves a customer: data, in `statutory_terms.json`.
//!
//! An entry is a country from a day on. Its terms limit the fee of every refund policy, and take seats back that the policy
//! does not. To change an entry, add it with its day; orders that were placed before keep the former one.

use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;
use shared::core::country::Country;
use shared::core::money::Money;
use shared::tickets::{FeeStep, ReturnTime, fee_of_steps};

const TERMS: &str = include_str!("statutory_terms.json");

/// The terms of all countries.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct StatutoryTerms(Vec<CountryTerms>);

/// The terms of a country.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountryTerms {
    country: Country,
    /// The first day, at the venue, on which a booking has these terms.
    valid_from: Date,
    /// The hours after the booking in which a seat is given back free of charge.
    free_hours: u16,
    /// The last day on which `free_hours` applies, in days before the show.
    free_days_before: u16,
    /// The fees, the earliest first.
    steps: Vec<FeeStep>,
    /// The address at which the terms are published.
    #[allow(dead_code, reason = "for people")]
    sources: Vec<String>,
}

impl StatutoryTerms {
    /// Reads the terms.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn all() -> Result<Self, serde_json::Error> {
        serde_json::from_str(TERMS)
    }

    /// The terms of a country for a booking. `None` if it has none.
    pub fn of(&self, country: Country, time: &ReturnTime<'_>) -> Option<&CountryTerms> {
        let booked_on = time.time_zone.date(time.booked_at);
        let mut terms = self.0.iter();
        terms.rfind(|terms| terms.country == country && terms.valid_from <= booked_on)
    }
}

impl CountryTerms {
    /// The highest fee for a seat that `paid` was paid for. `None` if the terms do not say that it is taken back.
    pub fn fee_of(&self, paid: Money, time: &ReturnTime<'_>) -> Option<Money> {
        let left = time.days_before()?;
        let is_early = time.at.duration_since(time.booked_at) <= self.free_time();
        if is_early && left >= self.free_days_before.into() {
            return Some(Money::zero(paid.currency()));
        }
        fee_of_steps(&self.steps, paid, left)
    }

    /// The time after the booking in which a seat is given back free of charge.
    pub fn free_time(&self) -> SignedDuration {
        SignedDuration::from_hours(self.free_hours.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso_currency::Currency;
    use jiff::Timestamp;
    use shared::core::calendar::Timezone;
    use shared::tickets::RefundTerms;

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_law_limits_the_fee_of_a_korean_shop_and_opens_what_a_policy_has_closed() {
        let korea = StatutoryTerms::all().unwrap();
        let seoul = Timezone::parse("Asia/Seoul").unwrap();
        let fee = |country: &str, booked: &str, now: &str| {
            let time = ReturnTime {
                booked_at: at(booked),
                at: at(now),
                starts_at: at("2026-12-20T10:00:00Z"),
                time_zone: &seoul,
            };
            let country = Country::try_from(country.to_owned()).unwrap();
            let statutory = korea.of(country, &time);
            let strict = RefundTerms {
                steps: vec![FeeStep {
                    days_before: 7,
                    percent: 50,
                    at_most: None,
                }],
                ..RefundTerms::default()
            };
            let fees = [
                strict.fee_of(won(100_000), &time),
                statutory.and_then(|terms| terms.fee_of(won(100_000), &time)),
            ];
            fees.into_iter().flatten().map(Money::amount).min()
        };
        let early = "2026-10-01T00:00:00Z";
        for (now, in_korea, elsewhere) in [
            ("2026-12-10T14:59:59Z", Some(0), Some(50_000)),
            ("2026-12-10T15:00:00Z", Some(10_000), Some(50_000)),
            ("2026-12-13T15:00:00Z", Some(20_000), None),
            ("2026-12-17T15:00:00Z", Some(30_000), None),
            ("2026-12-19T15:00:00Z", Some(90_000), None),
            ("2026-12-20T10:00:00Z", None, None),
        ] {
            assert_eq!(
                (fee("KR", early, now), fee("JP", early, now)),
                (in_korea, elsewhere),
                "{now}"
            );
        }
        let booked = "2026-12-16T05:00:00Z";
        assert_eq!(fee("KR", booked, "2026-12-17T04:59:59Z"), Some(0), "within 24 hours");
        assert_eq!(fee("KR", booked, "2026-12-17T05:00:01Z"), Some(20_000), "later");
        let booked = "2026-12-17T15:00:00Z";
        assert_eq!(
            fee("KR", booked, "2026-12-17T15:00:01Z"),
            Some(30_000),
            "two days before the show"
        );
    }
}
