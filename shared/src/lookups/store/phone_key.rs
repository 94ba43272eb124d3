//! The key of phone tags, in the lookups table (`KEY`), encrypted by KMS.

use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::aws::Platform;
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::transaction::{put, transact_changes};
use crate::aws::dynamodb::{Item, composite};
use crate::aws::encryption::{EncryptedSecret, EnvelopeEncryption};
use crate::core::error::Error;
use crate::lookups::PhoneKey;

const READING: &str = "read the key of phone tags";
const CREATING: &str = "create the key of phone tags";
const PHONE: &str = "PHONE";

/// The shop's key of phone tags. It is created with the first tag, and kept in memory by each function that has read it.
#[derive(Clone, Debug)]
pub struct PhoneKeyStore {
    table: Table,
    encryption: EnvelopeEncryption,
    known: Arc<OnceCell<PhoneKey>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredPhoneKey {
    secret: EncryptedSecret,
}

impl PhoneKeyStore {
    /// The store of the table in `LOOKUPS_TABLE`, with the KMS key in `DATA_KEY_ID`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let key_id = platform.variable("DATA_KEY_ID")?;
        Ok(Self {
            table: Table::new(platform, "LOOKUPS_TABLE")?,
            encryption: EnvelopeEncryption::new(platform.aws(), key_id, "lookup"),
            known: Arc::default(),
        })
    }

    /// The key. None if there is none yet, and so no tag. Costs one read and one request to KMS, once a process.
    ///
    /// # Errors
    /// [`Error::Internal`], also when KMS denies access, and [`Error::Unavailable`].
    pub async fn get(&self, deadline: Instant) -> Result<Option<&PhoneKey>, Error> {
        if let Some(known) = self.known.get() {
            return Ok(Some(known));
        }
        match self.read(deadline).await? {
            Some(key) => Ok(Some(self.known.get_or_init(async || key).await)),
            None => Ok(None),
        }
    }

    /// The key, which is created if there is none.
    ///
    /// # Errors
    /// As [`PhoneKeyStore::get`].
    pub async fn get_or_create(&self, deadline: Instant) -> Result<&PhoneKey, Error> {
        let key = self.known.get_or_try_init(async || match self.read(deadline).await? {
            Some(key) => Ok(key),
            None => self.create(deadline).await,
        });
        key.await
    }

    async fn read(&self, deadline: Instant) -> Result<Option<PhoneKey>, Error> {
        let Some(stored) = self.table.read::<StoredPhoneKey>(READING, key(), deadline).await? else {
            return Ok(None);
        };
        let secret = self.encryption.decrypt(&stored.secret, PHONE, deadline).await?;
        Ok(Some(PhoneKey::new(secret)))
    }

    /// Creates the key. If another function has just created one, that one is used.
    async fn create(&self, deadline: Instant) -> Result<PhoneKey, Error> {
        let mut secret = Zeroizing::new(vec![0; PhoneKey::LENGTH]);
        let filled = SystemRandom::new().fill(&mut secret);
        filled.map_err(|error| Error::internal(CREATING, error.to_string()))?;
        let stored = StoredPhoneKey {
            secret: self.encryption.encrypt(&secret, PHONE, deadline).await?,
        };
        let items = vec![put(self.table.put_new(CREATING, key(), &stored)?)?];
        if transact_changes(&self.table.client, CREATING, items, 1, deadline).await? {
            return Ok(PhoneKey::new(secret));
        }
        let present = self.read(deadline).await?;
        present.ok_or_else(|| Error::unavailable(CREATING, "the key was removed meanwhile"))
    }
}

fn key() -> Item {
    composite("KEY", PHONE)
}
