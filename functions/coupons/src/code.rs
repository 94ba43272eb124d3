//! The code of a coupon: 25 characters of Crockford's base32, in groups of five. They say the campaign, the index and a tag, which
//! only the coupon's key can make. So no code is stored before it is used.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;
use shared::core::signature::constant_time_eq;
use shared::coupons::{CodeRange, CouponId};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Crockford's alphabet: no I, L, O and U, which people confuse with 1, 1, 0 and V.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The number of characters.
const LENGTH: usize = 25;
const GROUP: usize = 5;
const BITS_OF_CHARACTER: u32 = 5;
/// The bits of the campaign and of the index. Of the 125 bits of a code, 65 are left for the tag.
const BITS_OF_NUMBER: u32 = 30;
const BITS_OF_TAG: u32 = 65;
/// The bytes of a MAC that the tag is made of.
const TAG_BYTES: usize = 9;
/// The first bytes of the input of a tag, so that no other MAC with the same key is a tag.
const CONTEXT: &[u8] = b"madang coupon code\0";

/// The parts of a written code. The [`CodeKey`] of its coupon says whether it is genuine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CouponCode {
    /// The number of the coupon.
    pub campaign: u32,
    /// The number of the code.
    pub index: u32,
    tag: u128,
}

/// The text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has {LENGTH} letters and digits")]
pub struct InvalidCode;

impl CouponCode {
    /// The number of different campaigns.
    pub const CAMPAIGNS: u32 = 1 << BITS_OF_NUMBER;

    /// Reads a code as people write it: without regard to case, dashes and spaces, and with O, I and L for 0 and 1.
    ///
    /// # Errors
    /// [`InvalidCode`].
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let (mut bits, mut count) = (0_u128, 0_usize);
        for character in text.chars().filter(|character| !matches!(character, '-' | ' ')) {
            count += 1;
            let value = value(character).filter(|_| count <= LENGTH).ok_or(InvalidCode)?;
            bits = bits << BITS_OF_CHARACTER | value;
        }
        let number = |shift: u32| u32::try_from(bits >> shift & (u128::from(Self::CAMPAIGNS) - 1));
        let campaign = number(BITS_OF_TAG + BITS_OF_NUMBER).map_err(|_| InvalidCode)?;
        let index = number(BITS_OF_TAG).map_err(|_| InvalidCode)?;
        if count != LENGTH || index > CodeRange::MAX_INDEX {
            return Err(InvalidCode);
        }
        let tag = bits & ((1 << BITS_OF_TAG) - 1);
        Ok(Self { campaign, index, tag })
    }

    /// A name for the code that a customer has sent: whoever has it cannot tell the code.
    pub fn id_for(&self, customer: &CustomerId) -> Uuid {
        derive_id(&["coupon code", customer.as_str(), &self.to_string()])
    }
}

/// The value of a character.
fn value(character: char) -> Option<u128> {
    let character = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|known| char::from(*known) == character)?;
    u128::try_from(place).ok()
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = u128::from(self.campaign) << BITS_OF_NUMBER | u128::from(self.index);
        let bits = numbers << BITS_OF_TAG | self.tag;
        for place in 0..LENGTH {
            if place > 0 && place % GROUP == 0 {
                f.write_str("-")?;
            }
            let shift = BITS_OF_CHARACTER as usize * (LENGTH - 1 - place);
            let value = (bits >> shift & 31) as usize;
            write!(f, "{}", char::from(ALPHABET[value]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for CouponCode {
    /// Omits the tag: who knows it can use the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CouponCode({} {})", self.campaign, self.index)
    }
}

/// The key that makes the codes of a coupon.
pub struct CodeKey {
    coupon_id: CouponId,
    secret: Zeroizing<Vec<u8>>,
}

impl CodeKey {
    /// The length of the secret in bytes.
    pub const LENGTH: usize = 32;

    /// The key of a coupon with this secret.
    pub const fn new(coupon_id: CouponId, secret: Zeroizing<Vec<u8>>) -> Self {
        Self { coupon_id, secret }
    }

    /// The code with an index. The same each time.
    ///
    /// # Errors
    /// None in practice: HMAC takes a key of any length.
    pub fn code(&self, campaign: u32, index: u32) -> Result<CouponCode, hmac::digest::InvalidLength> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)?;
        for part in [CONTEXT, self.coupon_id.0.as_bytes(), &index.to_be_bytes()] {
            mac.update(part);
        }
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let bits = whole[..TAG_BYTES]
            .iter()
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let tag = bits >> (TAG_BYTES as u32 * 8 - BITS_OF_TAG);
        Ok(CouponCode { campaign, index, tag })
    }

    /// Whether the key has made a code. Takes the same time for each wrong one.
    ///
    /// # Errors
    /// As [`CodeKey::code`].
    pub fn has_made(&self, code: CouponCode) -> Result<bool, hmac::digest::InvalidLength> {
        let genuine = self.code(code.campaign, code.index)?;
        Ok(constant_time_eq(&genuine.tag.to_be_bytes(), &code.tag.to_be_bytes()))
    }
}

