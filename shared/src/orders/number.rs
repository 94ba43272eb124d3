//! Order numbers, which people read and say.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::orders::OrderId;

/// Crockford's alphabet: digits and letters without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The characters of a number before its check character. Each has 5 bits.
const CHARACTERS: u32 = 9;

/// The number of an order, for people: two groups of five characters, such as `7K3QM-2T9XN`.
///
/// The first nine characters are 45 bits of the order's id, the last one is a check character. So a number needs no
/// counter, and neither how many orders there are nor the next number can be guessed. It is a name and not a key: among a
/// million orders two share a number with a probability of 1.4 %, among ten million one or two pairs do. The order's id is
/// unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(
    value_type = String,
    pattern = "^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$",
    examples("7K3QM-2T9XN")
)]
pub struct OrderNumber(u64);

/// The text is not an [`OrderNumber`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrderNumber {
    /// The text has other characters, or too few or too many.
    #[error("an order number has 10 digits and letters")]
    Malformed,
    /// A character is wrong, or characters are swapped.
    #[error("a character of the order number is wrong")]
    Mistyped,
}

impl OrderNumber {
    /// The number of the order `id`.
    pub const fn of(id: OrderId) -> Self {
        // An order's id is a hash, so its first 48 bits are random.
        Self(id.0.as_u64_pair().0 >> (64 - 5 * CHARACTERS))
    }

    /// The values of the characters before the check character.
    fn values(self) -> impl Iterator<Item = u8> {
        let shifts = (0..CHARACTERS).rev();
        shifts.map(move |at| (self.0 >> (5 * at)).to_le_bytes()[0] & 31)
    }
}

/// The value of the check character after `values`.
///
/// It is a sum in the field of 32 elements in which each position has its own weight, so every single wrong character and
/// every swap of two characters changes it.
fn check(values: impl Iterator<Item = u8>) -> u8 {
    // Doubles in the field: modulo x⁵ + x² + 1.
    let double = |value: u8| {
        if value < 16 {
            value << 1
        } else {
            (value << 1) ^ 0b10_0101
        }
    };
    values.fold(0, |sum, value| double(sum ^ value))
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = check(self.values());
        for (at, value) in self.values().chain([check]).enumerate() {
            if at == 5 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(ALPHABET[usize::from(value)]))?;
        }
        Ok(())
    }
}

impl From<OrderNumber> for String {
    fn from(number: OrderNumber) -> Self {
        number.to_string()
    }
}

impl FromStr for OrderNumber {
    type Err = InvalidOrderNumber;

    /// Parses a number as people type it: in any case, with or without spaces and dashes, with O for 0, and I or L for 1.
    fn from_str(text: &str) -> Result<Self, InvalidOrderNumber> {
        let is_separator = |character: &char| {
            // Keyboards of phones replace a hyphen with a dash.
            character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}')
        };
        let characters = text.chars().filter(|character| !is_separator(character));
        let values: Option<Vec<u8>> = characters.map(value_of).collect();
        let values: [u8; CHARACTERS as usize + 1] = values
            .and_then(|values| values.try_into().ok())
            .ok_or(InvalidOrderNumber::Malformed)?;
        let [data @ .., last] = values;
        if check(data.into_iter()) != last {
            return Err(InvalidOrderNumber::Mistyped);
        }
        Ok(Self(
            data.into_iter().fold(0, |number, value| number << 5 | u64::from(value)),
        ))
    }
}

/// The value of a character as people type it.
fn value_of(character: char) -> Option<u8> {
    let character = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let position = ALPHABET.iter().position(|known| char::from(*known) == character)?;
    u8::try_from(position).ok()
}

impl TryFrom<String> for OrderNumber {
    type Error = InvalidOrderNumber;

    fn try_from(text: String) -> Result<Self, InvalidOrderNumber> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::idempotency::derive_id;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use uuid::Uuid;

    fn number(id: u128) -> OrderNumber {
        OrderNumber::of(OrderId(Uuid::from_u128(id)))
    }

    #[test]
    fn a_number_is_two_groups_of_five_characters() {
        assert_eq!(number(0).to_string(), "00000-00000");
        let known = number(0xc3d5_4f0e_1b2a_8c7d_a6e5_f4d3_c2b1_a090);
        assert_eq!(known.to_string(), "RFAMY-3GV5J");
    }

    #[test]
    fn a_number_is_read_as_people_type_it() {
        let number = number(0b00000_00001_00000_00001_00000_00001_00000_00001_00000 << (128 - 45));
        let text = number.to_string();
        assert!(text.starts_with("01010-1010"), "{text}");
        for typed in [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " – "),
            format!(" {text}\n"),
            text.replace('0', "O").replace('1', "I"),
            text.replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(typed.parse(), Ok(number), "{typed}");
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in [
            "",
            "RFAMY",
            "RFAMY-3GV5J0",
            "RFAMY-3GV5U",
            "RFAMY-3GV5*",
            "차FAMY-3GV5J",
            "-----",
        ] {
            assert_eq!(
                text.parse::<OrderNumber>(),
                Err(InvalidOrderNumber::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn successive_orders_have_unrelated_numbers() {
        let orders = 10_000_u32;
        let ids = (0..orders).map(|nth| OrderId(derive_id(&["order", "ann", &nth.to_string()])));
        let numbers: HashSet<u64> = ids.map(|id| OrderNumber::of(id).0).collect();
        assert_eq!(numbers.len(), 10_000);
        // Each bit is set in about half of them.
        for bit in 0..5 * CHARACTERS {
            let set = numbers.iter().filter(|number| **number >> bit & 1 == 1).count();
            assert!((4_700..5_300).contains(&set), "bit {bit} is set in {set}");
        }
    }

    proptest! {
        #[test]
        fn a_number_survives_a_round_trip(id: u128) {
            let number = number(id);
            prop_assert_eq!(number.to_string().parse(), Ok(number));
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<OrderNumber>(&json).unwrap(), number);
        }

        #[test]
        fn one_wrong_character_is_noticed(id: u128, at in 0..10usize, other in 0..32usize) {
            let mut typed: Vec<char> = number(id).to_string().replace('-', "").chars().collect();
            let other = char::from(ALPHABET[other]);
            prop_assume!(typed[at] != other);
            typed[at] = other;
            let typed: String = typed.into_iter().collect();
            prop_assert_eq!(typed.parse::<OrderNumber>(), Err(InvalidOrderNumber::Mistyped));
        }

        #[test]
        fn two_swapped_characters_are_noticed(id: u128, first in 0..10usize, second in 0..10usize) {
            let mut typed: Vec<char> = number(id).to_string().replace('-', "").chars().collect();
            prop_assume!(typed[first] != typed[second]);
            typed.swap(first, second);
            let typed: String = typed.into_iter().collect();
            prop_assert_eq!(typed.parse::<OrderNumber>(), Err(InvalidOrderNumber::Mistyped));
        }
    }
}
