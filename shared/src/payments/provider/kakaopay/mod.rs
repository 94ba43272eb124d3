//! KakaoPay: the customer approves the payment in its app, and we confirm it with the token. KakaoPay has no webhooks
//! and no idempotency keys, so its state is queried before and after calls.

mod error;
mod report;

use std::time::Duration;

use futures::future::BoxFuture;
use iso_currency::Currency;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::core::error::{Error, Rejection};
use crate::core::money::Money;
use crate::orders::Order;
use crate::payments::provider::credentials::Vault;
use crate::payments::provider::http::{self, Call, CallError, Http, NoResponse};
use crate::payments::provider::{Answer, Attempt, ClientParameters, PaymentProvider, Start, Started, toss};
use crate::payments::{Failure, Payment, PaymentStatus, Provider, ProviderStatus, Refund, Report};

/// KakaoPay.
#[derive(Clone, Debug)]
pub struct KakaoPay {
    http: Http,
    base_url: String,
    vault: Vault,
}

impl KakaoPay {
    pub(crate) fn new(http: Http, base_url: String, vault: Vault) -> Self {
        Self { http, base_url, vault }
    }

    /// Prepares a payment. What is not taxed is declared as tax-free.
    async fn start(&self, start: &Start<'_>, deadline: Instant) -> Result<Started, Error> {
        const DOING: &str = "prepare a payment at KakaoPay";
        let order = start.order;
        let urls = start.return_urls.ok_or_else(|| {
            Rejection::invalid_parameter("return_urls", "required for KakaoPay, which redirects the customer")
        })?;
        self.vault.get(deadline).await?.kakaopay()?;
        let units: u32 = order.lines.iter().map(|line| line.quantity).sum();
        let body = json!({
            "partner_order_id": order.order_id.to_string(),
            "partner_user_id": order.customer_id.as_str(),
            // The same limit of 100 characters as at Toss.
            "item_name": toss::order_name(&order.lines),
            "quantity": units,
            "total_amount": order.totals.total.amount(),
            "tax_free_amount": tax_free(order),
            "approval_url": urls.approval,
            "cancel_url": urls.cancel,
            "fail_url": urls.fail,
        });
        let ready = self.post("ready", body, http::CALL_LIMIT, deadline).await;
        let ready = ready.map_err(|error| error.into_error(DOING))?;
        let text = |field: &str| ready[field].as_str().map(str::to_owned);
        let started = || {
            Some(Started {
                reference: Some(text("tid")?),
                client: ClientParameters::KakaoPay {
                    pc_url: text("next_redirect_pc_url")?,
                    mobile_url: text("next_redirect_mobile_url")?,
                    app_url: text("next_redirect_app_url")?,
                },
            })
        };
        started().ok_or_else(|| Error::unavailable(DOING, "the response cannot be read"))
    }

    async fn confirm(&self, attempt: Attempt<'_>, deadline: Instant) -> Answer {
        let payment = attempt.payment;
        let Some(token) = attempt.confirmation else {
            return Answer::Refused(Failure::new("MISSING_TOKEN", "KakaoPay's token is missing. Pay again."));
        };
        let body = json!({
            "tid": payment.reference,
            "partner_order_id": payment.order_id.to_string(),
            "partner_user_id": payment.customer_id.as_str(),
            "pg_token": token,
        });
        match self.post("approve", body, http::CONFIRM_LIMIT, deadline).await {
            Ok(approved) => match report::approved(&approved, payment) {
                Some(report) => Answer::Report(report),
                None => http::unknown_if_pending(self.find(payment, deadline).await),
            },
            Err(CallError::Unknown(cause)) => Answer::Unknown(cause),
            // KakaoPay also refuses a payment that was already approved.
            Err(refused) => match (self.find(payment, deadline).await, refused) {
                // An earlier approval may still be in progress and be the reason for this refusal.
                (found, _) if attempt.nth > 0 || payment.status == PaymentStatus::Unknown => {
                    http::unknown_if_pending(found)
                }
                (Answer::Report(report), CallError::Refused(failure)) if is_unpaid(&report) => Answer::Refused(failure),
                (found, _) => found,
            },
        }
    }

    async fn find(&self, payment: &Payment, deadline: Instant) -> Answer {
        let body = json!({ "tid": payment.reference });
        match self.post("order", body, http::CALL_LIMIT, deadline).await {
            Ok(order) => http::answer(payment, report::read(&order, payment)),
            Err(error) => query_failed(error),
        }
    }

