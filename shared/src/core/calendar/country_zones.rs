//! The timezones of countries: the table `country_zones.txt`, made from the IANA database (`zone.tab` of 2026).
//!
//! A line has a country, and its timezone. If it has several: the one whose clocks are ahead of all others, and the one whose clocks are
//! behind all others, from 2026 on.

use super::Timezone;
use crate::core::country::Country;

const TABLE: &str = include_str!("country_zones.txt");

impl Timezone {
    /// The timezone of a country, or its easternmost and its westernmost one. None for the two countries where nobody lives and that have
    /// no time: Bouvet Island, and Heard Island and McDonald Islands.
    pub fn of_country(country: Country) -> Vec<Self> {
        let mut lines = TABLE.lines().map(|line| line.split(' '));
        let zones = lines.find_map(|mut words| (words.next() == Some(country.code())).then_some(words));
        zones
            .into_iter()
            .flatten()
            .filter_map(|name| Self::parse(name).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_country_where_people_live_has_one_timezone_or_two() {
        let countries: Vec<Country> = TABLE.lines().map(|line| line[..2].parse().unwrap()).collect();
        assert!(countries.is_sorted());
        assert_eq!(countries.len(), 247);
        for line in TABLE.lines() {
            let names: Vec<&str> = line.split(' ').skip(1).collect();
            let zones = Timezone::of_country(line[..2].parse().unwrap());
            let known: Vec<&str> = zones.iter().map(Timezone::as_str).collect();
            assert!((1..=2).contains(&names.len()) && known == names, "{line}");
        }
        assert_eq!(Timezone::of_country("BV".parse().unwrap()), vec![]);
    }
}
