//! Attributes that a category declares for its products.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttributeType {
    /// Any text.
    Text,
    /// A decimal number, such as `100` or `2.5`.
    Number,
    /// `true` or `false`.
    Boolean,
    /// One of `values`.
    Enum,
}

/// An attribute that the products of a category have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryAttribute {
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// The names that shoppers read, by language, such as `en` or `ko`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(schema_with = super::tree::names_schema)]
    pub names: BTreeMap<String, String>,
    /// The unit of a `NUMBER`, such as `g`. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 20)]
    pub unit: Option<String>,
    /// The values of an `ENUM`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(schema_with = super::schema::values)]
    pub values: Vec<String>,
    /// Whether a listed product must have it.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schema(default = false)]
    pub required: bool,
}

impl CategoryAttribute {
    /// The most values of an `ENUM`.
    pub const MAX_VALUES: usize = 100;

    /// The longest unit, in characters.
    pub const MAX_UNIT: usize = 20;

    /// The fault of `text` as a value, if it has one.
    pub fn refusal(&self, text: &str) -> Option<String> {
        let is_right = match self.kind {
            AttributeType::Text => true,
            AttributeType::Number => is_number(text),
            AttributeType::Boolean => matches!(text, "true" | "false"),
            AttributeType::Enum => self.values.iter().any(|value| value == text),
        };
        (!is_right).then(|| match self.kind {
            AttributeType::Text => String::new(),
            AttributeType::Number => "it is a number such as 100 or 2.5".to_owned(),
            AttributeType::Boolean => "it is true or false".to_owned(),
            AttributeType::Enum => format!("it is one of {}", self.values.join(", ")),
        })
    }
}

/// Whether a text is a decimal number, as JSON writes it without an exponent.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_fit_the_type_of_its_attribute() {
        let of = |kind| CategoryAttribute {
            kind,
            names: BTreeMap::new(),
            unit: None,
            values: vec!["light".to_owned(), "dark".to_owned()],
            required: false,
        };
        for (kind, good, bad) in [
            (AttributeType::Text, &["x", "100 g"][..], &[][..]),
            (
                AttributeType::Number,
                &["0", "-1", "2.50"],
                &["", "1e3", ".5", "5.", "1,000", "१", "+1", "100 g"],
            ),
            (AttributeType::Boolean, &["true", "false"], &["True", "yes", ""]),
            (AttributeType::Enum, &["light", "dark"], &["Light", ""]),
        ] {
            for text in good {
                assert_eq!(of(kind).refusal(text), None, "{kind:?} {text}");
            }
            for text in bad {
                assert!(of(kind).refusal(text).is_some(), "{kind:?} {text}");
            }
        }
    }
}
