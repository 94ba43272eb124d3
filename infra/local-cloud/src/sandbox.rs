//! The payment sandbox: its process, and a client of its control API.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::Api;
use crate::environment;
use crate::interrupt;
use crate::process::{self, Group};
use crate::stack::Stack;
use crate::workspace::Run;

const READY_TIMEOUT: Duration = Duration::from_secs(20);
const LISTENING: &str = "listening on ";

/// The providers, and the template parameter with the URL of each.
const PARAMETERS: [(&str, &str); 3] = [
    ("toss", "TossUrl"),
    ("stripe", "StripeUrl"),
    ("kakaopay", "KakaoPayUrl"),
];

/// A running sandbox. Dropping it ends it.
pub(crate) struct Process {
    pub(crate) sandbox: Sandbox,
    group: Group,
    /// The sandbox exits when this pipe closes, even after a `kill -9` of this process.
    stdin: Option<ChildStdin>,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.group.wait(Duration::from_secs(1));
    }
}

impl Process {
    /// Starts `binary` and waits until it prints its URL.
    pub(crate) fn start(binary: &Path, run: &Run) -> Result<Self> {
        let log = run.log("sandbox");
        let file = File::create(&log)?;
        let mut command = Command::new(binary);
        environment::isolate(&mut command, &run.temporary())
            .args(["--port", "0", "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file);
        let mut group = Group::spawn(&mut command).context("cannot start the payment sandbox")?;
        let stdin = group.child.stdin.take();
        let deadline = Instant::now() + READY_TIMEOUT;
        loop {
            interrupt::check()?;
            let output = fs::read_to_string(&log).unwrap_or_default();
            // The line may not be complete yet.
            if let Some((line, _)) = output.split_once('\n')
                && let Some(url) = line.strip_prefix(LISTENING)
            {
                let sandbox = Sandbox::at(url);
                return Ok(Self { sandbox, group, stdin });
            }
            if group.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("the payment sandbox did not start\n{}", process::tail(&log));
            }
            std::thread::sleep(process::POLL);
        }
    }
}

/// Charges and refunds of an order, in the providers' ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Total charged amount.
    pub charged: i64,
    /// Number of charges.
    pub charges: u64,
    /// Total refunded amount.
    pub refunded: i64,
    /// Number of refunds.
    pub refunds: u64,
}

/// An attempt to deliver a webhook, and the shop's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The path, such as `/webhooks/toss`.
    pub path: String,
    /// The status of the answer. `None` if there was no answer.
    pub status: Option<u64>,
    /// The request body.
    pub body: String,
}

/// A client of a sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    control: Api,
    /// The sandbox's URL, without a trailing slash.
    pub url: String,
}

