//! Runs for each `BillingKeyDeleted`: asks the customer of the subscription that is charged by the key for a new card.
//!
//! Nothing proves the report. The key is charged all the same when it is due: the outcome of that charge counts.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::payments::BillingKeyDeletion;

use crate::event::BillingEvent;
use crate::store::{StoredSubscription, SubscriptionStore, SubscriptionWrite};
use crate::subscription::{Step, SubscriptionStatus};

/// Asks for new cards.
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

/// How often a subscription that another request changes at the same time is read again.
const ATTEMPTS: usize = 5;

/// The event of a deleted billing key, as the bus delivers it.
pub type BillingKeyDeleted = EventBridgeEvent<Envelope<BillingKeyDeletion>>;

/// Asks for a new card, once for each key.
///
/// # Errors
/// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
pub async fn handle(function: &RequestNewCard, event: BillingKeyDeleted, invocation: Invocation) -> Result<(), Error> {
    let key_id = event.detail.data.key_id;
    let subscriptions = &function.subscriptions;
    for _ in 0..ATTEMPTS {
        let owner = match subscriptions.find_by_key(key_id, invocation.deadline).await? {
            Some(id) => subscriptions.get(id, invocation.deadline).await?,
            None => None,
        };
        // We delete keys too: those of subscriptions that are over and of cards that were replaced.
        let is_charged = |stored: &StoredSubscription| stored.key.as_ref().is_some_and(|key| key.key_id == key_id);
        let Some(stored) = owner.filter(is_charged) else {
            return Ok(());
        };
        // A cancelled subscription may have a last charge under way; its customer needs no new card.
        if stored.subscription.status == SubscriptionStatus::Cancelled || stored.subscription.needs_card {
            return Ok(());
        }
        let asking = stored.subscription.after(Step::AskForCard, invocation.now)?;
        let event = invocation.record(&BillingEvent::SubscriptionChanged(asking.clone()))?;
        let next = stored.with_event(asking, event);
        let write = SubscriptionWrite::of(&next);
        if subscriptions.save(&write, invocation.deadline).await? {
            return Ok(());
        }
    }
    Err(Error::unavailable(
        "ask for a new card",
        "the subscription keeps changing",
    ))
}
