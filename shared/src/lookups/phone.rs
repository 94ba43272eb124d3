//! The last digits of telephone numbers, as a key that shows no digit.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The number of digits.
const DIGITS: usize = 4;
/// The bytes of a tag.
const TAG: usize = 16;

/// The last four digits of a telephone number. Personal data: they are in no item, event, log or error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LastDigits([u8; DIGITS]);

/// The text is not four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not four digits")]
pub struct InvalidLastDigits;

impl LastDigits {
    /// Those of a whole number in the international format.
    ///
    /// # Errors
    /// [`InvalidLastDigits`] when it does not end with four digits.
    pub fn of_number(number: &str) -> Result<Self, InvalidLastDigits> {
        let last = number.as_bytes().last_chunk().ok_or(InvalidLastDigits)?;
        Self::parse(last)
    }

    fn parse(digits: &[u8; DIGITS]) -> Result<Self, InvalidLastDigits> {
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(*digits))
        } else {
            Err(InvalidLastDigits)
        }
    }
}

impl std::str::FromStr for LastDigits {
    type Err = InvalidLastDigits;

    fn from_str(text: &str) -> Result<Self, InvalidLastDigits> {
        Self::parse(text.as_bytes().try_into().map_err(|_| InvalidLastDigits)?)
    }
}

impl fmt::Debug for LastDigits {
    /// Omits the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastDigits")
    }
}

/// The shop's secret key of tags. There are only ten thousand endings, so a hash without a key would show them.
pub struct PhoneKey(Zeroizing<Vec<u8>>);

impl PhoneKey {
    /// The length of a key in bytes.
    pub const LENGTH: usize = 32;

    /// Takes the key.
    pub const fn new(secret: Zeroizing<Vec<u8>>) -> Self {
        Self(secret)
    }

    /// The tag of digits: the first bytes of their HMAC-SHA-256. Equal digits have equal tags.
    ///
    /// # Errors
    /// None in practice: HMAC takes a key of any length.
    pub fn tag(&self, digits: LastDigits) -> Result<PhoneTag, hmac::digest::InvalidLength> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)?;
        mac.update(b"last digits of a telephone number:");
        mac.update(&digits.0);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&whole[..TAG]);
        Ok(PhoneTag(tag))
    }
}

impl fmt::Debug for PhoneKey {
    /// Omits the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneKey")
    }
}

/// The last digits of a telephone number as a key: a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneTag([u8; TAG]);

impl fmt::Display for PhoneTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> PhoneKey {
        PhoneKey::new(Zeroizing::new(vec![byte; PhoneKey::LENGTH]))
    }

    fn tag(key: &PhoneKey, digits: &str) -> PhoneTag {
        key.tag(digits.parse().unwrap()).unwrap()
    }

    #[test]
    fn last_digits_are_four_digits() {
        for text in ["", "123", "12345", "12a4", "１２３４", "-123"] {
            assert_eq!(text.parse::<LastDigits>(), Err(InvalidLastDigits), "{text}");
        }
        assert_eq!(LastDigits::of_number("+821012345678"), "5678".parse());
        assert_eq!(LastDigits::of_number("+1"), Err(InvalidLastDigits));
    }

    #[test]
    fn equal_digits_have_equal_tags_under_one_key_only() {
        assert_eq!(tag(&key(1), "5678"), tag(&key(1), "5678"));
        assert_ne!(tag(&key(1), "5678"), tag(&key(1), "5679"));
        assert_ne!(tag(&key(1), "5678"), tag(&key(2), "5678"));
    }

    #[test]
    fn neither_digits_nor_keys_are_printed() {
        let digits: LastDigits = "5678".parse().unwrap();
        assert_eq!(format!("{digits:?} {:?}", key(1)), "LastDigits PhoneKey");
    }
}
