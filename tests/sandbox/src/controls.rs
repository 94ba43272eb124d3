//! What the owner of a sandbox sees and orders: ledger, faults, webhooks.

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
    /// What it was started with, and what has been changed since.
    pub fn options(&self) -> Options {
        self.shared.with(|state| state.options.clone())
    }

    /// The time by its clock.
    pub fn now(&self) -> Timestamp {
        self.shared.with(|state| state.now())
    }

    /// What was moved for each payment.
    pub fn ledger(&self) -> Vec<Entry> {
        self.shared.with(|state| state.ledger.entries())
    }

    /// The next call of `operation` (one of [`crate::OPERATIONS`]), after those planned before, meets `fault`.
    #[track_caller]
    pub fn plan(&self, provider: Provider, operation: &str, fault: Fault) {
        self.ask(|state| state.faults.plan(provider, operation, fault));
    }

    /// From now on this many calls of 1,000 go wrong; the same seed draws the same faults for the same calls.
    pub fn set_random_faults(&self, seed: u64, per_mille: u32) {
        self.shared.with(|state| state.faults.at_random(seed, per_mille));
    }

    /// The webhooks that wait in the outbox, taken out of it.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.with(|state| {
            crate::toss::lapse(state);
            state.outbox.drain()
        })
    }

    /// The next try of a webhook: sent now, counted, and signed anew.
    #[must_use]
    pub fn again(&self, webhook: &Webhook) -> Webhook {
        self.shared.with(|state| state.again(webhook))
    }

    /// A webhook by the open standard; it is handed out, not delivered.
    #[must_use]
    pub fn standard_webhook(&self, kind: &str, data: &Value) -> Webhook {
        self.shared.with(|state| state.standard_webhook(kind, data))
    }

    /// From now on webhooks are delivered to this address, those that wait first; `None` makes them wait again.
    pub fn set_webhook_target(&self, target: Option<&str>) {
        self.shared
            .with(|state| state.options.webhook_target = target.map(str::to_owned));
    }

    /// From now on Stripe's webhooks are signed with each of these.
    pub fn set_stripe_webhook_secrets(&self, secrets: Vec<String>) {
        self.shared.with(|state| state.options.stripe_webhook_secrets = secrets);
    }

    /// Each try of a delivery, in order of the answers.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.with(|state| state.deliveries.clone())
    }

    /// Waits until each webhook was taken or given up. Without a target none ever is, and it does not wait.
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

    /// The value of `Stripe-Signature` for a body sent at this second.
    pub fn sign_stripe(&self, timestamp: i64, body: &[u8]) -> String {
        sign::stripe(&self.options().stripe_webhook_secrets, timestamp, body)
    }

    /// The headers of a standard webhook for a body sent at this second.
    pub fn sign_standard(&self, id: &str, timestamp: i64, body: &[u8]) -> Vec<(String, String)> {
        sign::standard(&self.options().standard_webhook_secrets, id, timestamp, body)
    }
}
