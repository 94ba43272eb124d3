//! Contacts: who to write to or call about an order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::error::{self, Rejection};
use crate::core::text::DisplayText;

/// The person to write to or call. Personal data: it is in no event, log or error.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The name. Text of one line.
    #[schema(min_length = 1, max_length = 100, examples("Kim Minji"))]
    pub name: String,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 3,
        max_length = 254,
        pattern = r"^[^@\s]+@[^@\s]+$",
        examples("minji@example.com")
    )]
    pub email: Option<String>,
    /// The telephone number in the international format (E.164). Spaces, dashes and parentheses are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 40,
        pattern = r"^ *\+[0-9 ().-]+$",
        examples("+821012345678")
    )]
    pub phone: Option<String>,
}

impl std::fmt::Debug for Contact {
    /// Omits the content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact")
    }
}

/// The longest name, in characters.
pub(super) const MAX_NAME: usize = 100;

/// The longest e-mail address (RFC 5321 §4.5.3.1.3, without the brackets).
const MAX_EMAIL: usize = 254;

impl Contact {
    /// The contact with its texts as they are stored.
    ///
    /// # Errors
    /// `invalid-text` and `invalid-contact`, which name the field and not what is in it.
    pub fn checked(&self) -> Result<Self, Rejection> {
        let name = DisplayText::line(&self.name, MAX_NAME).map_err(|invalid| invalid.in_field("contact.name"))?;
        if self.email.is_none() && self.phone.is_none() {
            return Err(invalid(
                "contact.email",
                "a contact has an e-mail address or a telephone number",
            ));
        }
        let email = self.email.as_deref().map(email).transpose()?;
        let phone = self
            .phone
            .as_deref()
            .map(|text| phone(text, "contact.phone"))
            .transpose()?;
        Ok(Self {
            name: name.into(),
            email,
            phone,
        })
    }
}

/// Checks that mail can be sent to the address: something, one `@`, and a domain with a dot. Only a message that arrives
/// shows more.
fn email(text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    let is_local = |local: &str| {
        (1..=64).contains(&local.len()) && !local.starts_with('.') && !local.ends_with('.') && !local.contains("..")
    };
    let is_label = |label: &str| {
        let is_allowed = |character: char| character.is_alphanumeric() || character == '-';
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(is_allowed)
    };
    let is_domain = |domain: &str| domain.contains('.') && domain.split('.').all(is_label);
    let is_printable = text.chars().all(|character| {
        !character.is_control()
            && !character.is_whitespace()
            && !matches!(
                character,
                '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '[' | ']' | '\\'
            )
    });
    let is_address = text
        .split_once('@')
        .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
    if text.len() <= MAX_EMAIL && is_printable && is_address {
        return Ok(text.to_owned());
    }
    Err(invalid("contact.email", "it is not an e-mail address"))
}

/// Checks a telephone number and removes what people write between its digits.
pub(super) fn phone(text: &str, field: &'static str) -> Result<String, Rejection> {
    let is_separator = |character: &char| matches!(character, ' ' | '-' | '(' | ')' | '.');
    let number: String = text
        .trim()
        .chars()
        .filter(|character| !is_separator(character))
        .collect();
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_number = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if text.len() <= 40 && is_number {
        return Ok(number);
    }
    Err(invalid(
        field,
        "a telephone number starts with + and the country's code, and has 7 to 15 digits",
    ))
}

fn invalid(field: &str, why: &str) -> Rejection {
    let detail = format!("{field}: {why}.");
    let field = field.to_owned();
    Rejection::with(error::InvalidContact { field }, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(email: Option<&str>, phone: Option<&str>) -> Contact {
        Contact {
            name: " Kim Minji ".to_owned(),
            email: email.map(str::to_owned),
            phone: phone.map(str::to_owned),
        }
    }

    #[test]
    fn a_contact_is_stored_without_what_people_write_between_digits() {
        let checked = contact(Some(" minji@example.com "), Some("+82 (10) 1234-5678"));
        let checked = checked.checked().unwrap();
        assert_eq!(checked.name, "Kim Minji");
        assert_eq!(checked.email.as_deref(), Some("minji@example.com"));
        assert_eq!(checked.phone.as_deref(), Some("+821012345678"));
    }

    #[test]
    fn a_contact_can_be_reached() {
        assert!(contact(None, None).checked().is_err());
        assert!(contact(None, Some("+821012345678")).checked().is_ok());
        assert!(contact(Some("a@b.kr"), None).checked().is_ok());
    }

    #[test]
    fn e_mail_addresses_that_cannot_be_written_to_are_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "minji",
            "@example.com",
            "minji@",
            "minji@example",
            "minji@@example.com",
            "a b@example.com",
            "a@exa mple.com",
            "a@-example.com",
            "a@example..com",
            ".a@example.com",
            "a..b@example.com",
            "a@example.com\nBcc: b@example.com",
            "<a@example.com>",
            &long,
        ] {
            assert!(contact(Some(bad), None).checked().is_err(), "{bad}");
        }
        for good in [
            "a+b@example.co.kr",
            "o'neil@example.com",
            "민지@예시.한국",
            "a@xn--9t4b11yi5a.kr",
        ] {
            assert!(contact(Some(good), None).checked().is_ok(), "{good}");
        }
    }

    #[test]
    fn telephone_numbers_are_international() {
        for bad in [
            "",
            "010-1234-5678",
            "+",
            "+82",
            "+0821012345678",
            "+82 10 1234 567x",
            "+1234567890123456",
        ] {
            assert!(contact(None, Some(bad)).checked().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_error_names_the_field_and_not_what_is_in_it() {
        let refused = contact(Some("secret-address"), None).checked().unwrap_err();
        assert!(!format!("{refused:?}").contains("secret-address"));
        assert_eq!(format!("{:?}", contact(Some("a@b.kr"), None)), "Contact");
    }
}
