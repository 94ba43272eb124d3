//! Secrets with a data key of their own.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::data_key::DataKeys;
use crate::core::error::Error;

/// Encrypts and decrypts secrets with one KMS key.
#[derive(Clone, Debug)]
pub struct EnvelopeEncryption {
    keys: DataKeys,
}

/// An encrypted secret, as stored in a table. [`EnvelopeEncryption::decrypt`] decrypts it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedSecret {
    /// The data key, encrypted by KMS; base64.
    data_key: String,
    /// The nonce, and the encrypted secret with its tag; base64.
    secret: String,
}

impl std::fmt::Debug for EncryptedSecret {
    /// Omits the content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EncryptedSecret")
    }
}

impl EnvelopeEncryption {
    /// Uses the KMS key `key_id` (an id, an ARN or an alias). The encryption context is `context_key` and a resource's
    /// id.
    pub fn new(aws: &aws_config::SdkConfig, key_id: String, context_key: &'static str) -> Self {
        let keys = DataKeys::new(aws, key_id, context_key);
        Self { keys }
    }

    /// Encrypts `secret` for the resource with this `id`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn encrypt(&self, secret: &[u8], id: &str, deadline: Instant) -> Result<EncryptedSecret, Error> {
        let (key, data_key) = self.keys.generate(id, deadline).await?;
        let secret = key.encrypt(secret, id)?;
        Ok(EncryptedSecret { data_key, secret })
    }

    /// Decrypts a secret of the resource with this `id`. The result is wiped from memory when it is dropped.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was encrypted for another resource or with another key, is damaged, or KMS denies
    /// access; [`Error::Unavailable`].
    pub async fn decrypt(
        &self,
        encrypted: &EncryptedSecret,
        id: &str,
        deadline: Instant,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = self.keys.decrypt(&encrypted.data_key, id, deadline).await?;
        key.decrypt(&encrypted.secret, id)
    }
}
