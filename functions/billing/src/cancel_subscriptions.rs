//! Runs for each `PersonalDataErased`: cancels the customer's subscriptions at once. `charge-subscription` then deletes the
//! billing keys of their cards.
//!
//! Nobody can read the address of a later order, and the customer is gone. A subscription that is started more than a minute
//! after the erasure stays: its address can be read.
//!
//! The index of a customer's subscriptions lags behind the table, usually by less than a second, and a request that began before
//! the erasure can start a subscription after it. So the function looks a second time after [`INDEX_LAG`].

use std::time::Duration;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use jiff::SignedDuration;
use shared::Error;
use shared::accounts::PersonalDataErasure;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
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
    /// The time between the two looks.
    pub index_lag: Duration,
}

impl CancelSubscriptions {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::with_coupons(platform)?,
            policy: Policy::new(platform)?,
            index_lag: INDEX_LAG,
        })
    }
}

/// `PersonalDataErased`, as EventBridge delivers it.
pub type PersonalDataErased = EventBridgeEvent<Envelope<PersonalDataErasure>>;

/// How far the index can lag behind the table. An error would lead to a second look too, but it would raise the alarm
/// `FunctionErrors` for each erasure.
pub const INDEX_LAG: Duration = Duration::from_secs(15);
/// How long after an erasure a subscription can start by a request that began before it: the longest time of a request to the
/// API, and the difference of two clocks.
const OVERLAP: SignedDuration = SignedDuration::from_mins(1);
/// The subscriptions that are listed at a time.
const PAGE: u8 = 100;

/// Cancels the subscriptions that were started until the erasure or overlap it. One that cannot be cancelled does not stop the
/// others.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn handle(
    function: &CancelSubscriptions,
    event: PersonalDataErased,
    invocation: Invocation,
) -> Result<(), Error> {
    let erasure = event.detail.data;
    if let Err(error) = function.cancel_listed(&erasure, &invocation).await {
        // The second look repeats what has failed.
        tracing::warn!(causes = %Causes(&error), "the first look has failed");
    }
    tokio::time::sleep(function.index_lag).await;
    function.cancel_listed(&erasure, &invocation).await
}

impl CancelSubscriptions {
    /// Cancels the subscriptions that the index has.
    ///
    /// # Errors
    /// The last error.
    async fn cancel_listed(&self, erasure: &PersonalDataErasure, invocation: &Invocation) -> Result<(), Error> {
        let started = 0..=(erasure.erased_at + OVERLAP).as_millisecond().unsigned_abs();
        let (store, customer) = (&self.subscriptions, &erasure.customer_id);
        let (mut after, mut outcome) = (None, Ok(()));
        loop {
            let page = store
                .list_ids(customer, started.clone(), after, PAGE, invocation.deadline)
                .await?;
            for subscription_id in page.items {
                if let Err(error) = self.cancel(subscription_id, invocation).await {
                    tracing::error!(%subscription_id, causes = %Causes(&error), "subscription not cancelled");
                    outcome = Err(error);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return outcome,
            }
        }
    }

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
