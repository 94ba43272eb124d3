//! The queue of commands for `charge-subscription`.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::StoredSubscription;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::queue::Queue;
use shared::core::error::Error;
use shared::core::id::SubscriptionPeriod;

/// The time limit for sending a command during a customer's request.
const SEND_LIMIT: Duration = Duration::from_secs(2);

/// The queue of commands. A repeated or late command has no effect.
#[derive(Clone, Debug)]
pub struct ChargeQueue(Queue);

impl ChargeQueue {
    /// Creates the queue of the environment variable `CHARGES_URL`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self(Queue::new(platform.aws(), platform.variable("CHARGES_URL")?)))
    }

    /// Sends at most [`MAX_MESSAGES`](shared::aws::queue::MAX_MESSAGES) commands. Returns for each whether the
    /// queue accepted it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a command cannot be serialized.
    pub async fn send(&self, periods: &[SubscriptionPeriod], invocation: &Invocation) -> Result<Vec<bool>, Error> {
        let messages = periods.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
        let messages = messages.map_err(|error| Error::internal("serialize a command", error))?;
        Ok(self.0.send(&messages, invocation.deadline).await)
    }

    /// Sends a subscription's command if work is due now, so that the customer does not wait for the schedule. If
    /// sending fails, the schedule sends it.
    pub async fn send_if_due(&self, stored: &StoredSubscription, invocation: &Invocation) {
        if stored.due_at.is_none_or(|at| at > invocation.now) {
            return;
        }
        let limited = Invocation {
            deadline: invocation.deadline.min(Instant::now() + SEND_LIMIT),
            ..invocation.clone()
        };
        let sent = self.send(&[command_of(stored)], &limited).await;
        if !sent.is_ok_and(|accepted| accepted == [true]) {
            tracing::warn!("sending a command failed; the schedule will send it");
        }
    }
}

/// The command for a subscription's current period.
pub fn command_of(stored: &StoredSubscription) -> SubscriptionPeriod {
    SubscriptionPeriod {
        subscription_id: stored.subscription.subscription_id,
        period: stored.subscription.period(),
    }
}
