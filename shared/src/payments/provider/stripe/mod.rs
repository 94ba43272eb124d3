//! Stripe: the customer pays on our page by Stripe.js, and Stripe takes the money by itself.

mod billing;
mod error;
mod report;
mod webhook;

pub(crate) use billing::decline;

pub use webhook::{StripeEvent, Subject};

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use crate::core::error::Error;
use crate::core::money::Money;
use crate::payments::provider::credentials::Vault;
use crate::payments::provider::http;
use crate::payments::provider::http::{Call, CallError, Http, NoResponse};
use crate::payments::provider::{Answer, Attempt, ClientParameters, PaymentProvider, Start, Started};
use crate::payments::{Failure, Payment, Provider, ProviderStatus, Refund, Report};

/// The API's version, so that an account's default does not change the answers under our hands. It is the one that
/// Stripe's own Python package 16.1.0 asks for.
const VERSION: &str = "2026-10-28.endive";
/// The largest amount that Stripe takes: eight digits.
const MAX_AMOUNT: u64 = 99_999_999;

/// Stripe.
#[derive(Clone, Debug)]
pub struct Stripe {
    http: Http,
    base_url: String,
    vault: Vault,
}

impl Stripe {
    pub(crate) fn new(http: Http, base_url: String, vault: Vault) -> Self {
        Self { http, base_url, vault }
    }

    /// What a PaymentIntent says, its `latest_charge` expanded or not; nothing when it is none of ours or cannot be
    /// read. Unless expanded, the charge does not tell what went back.
    pub fn report(intent: &Value) -> Option<Report> {
        report::read(intent)
    }

    async fn start(&self, start: &Start<'_>, deadline: Instant) -> Result<Started, Error> {
        const DOING: &str = "prepare a payment at Stripe";
        self.vault.credentials(deadline).await?.stripe()?;
        let order = start.order;
        let fields = [
            ("amount", order.total.amount().to_string()),
            ("currency", order.total.currency().code().to_lowercase()),
            // Cards and the wallets on them say yes or no at once; a bank's debit would hold the stock for days.
            ("payment_method_types[0]", "card".to_owned()),
            ("metadata[order_id]", order.order_id.to_string()),
            ("metadata[customer_id]", order.customer_id.as_str().to_owned()),
        ];
        let key = format!("start-{}", start.request_id);
        let intent = self
            .post(
                &["v1", "payment_intents"],
                Some(&key),
                &fields,
                http::CALL_LIMIT,
                deadline,
            )
            .await;
        let intent = intent.map_err(|error| error.into_error(DOING))?;
        match (intent["id"].as_str(), intent["client_secret"].as_str()) {
            (Some(id), Some(client_secret)) => Ok(Started {
                reference: Some(id.to_owned()),
                client: ClientParameters::Stripe {
                    client_secret: client_secret.to_owned(),
                },
            }),
            _ => Err(Error::unavailable(DOING, "the intent cannot be read")),
        }
    }

