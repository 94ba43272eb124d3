//! Data keys: KMS generates and decrypts them, and AES-256-GCM encrypts with them.

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
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::core::error::Error;

const ENCRYPTING: &str = "encrypt a secret";
const DECRYPTING: &str = "decrypt a secret";

/// Generates and decrypts data keys with one KMS key.
#[derive(Clone, Debug)]
pub(super) struct DataKeys {
    client: Client,
    key_id: String,
    /// The key of the encryption context: the type of the resource.
    context_key: &'static str,
}

/// A data key in memory.
pub(super) struct DataKey(LessSafeKey);

impl DataKeys {
    /// Uses the KMS key `key_id` (an id, an ARN or an alias). The encryption context is `context_key` and a resource's
    /// id.
    pub(super) fn new(aws: &aws_config::SdkConfig, key_id: String, context_key: &'static str) -> Self {
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
            context_key,
        }
    }

    /// Generates a data key for the resource with this `id`. Returns it, and its encrypted form in base64.
    pub(super) async fn generate(&self, id: &str, deadline: Instant) -> Result<(DataKey, String), Error> {
        let request = self
            .client
            .generate_data_key()
            .key_id(&self.key_id)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(self.context(id)));
        let answer = timeout_at(deadline, request.send())
            .await
            .map_err(|elapsed| Error::unavailable(ENCRYPTING, elapsed))?
            .map_err(|error| classify_error(ENCRYPTING, &error))?;
        let (Some(key), Some(encrypted)) = (answer.plaintext, answer.ciphertext_blob) else {
            return Err(Error::internal(ENCRYPTING, "KMS returned no data key"));
        };
        Ok((DataKey::new(key, ENCRYPTING)?, STANDARD.encode(encrypted)))
    }

    /// Decrypts a data key of the resource with this `id`.
    pub(super) async fn decrypt(&self, encrypted: &str, id: &str, deadline: Instant) -> Result<DataKey, Error> {
        let request = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(Blob::new(decode(encrypted)?))
            .set_encryption_context(Some(self.context(id)));
        let answer = timeout_at(deadline, request.send())
            .await
            .map_err(|elapsed| Error::unavailable(DECRYPTING, elapsed))?
            .map_err(|error| classify_error(DECRYPTING, &error))?;
        let key = answer.plaintext;
        let key = key.ok_or_else(|| Error::internal(DECRYPTING, "KMS returned no data key"))?;
        DataKey::new(key, DECRYPTING)
    }

    fn context(&self, id: &str) -> HashMap<String, String> {
        HashMap::from([(self.context_key.to_owned(), id.to_owned())])
    }
}

impl DataKey {
    /// Takes the key and wipes its bytes.
    fn new(key: Blob, doing: &'static str) -> Result<Self, Error> {
        let key = Zeroizing::new(key.into_inner());
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|error| Error::internal(doing, error.to_string()))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts `secret` for the resource with this `id`. Returns the nonce, and the encrypted secret with its tag, in
    /// base64.
    pub(super) fn encrypt(&self, secret: &[u8], id: &str) -> Result<String, Error> {
        let mut nonce = [0; NONCE_LEN];
        let mut encrypted = Zeroizing::new(secret.to_vec());
        SystemRandom::new()
            .fill(&mut nonce)
            .and_then(|()| {
                let nonce = Nonce::assume_unique_for_key(nonce);
                self.0.seal_in_place_append_tag(nonce, Aad::from(id), &mut *encrypted)
            })
            .map_err(|error| Error::internal(ENCRYPTING, error.to_string()))?;
        Ok(STANDARD.encode([&nonce, encrypted.as_slice()].concat()))
    }

    /// Decrypts a secret of the resource with this `id`. The result is wiped from memory when it is dropped.
    pub(super) fn decrypt(&self, encrypted: &str, id: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut secret = Zeroizing::new(decode(encrypted)?);
        let damaged = || Error::internal(DECRYPTING, "the secret is damaged or belongs to another resource");
        let (nonce, ciphertext) = secret.split_at_mut_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let length = self
            .0
            .open_in_place(nonce, Aad::from(id), ciphertext)
            .map_err(|_| damaged())?
            .len();
        secret.drain(..NONCE_LEN);
        secret.truncate(length);
        Ok(secret)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let decoded = STANDARD.decode(text);
    decoded.map_err(|_| Error::internal(DECRYPTING, "the secret is damaged"))
}

/// Classifies an SDK error as transient or internal. Keeps its code and message only, since the error can contain the
/// raw response.
fn classify_error<E, R>(doing: &'static str, error: &SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    let (transient, why) = match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("an error without a code");
            let message = service.err().message().unwrap_or_default();
            (is_transient(code), format!("{code}: {message}"))
        }
        SdkError::ConstructionFailure(_) => (false, error.to_string()),
        _ => (true, error.to_string()),
    };
    if transient {
        Error::unavailable(doing, why)
    } else {
        Error::internal(doing, why)
    }
}

/// Whether a KMS error code is transient.
fn is_transient(code: &str) -> bool {
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
