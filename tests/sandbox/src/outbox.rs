//! The outbox of webhooks, and each provider's headers.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::options::Provider;
use crate::state::State;
use crate::{sign, time};

/// A webhook, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The sender.
    pub provider: Provider,
    /// The path on the shop's server, such as `/webhooks/toss`.
    pub path: String,
    /// The headers, including signatures.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

impl Webhook {
    /// Returns the value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a webhook has a JSON body")
    }
}

/// The pending webhooks, and the number being delivered.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Webhook>,
    under_way: usize,
}

impl Outbox {
    /// Whether webhooks are pending.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns the number of webhooks neither accepted nor given up.
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.under_way
    }

    /// Adds a webhook.
    pub fn put(&mut self, webhook: Webhook) {
        self.waiting.push_back(webhook);
    }

    /// Takes all webhooks.
    pub fn drain(&mut self) -> Vec<Webhook> {
        self.waiting.drain(..).collect()
    }

    /// Takes all webhooks for delivery; [`Outbox::done`] ends each.
    pub fn take_for_delivery(&mut self) -> Vec<Webhook> {
        self.under_way += self.waiting.len();
        self.drain()
    }

    /// Records that a webhook was accepted or given up.
    pub fn done(&mut self) {
        self.under_way -= 1;
    }
}

impl State {
    /// Adds a webhook with this body.
    pub fn post(&mut self, provider: Provider, body: &Value) {
        let webhook = self.sign(provider, &body.to_string().into_bytes(), 1, None);
        self.outbox.put(webhook);
    }

    /// Returns the next attempt of a webhook, with a new time and signature.
    pub fn again(&mut self, webhook: &Webhook) -> Webhook {
        let id = webhook.header("webhook-id");
        self.sign(webhook.provider, &webhook.body, webhook.attempt + 1, id)
    }

    /// Creates a webhook in the format of Standard Webhooks.
    pub fn standard_webhook(&mut self, kind: &str, data: &Value) -> Webhook {
        let body = json!({ "type": kind, "timestamp": self.now().to_string(), "data": data });
        self.sign(Provider::Standard, &body.to_string().into_bytes(), 1, None)
    }

    fn sign(&mut self, provider: Provider, body: &[u8], attempt: u32, id: Option<&str>) -> Webhook {
        let now = self.now();
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let mut header = |name: &str, value: String| headers.push((name.to_owned(), value));
        let path = match provider {
            Provider::Toss => {
                header("tosspayments-webhook-transmission-time", time::with_offset(now));
                header(
                    "tosspayments-webhook-transmission-retried-count",
                    (attempt - 1).to_string(),
                );
                // A new id for each attempt, since Toss does not promise a stable one: a shop must not rely on it.
                header("tosspayments-webhook-transmission-id", self.id("whtrans_", 20));
                "/webhooks/toss"
            }
            Provider::Stripe => {
                let secrets = &self.options.stripe_webhook_secrets;
                header("stripe-signature", sign::stripe(secrets, now.as_second(), body));
                "/webhooks/stripe"
            }
            Provider::Standard => {
                let id = id.map_or_else(|| self.id("msg_", 24), str::to_owned);
                let secrets = &self.options.standard_webhook_secrets;
                headers.extend(sign::standard(secrets, &id, now.as_second(), body));
                "/webhooks/standard"
            }
            Provider::Kakaopay => unreachable!("KakaoPay has no webhooks"),
        };
        Webhook {
            provider,
            path: path.to_owned(),
            headers,
            body: body.to_vec(),
            attempt,
        }
    }
}
