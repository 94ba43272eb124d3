//! The table of tax rates, which is data: `rates.json`.
//!
//! An entry is a country or a region of it. Its rates have a first day each, and hold until the next one of their class.
//! The table begins on 2020-01-01. To change a rate, add it with its day; to charge local rates, change those of the region.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::catalog::TaxClass;
use crate::core::calendar::Timezone;
use crate::core::country::Country;
use crate::core::destination::{Destination, Region};
use crate::orders::tax::{Tax, TaxRate};

const RATES: &str = include_str!("rates.json");

/// The tax rates of all countries.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::orders) struct TaxTable(Vec<Jurisdiction>);

/// A country, or a region of it, that has rates of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jurisdiction {
    country: Country,
    region: Option<Region>,
    /// The countries that a shop of this country taxes too, at their rates: the ones of the same union.
    union: Option<String>,
    /// The timezone in which its days begin.
    timezone: Timezone,
    prices_include_tax: bool,
    shipping: ShippingTax,
    rates: BTreeMap<TaxClass, Vec<Rate>>,
    /// The address at which the rates and the rule for shipping are published.
    #[allow(dead_code, reason = "for people")]
    sources: Vec<String>,
}

/// The tax treatment of the price of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::orders) enum ShippingTax {
    /// As the goods that are delivered, in proportion to their prices.
    Goods,
    /// At the standard rate.
    Standard,
    /// Not at all.
    Exempt,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    valid_from: Date,
    percent: TaxRate,
}

/// The taxes of an order: those of its destination on its day.
#[derive(Clone, Copy, Debug)]
pub(in crate::orders) struct Taxes<'a> {
    place: Option<(&'a Jurisdiction, Date)>,
}

impl TaxTable {
    /// Reads the table.
    pub(in crate::orders) fn new() -> Result<Self, serde_json::Error> {
        serde_json::from_str(RATES)
    }

    /// The taxes that a shop in `shop` charges at `now` for an order to `destination`.
    ///
    /// An order to another country is an export, which is not taxed, unless both are in one union. Nor is an order to a
    /// place that the table does not have.
    pub(in crate::orders) fn of(&self, shop: Country, destination: &Destination, now: Timestamp) -> Taxes<'_> {
        let find = |country, region| {
            let mut places = self.0.iter();
            places.find(|place| place.country == country && place.region.as_ref() == region)
        };
        let found = find(destination.country, destination.region.as_ref()).or_else(|| find(destination.country, None));
        let union_of_shop = find(shop, None).and_then(|place| place.union.as_deref());
        let is_taxed = |place: &&Jurisdiction| {
            place.country == shop || (place.union.is_some() && place.union.as_deref() == union_of_shop)
        };
        Taxes {
            place: found.filter(is_taxed).map(|place| (place, place.timezone.date(now))),
        }
    }
}

