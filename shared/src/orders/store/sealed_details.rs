//! Delivery details as stored: encrypted with the key of their customer.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::encryption::{CustomerKey, CustomerKeyStore, SealedData};
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::orders::DeliveryDetails;

/// [`DeliveryDetails`] as stored, encrypted with the key of their customer. A contact and an address are encrypted apart, so
/// that one can be replaced by who cannot read the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<SealedData>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shipping_address: Option<SealedData>,
}

/// Details that were just encrypted.
#[derive(Clone, Debug)]
pub struct FreshDetails {
    /// The details.
    pub details: SealedDetails,
    /// Checks in the transaction that saves the details that their key was not erased meanwhile.
    pub key_unchanged: TransactWriteItem,
}

impl SealedDetails {
    /// Encrypts the details of a request of `customer`. `None` if it has none; then no key is read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn seal(
        details: Option<&DeliveryDetails>,
        customer: &CustomerId,
        keys: &CustomerKeyStore,
        deadline: Instant,
    ) -> Result<Option<FreshDetails>, Error> {
        let Some(details) = details else {
            return Ok(None);
        };
        let key = keys.get_or_create(customer, deadline).await?;
        let address = details.shipping_address.as_ref();
        Ok(Some(FreshDetails {
            details: Self {
                contact: details.contact.as_ref().map(|contact| key.seal(contact)).transpose()?,
                shipping_address: address.map(|address| key.seal(address)).transpose()?,
            },
            key_unchanged: keys.unchanged(&key)?,
        }))
    }

    /// Decrypts the details with the customer's key. `None` if one of them was erased.
    ///
    /// # Errors
    /// [`Error::Internal`] when they are of another customer or damaged.
    pub fn open(&self, key: &CustomerKey) -> Result<Option<DeliveryDetails>, Error> {
        let contact = self.contact.as_ref().map(|sealed| key.open(sealed)).transpose()?;
        let shipping_address = self
            .shipping_address
            .as_ref()
            .map(|sealed| key.open(sealed))
            .transpose()?;
        if contact == Some(None) || shipping_address == Some(None) {
            return Ok(None);
        }
        Ok(Some(DeliveryDetails {
            contact: contact.flatten(),
            shipping_address: shipping_address.flatten(),
        }))
    }

    /// Whether the customer's data key with this id decrypts all of them. Otherwise one of them was erased.
    pub fn is_encrypted_with(&self, key_id: Uuid) -> bool {
        let parts = self.contact.iter().chain(&self.shipping_address);
        parts.into_iter().all(|part| part.is_encrypted_with(key_id))
    }

    /// The details with those that `newer` has in their place.
    #[must_use]
    pub fn replaced_by(self, newer: Self) -> Self {
        Self {
            contact: newer.contact.or(self.contact),
            shipping_address: newer.shipping_address.or(self.shipping_address),
        }
    }
}
