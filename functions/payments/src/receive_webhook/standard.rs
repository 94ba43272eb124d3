//! Webhooks of other providers, signed according to Standard Webhooks.

use jiff::Timestamp;
use lambda_http::http::HeaderMap;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::lambda::{Invocation, http};
use shared::core::error::{self, Rejection};
use shared::core::money::Money;
use shared::core::signature::{self, StandardHeaders};
use shared::orders::OrderId;
use shared::payments::provider::display_text;
use shared::payments::{Failure, Provider, ProviderStatus, Report};

use super::{Outcome, ReceiveWebhook, header};

/// A message.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    r#type: String,
    /// When it happened. Without it the message counts as news, so that nothing is missed.
    timestamp: Option<Timestamp>,
    data: serde_json::Value,
    /// Other fields, which are ignored.
    #[serde(flatten)]
    other: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Data {
    /// The order to pay.
    order_id: OrderId,
    /// The provider's reference of the payment.
    reference: String,
    /// The amount to charge, or the charged amount.
    amount: Money,
    /// The refunded sum.
    refunded: Option<Money>,
    /// The failure's code.
    code: Option<String>,
    /// The failure's message for the customer.
    message: Option<String>,
    /// Other fields, which are ignored.
    #[serde(flatten)]
    other: serde_json::Map<String, serde_json::Value>,
}

/// Verifies and records a message.
pub async fn receive(
    function: &ReceiveWebhook,
    headers: &HeaderMap,
    body: &[u8],
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    let signed = StandardHeaders {
        id: header(headers, "webhook-id"),
        timestamp: header(headers, "webhook-timestamp"),
        signature: header(headers, "webhook-signature"),
    };
    let vault = function.service.providers.vault();
    vault
        .verify(invocation.now, invocation.deadline, |credentials| {
            let secrets = &credentials.standard()?.webhook_secrets;
            Ok(signature::verify_standard(signed, body, secrets, invocation.now)?)
        })
        .await?;
    let message: Message = http::parse(body)?;
    if !matches!(
        message.r#type.as_str(),
        "payment.succeeded" | "payment.failed" | "payment.refunded"
    ) {
        return Ok(Outcome::Ignored);
    }
    let data: Data = http::parse_member("data", &message.data)?;
    data.check(&message.r#type)?;
    let status = if message.r#type == "payment.failed" {
        let code = display_text(data.code.as_deref(), "");
        let text = display_text(data.message.as_deref(), "The payment was refused.");
        ProviderStatus::Failed(Failure::new(code, text))
    } else {
        ProviderStatus::Charged
    };
    let report = Report {
        provider: Provider::Standard,
        reference: data.reference,
        order_id: data.order_id,
        amount: data.amount,
        refunded: data.refunded.unwrap_or_else(|| Money::zero(data.amount.currency())),
        failed_refunds: vec![],
        disputes: vec![],
        status,
        reported_at: message.timestamp,
        deposit: None,
        deposit_secret: None,
    };
    let recorded = function.service.record_report(&report, None, invocation).await?;
    Ok(Outcome::of(&recorded))
}

impl Data {
    /// Checks what a schema cannot: that the amounts are possible.
    fn check(&self, kind: &str) -> Result<(), Rejection> {
        let refuse = |why: &str| Err(Rejection::new(&error::MALFORMED_BODY, format!("data.{why}")));
        if !(1..=200).contains(&self.reference.len()) {
            return refuse("reference: it has 1 to 200 bytes.");
        }
        if self.amount.amount() == 0 {
            return refuse("amount: it must be at least 1.");
        }
        match self.refunded {
            None if kind == "payment.refunded" => refuse("refunded: it is missing."),
            Some(refunded) if refunded.currency() != self.amount.currency() => {
                refuse("refunded: its currency must be that of the amount.")
            }
            Some(refunded) if refunded.amount() > self.amount.amount() => {
                refuse("refunded: it must be at most the amount.")
            }
            Some(refunded) if refunded.amount() == 0 && kind == "payment.refunded" => {
                refuse("refunded: it must be at least 1.")
            }
            _ => Ok(()),
        }
    }
}