    /// Nobody asks Stripe for the money, so a call that fails says nothing of the payment.
    async fn find(&self, payment: &Payment, deadline: Instant) -> Answer {
        match self.intent(&payment.reference, deadline).await {
            Ok(intent) => http::answer(payment, Self::report(&intent)),
            Err(CallError::Refused(failure)) if failure.code == error::MISSING => {
                Answer::Report(http::not_charged(payment, error::MISSING))
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn cancel_unpaid(&self, payment: &Payment, deadline: Instant) -> Answer {
        let path = ["v1", "payment_intents", &payment.reference, "cancel"];
        // Without a key: Stripe would repeat that it cannot be cancelled when it can be at last.
        match self.post(&path, None, &[], http::CALL_LIMIT, deadline).await {
            Ok(intent) => http::answer(payment, Self::report(&intent)),
            // It cannot be cancelled any more, or not now.
            Err(CallError::Refused(_)) => self.find(payment, deadline).await,
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn refund(&self, attempt: Attempt<'_>, refund: &Refund, deadline: Instant) -> Answer {
        let payment = attempt.payment;
        // Stripe takes no word of ours for what has gone back already; so that is looked at first.
        let found = self.find(payment, deadline).await;
        if let Some(answer) = http::before_refund(payment, found) {
            return answer;
        }
        let fields = [
            ("payment_intent", payment.reference.clone()),
            ("amount", refund.amount.amount().to_string()),
            ("metadata[refund_id]", refund.refund_id.to_string()),
        ];
        // The same for each try, for Stripe has no lock on the sum. When something else went back meanwhile the amount may
        // be another, and a key stands for one request.
        let key = format!("refund-{}-{}", refund.refund_id, payment.refunded.amount());
        match self
            .post(&["v1", "refunds"], Some(&key), &fields, http::CALL_LIMIT, deadline)
            .await
        {
            Ok(made) => self.refunded(payment, refund, &made, deadline).await,
            Err(CallError::Refused(failure)) => {
                let found = self.find(payment, deadline).await;
                http::refused_unless_refunded(payment, failure, found)
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    /// The payment after Stripe answered a refund.
    async fn refunded(&self, payment: &Payment, refund: &Refund, made: &Value, deadline: Instant) -> Answer {
        match made["status"].as_str() {
            Some("succeeded" | "pending") => {}
            Some(status @ ("failed" | "canceled")) => {
                let code = made["failure_reason"].as_str().unwrap_or(status);
                return Answer::Refused(Failure::new(code, "Stripe could not give the money back."));
            }
            other => {
                let told = format!("Stripe says that a refund is {}", other.unwrap_or("nothing"));
                return Answer::Unknown(told.into());
            }
        }
        match self.find(payment, deadline).await {
            Answer::Report(report) if report.refunded.amount() > payment.refunded.amount() => Answer::Report(report),
            // It is made, whatever else can be learnt now.
            _ => match payment.refunded.plus(refund.amount) {
                Ok(refunded) => Answer::Report(Report {
                    refunded,
                    ..http::report_on(payment, ProviderStatus::Charged)
                }),
                Err(error) => Answer::Unknown(error.into()),
            },
        }
    }

    async fn intent(&self, id: &str, deadline: Instant) -> Result<Value, CallError> {
        let call = Call::get(&self.base_url, &["v1", "payment_intents", id]).map_err(CallError::Unknown)?;
        self.call(call.query("expand[]", "latest_charge"), http::CALL_LIMIT, deadline)
            .await
    }

    async fn post(
        &self,
        path: &[&str],
        key: Option<&str>,
        fields: &[(&str, String)],
        limit: Duration,
        deadline: Instant,
    ) -> Result<Value, CallError> {
        let call = Call::post(&self.base_url, path)
            .and_then(|call| match key {
                Some(key) => call.header("idempotency-key", key),
                None => Ok(call),
            })
            .and_then(|call| call.form(fields))
            .map_err(CallError::Unknown)?;
        self.call(call, limit, deadline).await
    }

    async fn call(&self, call: Call, limit: Duration, deadline: Instant) -> Result<Value, CallError> {
        let credentials = self
            .vault
            .credentials(deadline)
            .await
            .map_err(CallError::from_vault_error)?;
        let keys = credentials.stripe().map_err(CallError::from_vault_error)?;
        let call = call
            .header("stripe-version", VERSION)
            .and_then(|call| call.authorization(&format!("Bearer {}", keys.secret_key)))
            .map_err(CallError::Unknown)?;
        let reply = self.http.send(call, limit, deadline).await;
        let reply = reply.map_err(|NoResponse(cause)| CallError::Unknown(cause))?;
        error::classify(reply).inspect_err(|error| error.handle_invalid_credentials(Provider::Stripe, &self.vault))
    }
}

impl PaymentProvider for Stripe {
    fn accepts(&self, amount: Money) -> bool {
        (1..=MAX_AMOUNT).contains(&amount.amount()) && report::counts_as_we_do(amount.currency())
    }

    fn start<'a>(&'a self, start: &'a Start<'a>, deadline: Instant) -> BoxFuture<'a, Result<Started, Error>> {
        Box::pin(self.start(start, deadline))
    }

    /// The customer has confirmed it on our page, or has not.
    fn confirm<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.find(attempt.payment, deadline))
    }

    fn find<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.find(attempt.payment, deadline))
    }

    fn cancel_unpaid<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.cancel_unpaid(attempt.payment, deadline))
    }

    fn refund<'a>(&'a self, attempt: Attempt<'a>, refund: &'a Refund, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.refund(attempt, refund, deadline))
    }
}
