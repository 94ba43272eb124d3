//! The keys that sign the codes of tickets.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::Error as _;
use sha2::{Digest, Sha256};
use shared::Error;
use shared::aws::Platform;
use shared::aws::vault::Vault;
use shared::core::numbered_keys::{check_text, number};

/// The keys by their numbers, as the secret `TicketKeys` has them: `{"1": "<random text>"}`. The highest number signs, or the one
/// that `signing` names: `{"1": "…", "2": "…", "signing": "1"}`. The codes of all keys are valid.
pub struct TicketKeys {
    keys: BTreeMap<u8, TicketKey>,
    signing: u8,
}

/// An Ed25519 key (RFC 8032).
pub struct TicketKey {
    /// The key's number, from 1. Each code names it.
    pub number: u8,
    pair: Ed25519KeyPair,
}

/// The member that names the key that signs.
const SIGNING: &str = "signing";
/// The time within which a function notices that a key was removed.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The secret that the variable `TICKET_KEYS` names.
///
/// # Errors
/// [`Error::Internal`] when the variable is missing.
pub fn vault(platform: &Platform) -> Result<Vault<TicketKeys>, Error> {
    let secret = platform.variable("TICKET_KEYS")?;
    Ok(Vault::with_max_age(platform.aws(), secret, Some(MAX_AGE)))
}

impl TicketKeys {
    /// The key that signs.
    pub fn signing(&self) -> &TicketKey {
        #[allow(clippy::expect_used, reason = "checked when the keys are read")]
        self.keys.get(&self.signing).expect("the key that signs")
    }

    /// The key with a number.
    pub fn numbered(&self, number: u8) -> Option<&TicketKey> {
        self.keys.get(&number)
    }

    /// All keys, by their numbers.
    pub fn all(&self) -> impl Iterator<Item = &TicketKey> {
        self.keys.values()
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
        let mut texts = BTreeMap::<String, String>::deserialize(from)?;
        let named = texts.remove(SIGNING).map(|name| number(&name)).transpose();
        let named = named.map_err(D::Error::custom)?;
        let mut keys = BTreeMap::new();
        for (name, text) in texts {
            let number = number(&name).map_err(D::Error::custom)?;
            check_text(&text).map_err(D::Error::custom)?;
            let pair = Ed25519KeyPair::from_seed_unchecked(&Sha256::digest(text.as_bytes()));
            let pair = pair.map_err(|_| D::Error::custom("a key cannot be used"))?;
            keys.insert(number, TicketKey { number, pair });
        }
        let newest = keys.keys().next_back().copied();
        let signing = named.or(newest).filter(|number| keys.contains_key(number));
        let signing = signing.ok_or_else(|| D::Error::custom("there is no key that signs"))?;
        Ok(Self { keys, signing })
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
            format!(r#"{{"1":"{long}","signing":"2"}}"#),
        ] {
            assert!(serde_json::from_str::<TicketKeys>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_highest_number_signs_unless_another_one_is_named() {
        let [a, b] = ["a", "b"].map(|letter| letter.repeat(32));
        let keys: TicketKeys = serde_json::from_str(&format!(r#"{{"10":"{a}","9":"{b}"}}"#)).unwrap();
        assert_eq!(keys.signing().number, 10);
        assert_eq!(keys.all().map(|key| key.number).collect::<Vec<_>>(), [9, 10]);
        assert!(!format!("{keys:?}").contains(&a));
        let named: TicketKeys = serde_json::from_str(&format!(r#"{{"10":"{a}","9":"{b}","signing":"9"}}"#)).unwrap();
        assert_eq!(named.signing().number, 9);
    }
}
