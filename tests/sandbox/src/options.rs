//! What a sandbox is started with: keys, clock, and where its webhooks go.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Who a call, a payment or a webhook belongs to.
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

/// How a sandbox is set up.
#[derive(Clone)]
pub struct Options {
    /// The port to serve at; 0 takes a free one.
    pub port: u16,
    /// The secret key for Toss Payments.
    pub toss_secret_key: String,
    /// The secret key for Stripe.
    pub stripe_secret_key: String,
    /// The secrets of Stripe's webhooks; each signs.
    pub stripe_webhook_secrets: Vec<String>,
    /// The secret key for KakaoPay.
    pub kakaopay_secret_key: String,
    /// The shop's id at KakaoPay for single payments; `TCSUBSCRIP` is known as well, for subscriptions.
    pub kakaopay_cid: String,
    /// The secrets of standard webhooks; each signs.
    pub standard_webhook_secrets: Vec<String>,
    /// Where webhooks are delivered, as `http://host:port`; without it they wait in the outbox.
    pub webhook_target: Option<String>,
    /// The minute of the schedule by which a webhook is delivered again.
    pub retry_unit: Duration,
    /// What every date and every signature goes by.
    pub clock: Clock,
    /// What ids are drawn from; a random seed by default.
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
        // The clock has nothing to show.
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
