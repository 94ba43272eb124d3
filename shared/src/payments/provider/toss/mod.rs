//! Toss Payments: the customer approves the payment at Toss, and we confirm it with the payment key.

mod billing;
mod error;
mod report;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use iso_currency::Currency;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::core::error::Error;
use crate::core::idempotency::derive_id;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::orders::Line;
use crate::payments::provider::credentials::Vault;
use crate::payments::provider::http::{self, Call, CallError, Http, NoResponse};
use crate::payments::provider::{Answer, Attempt, ClientParameters, PaymentProvider, Start, Started};
use crate::payments::{Payment, PaymentStatus, Provider, ProviderStatus, Refund, RefundReason, Report};

/// The smallest amount that Toss charges a card with, in KRW. Source: `BELOW_MINIMUM_AMOUNT` in
/// <https://docs.tosspayments.com/reference/error-codes>.
const MIN_AMOUNT: u64 = 100;
/// The maximum length of `orderName`, in characters.
const MAX_NAME: usize = 100;
/// Toss's code for an unknown payment.
const NOT_FOUND: &str = "NOT_FOUND_PAYMENT";
/// Our code for a payment of another order.
const OTHER_ORDER: &str = "OTHER_ORDER";

/// Toss Payments.
#[derive(Clone, Debug)]
pub struct Toss {
    http: Http,
    base_url: String,
    vault: Vault,
}

impl Toss {
    pub(crate) fn new(http: Http, base_url: String, vault: Vault) -> Self {
        Self { http, base_url, vault }
    }

    /// Reads Toss's Payment object. `None` when it is not ours or cannot be read.
    pub fn report(payment: &Value) -> Option<Report> {
        report::read(payment)
    }

    async fn start(&self, start: &Start<'_>, deadline: Instant) -> Result<Started, Error> {
        // The customer's page creates the payment at Toss. Without credentials it could not be confirmed.
        self.vault.get(deadline).await?.toss()?;
        Ok(Started {
            reference: None,
            client: ClientParameters::Toss {
                order_name: order_name(&start.order.lines),
                customer_key: customer_key(&start.order.customer_id),
            },
        })
    }

    async fn confirm(&self, attempt: Attempt<'_>, deadline: Instant) -> Answer {
        let payment = attempt.payment;
        let body = json!({
            "paymentKey": payment.reference,
            "orderId": payment.order_id.to_string(),
            "amount": payment.amount.amount(),
        });
        // Toss scopes idempotency keys by URL, not by body, and this URL is the same for all payments. It repeats its
        // response for a key, even a transient error. So each try has its own key; Toss charges a `paymentKey` at most
        // once.
        let key = format!("confirm-{}-{}-{}", payment.order_id, payment.payment_id, attempt.nth);
        let path = ["v1", "payments", "confirm"];
        match self.post(&path, &key, &body, http::CONFIRM_LIMIT, deadline).await {
            Ok(body) => http::answer(payment, Self::report(&body)),
            Err(CallError::Refused(failure)) if failure.code == error::ALREADY_PROCESSED => {
                http::unknown_if_pending(self.find(payment, deadline).await)
            }
            Err(CallError::Refused(failure)) => Answer::Refused(failure),
            // An earlier call may have succeeded.
            Err(error @ CallError::InvalidCredentials(_)) if payment.status == PaymentStatus::Unknown => {
                Answer::Unknown(error.into_cause())
            }
            Err(CallError::InvalidCredentials(code)) => Answer::Refused(http::provider_unavailable(code)),
            Err(CallError::Unknown(cause)) => Answer::Unknown(cause),
        }
    }