impl Sandbox {
    /// A client of the sandbox at `url`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let url = url.trim_end_matches('/');
        Self {
            control: Api::at(&format!("{url}/control")),
            url: url.to_owned(),
        }
    }

    /// The template parameters of a stack that pays at this sandbox.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let at = |(provider, parameter)| (parameter, format!("{}/{provider}", self.url));
        PARAMETERS.into_iter().map(at).collect()
    }

    /// Fails unless the stack's `parameters` name this sandbox. Prevents overwriting the keys of another stack.
    pub(crate) fn check_parameters(&self, parameters: &BTreeMap<String, String>) -> Result<()> {
        for (name, wanted) in self.parameters() {
            let found = parameters.get(name).map_or("", String::as_str);
            if found.trim_end_matches('/') != wanted {
                bail!("the stack's {name} is `{found}`; deploy it with `{name}={wanted}` to use this sandbox");
            }
        }
        Ok(())
    }

    /// Writes the sandbox's keys to the stack's secret, and directs the sandbox's webhooks to the stack.
    pub(crate) fn connect(&self, stack: &Stack) -> Result<()> {
        let secret = json!({
            "SecretId": stack.outputs.get("PaymentCredentialsArn"),
            "SecretString": self.credentials()?.to_string(),
        });
        stack.aws("secretsmanager").call("PutSecretValue", &secret)?;
        self.post("webhook_target", &json!({ "url": stack.api_url }))?;
        Ok(())
    }

    /// The sandbox's keys, in the format of the stack's secret.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub fn credentials(&self) -> Result<Value> {
        self.get("credentials")
    }

    /// Completes Toss's payment window as a buyer. Returns the payment key.
    ///
    /// # Errors
    /// When the sandbox returns an error or does not answer.
    pub fn toss_authenticate(&self, order_id: &str, amount: i64, currency: &str) -> Result<String> {
        let request = json!({ "order_id": order_id, "amount": amount, "currency": currency });
        text(&self.post("toss_authenticate", &request)?, "payment_key")
    }

    /// Like [`Self::toss_authenticate`], with a card that Toss will decline with `code`.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn toss_authenticate_declined(
        &self,
        order_id: &str,
        (amount, currency): (i64, &str),
        code: &str,
    ) -> Result<String> {
        let request = json!({ "order_id": order_id, "amount": amount, "currency": currency, "decline": code });
        text(&self.post("toss_authenticate", &request)?, "payment_key")
    }

    /// Pays a Stripe PaymentIntent as a buyer with a valid card.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn stripe_pay(&self, intent: &str) -> Result<()> {
        let request = json!({ "intent_id": intent, "card": { "kind": "good" } });
        self.post("stripe_pay", &request).map(drop)
    }

    /// Approves a payment in KakaoPay's app as a buyer. Returns the `pg_token`.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn kakaopay_approve(&self, tid: &str) -> Result<String> {
        text(
            &self.post("kakaopay_approve_in_app", &json!({ "tid": tid }))?,
            "pg_token",
        )
    }

    /// Completes Toss's card window as a customer. Returns the `auth_key` for issuing a billing key.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn toss_authorize_card(&self, customer_key: &str) -> Result<String> {
        let request = json!({ "customer_key": customer_key });
        text(&self.post("toss_authorize_card", &request)?, "auth_key")
    }

    /// The customer's billing key at Toss.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`], and when there is no billing key.
    pub fn toss_billing_key(&self, customer_key: &str) -> Result<String> {
        let keys = self.toss_billing_keys(customer_key)?;
        keys.into_iter().next().context("there is no billing key")
    }

    /// The customer's billing keys at Toss that can be charged.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn toss_billing_keys(&self, customer_key: &str) -> Result<Vec<String>> {
        let answer = self.post("toss_billing_keys", &json!({ "customer_key": customer_key }))?;
        let keys = answer["billing_keys"]
            .as_array()
            .context("billing_keys is not a list")?;
        Ok(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Declines the next charge of a billing key with `code`.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn toss_decline_next(&self, billing_key: &str, code: &str) -> Result<()> {
        let decline = json!({ "billing_key": billing_key, "code": code, "count": 1 });
        self.post("toss_decline_next", &decline).map(drop)
    }

    /// Injects `fault`, such as `{"kind":"never_answer"}`, into the next request for this operation.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn plan(&self, provider: &str, operation: &str, fault: &Value) -> Result<()> {
        let plan = json!({ "provider": provider, "operation": operation, "fault": fault });
        self.post("plan", &plan).map(drop)
    }

    /// The charges and refunds of an order in the providers' ledger.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn moved(&self, order_id: &str) -> Result<Moved> {
        let ledger = self.get("ledger")?;
        let entries = ledger.as_array().context("the ledger is not a list")?.iter();
        let mut moved = Moved::default();
        for entry in entries.filter(|entry| entry["order_id"] == order_id) {
            moved.charged += entry["charged"].as_i64().unwrap_or_default();
            moved.charges += entry["charges"].as_u64().unwrap_or_default();
            moved.refunded += entry["refunded"].as_i64().unwrap_or_default();
            moved.refunds += entry["refund_count"].as_u64().unwrap_or_default();
        }
        Ok(moved)
    }

    /// All delivery attempts of webhooks so far, in the order of the answers.
    ///
    /// # Errors
    /// As for [`Self::toss_authenticate`].
    pub fn deliveries(&self) -> Result<Vec<Delivery>> {
        let answer = self.get("deliveries")?;
        let tries = answer["tries"].as_array().context("the answer has no list `tries`")?;
        let read = |delivery: &Value| {
            Ok(Delivery {
                path: text(delivery, "path")?,
                status: delivery["status"].as_u64(),
                body: text(delivery, "body")?,
            })
        };
        tries.iter().map(read).collect()
    }

    fn get(&self, name: &str) -> Result<Value> {
        let call = self.control.call("GET", &format!("/{name}"));
        call.send()?
            .expect(200)
            .context("the payment sandbox returned an error")
    }

    fn post(&self, name: &str, body: &Value) -> Result<Value> {
        let call = self.control.call("POST", &format!("/{name}")).json(body);
        call.send()?
            .expect(200)
            .context("the payment sandbox returned an error")
    }
}

fn text(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str().map(str::to_owned);
    text.with_context(|| format!("the payment sandbox's answer has no {name}: {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_uses_another_provider_is_rejected() {
        let sandbox = Sandbox::at("http://127.0.0.1:7/");
        let of = |pairs: Vec<(&str, String)>| pairs.into_iter().map(|(name, url)| (name.to_owned(), url)).collect();
        let mut parameters: BTreeMap<String, String> = of(sandbox.parameters());
        assert_eq!(parameters["TossUrl"], "http://127.0.0.1:7/toss");
        sandbox.check_parameters(&parameters).unwrap();
        parameters.insert("StripeUrl".to_owned(), "https://api.stripe.com".to_owned());
        let error = sandbox.check_parameters(&parameters).unwrap_err().to_string();
        assert!(error.contains("StripeUrl=http://127.0.0.1:7/stripe"), "{error}");
        sandbox.check_parameters(&BTreeMap::new()).unwrap_err();
    }
}
