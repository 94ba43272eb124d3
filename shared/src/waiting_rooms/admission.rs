//! An admission: until when a waiting room lets a customer act. Its token is checked without I/O.
//!
//! A token is the base64 (RFC 4648, for URLs, without padding) of 58 bytes: a version (1), the number of the key (1), the room (16),
//! the end in Unix milliseconds (8, big-endian), and the HMAC-SHA256 (32) of `madang admission`, a zero byte, these 26 bytes, and the
//! customer's id. So a token does not tell whose it is, and is of no use to another account.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use ring::hmac;
use uuid::Uuid;

use super::id::WaitingRoomId;
use super::keys::AdmissionKeys;
use crate::core::identity::CustomerId;

/// The number of characters of a token.
pub const TOKEN_LENGTH: usize = 78;
/// The first bytes that are signed, so that a key that signs something else too cannot sign an admission by accident.
const CONTEXT: &[u8] = b"madang admission\0";
const VERSION: u8 = 1;
const CLAIMS: usize = 26;
const BYTES: usize = CLAIMS + 32;

/// The permission that a waiting room gives a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The room.
    pub waiting_room_id: WaitingRoomId,
    /// The time from which the admission is over, to the millisecond.
    pub expires_at: Timestamp,
}

/// The text is not a token that one of the keys signed for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a token of the customer")]
pub struct InvalidAdmission;

impl Admission {
    /// The token of the admission of `customer`. The same admission has the same token as long as the key stays.
    pub fn sign(&self, customer: &CustomerId, keys: &AdmissionKeys) -> String {
        let (number, key) = keys.signing();
        let claims = self.claims(number);
        let tag = hmac::sign(key, &signed(&claims, customer));
        BASE64.encode([&claims[..], tag.as_ref()].concat())
    }

    /// Reads the token of `customer`, whether the admission is over or not.
    ///
    /// # Errors
    /// [`InvalidAdmission`].
    pub fn verify(text: &str, customer: &CustomerId, keys: &AdmissionKeys) -> Result<Self, InvalidAdmission> {
        let bytes = decode(text).ok_or(InvalidAdmission)?;
        let (claims, tag) = bytes.split_at(CLAIMS);
        let key = keys.numbered(claims[1]).ok_or(InvalidAdmission)?;
        hmac::verify(key, &signed(claims, customer), tag).map_err(|_| InvalidAdmission)?;
        let room = Uuid::from_slice(&claims[2..18]).map_err(|_| InvalidAdmission)?;
        let end = claims[18..].try_into().map(i64::from_be_bytes);
        let end = end.map_err(|_| InvalidAdmission)?;
        Ok(Self {
            waiting_room_id: WaitingRoomId(room),
            expires_at: Timestamp::from_millisecond(end).map_err(|_| InvalidAdmission)?,
        })
    }

    /// Whether a text has the form of a token.
    pub fn is_token(text: &str) -> bool {
        decode(text).is_some()
    }

    fn claims(&self, key: u8) -> [u8; CLAIMS] {
        let mut claims = [0; CLAIMS];
        claims[0] = VERSION;
        claims[1] = key;
        claims[2..18].copy_from_slice(self.waiting_room_id.0.as_bytes());
        claims[18..].copy_from_slice(&self.expires_at.as_millisecond().to_be_bytes());
        claims
    }
}

fn decode(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != TOKEN_LENGTH {
        return None;
    }
    let bytes = BASE64.decode(text).ok()?;
    let bytes: [u8; BYTES] = bytes.try_into().ok()?;
    (bytes[0] == VERSION).then_some(bytes)
}

fn signed(claims: &[u8], customer: &CustomerId) -> Vec<u8> {
    [CONTEXT, claims, customer.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(json: &str) -> AdmissionKeys {
        serde_json::from_str(json).unwrap()
    }

    fn first() -> AdmissionKeys {
        keys(r#"{"1":"0123456789abcdef0123456789abcdef"}"#)
    }

    fn ann() -> CustomerId {
        CustomerId::new("ann")
    }

    fn admission() -> Admission {
        Admission {
            waiting_room_id: WaitingRoomId(Uuid::from_u128(7)),
            expires_at: Timestamp::from_millisecond(1_800_000_000_123).unwrap(),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_signed_by_its_account_only() {
        let token = admission().sign(&ann(), &first());
        assert_eq!(token.len(), TOKEN_LENGTH);
        assert_eq!(Admission::verify(&token, &ann(), &first()), Ok(admission()));
        assert_eq!(
            token,
            admission().sign(&ann(), &first()),
            "the same admission has one token"
        );
        for other in ["bob", "an", "annn", ""] {
            let other = CustomerId::new(other);
            assert_eq!(Admission::verify(&token, &other, &first()), Err(InvalidAdmission));
        }
    }

    #[test]
    fn tokens_of_the_former_key_are_valid_until_it_is_removed() {
        let token = admission().sign(&ann(), &first());
        let (old, new) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
        let both = keys(&format!(r#"{{"1":"{old}","2":"{new}"}}"#));
        assert_eq!(Admission::verify(&token, &ann(), &both), Ok(admission()));
        assert_ne!(admission().sign(&ann(), &both), token, "the newer key signs");
        for other in [format!(r#"{{"2":"{new}"}}"#), format!(r#"{{"1":"{new}"}}"#)] {
            assert_eq!(Admission::verify(&token, &ann(), &keys(&other)), Err(InvalidAdmission));
        }
    }

    #[test]
    fn texts_of_another_form_are_refused() {
        let token = admission().sign(&ann(), &first());
        for bad in [
            String::new(),
            token[1..].to_owned(),
            format!("{token}A"),
            "가".repeat(TOKEN_LENGTH / 3),
            "A".repeat(TOKEN_LENGTH),
            token.replace(&token[..1], "="),
        ] {
            assert!(!Admission::is_token(&bad), "{bad}");
            assert_eq!(
                Admission::verify(&bad, &ann(), &first()),
                Err(InvalidAdmission),
                "{bad}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn an_altered_token_is_refused(at in 0..TOKEN_LENGTH, to in 0..64usize) {
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let token = admission().sign(&ann(), &first());
            let mut altered = token.clone().into_bytes();
            altered[at] = alphabet[to];
            let altered = String::from_utf8(altered).unwrap();
            prop_assume!(altered != token);
            prop_assert_eq!(Admission::verify(&altered, &ann(), &first()), Err(InvalidAdmission));
        }
    }
}
