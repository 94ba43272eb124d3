//! Billing keys: issues and encrypts them, decrypts them for charges, and deletes unused ones at their provider.

use crate::charge_service::{ChargeOutcome, ChargeService, DOING, WRITE_TIME};
use crate::invoice::{Invoice, InvoiceStatus};
use crate::store::{StoredKey, StoredSubscription, SubscriptionWrite};
use shared::aws::Platform;
use shared::aws::encryption::EnvelopeEncryption;
use shared::aws::lambda::Invocation;
use shared::core::error::Error;
use shared::core::id::SubscriptionId;
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;
use shared::payments::provider::{Authorization, BillingKey, Card, Providers};

/// Issues and decrypts billing keys.
#[derive(Clone, Debug)]
pub struct BillingKeys {
    /// The payment providers.
    pub providers: Providers,
    /// The encryption of stored keys.
    pub encryption: EnvelopeEncryption,
}

impl BillingKeys {
    /// Creates the keys' service.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            providers: Providers::new(platform)?,
            encryption: EnvelopeEncryption::new(platform.aws(), platform.variable("DATA_KEY_ID")?, "subscription"),
        })
    }

    /// Exchanges a customer's authorization for a billing key, encrypted for the subscription. Idempotent for the same
    /// authorization and `request_id`. Another authorization is a different request to the provider, which would
    /// otherwise repeat its response to the first.
    ///
    /// # Errors
    /// `payment-refused`, `provider-not-configured`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn issue(
        &self,
        authorization: &Authorization,
        request_id: &str,
        subscription_id: SubscriptionId,
        customer: &CustomerId,
        invocation: &Invocation,
    ) -> Result<(StoredKey, Card), Error> {
        let provider = authorization.provider();
        let api = self.providers.billing(provider)?;
        let deadline = invocation.deadline_keeping(WRITE_TIME);
        let authorization_json = serde_json::to_string(authorization).map_err(|error| Error::internal(DOING, error))?;
        let request_id = derive_id(&["issue", request_id, &authorization_json]).to_string();
        let issued = api.issue(authorization, customer, &request_id, deadline).await?;
        let secret = issued.key.to_secret()?;
        let sealed = self
            .encryption
            .encrypt(&secret, &subscription_id.to_string(), invocation.deadline)
            .await?;
        let key = StoredKey {
            provider,
            key_id: issued.key.id(provider),
            sealed,
        };
        Ok((key, issued.card))
    }

    /// Decrypts a subscription's billing key.
    pub(crate) async fn of(&self, stored: &StoredSubscription, invocation: &Invocation) -> Result<BillingKey, Error> {
        let key = stored.key.as_ref();
        let key = key.ok_or_else(|| Error::internal(DOING, "the subscription has no billing key"))?;
        self.decrypt(stored, key, invocation).await
    }

    async fn decrypt(
        &self,
        stored: &StoredSubscription,
        key: &StoredKey,
        invocation: &Invocation,
    ) -> Result<BillingKey, Error> {
        // A key that was encrypted for another subscription cannot be decrypted.
        let id = stored.subscription.subscription_id.to_string();
        let secret = self.encryption.decrypt(&key.sealed, &id, invocation.deadline).await?;
        BillingKey::from_secret(&secret)
    }
}

/// The most keys that are deleted in one step: each takes a call to its provider and a write of the transaction, which has
/// at most 100.
const MAX_DELETED_KEYS: usize = 10;

impl ChargeService {
    /// Deletes the oldest of a subscription's retired keys at their providers. `None` when the subscription has changed
    /// meanwhile.
    ///
    /// An attempt in progress keeps its key until it ends.
    pub(crate) async fn delete_keys(
        &self,
        stored: &StoredSubscription,
        invoice: Option<&Invoice>,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
        let is_charging = invoice.is_some_and(|invoice| invoice.status == InvoiceStatus::Charging);
        if stored.retired.is_empty() || is_charging {
            return Ok(Some(ChargeOutcome::Nothing));
        }
        let (deleted, left) = stored.retired.split_at(stored.retired.len().min(MAX_DELETED_KEYS));
        for retired in deleted {
            let key = self.keys.decrypt(stored, retired, invocation).await?;
            let provider = self.keys.providers.billing(retired.provider)?;
            provider.delete(&key, invocation.deadline_keeping(WRITE_TIME)).await?;
        }
        let without_retired = StoredSubscription {
            retired: left.to_vec(),
            ..stored.clone()
        };
        let unchanged = stored.subscription.clone();
        let next = without_retired.next(unchanged, invoice, None, &self.charges.policy, invocation.now);
        let write = SubscriptionWrite {
            deleted_keys: deleted,
            ..SubscriptionWrite::of(&next)
        };
        Ok(self
            .charges
            .save(&write, invocation)
            .await?
            .then_some(ChargeOutcome::KeysDeleted))
    }
}
