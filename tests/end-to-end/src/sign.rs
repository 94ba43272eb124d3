//! Signs webhooks with the providers' own Python libraries.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use local_cloud::Answer;
use serde_json::Value;

use crate::{Shop, text};

/// Prints the value of `Stripe-Signature` for the standard input.
const STRIPE: &str = "\
import sys, stripe
secret, timestamp = sys.argv[1:]
body = sys.stdin.buffer.read().decode()
print(stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=int(timestamp)))
";

/// Prints the value of `webhook-signature` for the standard input.
const STANDARD: &str = "\
import datetime, sys, standardwebhooks
secret, message, timestamp = sys.argv[1:]
body = sys.stdin.buffer.read().decode()
when = datetime.datetime.fromtimestamp(int(timestamp), datetime.timezone.utc)
print(standardwebhooks.Webhook(secret).sign(message, when, body))
";

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Stripe.
    Stripe,
    /// Any other, as Standard Webhooks says.
    Standard,
}

impl Scheme {
    /// Both schemes.
    pub const ALL: [Self; 2] = [Self::Stripe, Self::Standard];

    /// Returns the last part of the webhook's path, which is also the secret's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Standard => "standard",
        }
    }
}

/// The headers of a webhook.
pub type Headers = Vec<(&'static str, String)>;

impl Shop {
    /// Returns the webhook secret of `scheme` that the shop uses.
    ///
    /// # Errors
    /// If there is no sandbox.
    pub fn webhook_secret(&self, scheme: Scheme) -> Result<String> {
        let credentials = self.sandbox()?.credentials()?;
        let secret = credentials[scheme.name()]["webhook_secrets"][0].as_str();
        secret.map(str::to_owned).context("no webhook secret")
    }

    /// Returns the headers of `body`, signed with `secret` this many seconds ago.
    ///
    /// # Errors
    /// If the library fails.
    pub fn sign(&self, scheme: Scheme, secret: &str, ago: u64, body: &[u8]) -> Result<Headers> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let timestamp = (now - ago).to_string();
        match scheme {
            Scheme::Stripe => {
                let signature = self.stack.python(STRIPE, &[secret, &timestamp], body)?;
                Ok(vec![("stripe-signature", signature.trim().to_owned())])
            }
            Scheme::Standard => {
                let id = self.unique("msg");
                let signature = self.stack.python(STANDARD, &[secret, &id, &timestamp], body)?;
                Ok(vec![
                    ("webhook-id", id),
                    ("webhook-timestamp", timestamp),
                    ("webhook-signature", signature.trim().to_owned()),
                ])
            }
        }
    }

    /// Sends a webhook with exactly these bytes.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn send(&self, scheme: Scheme, headers: &Headers, body: &[u8]) -> Result<Answer> {
        let mut call = self.api.call("POST", &format!("/webhooks/{}", scheme.name()));
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let call = call.header("content-type", "application/json; charset=utf-8");
        call.body(body).send()
    }
}

/// Returns the body of a webhook that reports the payment of `order` as succeeded.
///
/// It has white space, line ends and characters that a JSON library would write differently.
///
/// # Errors
/// If `order` is not an order.
pub fn succeeded(scheme: Scheme, reference: &str, order: &Value) -> Result<Vec<u8>> {
    let (id, amount) = (text(order, "order_id")?, &order["totals"]["total"]["amount"]);
    let odd = "\"note\" :\t\"caf\u{e9} \u{2028}\u{feff} \u{b9c8}\u{b2f9} \u{1f375} \\u0000 \\/ <&>\"";
    let body = match scheme {
        Scheme::Stripe => format!(
            "{{ \"id\":\"evt_{reference}\",\"object\":\"event\", {odd},\r\n \"type\" : \"payment_intent.succeeded\", \
             \"data\":{{\"object\":{{\"id\":\"{reference}\",\"object\":\"payment_intent\",\"amount\":{amount}, \
             \"amount_received\":{amount},\"currency\":\"krw\",\"status\":\"succeeded\",\"latest_charge\":null, \
             \"metadata\":{{\"order_id\":\"{id}\"}}}}}}}}\r\n"
        ),
        Scheme::Standard => format!(
            "{{ \"type\" : \"payment.succeeded\",\"timestamp\":\"2025-03-21T09:20:00Z\", {odd},\r\n \"data\":\
             {{\"order_id\":\"{id}\",\"reference\":\"{reference}\", \
             \"amount\":{{\"amount\":{amount},\"currency\":\"KRW\"}}}}}}\r\n"
        ),
    };
    Ok(body.into_bytes())
}