    async fn find(&self, payment: &Payment, deadline: Instant) -> Answer {
        let path = ["v1", "payments", &payment.reference];
        if !http::is_path(&path) {
            return self.find_by_order(payment, deadline).await;
        }
        match self.get(&path, deadline).await {
            // The key belongs to another order, so the rest of the payment is irrelevant.
            Ok(body)
                if body["orderId"]
                    .as_str()
                    .is_some_and(|id| id != payment.order_id.to_string()) =>
            {
                Answer::Report(http::not_charged(payment, OTHER_ORDER))
            }
            Ok(body) => http::answer(payment, Self::report(&body)),
            Err(CallError::Refused(failure)) if failure.code == NOT_FOUND => {
                self.find_by_order(payment, deadline).await
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn find_by_order(&self, payment: &Payment, deadline: Instant) -> Answer {
        let order_id = payment.order_id.to_string();
        match self.get(&["v1", "payments", "orders", &order_id], deadline).await {
            Ok(body) => match Self::report(&body) {
                Some(report) if report.reference != payment.reference => {
                    Answer::Report(http::not_charged(payment, NOT_FOUND))
                }
                report => http::answer(payment, report),
            },
            Err(CallError::Refused(failure)) if failure.code == NOT_FOUND => {
                Answer::Report(http::not_charged(payment, NOT_FOUND))
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    /// Cancels an awaited deposit. A payment that was only approved by the customer expires by itself.
    ///
    /// Not verified: that a deposit is cancelled like a charge, without an amount.
    async fn cancel_unpaid(&self, attempt: Attempt<'_>, deadline: Instant) -> Answer {
        let payment = attempt.payment;
        let found = self.find(payment, deadline).await;
        if !matches!(&found, Answer::Report(report) if report.status == ProviderStatus::AwaitingDeposit) {
            return found;
        }
        let key = format!("abandon-{}-{}", payment.payment_id, attempt.nth);
        let body = json!({ "cancelReason": "The order was not paid in time" });
        let path = ["v1", "payments", &payment.reference, "cancel"];
        match self.post(&path, &key, &body, http::CALL_LIMIT, deadline).await {
            Ok(body) => http::answer(payment, Self::report(&body)),
            // The deposit may have arrived just now.
            Err(CallError::Refused(_)) => self.find(payment, deadline).await,
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn refund(&self, attempt: Attempt<'_>, refund: &Refund, deadline: Instant) -> Answer {
        let payment = attempt.payment;
        let body = json!({
            "cancelReason": reason(refund.reason),
            "cancelAmount": refund.amount.amount(),
            "refundableAmount": payment.amount.saturating_sub(payment.refunded_by_provider()).amount(),
        });
        // Toss repeats its response for an idempotency key, even a transient error. So each try, and each refunded sum,
        // has its own key. `refundableAmount` ensures that only one of the tries succeeds.
        let key = format!(
            "refund-{}-{}-{}",
            refund.refund_id,
            payment.refunded_by_provider().amount(),
            attempt.nth
        );
        let path = ["v1", "payments", &payment.reference, "cancel"];
        match self.post(&path, &key, &body, http::CALL_LIMIT, deadline).await {
            Ok(body) => http::answer(payment, Self::report(&body)),
            // Earlier refunds, or the withdrawal of a deposit, may be the reason.
            Err(CallError::Refused(failure)) => {
                let found = self.find(payment, deadline).await;
                http::refused_unless_changed(payment, failure.code, found)
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    async fn get(&self, path: &[&str], deadline: Instant) -> Result<Value, CallError> {
        let call = Call::get(&self.base_url, path).map_err(CallError::Unknown)?;
        self.call(call, http::CALL_LIMIT, deadline).await
    }

    async fn post(
        &self,
        path: &[&str],
        key: &str,
        body: &Value,
        limit: Duration,
        deadline: Instant,
    ) -> Result<Value, CallError> {
        let call = Call::post(&self.base_url, path)
            .and_then(|call| call.header("idempotency-key", key)?.json(body))
            .map_err(CallError::Unknown)?;
        self.call(call, limit, deadline).await
    }

    async fn call(&self, call: Call, limit: Duration, deadline: Instant) -> Result<Value, CallError> {
        let credentials = self.vault.get(deadline).await.map_err(CallError::from_vault_error)?;
        let keys = credentials.toss().map_err(CallError::from_vault_error)?;
        let authorization = format!("Basic {}", STANDARD.encode(format!("{}:", keys.secret_key)));
        let call = call.authorization(&authorization).map_err(CallError::Unknown)?;
        let reply = self.http.send(call, limit, deadline).await;
        let reply = reply.map_err(|NoResponse(cause)| CallError::Unknown(cause))?;
        error::classify(reply).inspect_err(|error| error.handle_invalid_credentials(Provider::Toss, &self.vault))
    }
}

impl PaymentProvider for Toss {
    fn accepts(&self, amount: Money) -> bool {
        amount.currency() == Currency::KRW && amount.amount() >= MIN_AMOUNT
    }

    fn start<'a>(&'a self, start: &'a Start<'a>, deadline: Instant) -> BoxFuture<'a, Result<Started, Error>> {
        Box::pin(self.start(start, deadline))
    }

    fn confirm<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.confirm(attempt, deadline))
    }

    fn find<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.find(attempt.payment, deadline))
    }

    fn cancel_unpaid<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.cancel_unpaid(attempt, deadline))
    }

    /// Toss refuses to refund a deposit without a bank account, which we do not have. A person refunds it at Toss.
    fn refund<'a>(&'a self, attempt: Attempt<'a>, refund: &'a Refund, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.refund(attempt, refund, deadline))
    }
}

/// The order's name of at most [`MAX_NAME`] characters: the first product's name and the number of the others.
pub(crate) fn order_name(lines: &[Line]) -> String {
    let first = lines.first().map_or("Order", |line| line.name.as_str());
    let more = match lines.len() {
        0 | 1 => String::new(),
        lines => format!(" and {} more", lines - 1),
    };
    let name: String = first.chars().take(MAX_NAME - more.len()).collect();
    name + &more
}

/// A key of the customer that cannot be guessed.
fn customer_key(customer: &CustomerId) -> String {
    derive_id(&["toss customer", customer.as_str()]).to_string()
}

/// The reason for a refund as shown to customers. It omits the administrator's note.
const fn reason(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::OrderCancelled => "The order was cancelled",
        RefundReason::LinesCancelled => "A part of the order was cancelled",
        RefundReason::Returned => "Goods were returned",
        RefundReason::Delivery => "The price of the delivery was refunded",
        RefundReason::Unservable => "The order could not be fulfilled",
        RefundReason::Requested | RefundReason::Elsewhere => "A refund was requested",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::example;

    fn lines(names: &[&str]) -> Vec<Line> {
        let lines = names.iter().map(|name| Line {
            name: (*name).to_owned(),
            ..example::line("Cup")
        });
        lines.collect()
    }

    #[test]
    fn an_order_is_named_after_its_first_product_in_100_characters() {
        let long = "잔".repeat(120);
        for (names, expected) in [
            (&["Cup"][..], "Cup".to_owned()),
            (&["Cup", "Pot", "Tea"], "Cup and 2 more".to_owned()),
            (&[&long], "잔".repeat(100)),
            (&[&long, "Pot"], "잔".repeat(89) + " and 1 more"),
        ] {
            assert_eq!(order_name(&lines(names)), expected);
        }
    }

    #[test]
    fn a_customer_key_does_not_reveal_the_customer() {
        let key = customer_key(&CustomerId::new("customer"));
        assert_eq!(key, customer_key(&CustomerId::new("customer")));
        assert_ne!(key, customer_key(&CustomerId::new("another")));
        assert!(key.len() == 36 && !key.contains("customer"), "{key}");
    }
}