impl fmt::Debug for CodeKey {
    /// Omits the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeKey({})", self.coupon_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(coupon: u128, secret: u8) -> CodeKey {
        let secret = Zeroizing::new(vec![secret; CodeKey::LENGTH]);
        CodeKey::new(CouponId(Uuid::from_u128(coupon)), secret)
    }

    #[test]
    fn a_code_has_five_groups_of_five_characters_and_is_the_same_each_time() {
        let code = key(1, 7).code(12_345, 678).unwrap();
        assert_eq!(code.to_string(), key(1, 7).code(12_345, 678).unwrap().to_string());
        let groups: Vec<usize> = code.to_string().split('-').map(str::len).collect();
        assert_eq!(groups, [5; 5]);
        assert!(!format!("{code:?}").contains(&code.to_string()[12..17]));
    }

    #[test]
    fn the_key_and_the_coupon_and_the_index_make_the_tag() {
        let code = key(1, 7).code(5, 9).unwrap();
        assert!(key(1, 7).has_made(code).unwrap());
        assert!(!key(1, 8).has_made(code).unwrap(), "another secret");
        assert!(!key(2, 7).has_made(code).unwrap(), "another coupon");
        let other = CouponCode { index: 10, ..code };
        assert!(!key(1, 7).has_made(other).unwrap(), "another index");
    }

    #[test]
    fn a_text_with_another_length_or_another_character_is_no_code() {
        let code = key(1, 7).code(5, 9).unwrap().to_string();
        for bad in [
            "",
            "A",
            &code[1..],
            &format!("{code}0"),
            &code.replacen('-', "U", 1),
            &"é".repeat(25),
        ] {
            assert_eq!(CouponCode::parse(bad), Err(InvalidCode), "{bad}");
        }
        assert_eq!(
            CouponCode::parse(&"Z".repeat(25)),
            Err(InvalidCode),
            "the index is too high"
        );
    }

    proptest! {
        #[test]
        fn a_code_is_read_as_people_write_it(
            campaign in 0..CouponCode::CAMPAIGNS,
            index in 0..=CodeRange::MAX_INDEX,
            secret: u8,
        ) {
            let code = key(3, secret).code(campaign, index).unwrap();
            let text = code.to_string();
            prop_assert_eq!(CouponCode::parse(&text), Ok(code));
            let sloppy = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(CouponCode::parse(&sloppy), Ok(code));
            prop_assert_eq!(CouponCode::parse(&text.replace('-', "").replace('1', "I")), Ok(code));
        }

        #[test]
        fn any_other_character_makes_it_another_code_that_the_key_has_not_made(
            index in 0..=CodeRange::MAX_INDEX,
            place in 0..LENGTH,
            by in 1..32_usize,
        ) {
            let key = key(3, 1);
            let text = key.code(77, index).unwrap().to_string().replace('-', "");
            let mut bytes = text.into_bytes();
            let value = ALPHABET.iter().position(|known| *known == bytes[place]).unwrap();
            bytes[place] = ALPHABET[(value + by) % 32];
            // One of the campaign's characters leads to another coupon, or to none.
            if let Ok(other) = CouponCode::parse(&String::from_utf8(bytes).unwrap()) && other.campaign == 77 {
                prop_assert!(!key.has_made(other).unwrap());
            }
        }
    }
}
