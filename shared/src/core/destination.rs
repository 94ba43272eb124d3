//! Where an order is delivered, or a show takes place, and taxed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::address::Address;
use super::country::Country;

/// A region of a country, such as a state: an ISO 3166-2 code without the country.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[A-Z0-9]{1,3}$", examples("CA"))]
pub struct Region(String);

/// The text is not a [`Region`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a region has 1 to 3 capital letters or digits, such as CA")]
pub struct InvalidRegion;

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        let is_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let fits = (1..=3).contains(&text.len()) && text.bytes().all(is_code);
        if fits { Ok(Self(text)) } else { Err(InvalidRegion) }
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

/// The country and region where an order is delivered, or a show takes place, and taxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// The country.
    pub country: Country,
    /// The region, where taxes differ by region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub region: Option<Region>,
}

impl From<&Address> for Destination {
    /// The country of the address, and its region if that is a code.
    fn from(address: &Address) -> Self {
        let region = address.region.clone();
        Self {
            country: address.country,
            region: region.and_then(|region| region.try_into().ok()),
        }
    }
}

impl From<Country> for Destination {
    fn from(country: Country) -> Self {
        Self { country, region: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_up_to_three_capital_letters_or_digits() {
        for good in ["C", "CA", "11", "NSW"] {
            assert!(Region::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "ca", "US-CA", "CALI", "주"] {
            assert_eq!(Region::try_from(bad.to_owned()), Err(InvalidRegion), "{bad}");
        }
    }
}
