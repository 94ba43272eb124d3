//! Idempotency: ids derived from caller and key, and fingerprints of requests. Together they identify a retried request.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::core::error::{self, Rejection};
use crate::core::identity::CustomerId;

/// A client's `Idempotency-Key`: 1 to 255 visible ASCII characters.
///
/// draft-ietf-httpapi-idempotency-key-header writes it as a string of a structured field (RFC 9651 §3.3.3): in quotes, with
/// `\` before a quote and a backslash. The key is the same with and without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses the header's value.
    ///
    /// # Errors
    /// `invalid-idempotency-key` when the header is missing, empty, too long or not visible ASCII.
    pub fn parse(header: Option<&[u8]>) -> Result<Self, Rejection> {
        header
            .and_then(|bytes| str::from_utf8(bytes).ok())
            .map(|text| unquoted(text).unwrap_or_else(|| text.to_owned()))
            .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()))
            .map(Self)
            .ok_or_else(|| {
                Rejection::new(
                    &error::INVALID_IDEMPOTENCY_KEY,
                    "Send the header Idempotency-Key with 1 to 255 visible ASCII characters, a new key for each new request.",
                )
            })
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fingerprint of a request that has personal data. The key is a part of it: it is stored nowhere, so a guess at the
    /// data cannot be compared with the fingerprint.
    ///
    /// # Errors
    /// When `request` cannot be serialized as JSON.
    pub fn fingerprint_of(&self, request: &impl Serialize) -> Result<Fingerprint, serde_json::Error> {
        Fingerprint::of(&(&self.0, request))
    }

    /// Derives the id of the entity that this caller's request with this key creates: the same id for each retry. `kind`
    /// separates kinds of entities.
    ///
    /// The conditional put of the entity (`attribute_not_exists`) then detects a retry.
    pub fn derive_id(&self, kind: &str, caller: &CustomerId) -> Uuid {
        derive_id(&[kind, caller.as_str(), &self.0])
    }
}

/// The content of a string in quotes, or `None` for other texts.
fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut content = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        content.push(match character {
            '\\' => characters.next().filter(|next| matches!(next, '"' | '\\'))?,
            '"' => return None,
            other => other,
        });
    }
    Some(content)
}

/// Derives an id from `parts`: a UUIDv8 (RFC 9562 §5.8) of a SHA-256. Each part is hashed with its length, so that
/// different parts never form the same input.
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

/// A short hash of a request, independent of its whitespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a parsed request: half a SHA-256 of its canonical JSON.
    ///
    /// # Errors
    /// When `request` cannot be serialized as JSON.
    pub fn of(request: &impl Serialize) -> Result<Self, serde_json::Error> {
        let digest: [u8; 32] = Sha256::digest(serde_json::to_vec(request)?).into();
        Ok(Self(digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The fingerprint as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks that `other` is the fingerprint of the same request.
    ///
    /// # Errors
    /// `idempotency-key-reused` when it is not.
    pub fn require_same(&self, other: &Self) -> Result<(), Rejection> {
        if self == other {
            return Ok(());
        }
        Err(key_reused())
    }
}

/// The rejection of a request whose key was used for another request.
pub fn key_reused() -> Rejection {
    Rejection::new(
        &error::IDEMPOTENCY_KEY_REUSED,
        "This key was used for another request. Use a new key for a new request.",
    )
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
        let too_long_in_quotes = format!("\"{too_long}\"");
        for bad in [
            "",
            " ",
            "a b",
            "a\tb",
            "키",
            "\u{7f}",
            "\"\"",
            "\"a b\"",
            &too_long,
            &too_long_in_quotes,
        ] {
            assert!(IdempotencyKey::parse(Some(bad.as_bytes())).is_err(), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(None).is_err());
    }

    #[test]
    fn a_key_in_quotes_is_the_same_key() {
        let key = |text: &str| IdempotencyKey::parse(Some(text.as_bytes())).unwrap().0;
        let longest = "x".repeat(255);
        assert_eq!(key(&format!("\"{longest}\"")), longest);
        for (quoted, plain) in [(r#""a""#, "a"), (r#""a\"b\\c""#, r#"a"b\c"#)] {
            assert_eq!(key(quoted), plain);
        }
        // No strings of a structured field.
        for plain in [r#"""#, r#""a"#, r#"a""#, r#""a"b""#, r#""a\b""#, r#""a\""#, r#""a";p"#] {
            assert_eq!(key(plain), plain);
        }
    }

    #[test]
    fn ids_depend_on_kind_caller_and_key_only() {
        let key = |text: &str| IdempotencyKey::parse(Some(text.as_bytes())).unwrap();
        let id = key("k").derive_id("order", &CustomerId::new("c"));
        assert_eq!(id, key("k").derive_id("order", &CustomerId::new("c")));
        assert_ne!(id, key("k2").derive_id("order", &CustomerId::new("c")));
        assert_ne!(id, key("k").derive_id("order", &CustomerId::new("c2")));
        assert_ne!(id, key("k").derive_id("stock movement", &CustomerId::new("c")));
        assert_ne!(
            key("bc").derive_id("order", &CustomerId::new("a")),
            key("c").derive_id("order", &CustomerId::new("ab")),
            "the boundary between the parts matters"
        );
    }
}
