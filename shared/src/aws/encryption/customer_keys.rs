//! The customers' data keys, in the accounts table (`KEY#<customer_id>`), and their erasures (`ERASURE#<customer_id>`).

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::data_key::{DataKey, DataKeys};
use crate::aws::Platform;
use crate::aws::dynamodb::table::{Table, text_of};
use crate::aws::dynamodb::transaction::{check, delete, put, transact_changes};
use crate::aws::dynamodb::{Item, Wanted, batch_get, key, parse, text};
use crate::core::error::Error;
use crate::core::idempotency::derive_id;
use crate::core::identity::CustomerId;

const CREATING: &str = "create a customer's key";
const KEY: &str = "KEY#";
const ERASURE: &str = "ERASURE#";
const UNCHANGED: &str = "data_key = :found";

/// The data keys of customers, which encrypt their personal data.
#[derive(Clone, Debug)]
pub struct CustomerKeyStore {
    table: Table,
    keys: DataKeys,
}

/// A customer's data key in memory.
pub struct CustomerKey {
    stored: StoredKey,
    customer: CustomerId,
    key: DataKey,
}

/// Personal data as stored in a table, encrypted with the data key of their customer. [`CustomerKey::open`] decrypts them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedData {
    /// The id of the customer's data key.
    key_id: Uuid,
    /// The nonce, and the encrypted data with their tag; base64.
    data: String,
}

impl SealedData {
    /// Whether the customer's data key with this id decrypts them.
    pub fn is_encrypted_with(&self, key_id: Uuid) -> bool {
        self.key_id == key_id
    }
}

impl std::fmt::Debug for SealedData {
    /// Omits the content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedData")
    }
}

/// A customer's data key as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredKey {
    /// The data key, encrypted by KMS; base64.
    data_key: String,
}

impl StoredKey {
    /// Tells apart the keys that a customer has had: data of an erased key must not meet a later one.
    pub fn id(&self) -> Uuid {
        derive_id(&["customer key", &self.data_key])
    }

    fn with(self, customer: &CustomerId, key: DataKey) -> CustomerKey {
        CustomerKey {
            stored: self,
            customer: customer.clone(),
            key,
        }
    }
}

