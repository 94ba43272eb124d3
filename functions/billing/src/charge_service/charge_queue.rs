//! Commands to do what is due about a subscription, on the queue that `charge-subscription` works through.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::StoredSubscription;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::queue::Queue;
use shared::core::error::Error;
use shared::core::id::SubscriptionPeriod;

/// How long a customer waits for a command to be sent.
const SEND_LIMIT: Duration = Duration::from_secs(2);

/// The queue of commands. One that is sent twice, late or in vain does no harm.
#[derive(Clone, Debug)]
pub struct ChargeQueue(Queue);

impl ChargeQueue {
    /// Over the queue that the variable `CHARGES_URL` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self(Queue::new(platform.aws(), platform.variable("CHARGES_URL")?)))
    }

    /// Sends at most [`MAX_MESSAGES`](shared::aws::queue::MAX_MESSAGES) commands. For each, whether the queue has taken it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a command cannot be written as JSON.
    pub async fn send(&self, periods: &[SubscriptionPeriod], invocation: &Invocation) -> Result<Vec<bool>, Error> {
        let messages = periods.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
        let messages = messages.map_err(|error| Error::internal("write a command", error))?;
        Ok(self.0.send(&messages, invocation.deadline).await)
    }

    /// Sends the command of a subscription about which something is to be done at once, so that nobody waits for the
    /// schedule. When that does not succeed, the schedule does it.
    pub async fn send_if_due(&self, stored: &StoredSubscription, invocation: &Invocation) {
        if stored.due_at.is_none_or(|at| at > invocation.now) {
            return;
        }
        let brief = Invocation {
            deadline: invocation.deadline.min(Instant::now() + SEND_LIMIT),
            ..invocation.clone()
        };
        let sent = self.send(&[command_of(stored)], &brief).await;
        if !sent.is_ok_and(|accepted| accepted == [true]) {
            tracing::warn!("a command is left to the schedule");
        }
    }
}

/// The command of a subscription as it stands.
pub fn command_of(stored: &StoredSubscription) -> SubscriptionPeriod {
    SubscriptionPeriod {
        subscription_id: stored.subscription.subscription_id,
        period: stored.subscription.period(),
    }
}
