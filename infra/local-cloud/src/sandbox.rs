//! The stand-in for the payment providers: its process, and what one can do there as a buyer or as the one who watches.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::Api;
use crate::interrupt;
use crate::process::{self, Group};
use crate::stack::Stack;
use crate::workspace::Run;

const READY_WITHIN: Duration = Duration::from_secs(20);
const LISTENING: &str = "listening on ";

/// The providers, and the parameter of the template that says where each answers.
const PARAMETERS: [(&str, &str); 3] = [
    ("toss", "TossUrl"),
    ("stripe", "StripeUrl"),
    ("kakaopay", "KakaoPayUrl"),
];

/// A running sandbox; dropping it ends it.
pub(crate) struct Process {
    pub(crate) sandbox: Sandbox,
    group: Group,
    /// Open as long as it shall live: even a `kill -9` of ours closes it.
    lifeline: Option<ChildStdin>,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        self.group.wait(Duration::from_secs(1));
    }
}

impl Process {
    /// Starts `binary` and waits until it says where it listens.
    pub(crate) fn start(binary: &Path, run: &Run) -> Result<Self> {
        let log = run.log("sandbox");
        let file = File::create(&log)?;
        let mut command = Command::new(binary);
        command
            .args(["--port", "0", "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file);
        let mut group = Group::spawn(&mut command).context("cannot start the payment sandbox")?;
        let lifeline = group.child.stdin.take();
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            interrupt::check()?;
            let said = fs::read_to_string(&log).unwrap_or_default();
            // Read only once the line is whole.
            if let Some((line, _)) = said.split_once('\n')
                && let Some(url) = line.strip_prefix(LISTENING)
            {
                let sandbox = Sandbox::at(url);
                return Ok(Self {
                    sandbox,
                    group,
                    lifeline,
                });
            }
            if group.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("the payment sandbox does not start\n{}", process::tail(&log));
            }
            std::thread::sleep(process::POLL);
        }
    }
}

/// What moved between a shop's buyers and its providers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// What was taken, in all.
    pub charged: i64,
    /// How often.
    pub charges: u64,
    /// What was given back, in all.
    pub refunded: i64,
    /// How often.
    pub refunds: u64,
}

/// A message of a provider, and what the shop answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `/webhooks/toss`
    pub path: String,
    /// The answer's status; none when there was no answer.
    pub status: Option<u64>,
    /// What was sent.
    pub body: String,
}

/// The sandbox at an address.
#[derive(Clone, Debug)]
pub struct Sandbox {
    control: Api,
    /// Without a slash at the end.
    pub url: String,
}

