//! A retried request is the first one: ids derived from (caller, key), and a fingerprint of what was asked.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::core::error;
use crate::core::error::Rejection;
use crate::core::identity::CustomerId;

/// A client's `Idempotency-Key`: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a header's bytes.
    ///
    /// # Errors
    /// `invalid-idempotency-key` when the header is missing, empty, too long or not visible ASCII.
    pub fn parse(header: Option<&[u8]>) -> Result<Self, Rejection> {
        header
            .filter(|bytes| (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic))
            .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
            .map(Self)
            .ok_or_else(|| {
                Rejection::new(
                    &error::INVALID_IDEMPOTENCY_KEY,
                    "Send a header Idempotency-Key of 1 to 255 visible ASCII characters, a new one for each new request.",
                )
            })
    }

    /// The id that this caller's request with this key gets, each time: `kind` keeps the kinds of things apart.
    ///
    /// So the thing's own `attribute_not_exists` is the check.
    pub fn derive_id(&self, kind: &str, caller: &CustomerId) -> Uuid {
        derive_id(&[kind, caller.as_str(), &self.0])
    }
}

/// The id that these parts have, each time: a UUIDv8 (RFC 9562 §5.8) of a SHA-256 in which no boundary can be moved.
pub fn derive_id(parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}

/// What was asked, in few bytes: the same for the same request, whatever its white space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a request as it was understood: half a SHA-256 of its canonical JSON.
    ///
    /// # Errors
    /// Only when `request` cannot be written as JSON.
    pub fn of(request: &impl Serialize) -> Result<Self, serde_json::Error> {
        let digest: [u8; 32] = Sha256::digest(serde_json::to_vec(request)?).into();
        Ok(Self(digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Passes when `other` asked for the same.
    ///
    /// # Errors
    /// `idempotency-key-reused` when it did not.
    pub fn require_same(&self, other: &Self) -> Result<(), Rejection> {
        if self == other {
            return Ok(());
        }
        Err(Rejection::new(
            &error::IDEMPOTENCY_KEY_REUSED,
            "This key came with another body before; a new request needs a new key.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_255_visible_ascii_characters() {
        let longest = "x".repeat(255);
        for good in ["a", "!", "~", "018f-abc", &longest] {
            assert!(IdempotencyKey::parse(Some(good.as_bytes())).is_ok(), "{good}");
        }
        let too_long = "x".repeat(256);
        for bad in ["", " ", "a b", "a\tb", "키", "\u{7f}", &too_long] {
            assert!(IdempotencyKey::parse(Some(bad.as_bytes())).is_err(), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(None).is_err());
    }

    #[test]
    fn ids_differ_by_kind_caller_and_key_and_by_nothing_else() {
        let key = |text: &str| IdempotencyKey::parse(Some(text.as_bytes())).unwrap();
        let id = key("k").derive_id("order", &CustomerId::new("c"));
        assert_eq!(id, key("k").derive_id("order", &CustomerId::new("c")));
        assert_ne!(id, key("k2").derive_id("order", &CustomerId::new("c")));
        assert_ne!(id, key("k").derive_id("order", &CustomerId::new("c2")));
        assert_ne!(id, key("k").derive_id("receipt", &CustomerId::new("c")));
        assert_ne!(
            key("bc").derive_id("order", &CustomerId::new("a")),
            key("c").derive_id("order", &CustomerId::new("ab")),
            "a boundary between the parts cannot be moved"
        );
    }
}
