//! Stripe's webhooks. They are signed and arrive in any order.

use lambda_http::http::HeaderMap;
use serde_json::Value;
use shared::Error;
use shared::aws::lambda::{Invocation, http};
use shared::core::error::Rejection;
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::core::signature;
use shared::payments::provider::{Stripe, StripeEvent, Subject};
use shared::payments::reason;
use shared::payments::{self, PaymentEventKind, PaymentRequest, StoredPayment};

use super::{Outcome, PaymentWebhook, header};

const RECORDING: &str = "record a Stripe webhook";

/// Verifies and records an event.
pub async fn receive(
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
    let event: Value = http::parse(body)?;
    match Stripe::event(&event) {
        StripeEvent::Charged(report) => {
            function.service.record_report(&report, None, invocation).await?;
            Ok(Outcome::Entered)
        }
        StripeEvent::Changed(subject) => {
            let Some(stored) = find(function, subject, invocation).await? else {
                return Ok(Outcome::Ignored);
            };
            function.service.refresh_from_provider(&stored, invocation).await?;
            Ok(Outcome::Entered)
        }
        StripeEvent::RefundFailed { subject, refund_id } => {
            let Some(stored) = find(function, subject, invocation).await? else {
                return Ok(Outcome::Ignored);
            };
            refund_failed(function, &stored, &refund_id, invocation).await
        }
        StripeEvent::Irrelevant => Ok(Outcome::Ignored),
    }
}

/// Starts a review after a created refund failed: a person must decide how the customer gets the money.
async fn refund_failed(
    function: &PaymentWebhook,
    stored: &StoredPayment,
    refund_id: &str,
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    // Once for each refund: a person may have decided before the event is delivered again.
    let request = PaymentRequest {
        request_id: derive_id(&["stripe refund failed", refund_id]),
        fingerprint: Fingerprint::of(&refund_id).map_err(|error| Error::internal(RECORDING, error))?,
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
        format!("Stripe's refund {refund_id} failed after it was created."),
        invocation.now,
    );
    let next = payments::next(stored, payment, Some(PaymentEventKind::ReviewNeeded), invocation)?;
    let saved = payments.save_requested(&next, Some(&request), invocation.deadline);
    if saved.await? {
        return Ok(Outcome::Entered);
    }
    Err(Error::unavailable(RECORDING, "the payment changed since it was read"))
}

/// The payment that an event is about.
///
/// # Errors
/// `unknown-order` when the event names an order and its payment is not known yet.
async fn find(
    function: &PaymentWebhook,
    subject: Subject,
    invocation: &Invocation,
) -> Result<Option<StoredPayment>, Error> {
    let payments = &function.service.order_payments.payments;
    let stored = payments.get(subject.payment_id, invocation.deadline).await?;
    if stored.is_none() && subject.names_an_order {
        return Err(Rejection::new(&reason::UNKNOWN_ORDER, "The payment is not known yet.").into());
    }
    Ok(stored)
}