impl Taxes<'_> {
    /// The tax treatment of goods of `class`. `None` if they are not taxed.
    pub(in crate::orders) fn on(&self, class: TaxClass) -> Option<Tax> {
        let (place, today) = self.place?;
        let rate = |class| {
            let mut rates = place.rates.get(&class)?.iter();
            rates.rfind(|rate| rate.valid_from <= today)
        };
        let rate = match class {
            TaxClass::Standard => rate(class),
            TaxClass::Reduced => rate(class).or_else(|| rate(TaxClass::Standard)),
            TaxClass::Exempt => None,
        };
        rate.map(|rate| Tax {
            rate: rate.percent,
            is_included: place.prices_include_tax,
        })
    }

    /// The tax treatment of the delivery.
    pub(in crate::orders) fn on_shipping(&self) -> ShippingTax {
        self.place.map_or(ShippingTax::Exempt, |(place, _)| place.shipping)
    }

    /// Whether prices include the tax.
    pub(in crate::orders) fn are_included(&self) -> bool {
        self.place.is_some_and(|(place, _)| place.prices_include_tax)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn country(code: &str) -> Country {
        code.to_owned().try_into().unwrap()
    }

    /// `KR`, or `US-CA` for a region.
    fn destination(code: &str) -> Destination {
        let (of, region) = code
            .split_once('-')
            .map_or((code, None), |(of, region)| (of, Some(region)));
        Destination {
            country: country(of),
            region: region.map(|region| region.to_owned().try_into().unwrap()),
        }
    }

    /// The rate that a shop in the same country charges, with `+` where it is added.
    fn rate(code: &str, class: TaxClass, now: &str) -> Option<String> {
        let (table, destination) = (TaxTable::new().unwrap(), destination(code));
        let taxes = table.of(destination.country, &destination, now.parse().unwrap());
        let tax = taxes.on(class)?;
        Some(format!("{}{}", if tax.is_included { "" } else { "+" }, tax.rate))
    }

    #[test]
    fn each_country_has_its_rates() {
        use TaxClass::{Exempt, Reduced, Standard};
        for (place, class, expected) in [
            ("KR", Standard, Some("10")),
            ("KR", Reduced, Some("10")),
            ("KR", Exempt, None),
            ("DE", Standard, Some("19")),
            ("DE", Reduced, Some("7")),
            ("DE", Exempt, None),
            ("JP", Standard, Some("10")),
            ("JP", Reduced, Some("8")),
            ("GB", Standard, Some("20")),
            ("GB", Reduced, Some("5")),
            ("FR", Reduced, Some("5.5")),
            ("US-CA", Standard, Some("+7.25")),
            ("US-CA", Reduced, Some("+7.25")),
            ("US-NJ", Standard, Some("+6.625")),
            ("US-OR", Standard, None),
            ("US", Standard, None),
            ("KR-11", Standard, Some("10")),
            ("BR", Standard, None),
        ] {
            let found = rate(place, class, "2026-01-01T12:00:00Z");
            assert_eq!(found.as_deref(), expected, "{place} {class:?}");
        }
    }

    #[test]
    fn a_rate_holds_from_its_first_day_in_its_country_to_the_day_before_the_next() {
        for (now, expected) in [
            ("2019-12-31T22:59:59Z", None),
            ("2019-12-31T23:00:00Z", Some("19")),
            ("2020-06-30T21:59:59Z", Some("19")),
            ("2020-06-30T22:00:00Z", Some("16")),
            ("2020-12-31T22:59:59Z", Some("16")),
            ("2020-12-31T23:00:00Z", Some("19")),
        ] {
            assert_eq!(rate("DE", TaxClass::Standard, now).as_deref(), expected, "{now}");
        }
    }

    #[test]
    fn an_export_is_not_taxed_and_a_delivery_in_the_union_is_taxed_at_the_rate_of_its_destination() {
        let table = TaxTable::new().unwrap();
        let now = "2026-01-01T12:00:00Z".parse().unwrap();
        for (shop, to, expected) in [
            ("KR", "DE", None),
            ("DE", "KR", None),
            ("KR", "US-CA", None),
            ("DE", "GB", None),
            ("DE", "AT", Some("20")),
            ("AT", "DE", Some("19")),
            ("BR", "BR", None),
            ("BR", "KR", None),
        ] {
            let destination = destination(to);
            let tax = table.of(country(shop), &destination, now).on(TaxClass::Standard);
            let rate = tax.map(|tax| tax.rate.to_string());
            assert_eq!(rate.as_deref(), expected, "from {shop} to {to}");
        }
    }

    #[test]
    fn the_table_has_each_place_once_and_no_gaps_and_overlaps() {
        let table = TaxTable::new().unwrap();
        let mut places = HashSet::new();
        let begin: Date = "2020-01-01".parse().unwrap();
        for place in &table.0 {
            let name = format!("{:?} {:?}", place.country, place.region);
            assert!(places.insert((place.country, place.region.clone())), "{name} twice");
            assert!(
                place.rates.contains_key(&TaxClass::Standard),
                "{name} has no standard rate"
            );
            assert!(
                !place.rates.contains_key(&TaxClass::Exempt),
                "{name} taxes what is exempt"
            );
            assert!(!place.sources.is_empty(), "{name} has no source");
            for rates in place.rates.values() {
                assert_eq!(rates.first().map(|rate| rate.valid_from), Some(begin), "{name}");
                assert!(
                    rates.is_sorted_by(|one, next| one.valid_from < next.valid_from),
                    "{name}"
                );
            }
            // Where taxes differ by region, an order without a region cannot be taxed as if it had one.
            let of_country = table.0.iter().filter(|other| other.country == place.country);
            let regions = of_country.filter(|other| other.region.is_some()).count();
            assert!(
                place.region.is_some() || regions == 0,
                "{name} has rates of its own and by region"
            );
        }
    }
}
