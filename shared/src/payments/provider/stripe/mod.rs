//! Stripe: the customer pays on our page with Stripe.js, and Stripe captures the payment automatically.

mod billing;
mod error;
mod report;
mod webhook;

pub use webhook::{StripeEvent, Subject};

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use crate::core::error::Error;
use crate::core::money::Money;
use crate::payments::provider::credentials::Vault;
use crate::payments::provider::http::{self, Call, CallError, Http, NoResponse};
use crate::payments::provider::{Answer, Attempt, ClientParameters, PaymentProvider, Start, Started};
use crate::payments::{Failure, Payment, Provider, ProviderStatus, Refund, Report};

/// The pinned API version, so that the account's default version does not change responses. Stripe's Python package
/// 16.1.0 uses the same version.
const VERSION: &str = "2026-10-28.endive";
/// The largest amount that Stripe accepts: eight digits.
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

    /// Reads a PaymentIntent. `None` when it is not ours or cannot be read. Without an expanded `latest_charge` the
    /// refunded amount is zero.
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
            // Cards and card wallets answer at once. A bank debit would hold the stock for days.
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

    /// Queries the intent. Stripe captures automatically, so a failed query says nothing about the payment.
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
        // Without an idempotency key: Stripe would repeat an earlier refusal when the intent can be cancelled later.
        match self.post(&path, None, &[], http::CALL_LIMIT, deadline).await {
            Ok(intent) => http::answer(payment, Self::report(&intent)),
            // The intent cannot be cancelled in its state.
            Err(CallError::Refused(_)) => self.find(payment, deadline).await,
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn refund(&self, attempt: Attempt<'_>, refund: &Refund, deadline: Instant) -> Answer {
        let payment = attempt.payment;
        // Stripe does not check our refunded sum, so this function checks it first.
        let found = self.find(payment, deadline).await;
        if let Some(answer) = http::check_refunded_sum(payment, found) {
            return answer;
        }
        let fields = [
            ("payment_intent", payment.reference.clone()),
            ("amount", refund.amount.amount().to_string()),
            ("metadata[refund_id]", refund.refund_id.to_string()),
        ];
        // The same key for each try, because Stripe does not check the refunded sum. After another refund the amount
        // can differ, and Stripe requires a new key for a different request.
        let key = format!("refund-{}-{}", refund.refund_id, payment.refunded.amount());
        match self
            .post(&["v1", "refunds"], Some(&key), &fields, http::CALL_LIMIT, deadline)
            .await
        {
            Ok(made) => self.refund_answer(payment, refund, &made, deadline).await,
            Err(CallError::Refused(failure)) => {
                let found = self.find(payment, deadline).await;
                http::refused_unless_refunded(payment, failure, found)
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    /// The answer for a refund that Stripe created.
    async fn refund_answer(&self, payment: &Payment, refund: &Refund, made: &Value, deadline: Instant) -> Answer {
        match made["status"].as_str() {
            Some("succeeded" | "pending") => {}
            Some(status @ ("failed" | "canceled")) => {
                let code = made["failure_reason"].as_str().unwrap_or(status);
                return Answer::Refused(Failure::new(code, "Stripe could not make the refund."));
            }
            other => {
                let status = other.unwrap_or("missing");
                return Answer::Unknown(format!("Stripe reports the refund status {status}").into());
            }
        }
        match self.find(payment, deadline).await {
            Answer::Report(report) if report.refunded.amount() > payment.refunded.amount() => Answer::Report(report),
            // The refund is made, even if the query fails.
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
        (1..=MAX_AMOUNT).contains(&amount.amount()) && report::has_iso_minor_unit(amount.currency())
    }

    fn start<'a>(&'a self, start: &'a Start<'a>, deadline: Instant) -> BoxFuture<'a, Result<Started, Error>> {
        Box::pin(self.start(start, deadline))
    }

    /// The customer confirms the payment on our page, so this only queries it.
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
