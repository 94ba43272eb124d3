//! Webhooks: how each provider dresses them, and where they wait.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::options::Provider;
use crate::state::State;
use crate::{sign, time};

/// A webhook, as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Who sends it.
    pub provider: Provider,
    /// Where to, below the shop's address: `/webhooks/toss`.
    pub path: String,
    /// Its headers, signatures among them.
    pub headers: Vec<(String, String)>,
    /// Its body, to the byte.
    pub body: Vec<u8>,
    /// Which try this is, from 1.
    pub attempt: u32,
}

impl Webhook {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a webhook has a JSON body")
    }
}

/// The webhooks that wait, and how many are under way.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Webhook>,
    under_way: usize,
}

impl Outbox {
    /// Whether any waits.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many have been neither taken nor given up.
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.under_way
    }

    /// Puts one in.
    pub fn put(&mut self, webhook: Webhook) {
        self.waiting.push_back(webhook);
    }

    /// Takes all out.
    pub fn drain(&mut self) -> Vec<Webhook> {
        self.waiting.drain(..).collect()
    }

    /// Takes all out for delivery; each ends in [`Outbox::done`].
    pub fn set_out(&mut self) -> Vec<Webhook> {
        self.under_way += self.waiting.len();
        self.drain()
    }

    /// One was taken or given up.
    pub fn done(&mut self) {
        self.under_way -= 1;
    }
}

impl State {
    /// Something happened that the shop is told of.
    pub fn post(&mut self, provider: Provider, body: &Value) {
        let webhook = self.dress(provider, &body.to_string().into_bytes(), 1, None);
        self.outbox.put(webhook);
    }

    /// The next try of a webhook: sent now, counted, and signed anew.
    pub fn again(&mut self, webhook: &Webhook) -> Webhook {
        let id = webhook.header("webhook-id");
        self.dress(webhook.provider, &webhook.body, webhook.attempt + 1, id)
    }

    /// A webhook by the open standard.
    pub fn standard_webhook(&mut self, kind: &str, data: &Value) -> Webhook {
        let body = json!({ "type": kind, "timestamp": self.now().to_string(), "data": data });
        self.dress(Provider::Standard, &body.to_string().into_bytes(), 1, None)
    }

    fn dress(&mut self, provider: Provider, body: &[u8], attempt: u32, id: Option<&str>) -> Webhook {
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
                // A new id for each try, for nobody says that it stays: a shop must not rely on it.
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