impl CustomerKeyStore {
    /// The store of the table in `ACCOUNTS_TABLE`, with the KMS key in `DATA_KEY_ID`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "ACCOUNTS_TABLE")?,
            keys: DataKeys::new(platform.aws(), platform.variable("DATA_KEY_ID")?, "customer"),
        })
    }

    /// The key of `customer`, which is created if there is none. Costs one read and one request to KMS, and a write for the
    /// first key of a customer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_or_create(&self, customer: &CustomerId, deadline: Instant) -> Result<CustomerKey, Error> {
        match self.get(customer, deadline).await? {
            Some(key) => Ok(key),
            None => self.create(customer, deadline).await,
        }
    }

    /// The key of `customer`. `None` if there is none, such as after an erasure. Costs one read and one request to KMS.
    ///
    /// # Errors
    /// [`Error::Internal`], also when KMS denies access, and [`Error::Unavailable`].
    pub async fn get(&self, customer: &CustomerId, deadline: Instant) -> Result<Option<CustomerKey>, Error> {
        match self.find(customer, deadline).await? {
            Some(stored) => self.decrypt(stored, customer, deadline).await.map(Some),
            None => Ok(None),
        }
    }

    /// Checks that `key` is still the key of its customer, in the transaction that saves what it encrypted. Otherwise data that
    /// were encrypted just before an erasure would be saved after it, and nobody could read them.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn unchanged(&self, key: &CustomerKey) -> Result<TransactWriteItem, Error> {
        let unchanged = ConditionCheck::builder()
            .table_name(&self.table.name)
            .set_key(Some(key_of(&key.customer)))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":found", text(key.stored.data_key.as_str()));
        check(unchanged)
    }

    /// Finds the key of `customer` without decrypting it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find(&self, customer: &CustomerId, deadline: Instant) -> Result<Option<StoredKey>, Error> {
        self.table
            .read("read a customer's key", key_of(customer), deadline)
            .await
    }

    /// Finds the ids of the keys of `customers`, without decrypting them. A customer without a key has no entry. Strongly
    /// consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find_ids(
        &self,
        customers: &BTreeSet<CustomerId>,
        deadline: Instant,
    ) -> Result<HashMap<CustomerId, Uuid>, Error> {
        const DOING: &str = "read the keys of customers";
        let wanted = Wanted {
            table: &self.table.name,
            keys: customers.iter().map(key_of).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let mut keys = HashMap::new();
        for item in found.into_values().flatten() {
            let customer = text_of(&item, "pk").and_then(|pk| pk.strip_prefix(KEY));
            let customer = customer.ok_or_else(|| Error::internal(DOING, "the item has another key"))?;
            let customer = CustomerId::new(customer);
            keys.insert(customer, parse::<StoredKey>(DOING, item)?.id());
        }
        Ok(keys)
    }

    /// The customer whose erasure the item with this key records. None for another item.
    pub fn erased_in_key(pk: &str) -> Option<CustomerId> {
        pk.strip_prefix(ERASURE).map(CustomerId::new)
    }

    /// Reads the latest erasure of `customer`, as [`erase`](Self::erase) has recorded it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn erasure<T: DeserializeOwned>(
        &self,
        customer: &CustomerId,
        deadline: Instant,
    ) -> Result<Option<T>, Error> {
        self.table.read("read an erasure", erasure_of(customer), deadline).await
    }

    /// Deletes the key of `customer` as it was found: nothing that was encrypted with it can be read again. Records `erasure` in
    /// the same transaction, with its event. Returns false when the key has changed since it was found.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn erase(
        &self,
        customer: &CustomerId,
        found: Option<&StoredKey>,
        erasure: &impl Serialize,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "erase personal data";
        let erased = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(key_of(customer)));
        let erased = match found {
            Some(found) => erased
                .condition_expression(UNCHANGED)
                .expression_attribute_values(":found", text(found.data_key.as_str())),
            None => erased.condition_expression("attribute_not_exists(pk)"),
        };
        let erasure = self.table.item(DOING, erasure_of(customer), erasure)?;
        let erasure = Put::builder().table_name(&self.table.name).set_item(Some(erasure));
        let items = vec![delete(erased)?, put(erasure)?];
        transact_changes(&self.table.client, DOING, items, 1, deadline).await
    }

    async fn decrypt(&self, stored: StoredKey, customer: &CustomerId, deadline: Instant) -> Result<CustomerKey, Error> {
        let key = self.keys.decrypt(&stored.data_key, customer.as_str(), deadline).await?;
        Ok(stored.with(customer, key))
    }

    /// Creates the customer's key. If another request has just created one, that one is used.
    async fn create(&self, customer: &CustomerId, deadline: Instant) -> Result<CustomerKey, Error> {
        let (key, data_key) = self.keys.generate(customer.as_str(), deadline).await?;
        let stored = StoredKey { data_key };
        let items = vec![put(self.table.put_new(CREATING, key_of(customer), &stored)?)?];
        if transact_changes(&self.table.client, CREATING, items, 1, deadline).await? {
            return Ok(stored.with(customer, key));
        }
        let present = self.get(customer, deadline).await?;
        present.ok_or_else(|| Error::unavailable(CREATING, "the customer's key was erased meanwhile"))
    }
}

impl CustomerKey {
    /// The id of the key: see [`StoredKey::id`].
    pub fn id(&self) -> Uuid {
        self.stored.id()
    }

    /// Encrypts personal data of the customer.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn seal(&self, data: &impl Serialize) -> Result<SealedData, Error> {
        let data = serde_json::to_vec(data).map_err(|error| Error::internal("encrypt personal data", error))?;
        Ok(SealedData {
            key_id: self.stored.id(),
            data: self.key.encrypt(&Zeroizing::new(data), self.customer.as_str())?,
        })
    }

    /// Decrypts personal data of the customer. `None` if they were erased: an earlier key encrypted them.
    ///
    /// # Errors
    /// [`Error::Internal`] when they are of another customer or damaged.
    pub fn open<T: DeserializeOwned>(&self, sealed: &SealedData) -> Result<Option<T>, Error> {
        if sealed.key_id != self.stored.id() {
            return Ok(None);
        }
        let opened = self.key.decrypt(&sealed.data, self.customer.as_str())?;
        // The error could quote the data.
        let parsed = serde_json::from_slice(&opened)
            .map_err(|_| Error::internal("decrypt personal data", "the data have another form"));
        parsed.map(Some)
    }
}

fn erasure_of(customer: &CustomerId) -> Item {
    key(format!("{ERASURE}{}", customer.as_str()))
}

fn key_of(customer: &CustomerId) -> Item {
    key(format!("{KEY}{}", customer.as_str()))
}
