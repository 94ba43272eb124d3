//! Control methods of a sandbox: ledger, faults, webhooks.

use jiff::Timestamp;
use serde_json::Value;

use crate::delivery::Delivery;
use crate::fault::Fault;
use crate::ledger::Entry;
use crate::options::{Options, Provider};
use crate::outbox::Webhook;
use crate::sandbox::Sandbox;
use crate::sign;

impl Sandbox {
    /// Returns the current options.
    pub fn options(&self) -> Options {
        self.shared.with(|state| state.options.clone())
    }

    /// Returns the time of the sandbox's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.with(|state| state.now())
    }

    /// Returns what was charged and refunded for each payment.
    pub fn ledger(&self) -> Vec<Entry> {
        self.shared.with(|state| state.ledger.entries())
    }

    /// Plans `fault` for the next call of `operation` (see [`crate::OPERATIONS`]), after those planned before.
    #[track_caller]
    pub fn plan(&self, provider: Provider, operation: &str, fault: Fault) {
        self.run(|state| state.faults.plan(provider, operation, fault));
    }

    /// Fails this many calls of 1,000 at random; the same seed draws the same faults for the same calls.
    pub fn set_random_faults(&self, seed: u64, per_mille: u32) {
        self.shared.with(|state| state.faults.at_random(seed, per_mille));
    }

    /// Takes the pending webhooks from the outbox.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.with(|state| {
            crate::toss::expire(state);
            state.outbox.drain()
        })
    }

    /// Returns the next attempt of a webhook, with a new time and signature.
    #[must_use]
    pub fn again(&self, webhook: &Webhook) -> Webhook {
        self.shared.with(|state| state.again(webhook))
    }

    /// Creates a webhook in the format of Standard Webhooks; it is returned, not delivered.
    #[must_use]
    pub fn standard_webhook(&self, kind: &str, data: &Value) -> Webhook {
        self.shared.with(|state| state.standard_webhook(kind, data))
    }

    /// Sets the address that webhooks are delivered to, pending ones first; `None` keeps them in the outbox.
    pub fn set_webhook_target(&self, target: Option<&str>) {
        self.shared
            .with(|state| state.options.webhook_target = target.map(str::to_owned));
    }

    /// Sets the secrets that sign Stripe's webhooks.
    pub fn set_stripe_webhook_secrets(&self, secrets: Vec<String>) {
        self.shared.with(|state| state.options.stripe_webhook_secrets = secrets);
    }

    /// Returns all delivery attempts, in the order of their responses.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.with(|state| state.deliveries.clone())
    }

    /// Waits until each webhook is accepted or given up. Returns at once without a target, since nothing is delivered.
    pub async fn settled(&self) {
        loop {
            let settled = self.shared.settled.notified();
            let done =
                |state: &mut crate::state::State| state.options.webhook_target.is_none() || state.outbox.pending() == 0;
            if self.shared.with(done) {
                return;
            }
            settled.await;
        }
    }

    /// Returns the value of `Stripe-Signature` for a body sent at this second.
    pub fn sign_stripe(&self, timestamp: i64, body: &[u8]) -> String {
        sign::stripe(&self.options().stripe_webhook_secrets, timestamp, body)
    }

    /// Returns the headers of a standard webhook for a body sent at this second.
    pub fn sign_standard(&self, id: &str, timestamp: i64, body: &[u8]) -> Vec<(String, String)> {
        sign::standard(&self.options().standard_webhook_secrets, id, timestamp, body)
    }
}
