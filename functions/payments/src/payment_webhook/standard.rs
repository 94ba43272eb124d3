//! Webhooks of other providers, signed according to Standard Webhooks.

use lambda_http::http::HeaderMap;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::lambda::{Invocation, http};
use shared::core::error::{self, Rejection};
use shared::core::money::Money;
use shared::core::signature::{self, StandardHeaders};
use shared::orders::OrderId;
use shared::payments::{Failure, Provider, ProviderStatus, Report};

use super::{Outcome, PaymentWebhook, header};

/// A message. Other fields, such as `timestamp`, are ignored.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    r#type: String,
    data: serde_json::Value,
}

#[derive(Debug, Deserialize)]
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
}

/// Verifies and records a message.
pub async fn receive(
    function: &PaymentWebhook,
    headers: &HeaderMap,
    body: &[u8],
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    let signed = StandardHeaders {
        id: header(headers, "webhook-id"),
        timestamp: header(headers, "webhook-timestamp"),
        signature: header(headers, "webhook-signature"),
    };
    function
        .verify(invocation, |credentials| {
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
    let data: Data = serde_json::from_value(message.data)
        .map_err(|error| Rejection::new(&error::MALFORMED_BODY, format!("data: {error}")))?;
    if !(1..=200).contains(&data.reference.len()) {
        return Err(Rejection::new(&error::MALFORMED_BODY, "data.reference: it has 1 to 200 bytes.").into());
    }
    if message.r#type == "payment.refunded" && data.refunded.is_none() {
        return Err(Rejection::new(&error::MALFORMED_BODY, "data.refunded: it is missing.").into());
    }
    let status = if message.r#type == "payment.failed" {
        let text = data.message.unwrap_or_else(|| "The payment was refused.".to_owned());
        ProviderStatus::Failed(Failure::new(data.code.unwrap_or_default(), text))
    } else {
        ProviderStatus::Charged
    };
    let report = Report {
        provider: Provider::Standard,
        reference: data.reference,
        order_id: data.order_id,
        amount: data.amount,
        refunded: data.refunded.unwrap_or_else(|| Money::zero(data.amount.currency())),
        status,
        deposit: None,
        deposit_secret: None,
    };
    function.service.record_report(&report, None, invocation).await?;
    Ok(Outcome::Entered)
}
