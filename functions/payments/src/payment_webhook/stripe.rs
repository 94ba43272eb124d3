//! Stripe's messages: signed, in any order, so that only money that was taken is believed at once.

use lambda_http::http::HeaderMap;
use serde_json::Value;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::core::error;
use shared::core::error::Rejection;
use shared::core::id::PaymentId;
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::core::signature;
use shared::payments;
use shared::payments::provider::Stripe;
use shared::payments::{PaymentEventKind, Provider};
use shared::payments::{PaymentRequest, StoredPayment};

use super::{Outcome, PaymentWebhook, header};

/// Takes a message.
pub async fn take(
    function: &PaymentWebhook,
    headers: &HeaderMap,
    body: &[u8],
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    let signed = header(headers, "stripe-signature");
    function
        .verify(invocation, |credentials| {
            let secrets = &credentials.stripe()?.webhook_secrets;
            Ok(signature::verify_stripe(signed, body, secrets, invocation.now)?)
        })
        .await?;
    let message: Value = http::parse(body)?;
    let object = &message["data"]["object"];
    match message["type"].as_str().unwrap_or_default() {
        "payment_intent.succeeded" => {
            let Some(report) = Stripe::report(object) else {
                return Ok(Outcome::Ignored);
            };
            function.service.enter(&report, None, invocation).await?;
            Ok(Outcome::Entered)
        }
        // A later try may have succeeded meanwhile, and another refund been made: how do things stand now?
        "payment_intent.payment_failed" | "payment_intent.canceled" => {
            // Of a period of a subscription there is a payment once it is charged; a no was the answer to the charge itself.
            if object["metadata"]["charged_for"] == "subscription" {
                return Ok(Outcome::Ignored);
            }
            look(function, &object["id"], object, invocation).await
        }
        "charge.refunded" => look(function, &object["payment_intent"], object, invocation).await,
        "refund.updated" | "refund.failed" => refund_changed(function, object, invocation).await,
        _ => Ok(Outcome::Ignored),
    }
}

async fn look(
    function: &PaymentWebhook,
    intent: &Value,
    object: &Value,
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    match find(function, intent, object, invocation).await? {
        Some(stored) => {
            function.service.look(&stored, invocation).await?;
            Ok(Outcome::Entered)
        }
        None => Ok(Outcome::Ignored),
    }
}

/// A refund that Stripe made and that a bank then sent back needs a person: the customer has not got their money.
async fn refund_changed(function: &PaymentWebhook, refund: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let Some(stored) = find(function, &refund["payment_intent"], refund, invocation).await? else {
        return Ok(Outcome::Ignored);
    };
    if !matches!(refund["status"].as_str(), Some("failed" | "canceled")) {
        function.service.look(&stored, invocation).await?;
        return Ok(Outcome::Entered);
    }
    let id = refund["id"].as_str().unwrap_or_default();
    // Once for each refund: a person may have decided since, and the message comes again.
    let request = PaymentRequest {
        request_id: derive_id(&["stripe refund failed", id]),
        fingerprint: Fingerprint::of(&id).map_err(|error| Error::internal("take a message", error))?,
        payment_id: stored.payment.payment_id,
        requested_at: invocation.now,
    };
    let payments = &function.service.order_payments.payments;
    let known = payments.request(request.request_id, invocation.deadline).await?;
    if known.is_some() || stored.payment.review.is_some() {
        return Ok(Outcome::Entered);
    }
    let payment = stored.payment.clone();
    let payment = payment.in_review(
        format!("Stripe's refund {id} failed after it was made."),
        invocation.now,
    );
    let next = payments::next(&stored, payment, Some(PaymentEventKind::ReviewNeeded), invocation)?;
    let saved = payments.save_requested(&next, Some(&request), invocation.deadline);
    if saved.await? {
        return Ok(Outcome::Entered);
    }
    Err(Error::unavailable("take a message", "the payment changed meanwhile"))
}

/// The payment that a PaymentIntent is.
///
/// # Errors
/// `unknown-order` when the object names an order of ours and the payment is not known yet.
async fn find(
    function: &PaymentWebhook,
    intent: &Value,
    object: &Value,
    invocation: &Invocation,
) -> Result<Option<StoredPayment>, Error> {
    let Some(intent) = intent.as_str() else {
        return Ok(None);
    };
    let id = PaymentId::of(Provider::Stripe, intent);
    let payments = &function.service.order_payments.payments;
    let stored = payments.get(id, invocation.deadline).await?;
    if stored.is_none() && object["metadata"]["order_id"].is_string() {
        return Err(Rejection::new(&error::UNKNOWN_ORDER, "The payment is not known yet.").into());
    }
    Ok(stored)
}
