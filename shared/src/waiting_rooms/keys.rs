//! The keys that sign admissions.

use std::collections::BTreeMap;
use std::fmt;

use ring::hmac;
use serde::Deserialize;
use serde::de::Error as _;

use super::id::WaitingRoomId;
use crate::core::numbered_keys;

/// The keys by their numbers, as the secret `AdmissionKeys` has them: `{"1": "<random text>"}`. The highest number signs. The
/// admissions of all keys are valid.
pub struct AdmissionKeys(BTreeMap<u8, hmac::Key>);

/// The first bytes of the inputs of seeds, so that no seed is a signature or the other one.
const SEED: &[u8] = b"madang waiting room seed\0";
const LATER_SEED: &[u8] = b"madang waiting room later seed\0";

impl AdmissionKeys {
    /// The number of the key that signs, and the key.
    pub(super) fn signing(&self) -> (u8, &hmac::Key) {
        #[allow(clippy::expect_used, reason = "checked when the keys are read")]
        let (number, key) = self.0.last_key_value().expect("a key");
        (*number, key)
    }

    /// The key with a number.
    pub(super) fn numbered(&self, number: u8) -> Option<&hmac::Key> {
        self.0.get(&number)
    }

    /// The seeds of a new waiting room's lotteries: that of the early comers, and that of those who join later. Nobody without the keys
    /// can guess them, and they tell nothing about the keys or each other.
    pub fn seeds(&self, room: WaitingRoomId) -> [[u8; 32]; 2] {
        [SEED, LATER_SEED].map(|context| self.derive(context, room))
    }

    fn derive(&self, context: &[u8], room: WaitingRoomId) -> [u8; 32] {
        let (_, key) = self.signing();
        let tag = hmac::sign(key, &[context, room.0.as_bytes()].concat());
        let mut seed = [0; 32];
        seed.copy_from_slice(tag.as_ref());
        seed
    }
}

impl<'de> Deserialize<'de> for AdmissionKeys {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(from)?;
        let mut keys = BTreeMap::new();
        for (name, text) in texts {
            let number = numbered_keys::number(&name).map_err(D::Error::custom)?;
            numbered_keys::check_text(&text).map_err(D::Error::custom)?;
            keys.insert(number, hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()));
        }
        if keys.is_empty() {
            return Err(D::Error::custom("there is no key that signs"));
        }
        Ok(Self(keys))
    }
}

impl fmt::Debug for AdmissionKeys {
    /// Omits the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdmissionKeys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_without_a_usable_key_is_refused() {
        let long = "0123456789abcdef0123456789abcdef";
        for bad in [
            "{}".to_owned(),
            r#"{"1":"short"}"#.to_owned(),
            format!(r#"{{"0":"{long}"}}"#),
            format!(r#"{{"256":"{long}"}}"#),
            format!(r#"{{"01":"{long}"}}"#),
            format!(r#"{{"one":"{long}"}}"#),
        ] {
            assert!(serde_json::from_str::<AdmissionKeys>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_room_has_two_seeds_of_its_own_which_stay() {
        let keys: AdmissionKeys = serde_json::from_str(r#"{"1":"0123456789abcdef0123456789abcdef"}"#).unwrap();
        let [first, second] = [1, 2].map(|id| WaitingRoomId(uuid::Uuid::from_u128(id)));
        assert_eq!(keys.seeds(first), keys.seeds(first));
        let [[early, later], [other, _]] = [first, second].map(|room| keys.seeds(room));
        assert!(early != other && early != later);
        assert!(!format!("{keys:?}").contains("0123"));
    }
}
