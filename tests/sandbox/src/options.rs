//! Options of a sandbox: keys, clock, and webhook target.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A function that returns the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Toss Payments.
    Toss,
    /// Stripe.
    Stripe,
    /// KakaoPay.
    Kakaopay,
    /// Any sender of Standard Webhooks; it has webhooks only.
    Standard,
}

/// The options.
#[derive(Clone)]
pub struct Options {
    /// The port to serve at; 0 means any free port.
    pub port: u16,
    /// Secret key of Toss Payments.
    pub toss_secret_key: String,
    /// Secret key of Stripe.
    pub stripe_secret_key: String,
    /// Secrets of Stripe's webhooks; each adds a signature.
    pub stripe_webhook_secrets: Vec<String>,
    /// Secret key of KakaoPay.
    pub kakaopay_secret_key: String,
    /// The shop's KakaoPay merchant id for single payments; `TCSUBSCRIP` is accepted for subscriptions.
    pub kakaopay_cid: String,
    /// Secrets of standard webhooks; each adds a signature.
    pub standard_webhook_secrets: Vec<String>,
    /// The address to deliver webhooks to, as `http://host:port`; without it they stay in the outbox.
    pub webhook_target: Option<String>,
    /// The length of a minute in the schedule of webhook retries.
    pub retry_unit: Duration,
    /// The clock of all dates and signatures.
    pub clock: Clock,
    /// The seed of ids; random by default.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            toss_secret_key: "test_sk_sandbox".to_owned(),
            stripe_secret_key: "sk_test_sandbox".to_owned(),
            stripe_webhook_secrets: vec!["whsec_stripe_sandbox".to_owned()],
            kakaopay_secret_key: "DEV_sandbox".to_owned(),
            kakaopay_cid: "TC0ONETIME".to_owned(),
            standard_webhook_secrets: vec![format!("whsec_{}", STANDARD.encode(b"sandbox-standard-webhook"))],
            webhook_target: None,
            retry_unit: Duration::from_secs(60),
            clock: Arc::new(Timestamp::now),
            seed: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A clock has no useful debug output.
        to.debug_struct("Options")
            .field("port", &self.port)
            .field("toss_secret_key", &self.toss_secret_key)
            .field("stripe_secret_key", &self.stripe_secret_key)
            .field("stripe_webhook_secrets", &self.stripe_webhook_secrets)
            .field("kakaopay_secret_key", &self.kakaopay_secret_key)
            .field("kakaopay_cid", &self.kakaopay_cid)
            .field("standard_webhook_secrets", &self.standard_webhook_secrets)
            .field("webhook_target", &self.webhook_target)
            .field("retry_unit", &self.retry_unit)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
