//! Postal codes: their formats by country.

use crate::core::country::Country;

/// The formats of postal codes: `9` is a digit, `A` a letter, and anything else is itself. A country that is missing has
/// many formats or none. Source: the Universal Postal Union's postal addressing systems.
const FORMATS: [(&str, &[&str]); 39] = [
    ("AT", &["9999"]),
    ("AU", &["9999"]),
    ("BE", &["9999"]),
    ("BG", &["9999"]),
    ("BR", &["99999-999"]),
    ("CA", &["A9A 9A9"]),
    ("CH", &["9999"]),
    ("CN", &["999999"]),
    ("CY", &["9999"]),
    ("CZ", &["999 99"]),
    ("DE", &["99999"]),
    ("DK", &["9999"]),
    ("EE", &["99999"]),
    ("ES", &["99999"]),
    ("FI", &["99999"]),
    ("FR", &["99999"]),
    (
        "GB",
        &["A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA"],
    ),
    ("GR", &["999 99"]),
    ("HR", &["99999"]),
    ("HU", &["9999"]),
    ("IN", &["999999"]),
    ("IT", &["99999"]),
    ("JP", &["999-9999"]),
    ("KR", &["99999"]),
    ("LU", &["9999"]),
    ("MY", &["99999"]),
    ("NL", &["9999 AA"]),
    ("NO", &["9999"]),
    ("NZ", &["9999"]),
    ("PH", &["9999"]),
    ("PL", &["99-999"]),
    ("PT", &["9999-999"]),
    ("RO", &["999999"]),
    ("SE", &["999 99"]),
    ("SG", &["999999"]),
    ("SI", &["9999"]),
    ("SK", &["999 99"]),
    ("TH", &["99999"]),
    ("US", &["99999", "99999-9999"]),
];

/// The longest postal code of a country whose format is not known, in characters.
const MAX_UNKNOWN: usize = 10;

/// The format that a postal code should have, for people.
pub fn formats(country: Country) -> Option<&'static [&'static str]> {
    let known = FORMATS.iter().find(|(code, _)| *code == country.code());
    known.map(|(_, formats)| *formats)
}

/// Reads a postal code as people type it, with or without its spaces and dashes, and returns it as the country writes
/// it. `None` if it is not one of the country.
pub fn parse(text: &str, country: Country) -> Option<String> {
    let is_separator = |character: char| character == ' ' || character == '-';
    let typed: String = text.chars().filter(|&character| !is_separator(character)).collect();
    let typed = typed.to_ascii_uppercase();
    if !typed.bytes().all(|byte| byte.is_ascii_alphanumeric()) || typed.is_empty() {
        return None;
    }
    match formats(country) {
        Some(formats) => formats.iter().find_map(|format| written(&typed, format)),
        None => {
            let text = text.trim().to_ascii_uppercase();
            (text.len() <= MAX_UNKNOWN).then_some(text)
        }
    }
}

/// The characters of `typed` in `format`, if they fit it.
fn written(typed: &str, format: &str) -> Option<String> {
    let mut characters = typed.chars();
    let mut written = String::with_capacity(format.len());
    for place in format.chars() {
        let character = match place {
            '9' => characters.next().filter(char::is_ascii_digit)?,
            'A' => characters.next().filter(char::is_ascii_uppercase)?,
            separator => separator,
        };
        written.push(character);
    }
    characters.next().is_none().then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn country(code: &str) -> Country {
        code.parse().unwrap()
    }

    #[test]
    fn a_postal_code_is_written_as_its_country_writes_it() {
        for (code, typed, written) in [
            ("KR", "04524", "04524"),
            ("KR", " 045-24 ", "04524"),
            ("JP", "1000001", "100-0001"),
            ("JP", "100-0001", "100-0001"),
            ("US", "941031234", "94103-1234"),
            ("US", "94103", "94103"),
            ("GB", "sw1a1aa", "SW1A 1AA"),
            ("GB", "m1 1ae", "M1 1AE"),
            ("CA", "k1a0b1", "K1A 0B1"),
            ("NL", "1012ab", "1012 AB"),
            ("PL", "00001", "00-001"),
            ("IE", "d02 af30", "D02 AF30"),
        ] {
            assert_eq!(parse(typed, country(code)).as_deref(), Some(written), "{code} {typed}");
        }
    }

    #[test]
    fn a_postal_code_of_another_format_is_refused() {
        for (code, typed) in [
            ("KR", "4524"),
            ("KR", "100-800"),
            ("KR", ""),
            ("KR", "０４５２４"),
            ("JP", "100-00011"),
            ("US", "9410A"),
            ("GB", "SW1A"),
            ("DE", "1011"),
            ("IE", "D02 AF30 LONG"),
            ("IE", "D02/AF30"),
            ("IE", " - "),
        ] {
            assert_eq!(parse(typed, country(code)), None, "{code} {typed}");
        }
    }

    #[test]
    fn each_format_is_of_a_country_and_listed_once() {
        let codes: Vec<&str> = FORMATS.iter().map(|(code, _)| *code).collect();
        assert!(codes.is_sorted_by(|one, next| one < next));
        assert!(codes.iter().all(|code| code.parse::<Country>().is_ok()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_a_read_one_is_read_again(
            text in "\\PC{0,20}", nth in 0..FORMATS.len(),
        ) {
            let country = country(FORMATS[nth].0);
            if let Some(written) = parse(&text, country) {
                prop_assert_eq!(parse(&written, country), Some(written));
            }
        }
    }
}
