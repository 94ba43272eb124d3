//! A queue brings commands to do what is due about subscriptions; it leaves their periods paid, once each, and the orders
//! of them on their way, or what came between: a decline to be retried, a delivery postponed, a subscription at its end.
//!
//! A command may come twice, late, or in any order: what is due is read from the subscription itself ([`ChargeService`]). One that
//! cannot be carried out comes again; when it never can, it ends in a queue with an alarm on it, and the schedule commands
//! it anew.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::charge_service::{ChargeService, Outcome};
use crate::invoice::order_id;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch;
use shared::aws::telemetry;
use shared::aws::telemetry::Unit;
use shared::core::id::SubscriptionPeriod;

/// The function's books and providers.
#[derive(Debug)]
pub struct ChargeSubscription {
    /// Subscriptions, stock, orders, payments, providers.
    pub service: ChargeService,
}

impl ChargeSubscription {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            service: ChargeService::new(platform)?,
        })
    }
}

/// How many commands came to what is counted.
#[derive(Debug, Default)]
struct Counts {
    paid: AtomicU32,
    declined: AtomicU32,
    postponed: AtomicU32,
    unknown: AtomicU32,
    hanging: AtomicU32,
}

/// Carries out a batch of commands, all at the same time.
///
/// # Errors
/// None of its own: what cannot be done now is reported to the queue.
pub async fn handle(
    function: &ChargeSubscription,
    batch: SqsEvent,
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
    fn record(&self, command: SubscriptionPeriod, outcome: Outcome) {
        let SubscriptionPeriod {
            subscription_id,
            period,
        } = command;
        tracing::info!(%subscription_id, period, ?outcome, "carried out");
        let counted = match outcome {
            Outcome::Paid => &self.paid,
            Outcome::Declined => &self.declined,
            Outcome::Postponed => &self.postponed,
            Outcome::Unknown => &self.unknown,
            Outcome::Hanging => {
                let order_id = order_id(command);
                tracing::error!(%subscription_id, period, %order_id, "an attempt to charge waits for a person");
                &self.hanging
            }
            Outcome::Nothing | Outcome::Returned | Outcome::Skipped | Outcome::Ended | Outcome::KeysDeleted => return,
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }
}
