//! On commands from a queue: charges the due periods of subscriptions, once each, and creates their orders. Also
//! schedules retries after declines, postpones deliveries and ends subscriptions.
//!
//! Commands can be repeated, late and in any order: the due work is read from the subscription ([`ChargeService`]). SQS
//! delivers a failed command again and finally moves it to a dead-letter queue with an alarm. The schedule sends a new
//! command.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::charge_service::{ChargeOutcome, ChargeService};
use crate::invoice::order_id;
use aws_lambda_events::sqs::SqsBatchResponse;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::{self, Batch};
use shared::aws::telemetry::{self, Unit};
use shared::core::id::SubscriptionPeriod;

/// The function `charge-subscription`.
#[derive(Debug)]
pub struct ChargeSubscription {
    /// The charge service.
    pub service: ChargeService,
}

impl ChargeSubscription {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: ChargeService::new(platform)?,
        })
    }
}

/// The counts of command outcomes.
#[derive(Debug, Default)]
struct Counts {
    paid: AtomicU32,
    declined: AtomicU32,
    postponed: AtomicU32,
    unknown: AtomicU32,
    hanging: AtomicU32,
}

/// Executes a batch of commands concurrently.
///
/// # Errors
/// None. Failed commands are reported to the queue.
pub async fn handle(
    function: &ChargeSubscription,
    batch: Batch,
    invocation: Invocation,
) -> Result<SqsBatchResponse, Error> {
    let counts = &Counts::default();
    let invocation = &invocation;
    let response = batch::serve(batch, async |command: SubscriptionPeriod| {
        let outcome = function.service.carry_out(command, invocation).await?;
        counts.record(command, outcome);
        Ok(())
    });
    let response = response.await;
    let count = |counted: &AtomicU32| f64::from(counted.load(Ordering::Relaxed));
    telemetry::emit(
        "charge-subscription",
        invocation.now,
        &[
            ("Paid", Unit::Count, count(&counts.paid)),
            ("Declined", Unit::Count, count(&counts.declined)),
            ("Postponed", Unit::Count, count(&counts.postponed)),
            ("Unknown", Unit::Count, count(&counts.unknown)),
            ("Hanging", Unit::Count, count(&counts.hanging)),
        ],
    );
    Ok(response)
}

impl Counts {
    fn record(&self, command: SubscriptionPeriod, outcome: ChargeOutcome) {
        let SubscriptionPeriod {
            subscription_id,
            period,
        } = command;
        tracing::info!(%subscription_id, period, ?outcome, "command executed");
        let counted = match outcome {
            ChargeOutcome::Paid => &self.paid,
            ChargeOutcome::Declined => &self.declined,
            ChargeOutcome::Postponed => &self.postponed,
            ChargeOutcome::Unknown => &self.unknown,
            ChargeOutcome::NeedsReview => {
                let order_id = order_id(command);
                tracing::error!(%subscription_id, period, %order_id, "a charge attempt needs a review");
                &self.hanging
            }
            ChargeOutcome::Nothing
            | ChargeOutcome::Refunded
            | ChargeOutcome::Skipped
            | ChargeOutcome::Ended
            | ChargeOutcome::KeysDeleted => return,
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }
}
