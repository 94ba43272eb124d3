//! What the consumer protection of a country leaves a customer at least: data, in `statutory_terms.json`.
//!
//! An entry is a country from a day on. Its terms limit the fee of every refund policy, and take seats back that the policy
//! does not. To change an entry, add it with its day; orders that were placed before keep the former one.

use jiff::civil::Date;
use serde::Deserialize;

use super::refund_terms::{FeeStep, ReturnTime, fee_of_steps};
use crate::core::country::Country;
use crate::core::money::Money;

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
    pub fn free_time(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_hours(self.free_hours.into())
    }
}
