//! How a shopper pays: through the shop's API, and at the provider's page.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_cloud::{Answer, Moved};
use serde_json::{Value, json};

use crate::{SOON, Shop, text};

impl Shop {
    /// Prepares a payment of `order` at `provider`.
    ///
    /// # Errors
    /// When the API refuses.
    pub fn start(&self, token: &str, order: &Value, provider: &str) -> Result<Value> {
        let mut body = json!({ "provider": provider, "order_id": order["order_id"] });
        if provider == "kakaopay" {
            let page = |name: &str| format!("https://shop.example.com/{name}");
            body["return_urls"] =
                json!({ "approval": page("paid"), "cancel": page("basket"), "fail": page("not-paid") });
        }
        let call = self.api.call("POST", "/payments").token(token);
        call.key(&self.unique("start")).json(&body).send()?.expect(201)
    }

    /// Confirms a payment of `order` with what the provider's page gave: `proof` is its member and value.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn confirm(
        &self,
        token: &str,
        key: &str,
        order: &Value,
        provider: &str,
        proof: (&str, &str),
    ) -> Result<Answer> {
        let mut body = json!({ "provider": provider, "order_id": order["order_id"], "amount": order["total"] });
        body[proof.0] = proof.1.into();
        let call = self.api.call("POST", "/payments/confirm").token(token);
        call.key(key).json(&body).send()
    }

    /// Has a shopper go through Toss's payment window for `order`, and answers the payment key.
    ///
    /// # Errors
    /// When there is no sandbox.
    pub fn toss_key(&self, order: &Value) -> Result<String> {
        let amount = order["total"]["amount"].as_i64().context("no total")?;
        self.sandbox()?
            .toss_authenticate(text(order, "order_id")?, amount, "KRW")
    }

    /// An order that is paid through Toss, and its payment.
    ///
    /// # Errors
    /// When it is not taken.
    pub fn paid_order(&self, token: &str, sku: &str, quantity: i64) -> Result<(Value, Value)> {
        let order = self.order(token, &self.unique("key"), sku, quantity)?.expect(201)?;
        let proof = self.toss_key(&order)?;
        let confirmed = self.confirm(token, &self.unique("pay"), &order, "toss", ("payment_key", &proof))?;
        let payment = confirmed.expect(200)?;
        Ok((self.order_again(token, &order)?, payment))
    }

    /// Waits until the order stands so.
    ///
    /// # Errors
    /// With the order, when the time is over.
    pub fn order_until(&self, token: &str, order: &Value, status: &str, within: Duration) -> Result<Value> {
        self.until(
            within,
            || self.order_again(token, order),
            |order| order["status"] == status,
        )
    }

    /// Waits until the payment stands so.
    ///
    /// # Errors
    /// With the payment, when the time is over.
    pub fn payment_until(&self, payment: &Value, status: &str, within: Duration) -> Result<Value> {
        let path = format!("/payments/{}", text(payment, "payment_id")?);
        let ask = || self.get(&self.admin, &path);
        self.until(within, ask, |payment| payment["status"] == status)
    }

    /// What the providers took and gave back for `order`.
    ///
    /// # Errors
    /// When there is no sandbox.
    pub fn moved(&self, order: &Value) -> Result<Moved> {
        self.sandbox()?.moved(text(order, "order_id")?)
    }

    /// Waits until a message to `path` with `part` in it was answered with `status`.
    ///
    /// # Errors
    /// With the answers that were given, when it was not.
    pub fn delivered(&self, path: &str, part: &str, status: u64) -> Result<()> {
        let deadline = Instant::now() + SOON;
        loop {
            let all = self.sandbox()?.deliveries()?.into_iter();
            let about_it = all.filter(|one| one.path == path && one.body.contains(part));
            let answers: Vec<Option<u64>> = about_it.map(|one| one.status).collect();
            if answers.contains(&Some(status)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("no message to {path} about {part} was answered with {status}, but {answers:?}");
            }
            self.tap.events()?;
        }
    }
}
