//! Helpers for payments, through the shop's API and the providers' pages.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_cloud::{Answer, Moved};
use serde_json::{Value, json};

use crate::{EVENT_DEADLINE, Shop, text};

impl Shop {
    /// Starts a payment of `order` at `provider`.
    ///
    /// # Errors
    /// If the API refuses.
    pub fn start(&self, token: &str, order: &Value, provider: &str) -> Result<Value> {
        let mut body = json!({ "provider": provider });
        if provider == "KAKAOPAY" {
            let page = |name: &str| format!("https://shop.example.com/{name}");
            body["return_urls"] =
                json!({ "approval": page("paid"), "cancel": page("basket"), "fail": page("not-paid") });
        }
        let path = format!("/orders/{}/payments", text(order, "order_id")?);
        let call = self.api.call("POST", &path).token(token);
        call.key(&self.unique("start")).json(&body).send()?.expect(201)
    }

    /// Confirms a payment of `order`; `proof` is the member and value that the provider's page returned.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn confirm(
        &self,
        token: &str,
        key: &str,
        order: &Value,
        provider: &str,
        proof: (&str, &str),
    ) -> Result<Answer> {
        let mut body = json!({ "provider": provider, "amount": order["totals"]["total"] });
        body[proof.0] = proof.1.into();
        let path = format!("/orders/{}/payments/confirm", text(order, "order_id")?);
        let call = self.api.call("POST", &path).token(token);
        call.key(key).json(&body).send()
    }

    /// Completes Toss's payment window for `order` and returns the payment key.
    ///
    /// # Errors
    /// If there is no sandbox.
    pub fn toss_key(&self, order: &Value) -> Result<String> {
        let amount = order["totals"]["total"]["amount"].as_i64().context("no total")?;
        self.sandbox()?
            .toss_authenticate(text(order, "order_id")?, amount, "KRW")
    }

    /// Places an order, pays it through Toss, and returns the order and the payment.
    ///
    /// # Errors
    /// If the payment fails.
    pub fn paid_order(&self, token: &str, sku: &str, quantity: i64) -> Result<(Value, Value)> {
        let order = self.order(token, &self.unique("key"), sku, quantity)?.expect(201)?;
        let proof = self.toss_key(&order)?;
        let confirmed = self.confirm(token, &self.unique("pay"), &order, "TOSS", ("payment_key", &proof))?;
        let payment = confirmed.expect(200)?;
        Ok((self.current_order(token, &order)?, payment))
    }

    /// Waits until the order has this status.
    ///
    /// # Errors
    /// The last order, after the deadline.
    pub fn order_until(&self, token: &str, order: &Value, status: &str, within: Duration) -> Result<Value> {
        self.until(
            within,
            || self.current_order(token, order),
            |order| order["status"] == status,
        )
    }

    /// Waits until the payment has this status.
    ///
    /// # Errors
    /// The last payment, after the deadline.
    pub fn payment_until(&self, payment: &Value, status: &str, within: Duration) -> Result<Value> {
        let path = format!("/payments/{}", text(payment, "payment_id")?);
        let ask = || self.get(&self.admin, &path);
        self.until(within, ask, |payment| payment["status"] == status)
    }

    /// Returns what the providers charged and refunded for `order`.
    ///
    /// # Errors
    /// If there is no sandbox.
    pub fn moved(&self, order: &Value) -> Result<Moved> {
        self.sandbox()?.moved(text(order, "order_id")?)
    }

    /// Waits until a webhook to `path` that contains `part` gets `status`.
    ///
    /// # Errors
    /// The responses so far, after the deadline.
    pub fn delivered(&self, path: &str, part: &str, status: u64) -> Result<()> {
        let deadline = Instant::now() + EVENT_DEADLINE;
        loop {
            let all = self.sandbox()?.deliveries()?.into_iter();
            let about_it = all.filter(|one| one.path == path && one.body.contains(part));
            let answers: Vec<Option<u64>> = about_it.map(|one| one.status).collect();
            if answers.contains(&Some(status)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("no webhook to {path} about {part} got {status}, but {answers:?}");
            }
            self.tap.events()?;
        }
    }
}