impl Sandbox {
    /// The sandbox that serves at `url`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let url = url.trim_end_matches('/');
        Self {
            control: Api::at(&format!("{url}/control")),
            url: url.to_owned(),
        }
    }

    /// The template's parameters that make a stack pay here.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let at = |(provider, parameter)| (parameter, format!("{}/{provider}", self.url));
        PARAMETERS.into_iter().map(at).collect()
    }

    /// Passes a stack whose `parameters` make it pay here: no other one's keys may be overwritten.
    pub(crate) fn require(&self, parameters: &BTreeMap<String, String>) -> Result<()> {
        for (name, wanted) in self.parameters() {
            let found = parameters.get(name).map_or("", String::as_str);
            if found.trim_end_matches('/') != wanted {
                bail!("the stack's {name} is `{found}`; deploy it with `{name}={wanted}` to pay at this sandbox");
            }
        }
        Ok(())
    }

    /// Gives `stack` the keys that are good here, and has the messages delivered to it.
    pub(crate) fn serve(&self, stack: &Stack) -> Result<()> {
        let secret = json!({
            "SecretId": stack.outputs.get("PaymentCredentialsArn"),
            "SecretString": self.credentials()?.to_string(),
        });
        stack.aws("secretsmanager").call("PutSecretValue", &secret)?;
        self.tell("webhook_target", &json!({ "url": stack.api_url }))?;
        Ok(())
    }

    /// The keys that are good here, as the stack's secret holds them.
    ///
    /// # Errors
    /// When the sandbox does not answer; so with all that follows.
    pub fn credentials(&self) -> Result<Value> {
        self.ask("credentials")
    }

    /// A buyer goes through Toss's payment window, and brings the payment key back.
    ///
    /// # Errors
    /// When the sandbox refuses; so with all that follows.
    pub fn toss_authenticate(&self, order_id: &str, amount: i64, currency: &str) -> Result<String> {
        let buyer = json!({ "order_id": order_id, "amount": amount, "currency": currency });
        text(&self.tell("toss_authenticate", &buyer)?, "payment_key")
    }

    /// The same, with a card that Toss will decline with `code`.
    ///
    /// # Errors
    /// As above.
    pub fn toss_authenticate_declined(
        &self,
        order_id: &str,
        (amount, currency): (i64, &str),
        code: &str,
    ) -> Result<String> {
        let buyer = json!({ "order_id": order_id, "amount": amount, "currency": currency, "decline": code });
        text(&self.tell("toss_authenticate", &buyer)?, "payment_key")
    }

    /// A buyer pays a PaymentIntent of Stripe with a good card.
    ///
    /// # Errors
    /// As above.
    pub fn stripe_pay(&self, intent: &str) -> Result<()> {
        let buyer = json!({ "intent_id": intent, "card": { "kind": "good" } });
        self.tell("stripe_pay", &buyer).map(drop)
    }

    /// A buyer agrees to a payment in KakaoPay's app, and brings the `pg_token` back.
    ///
    /// # Errors
    /// As above.
    pub fn kakaopay_approve(&self, tid: &str) -> Result<String> {
        text(
            &self.tell("kakaopay_approve_in_app", &json!({ "tid": tid }))?,
            "pg_token",
        )
    }

    /// A customer goes through Toss's card window, and brings back the key that a billing key is issued for.
    ///
    /// # Errors
    /// As above.
    pub fn toss_authorize_card(&self, customer_key: &str) -> Result<String> {
        let customer = json!({ "customer_key": customer_key });
        text(&self.tell("toss_authorize_card", &customer)?, "auth_key")
    }

    /// The billing key that a customer has at Toss.
    ///
    /// # Errors
    /// As above, and when they have none.
    pub fn toss_billing_key(&self, customer_key: &str) -> Result<String> {
        let keys = self.toss_billing_keys(customer_key)?;
        keys.into_iter().next().context("there is no billing key")
    }

    /// The billing keys that a customer has at Toss and that can be charged.
    ///
    /// # Errors
    /// As above.
    pub fn toss_billing_keys(&self, customer_key: &str) -> Result<Vec<String>> {
        let answer = self.tell("toss_billing_keys", &json!({ "customer_key": customer_key }))?;
        let keys = answer["billing_keys"].as_array().context("billing keys are a list")?;
        Ok(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The next charge of a billing key is declined with `code`.
    ///
    /// # Errors
    /// As above.
    pub fn toss_decline_next(&self, billing_key: &str, code: &str) -> Result<()> {
        let decline = json!({ "billing_key": billing_key, "code": code, "count": 1 });
        self.tell("toss_decline_next", &decline).map(drop)
    }

    /// The provider's next call of this operation, whoever makes it, meets `fault`, such as `{"kind":"never_answer"}`.
    ///
    /// # Errors
    /// As above.
    pub fn plan(&self, provider: &str, operation: &str, fault: &Value) -> Result<()> {
        let plan = json!({ "provider": provider, "operation": operation, "fault": fault });
        self.tell("plan", &plan).map(drop)
    }

    /// What moved for an order, whatever the shop believes.
    ///
    /// # Errors
    /// As above.
    pub fn moved(&self, order_id: &str) -> Result<Moved> {
        let ledger = self.ask("ledger")?;
        let entries = ledger.as_array().context("a ledger is a list")?.iter();
        let mut moved = Moved::default();
        for entry in entries.filter(|entry| entry["order_id"] == order_id) {
            moved.charged += entry["charged"].as_i64().unwrap_or_default();
            moved.charges += entry["charges"].as_u64().unwrap_or_default();
            moved.refunded += entry["refunded"].as_i64().unwrap_or_default();
            moved.refunds += entry["refund_count"].as_u64().unwrap_or_default();
        }
        Ok(moved)
    }

    /// Each delivery of a message so far, in the order of the answers.
    ///
    /// # Errors
    /// As above.
    pub fn deliveries(&self) -> Result<Vec<Delivery>> {
        let answer = self.ask("deliveries")?;
        let tries = answer["tries"].as_array().context("deliveries have tries")?;
        let read = |delivery: &Value| {
            Ok(Delivery {
                path: text(delivery, "path")?,
                status: delivery["status"].as_u64(),
                body: text(delivery, "body")?,
            })
        };
        tries.iter().map(read).collect()
    }

    fn ask(&self, name: &str) -> Result<Value> {
        let call = self.control.call("GET", &format!("/{name}"));
        call.send()?.expect(200).context("the payment sandbox refused")
    }

    fn tell(&self, name: &str, what: &Value) -> Result<Value> {
        let call = self.control.call("POST", &format!("/{name}")).json(what);
        call.send()?.expect(200).context("the payment sandbox refused")
    }
}

fn text(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str().map(str::to_owned);
    text.with_context(|| format!("the payment sandbox answered without {name}: {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stack_that_pays_here_is_given_the_keys() {
        let sandbox = Sandbox::at("http://127.0.0.1:7/");
        let of = |pairs: Vec<(&str, String)>| pairs.into_iter().map(|(name, url)| (name.to_owned(), url)).collect();
        let mut parameters: BTreeMap<String, String> = of(sandbox.parameters());
        assert_eq!(parameters["TossUrl"], "http://127.0.0.1:7/toss");
        sandbox.require(&parameters).unwrap();
        parameters.insert("StripeUrl".to_owned(), "https://api.stripe.com".to_owned());
        let error = sandbox.require(&parameters).unwrap_err().to_string();
        assert!(error.contains("StripeUrl=http://127.0.0.1:7/stripe"), "{error}");
        sandbox.require(&BTreeMap::new()).unwrap_err();
    }
}
