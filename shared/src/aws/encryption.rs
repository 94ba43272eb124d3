//! Secrets in tables: each is encrypted with a key of its own, which KMS tells only for what the secret belongs to.
//!
//! Envelope encryption: KMS makes a data key, AES-256-GCM seals the secret with it, and the key itself is kept encrypted
//! beside it. Invariant: what was sealed for one thing cannot be opened as another's. KMS is told the thing as encryption
//! context, which it demands again and writes to CloudTrail, and the cipher binds it as additional data.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::core::error::Error;

const SEALING: &str = "seal a secret";
const OPENING: &str = "open a sealed secret";

/// Seals secrets with one key of KMS, and opens them.
#[derive(Clone, Debug)]
pub struct EnvelopeEncryption {
    client: Client,
    key_id: String,
    /// The name under which the encryption context says what a secret belongs to.
    names: &'static str,
}

/// A secret that only [`EnvelopeEncryption::open`] can read, as a table keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedSecret {
    /// The data key, encrypted by KMS; base64.
    data_key: String,
    /// The nonce, and the encrypted secret with its tag; base64.
    secret: String,
}

impl std::fmt::Debug for EncryptedSecret {
    /// Nothing that tells anybody anything.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed")
    }
}

impl EnvelopeEncryption {
    /// Seals with the KMS key `key_id` (an id, an ARN or an alias) for things that are named by `names`: the encryption
    /// context is this name and a thing's id.
    pub fn new(aws: &aws_config::SdkConfig, key_id: String, names: &'static str) -> Self {
        let config = aws_sdk_kms::config::Builder::from(aws)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .operation_attempt_timeout(Duration::from_secs(3))
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            key_id,
            names,
        }
    }

    /// Seals `secret` for the thing with this `id`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn seal(&self, secret: &[u8], id: &str, deadline: Instant) -> Result<EncryptedSecret, Error> {
        let request = self
            .client
            .generate_data_key()
            .key_id(&self.key_id)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(self.context(id)));
        let answer = timeout_at(deadline, request.send())
            .await
            .map_err(|elapsed| Error::unavailable(SEALING, elapsed))?
            .map_err(|error| failed(SEALING, &error))?;
        let (Some(key), Some(encrypted)) = (answer.plaintext, answer.ciphertext_blob) else {
            return Err(Error::internal(SEALING, "KMS tells no data key"));
        };
        let cipher = cipher(key, SEALING)?;
        let mut nonce = [0; NONCE_LEN];
        let mut sealed = Zeroizing::new(secret.to_vec());
        SystemRandom::new()
            .fill(&mut nonce)
            .and_then(|()| {
                let nonce = Nonce::assume_unique_for_key(nonce);
                cipher.seal_in_place_append_tag(nonce, Aad::from(id), &mut *sealed)
            })
            .map_err(|error| Error::internal(SEALING, error.to_string()))?;
        Ok(EncryptedSecret {
            data_key: STANDARD.encode(encrypted),
            secret: STANDARD.encode([&nonce, sealed.as_slice()].concat()),
        })
    }

    /// Opens what was sealed for the thing with this `id`. What is opened is wiped from memory when it is dropped.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was sealed for something else, with another key, or is damaged, and when KMS refuses us;
    /// [`Error::Unavailable`].
    pub async fn open(
        &self,
        sealed: &EncryptedSecret,
        id: &str,
        deadline: Instant,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let decode = |text: &str| {
            STANDARD
                .decode(text)
                .map_err(|_| Error::internal(OPENING, "it is damaged"))
        };
        let request = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(Blob::new(decode(&sealed.data_key)?))
            .set_encryption_context(Some(self.context(id)));
        let answer = timeout_at(deadline, request.send())
            .await
            .map_err(|elapsed| Error::unavailable(OPENING, elapsed))?
            .map_err(|error| failed(OPENING, &error))?;
        let key = answer.plaintext;
        let cipher = cipher(
            key.ok_or_else(|| Error::internal(OPENING, "KMS tells no data key"))?,
            OPENING,
        )?;
        let mut secret = Zeroizing::new(decode(&sealed.secret)?);
        let damaged = || Error::internal(OPENING, "it is damaged, or something else's");
        let (nonce, sealed) = secret.split_at_mut_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let length = cipher
            .open_in_place(nonce, Aad::from(id), sealed)
            .map_err(|_| damaged())?
            .len();
        secret.drain(..NONCE_LEN);
        secret.truncate(length);
        Ok(secret)
    }

    fn context(&self, id: &str) -> HashMap<String, String> {
        HashMap::from([(self.names.to_owned(), id.to_owned())])
    }
}

/// The cipher of a data key, whose own bytes are wiped.
fn cipher(key: Blob, doing: &'static str) -> Result<LessSafeKey, Error> {
    let key = Zeroizing::new(key.into_inner());
    let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|error| Error::internal(doing, error.to_string()))?;
    Ok(LessSafeKey::new(key))
}

/// Sorts an SDK error into what may pass by itself and what is a fault. Its words are kept and not itself, for a raw
/// answer may be in it.
fn failed<E, R>(doing: &'static str, error: &SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    let (passing, why) = match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("an error without a code");
            let message = service.err().message().unwrap_or_default();
            (is_passing(code), format!("{code}: {message}"))
        }
        SdkError::ConstructionFailure(_) => (false, error.to_string()),
        _ => (true, error.to_string()),
    };
    if passing {
        Error::unavailable(doing, why)
    } else {
        Error::internal(doing, why)
    }
}

/// Whether an error code of KMS stands for something that passes.
fn is_passing(code: &str) -> bool {
    !matches!(
        code,
        "AccessDeniedException"
            | "DisabledException"
            | "IncorrectKeyException"
            | "InvalidCiphertextException"
            | "InvalidGrantTokenException"
            | "InvalidKeyUsageException"
            | "KMSInvalidStateException"
            | "NotFoundException"
            | "UnrecognizedClientException"
            | "ValidationException"
    )
}
