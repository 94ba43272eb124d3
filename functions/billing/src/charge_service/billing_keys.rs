//! Billing keys: issued and sealed, opened to be charged, and deleted at their provider when they are used no more.

use crate::charge_service::{ChargeService, Outcome};
use crate::charge_service::{DOING, WRITE_TIME};
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

/// The providers, and the keys to their customers' cards.
#[derive(Clone, Debug)]
pub struct BillingKeys {
    /// Who takes the money.
    pub providers: Providers,
    /// What closes and opens keys.
    pub encryption: EnvelopeEncryption,
}

impl BillingKeys {
    /// The keys on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            providers: Providers::new(platform)?,
            encryption: EnvelopeEncryption::new(platform.aws(), platform.variable("BILLING_KEY_ID")?, "subscription"),
        })
    }

    /// Exchanges what a customer agreed to for a billing key, sealed for their subscription. Asked again for the same
    /// authorization and `request_id`, it gets the same key; another authorization is another request to the provider,
    /// which would repeat what became of the first.
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

    /// The key to a subscription's card.
    pub(crate) async fn of(&self, stored: &StoredSubscription, invocation: &Invocation) -> Result<BillingKey, Error> {
        let key = stored.key.as_ref();
        let key = key.ok_or_else(|| Error::internal(DOING, "it has no billing key"))?;
        self.decrypt(stored, key, invocation).await
    }

    async fn decrypt(
        &self,
        stored: &StoredSubscription,
        key: &StoredKey,
        invocation: &Invocation,
    ) -> Result<BillingKey, Error> {
        // What was sealed for another subscription does not open.
        let id = stored.subscription.subscription_id.to_string();
        let secret = self.encryption.decrypt(&key.sealed, &id, invocation.deadline).await?;
        BillingKey::from_secret(&secret)
    }
}

impl ChargeService {
    /// Deletes the keys that are used no more at their providers; none when the subscription has changed meanwhile.
    ///
    /// An attempt under way keeps its key until it has come to its end.
    pub(crate) async fn delete_keys(
        &self,
        stored: &StoredSubscription,
        invoice: Option<&Invoice>,
        invocation: &Invocation,
    ) -> Result<Option<Outcome>, Error> {
        let is_charging = invoice.is_some_and(|invoice| invoice.status == InvoiceStatus::Charging);
        if stored.retired.is_empty() || is_charging {
            return Ok(Some(Outcome::Nothing));
        }
        for retired in &stored.retired {
            let key = self.keys.decrypt(stored, retired, invocation).await?;
            let provider = self.keys.providers.billing(retired.provider)?;
            provider.delete(&key, invocation.deadline_keeping(WRITE_TIME)).await?;
        }
        let forgotten = StoredSubscription {
            retired: vec![],
            ..stored.clone()
        };
        let unchanged = stored.subscription.clone();
        let next = forgotten.next(unchanged, invoice, None, &self.charges.policy, invocation.now);
        let write = SubscriptionWrite {
            deleted_keys: &stored.retired,
            ..SubscriptionWrite::of(&next)
        };
        Ok(self
            .charges
            .save(&write, invocation)
            .await?
            .then_some(Outcome::KeysDeleted))
    }
}
