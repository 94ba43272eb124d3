//! Envelope encryption of what a table stores: KMS encrypts data keys, and data keys encrypt the data.
//!
//! - [`EnvelopeEncryption`] encrypts a secret with a data key of its own, which is stored beside it.
//! - [`CustomerKeyStore`] encrypts personal data with a data key of their customer. Who deletes the key erases the data.
//!
//! Invariant: what was encrypted for one resource cannot be decrypted for another. The resource's id is the KMS encryption
//! context, which KMS requires again for decryption and logs to CloudTrail, and the additional authenticated data of the
//! cipher.

mod customer_keys;
mod data_key;
mod envelope;

pub use customer_keys::{CustomerKey, CustomerKeyStore, SealedData, StoredKey};
pub use envelope::{EncryptedSecret, EnvelopeEncryption};
