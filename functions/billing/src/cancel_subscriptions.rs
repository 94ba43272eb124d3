//! Runs for each `PersonalDataErased`: cancels the customer's subscriptions at once. `charge-subscription` then deletes the
//! billing keys of their cards.
//!
//! Nobody can read the address of a later order, and the customer is gone. A subscription that was started after the erasure
//! stays: its address can be read.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use shared::Error;
use shared::accounts::PersonalDataErasure;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::core::id::SubscriptionId;

use crate::cancellation::cancelled;
use crate::store::{SubscriptionStore, SubscriptionWrite};
use crate::subscription::{Policy, SubscriptionStatus};

/// The function's store and settings.
#[derive(Debug)]
pub struct CancelSubscriptions {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// The shop's billing policy.
    pub policy: Policy,
}

impl CancelSubscriptions {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
            policy: Policy::new(platform)?,
        })
    }
}

/// `PersonalDataErased`, as EventBridge delivers it.
pub type PersonalDataErased = EventBridgeEvent<Envelope<PersonalDataErasure>>;

/// The subscriptions that are read at a time.
const PAGE: u8 = 100;

/// Cancels the subscriptions that were started until the erasure.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn handle(
    function: &CancelSubscriptions,
    event: PersonalDataErased,
    invocation: Invocation,
) -> Result<(), Error> {
    let erasure = event.detail.data;
    let started = 0..=erasure.erased_at.as_millisecond().unsigned_abs();
    let (store, deadline) = (&function.subscriptions, invocation.deadline);
    let mut after = None;
    loop {
        let page = store
            .list(&erasure.customer_id, started.clone(), after, PAGE, deadline)
            .await?;
        for subscription in page.subscriptions {
            if subscription.status != SubscriptionStatus::Cancelled {
                function.cancel(subscription.subscription_id, &invocation).await?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

impl CancelSubscriptions {
    async fn cancel(&self, id: SubscriptionId, invocation: &Invocation) -> Result<(), Error> {
        let mut attempts = Attempts::new("cancel a subscription");
        loop {
            attempts.start()?;
            let found = self.subscriptions.get_open(id, invocation.deadline).await?;
            let is_open = |status| status != SubscriptionStatus::Cancelled;
            let Some((stored, open)) = found.filter(|(stored, _)| is_open(stored.subscription.status)) else {
                return Ok(());
            };
            let ended = cancelled(&stored, open.as_ref(), &self.policy, invocation)?;
            let write = SubscriptionWrite::with(&ended.subscription, ended.invoice.as_ref());
            if self.subscriptions.save(&write, invocation.deadline).await? {
                return Ok(());
            }
        }
    }
}
