//! Stripe: the customer pays on our page with Stripe.js, and Stripe captures the payment automatically.

mod billing;
mod error;
mod report;
mod webhook;

pub use webhook::{EVENT_TYPES, StripeEvent};

use std::time::Duration;

use futures::future::BoxFuture;
use iso_currency::Currency;
use serde_json::Value;
use tokio::time::Instant;

use crate::core::error::Error;
use crate::core::money::Money;
use crate::payments::provider::credentials::Vault;
use crate::payments::provider::http::{self, Call, CallError, Http, NoResponse};
use crate::payments::provider::{Answer, Attempt, ClientParameters, PaymentProvider, Start, Started};
use crate::payments::{Payment, Provider, ProviderStatus, Refund, Report};

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
    /// refunded amount is zero, and there are no refunds and no disputes.
    pub fn report(intent: &Value) -> Option<Report> {
        report::read(intent)
    }

    async fn start(&self, start: &Start<'_>, deadline: Instant) -> Result<Started, Error> {
        const DOING: &str = "prepare a payment at Stripe";
        self.vault.get(deadline).await?.stripe()?;
        let order = start.order;
        let fields = [
            ("amount", order.totals.total.amount().to_string()),
            ("currency", order.totals.total.currency().code().to_lowercase()),
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
        let intent = match self.intent(&payment.reference, deadline).await {
            Ok(intent) => intent,
            Err(CallError::Refused(failure)) if failure.code == error::MISSING => {
                return Answer::Report(http::not_charged(payment, error::MISSING));
            }
            Err(error) => return Answer::Unknown(error.into_cause()),
        };
        match self.with_lists(intent, deadline).await {
            Ok(intent) => http::answer(payment, Self::report(&intent)),
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    /// Completes the refunds of an intent's charge, of which Stripe expands only the newest, and adds its disputes, which
    /// Stripe does not expand.
    async fn with_lists(&self, mut intent: Value, deadline: Instant) -> Result<Value, CallError> {
        let charge = &intent["latest_charge"];
        let has_more = charge["refunds"]["has_more"] == true;
        let is_disputed = charge["disputed"] == true;
        let id = intent["id"].as_str().unwrap_or_default().to_owned();
        if has_more {
            intent["latest_charge"]["refunds"] = self.list("refunds", &id, deadline).await?;
        }
        if is_disputed {
            intent["latest_charge"]["disputes"] = self.list("disputes", &id, deadline).await?;
        }
        Ok(intent)
    }

    /// Lists the first 100 objects of an intent, the newest first.
    async fn list(&self, objects: &str, intent: &str, deadline: Instant) -> Result<Value, CallError> {
        let call = Call::get(&self.base_url, &["v1", objects]).map_err(CallError::Unknown)?;
        let call = call.query("payment_intent", intent).query("limit", "100");
        self.call(call, http::CALL_LIMIT, deadline).await
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
        let key = format!(
            "refund-{}-{}",
            refund.refund_id,
            payment.refunded_by_provider().amount()
        );
        let made = self.post(&["v1", "refunds"], Some(&key), &fields, http::CALL_LIMIT, deadline);
        match made.await {
            // Stripe repeats its first response for a key, even if the refund has failed since. So only the present
            // state counts.
            Ok(_) => match self.find(payment, deadline).await {
                Answer::Report(report)
                    if report.status == ProviderStatus::Charged
                        && report.refunded == payment.refunded_by_provider()
                        && report
                            .failed_refunds
                            .iter()
                            .all(|failed| failed.refund_id != Some(refund.refund_id)) =>
                {
                    Answer::Unknown("Stripe made a refund that its records do not show".into())
                }
                found => found,
            },
            Err(CallError::Refused(failure)) => {
                let found = self.find(payment, deadline).await;
                http::refused_unless_changed(payment, failure.code, found)
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn intent(&self, id: &str, deadline: Instant) -> Result<Value, CallError> {
        let call = Call::get(&self.base_url, &["v1", "payment_intents", id]).map_err(CallError::Unknown)?;
        let call = call
            .query("expand[]", "latest_charge")
            .query("expand[]", "latest_charge.refunds");
        self.call(call, http::CALL_LIMIT, deadline).await
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
        let credentials = self.vault.get(deadline).await.map_err(CallError::from_vault_error)?;
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

/// The smallest amount of a charge in `currency`, in its minor unit. Source: <https://docs.stripe.com/currencies>. Stripe converts an
/// amount in another currency and compares it with the minimum of the account's currency, which only its answer shows.
const fn min_amount(currency: Currency) -> u64 {
    use Currency::{
        AED, AUD, BRL, CAD, CHF, CZK, DKK, EUR, GBP, HKD, INR, JPY, MXN, MYR, NOK, NZD, PLN, RON, SEK, SGD, THB, USD,
    };
    match currency {
        AUD | BRL | CAD | CHF | EUR | INR | JPY | NZD | SGD | USD => 50,
        GBP => 30,
        AED | MYR | PLN | RON => 200,
        DKK => 250,
        NOK | SEK => 300,
        HKD => 400,
        MXN | THB => 1000,
        CZK => 1500,
        _ => 1,
    }
}

impl PaymentProvider for Stripe {
    fn accepts(&self, amount: Money) -> bool {
        let allowed = min_amount(amount.currency())..=MAX_AMOUNT;
        allowed.contains(&amount.amount()) && report::has_iso_minor_unit(amount.currency())
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
