//! The keys that sign the codes of tickets.

use std::collections::BTreeMap;
use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::Error as _;
use sha2::{Digest, Sha256};

/// The keys by their numbers, as the secret `TicketKeys` has them: `{"1": "<random text>"}`. The highest number signs; the codes of
/// all others stay valid. So a rotation adds a number, and removes the old one once its tickets were used.
pub struct TicketKeys(BTreeMap<u8, TicketKey>);

/// An Ed25519 key (RFC 8032).
pub struct TicketKey {
    /// Its number, from 1.
    pub number: u8,
    pair: Ed25519KeyPair,
}

/// The shortest text of a key, in bytes. A text of 32 letters and digits has 190 random bits.
const MIN_TEXT: usize = 32;

impl TicketKeys {
    /// The key that signs.
    pub fn newest(&self) -> &TicketKey {
        // Not empty: `deserialize` has checked it.
        #[allow(clippy::expect_used, reason = "checked when it is read")]
        self.0.values().next_back().expect("a key")
    }

    /// The key with a number.
    pub fn numbered(&self, number: u8) -> Option<&TicketKey> {
        self.0.get(&number)
    }

    /// All keys, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = &TicketKey> {
        self.0.values()
    }
}

impl TicketKey {
    /// The public key: 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The signature of `bytes`: 64 bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }

    /// Whether it signed `bytes`.
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public())
            .verify(bytes, signature)
            .is_ok()
    }
}

impl<'de> Deserialize<'de> for TicketKeys {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(from)?;
        let mut keys = BTreeMap::new();
        for (name, text) in texts {
            let number = name
                .parse()
                .ok()
                .filter(|number: &u8| *number > 0 && number.to_string() == name);
            let number = number.ok_or_else(|| D::Error::custom("a key's number is 1 to 255"))?;
            if text.len() < MIN_TEXT {
                return Err(D::Error::custom("a key is too short"));
            }
            let pair = Ed25519KeyPair::from_seed_unchecked(&Sha256::digest(text.as_bytes()));
            let pair = pair.map_err(|_| D::Error::custom("a key cannot be used"))?;
            keys.insert(number, TicketKey { number, pair });
        }
        if keys.is_empty() {
            return Err(D::Error::custom("there is no key"));
        }
        Ok(Self(keys))
    }
}

impl fmt::Debug for TicketKeys {
    /// Omits the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKeys")
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
            assert!(serde_json::from_str::<TicketKeys>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_highest_number_signs() {
        let [a, b] = ["a", "b"].map(|letter| letter.repeat(32));
        let keys: TicketKeys = serde_json::from_str(&format!(r#"{{"10":"{a}","9":"{b}"}}"#)).unwrap();
        assert_eq!(keys.newest().number, 10);
        assert_eq!(keys.all().map(|key| key.number).collect::<Vec<_>>(), [9, 10]);
        assert!(!format!("{keys:?}").contains(&a));
    }
}
