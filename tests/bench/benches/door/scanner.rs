//! A scanner without a network, written from the API's description of a code: it knows the public keys and nothing else.

use anyhow::{Context, Result};
use data_encoding::{BASE32_NOPAD, BASE64};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;

/// The bytes before the signature.
const CLAIMS: usize = 41;
const BYTES: usize = CLAIMS + 64;

/// The public keys, by number.
pub struct Scanner {
    keys: Vec<(u8, UnparsedPublicKey<Vec<u8>>)>,
}

impl Scanner {
    /// A scanner with the keys of `GET /ticket-keys`.
    ///
    /// # Errors
    /// If the answer is another one than the description says.
    pub fn new(answer: &Value) -> Result<Self> {
        let keys = answer["keys"].as_array().context("an answer without keys")?;
        let key = |key: &Value| {
            let number = key["number"].as_u64().context("a key without a number")?;
            let public = key["public_key"].as_str().context("a key without its bytes")?;
            let public = BASE64.decode(public.as_bytes())?;
            Ok((u8::try_from(number)?, UnparsedPublicKey::new(&ED25519, public)))
        };
        Ok(Self {
            keys: keys.iter().map(key).collect::<Result<_>>()?,
        })
    }

    /// Whether the shop has signed a code.
    pub fn admits(&self, code: &str) -> bool {
        let Ok(bytes) = BASE32_NOPAD.decode(code.as_bytes()) else {
            return false;
        };
        if bytes.len() != BYTES || bytes[0] != 1 {
            return false;
        }
        let (claims, signature) = bytes.split_at(CLAIMS);
        let signed = [b"madang ticket\0", claims].concat();
        let mut keys = self.keys.iter().filter(|(number, _)| *number == claims[1]);
        keys.any(|(_, key)| key.verify(&signed, signature).is_ok())
    }
}