    async fn refund(&self, attempt: Attempt<'_>, refund: &Refund, deadline: Instant) -> Answer {
        let payment = attempt.payment;
        let body = json!({ "tid": payment.reference });
        let order = match self.post("order", body, http::CALL_LIMIT, deadline).await {
            Ok(order) => order,
            Err(error) => return query_failed(error),
        };
        let found = http::answer(payment, report::read(&order, payment));
        if let Some(answer) = http::check_refunded_sum(payment, found) {
            return answer;
        }
        let body = json!({
            "tid": payment.reference,
            "cancel_amount": refund.amount.amount(),
            "cancel_tax_free_amount": report::tax_free_part(&order, refund.amount, refund.untaxed),
            "cancel_available_amount": payment.amount.saturating_sub(payment.refunded_by_provider()).amount(),
        });
        match self.post("cancel", body, http::CALL_LIMIT, deadline).await {
            Ok(order) => match report::read(&order, payment) {
                Some(report) => http::answer(payment, Some(report)),
                None => self.find(payment, deadline).await,
            },
            Err(CallError::Refused(failure)) => {
                let found = self.find(payment, deadline).await;
                http::refused_unless_changed(payment, failure.code, found)
            }
            Err(error) => Answer::Unknown(error.into_cause()),
        }
    }

    /// Calls `operation` with `body` and our merchant code.
    async fn post(
        &self,
        operation: &str,
        mut body: Value,
        limit: Duration,
        deadline: Instant,
    ) -> Result<Value, CallError> {
        let credentials = self.vault.get(deadline).await.map_err(CallError::from_vault_error)?;
        let keys = credentials.kakaopay().map_err(CallError::from_vault_error)?;
        body["cid"] = json!(keys.cid);
        let authorization = format!("SECRET_KEY {}", keys.secret_key);
        let call = Call::post(&self.base_url, &["online", "v1", "payment", operation])
            .and_then(|call| call.authorization(&authorization)?.json(&body))
            .map_err(CallError::Unknown)?;
        let reply = self.http.send(call, limit, deadline).await;
        let reply = reply.map_err(|NoResponse(cause)| CallError::Unknown(cause))?;
        error::classify(reply).inspect_err(|error| error.handle_invalid_credentials(Provider::KakaoPay, &self.vault))
    }
}

/// The price of the lines and of the parts of the delivery that are not taxed.
fn tax_free(order: &Order) -> u64 {
    let lines = order.lines.iter().filter(|line| line.tax_rate.is_none());
    let parts = order.shipping.iter().flat_map(|shipping| &shipping.parts);
    let parts = parts.filter(|part| part.tax_rate.is_none());
    lines
        .map(|line| line.total.amount())
        .chain(parts.map(|part| part.price.amount() + part.tax.amount()))
        .sum()
}

/// Whether nothing was charged. The refusal of the approval then has a better reason than the order.
const fn is_unpaid(report: &Report) -> bool {
    matches!(report.status, ProviderStatus::Pending) || report.status.failure().is_some()
}

/// The answer to a failed query. Not verified: KakaoPay's response for an unknown payment, so even a refusal counts as
/// unknown.
fn query_failed(error: CallError) -> Answer {
    Answer::Unknown(error.into_cause())
}

impl PaymentProvider for KakaoPay {
    fn accepts(&self, amount: Money) -> bool {
        amount.currency() == Currency::KRW && amount.amount() >= 1
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

    /// An approved payment expires by itself unless we confirm it, so this only queries it.
    fn cancel_unpaid<'a>(&'a self, attempt: Attempt<'a>, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.find(attempt.payment, deadline))
    }

    fn refund<'a>(&'a self, attempt: Attempt<'a>, refund: &'a Refund, deadline: Instant) -> BoxFuture<'a, Answer> {
        Box::pin(self.refund(attempt, refund, deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{Line, OrderStatus, Shipping, ShippingPart, TaxRate, example};

    #[test]
    fn only_lines_and_parts_of_the_delivery_that_are_not_taxed_are_tax_free() {
        let won = |amount| Money::new(amount, Currency::KRW).unwrap();
        let rate: TaxRate = "10".to_owned().try_into().unwrap();
        let exempt = example::line("Book");
        let taxed = Line {
            tax_rate: Some(rate),
            ..example::line("Tea")
        };
        let order = |lines: Vec<Line>, parts: &[(u64, Option<TaxRate>)]| Order {
            lines,
            shipping: Some(Shipping {
                method_id: "standard".to_owned().try_into().unwrap(),
                name: "Standard delivery".to_owned(),
                price: won(3000),
                parts: parts
                    .iter()
                    .map(|&(price, tax_rate)| ShippingPart {
                        price: won(price),
                        tax_rate,
                        tax: won(0),
                        included_tax: won(0),
                    })
                    .collect(),
            }),
            ..example::order(OrderStatus::PendingPayment, 1000)
        };
        let parts = [(2000, None), (1000, Some(rate))];
        assert_eq!(
            tax_free(&order(vec![exempt.clone(), taxed.clone(), exempt], &parts)),
            4000
        );
        assert_eq!(tax_free(&order(vec![taxed.clone()], &parts)), 2000);
        assert_eq!(tax_free(&order(vec![taxed], &parts[1..])), 0);
    }
}
