//! Runs for each `BillingKeyDeleted`: marks the subscription that is charged by the billing key as needing a new card.
//!
//! The report is unverified, so the key is still charged when due: the outcome of that charge decides.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::payments::BillingKeyDeletion;

use crate::event::BillingEvent;
use crate::store::{StoredSubscription, SubscriptionStore, SubscriptionWrite};
use crate::subscription::{SubscriptionStatus, SubscriptionTransition};

/// The function's store.
#[derive(Debug)]
pub struct RequestNewCard {
    /// Subscriptions.
    pub subscriptions: SubscriptionStore,
}

impl RequestNewCard {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
        })
    }
}

/// `BillingKeyDeleted`, as EventBridge delivers it.
pub type BillingKeyDeleted = EventBridgeEvent<Envelope<BillingKeyDeletion>>;

/// Requests a new card, once for each billing key.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn handle(function: &RequestNewCard, event: BillingKeyDeleted, invocation: Invocation) -> Result<(), Error> {
    let key_id = event.detail.data.key_id;
    let subscriptions = &function.subscriptions;
    let mut attempts = Attempts::new("request a new card");
    loop {
        attempts.start()?;
        let owner = match subscriptions.find_by_key(key_id, invocation.deadline).await? {
            Some(id) => subscriptions.get(id, invocation.deadline).await?,
            None => None,
        };
        // `charge-subscription` deletes keys too: those of cancelled subscriptions and of replaced cards.
        let is_charged = |stored: &StoredSubscription| stored.key.as_ref().is_some_and(|key| key.key_id == key_id);
        let Some(stored) = owner.filter(is_charged) else {
            return Ok(());
        };
        // A cancelled subscription may have a last charge in progress, but needs no new card.
        if stored.subscription.status == SubscriptionStatus::Cancelled || stored.subscription.needs_card {
            return Ok(());
        }
        let changed = stored
            .subscription
            .transition(SubscriptionTransition::RequestCard, invocation.now)?;
        let event = invocation.record(&BillingEvent::SubscriptionChanged(changed.clone()))?;
        let next = stored.with_event(changed, event);
        let write = SubscriptionWrite::of(&next);
        if subscriptions.save(&write, invocation.deadline).await? {
            return Ok(());
        }
    }
}
