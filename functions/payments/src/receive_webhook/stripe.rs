//! Stripe's webhooks. They are signed and arrive in any order.

use lambda_http::http::HeaderMap;
use serde_json::Value;
use shared::Error;
use shared::aws::lambda::{Invocation, http};
use shared::core::signature;
use shared::payments::provider::{Stripe, StripeEvent};
use shared::payments::{FailedRefund, ProviderStatus, Report, ReportedDispute, StoredPayment};

use super::{Outcome, ReceiveWebhook, header};

/// Verifies and records an event.
pub async fn receive(
    function: &ReceiveWebhook,
    headers: &HeaderMap,
    body: &[u8],
    invocation: &Invocation,
) -> Result<Outcome, Error> {
    let signed = header(headers, "stripe-signature");
    let vault = function.service.providers.vault();
    vault
        .verify(invocation.now, invocation.deadline, |credentials| {
            let secrets = &credentials.stripe()?.webhook_secrets;
            Ok(signature::verify_stripe(signed, body, secrets, invocation.now)?)
        })
        .await?;
    let event: Value = http::parse(body)?;
    let event = Stripe::event(&event);
    let Some(stored) = find(function, &event, invocation).await? else {
        return Ok(Outcome::Ignored);
    };
    match event {
        StripeEvent::Charged(report) => {
            let recorded = function.service.record_report(&report, None, invocation).await?;
            Ok(Outcome::of(&recorded))
        }
        StripeEvent::Changed {
            failed_refund, dispute, ..
        } => {
            // The event is signed, so what it reports is added to Stripe's present state if that does not have it.
            let add = |report: &mut Report| {
                let is_known = |failed: &FailedRefund| {
                    let mut known = report.failed_refunds.iter();
                    known.any(|known| known.reference == failed.reference)
                };
                if let Some(failed) = failed_refund.as_ref().filter(|failed| !is_known(failed)) {
                    // The state is older than the event: its sum still contains the refund.
                    if report.status == ProviderStatus::Charged {
                        return Err(Error::unavailable(
                            "query a payment provider",
                            "the answer is older than the event of a failed refund",
                        ));
                    }
                    report.failed_refunds.push(failed.clone());
                }
                let is_known = |dispute: &ReportedDispute| {
                    let mut known = report.disputes.iter();
                    known.any(|known| known.dispute_id == dispute.dispute_id)
                };
                if let Some(dispute) = dispute.as_ref().filter(|dispute| !is_known(dispute)) {
                    report.disputes.push(dispute.clone());
                }
                Ok(())
            };
            let recorded = function.service.refresh_with(&stored, add, invocation).await?;
            Ok(Outcome::of(&recorded))
        }
        StripeEvent::Irrelevant => Ok(Outcome::Ignored),
    }
}

/// The payment that an event is about. `None` when the event is not about a payment of ours: another shop can use the
/// same account.
///
/// A payment is stored before anybody can pay it. The charge of a subscription is stored after it was made, and compared
/// with Stripe's records later, so it needs no event.
async fn find(
    function: &ReceiveWebhook,
    event: &StripeEvent,
    invocation: &Invocation,
) -> Result<Option<StoredPayment>, Error> {
    let payment_id = match event {
        StripeEvent::Charged(report) => report.payment_id(),
        StripeEvent::Changed { payment_id, .. } => *payment_id,
        StripeEvent::Irrelevant => return Ok(None),
    };
    let payments = &function.service.order_payments.payments;
    payments.get(payment_id, invocation.deadline).await
}
