//! Postal addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::contact::{MAX_NAME, phone};
use crate::core::country::Country;
use crate::core::error::{self, Rejection};
use crate::core::postal_code;
use crate::core::text::DisplayText;

/// A postal address. Personal data: it is in no event, log or error.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The recipient. Text of one line.
    #[schema(min_length = 1, max_length = 100, examples("Kim Minji"))]
    pub recipient: String,
    /// Street and number. Text of one line.
    #[schema(min_length = 1, max_length = 200, examples("110, Sejong-daero"))]
    pub line1: String,
    /// Building, floor, apartment. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub line2: Option<String>,
    /// City or town. Text of one line.
    #[schema(min_length = 1, max_length = 100, examples("Seoul"))]
    pub city: String,
    /// State, province or prefecture. Text of one line; a code of two or three letters in Australia, Canada and the United States, where it
    /// is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub region: Option<String>,
    /// The postal code, in the format of the country. Required where the country has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 20,
        pattern = "^[A-Za-z0-9 -]+$",
        examples("04524")
    )]
    pub postal_code: Option<String>,
    /// The country.
    pub country: Country,
    /// The telephone number for the carrier, in the international format (E.164).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 40,
        pattern = r"^ *\+[0-9 ().-]+$",
        examples("+821012345678")
    )]
    pub phone: Option<String>,
}

impl std::fmt::Debug for Address {
    /// Omits the content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address")
    }
}

/// The longest line of an address, in characters.
const MAX_LINE: usize = 200;
/// The longest name of a city or region, in characters.
const MAX_PLACE: usize = 100;

/// The countries whose addresses need the code of a state or province, and those codes.
const REGIONS: [(&str, &str); 3] = [
    ("AU", "ACT NSW NT QLD SA TAS VIC WA"),
    ("CA", "AB BC MB NB NL NS NT NU ON PE QC SK YT"),
    (
        "US",
        "AA AE AK AL AP AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE \
         NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY",
    ),
];

impl Address {
    /// The address with its texts as they are stored.
    ///
    /// # Errors
    /// `invalid-text` and `invalid-address`, which name the field and not what is in it.
    pub fn checked(&self) -> Result<Self, Rejection> {
        let line = |text: &str, max, field: &str| {
            let checked = DisplayText::line(text, max).map(String::from);
            checked.map_err(|invalid| invalid.in_field(field))
        };
        Ok(Self {
            recipient: line(&self.recipient, MAX_NAME, "shipping_address.recipient")?,
            line1: line(&self.line1, MAX_LINE, "shipping_address.line1")?,
            line2: self
                .line2
                .as_deref()
                .map(|text| line(text, MAX_LINE, "shipping_address.line2"))
                .transpose()?,
            city: line(&self.city, MAX_PLACE, "shipping_address.city")?,
            region: self.checked_region()?,
            postal_code: self.checked_postal_code()?,
            country: self.country,
            phone: self
                .phone
                .as_deref()
                .map(|text| phone(text, "shipping_address.phone"))
                .transpose()?,
        })
    }

    fn checked_region(&self) -> Result<Option<String>, Rejection> {
        const FIELD: &str = "shipping_address.region";
        let text = self.region.as_deref().map(|text| DisplayText::line(text, MAX_PLACE));
        let text = text.transpose().map_err(|invalid| invalid.in_field(FIELD))?;
        let text = text.map(String::from);
        let Some((_, codes)) = REGIONS.iter().find(|(country, _)| *country == self.country.code()) else {
            return Ok(text);
        };
        let code = text.map(|text| text.to_ascii_uppercase());
        let known = code.filter(|code| codes.split(' ').any(|known| known == code));
        match known {
            Some(code) => Ok(Some(code)),
            None => Err(invalid(
                FIELD,
                format!("an address in {} needs the code of its state or province", self.country),
            )),
        }
    }

    fn checked_postal_code(&self) -> Result<Option<String>, Rejection> {
        const FIELD: &str = "shipping_address.postal_code";
        let formats = postal_code::formats(self.country);
        let code = self
            .postal_code
            .as_deref()
            .map(|text| postal_code::parse(text, self.country));
        match (code, formats) {
            (Some(Some(code)), _) => Ok(Some(code)),
            (None, None) => Ok(None),
            (_, Some(formats)) => {
                let detail = format!(
                    "an address in {} needs a postal code such as {}",
                    self.country,
                    formats.join(" or ")
                );
                Err(invalid(FIELD, detail))
            }
            (Some(None), None) => Err(invalid(
                FIELD,
                "it has 1 to 10 letters, digits, spaces and dashes".to_owned(),
            )),
        }
    }
}

fn invalid(field: &str, why: String) -> Rejection {
    let detail = format!("{field}: {why}.");
    let field = field.to_owned();
    Rejection::with(error::InvalidAddress { field }, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(country: &str, region: Option<&str>, postal_code: Option<&str>) -> Address {
        Address {
            recipient: "Kim Minji".to_owned(),
            line1: " 110, Sejong-daero ".to_owned(),
            line2: None,
            city: "Seoul".to_owned(),
            region: region.map(str::to_owned),
            postal_code: postal_code.map(str::to_owned),
            country: country.parse().unwrap(),
            phone: None,
        }
    }

    #[test]
    fn an_address_is_checked_by_the_rules_of_its_country() {
        for (country, region, postal_code, stored) in [
            ("KR", None, Some("04524"), (None, Some("04524"))),
            ("JP", Some("Tokyo"), Some("1000001"), (Some("Tokyo"), Some("100-0001"))),
            ("US", Some("ca"), Some("94103"), (Some("CA"), Some("94103"))),
            ("CA", Some("ON"), Some("k1a0b1"), (Some("ON"), Some("K1A 0B1"))),
            ("AU", Some("NSW"), Some("2000"), (Some("NSW"), Some("2000"))),
            ("DE", None, Some("10115"), (None, Some("10115"))),
            ("HK", None, None, (None, None)),
            ("IE", None, Some("D02 AF30"), (None, Some("D02 AF30"))),
        ] {
            let checked = address(country, region, postal_code).checked().unwrap();
            assert_eq!(checked.line1, "110, Sejong-daero");
            assert_eq!(
                (checked.region.as_deref(), checked.postal_code.as_deref()),
                stored,
                "{country}"
            );
            assert_eq!(checked.checked().unwrap(), checked, "what is stored is read again");
        }
        for (country, region, postal_code) in [
            ("KR", None, None),
            ("KR", None, Some("1234")),
            ("US", None, Some("94103")),
            ("US", Some("California"), Some("94103")),
            ("US", Some("CA"), None),
            ("HK", None, Some("?")),
        ] {
            let refused = address(country, region, postal_code).checked();
            assert!(refused.is_err(), "{country} {region:?} {postal_code:?}");
        }
    }

    #[test]
    fn an_error_names_the_field_and_not_what_is_in_it() {
        let mut wrong = address("KR", None, Some("private"));
        let refused = wrong.checked().unwrap_err();
        assert!(!format!("{refused:?}").contains("private"));
        wrong.postal_code = Some("04524".to_owned());
        wrong.line2 = Some("secret\u{202e}place".to_owned());
        let refused = wrong.checked().unwrap_err();
        assert!(!format!("{refused:?}").contains("secret"));
        assert_eq!(format!("{wrong:?}"), "Address");
    }
}
