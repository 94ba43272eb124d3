//! Administrators' decisions about charge attempts with an unknown outcome.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::core::error::Error;
use shared::core::id::{PaymentId, SubscriptionPeriod};
use shared::payments::provider::{Answer, Charge};
use shared::payments::{Failure, ProviderStatus, Rejected as PaymentRejected};
use utoipa::ToSchema;

use crate::charge_service::charge_store::Attempt;
use crate::charge_service::{ChargeStore, DOING, REVIEW_AFTER, charge};
use crate::invoice::{Invoice, InvoiceStatus};
use crate::store::{StoredInvoice, StoredSubscription, SubscriptionRequest};
use crate::subscription::Rejected;

/// The valid lengths of a provider's reference.
const REFERENCE_LENGTH: RangeInclusive<usize> = 1..=200;

/// An administrator's decision about a charge attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum ChargeDecision {
    /// Query the provider again with the schedule's next run.
    AskAgain {},
    /// The attempt was charged.
    Charged {
        /// The provider's reference: `paymentKey` at Toss, the PaymentIntent's id at Stripe.
        #[schema(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
        #[serde(deserialize_with = "reference")]
        reference: String,
    },
    /// The attempt was not charged, and will not be. At Stripe, first cancel the PaymentIntent in the dashboard.
    NotCharged {
        /// The time of the look-up at the provider. The decision does not cover later charge requests.
        looked_up_at: Timestamp,
    },
}

/// The result of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The current invoice.
    pub invoice: Invoice,
    /// Whether an earlier request with the same key made the decision.
    pub is_replay: bool,
}

impl ChargeStore {
    /// Records a decision about the attempt to charge a period, with its `request`, in one write.
    ///
    /// # Errors
    /// [`Rejected::NotFound`], [`Rejected::NotInReview`] unless the outcome has been unknown for a day,
    /// [`Rejected::ChargeUnderWay`] during a provider call, [`Rejected::AttemptedSince`], [`PaymentRejected::OtherOrder`]
    /// for a reference of another attempt, `idempotency-key-reused`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn review(
        &self,
        of: SubscriptionPeriod,
        decision: &ChargeDecision,
        request: &SubscriptionRequest,
        invocation: &Invocation,
    ) -> Result<Review, Error> {
        let subscriptions = &self.invoices.subscriptions;
        let mut attempts = Attempts::new(DOING);
        loop {
            attempts.start()?;
            let found = subscriptions.get_period(of, invocation.deadline).await?;
            // Read the request last: if it does not exist, the earlier reads precede any concurrent duplicate.
            let known = subscriptions.request(request.request_id, invocation.deadline).await?;
            let Some(known) = known else {
                let (subscription, invoice) = found.ok_or(Rejected::NotFound)?;
                let stored = invoice.ok_or(Rejected::NotFound)?;
                self.decide(&subscription, &stored, decision, request, invocation)
                    .await?;
                // Read the result.
                continue;
            };
            known.fingerprint.require_same(&request.fingerprint)?;
            let decided = subscriptions.get_period(of, invocation.deadline).await?;
            let invoice = decided.and_then(|(_, invoice)| invoice).ok_or(Rejected::NotFound)?;
            return Ok(Review {
                invoice: invoice.invoice,
                // An earlier attempt of this call, whose response was lost, is not a replay.
                is_replay: attempts.is_first(),
            });
        }
    }

    /// Records a decision about an attempt as read.
    async fn decide(
        &self,
        subscription: &StoredSubscription,
        stored: &StoredInvoice,
        decision: &ChargeDecision,
        request: &SubscriptionRequest,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        require_reviewable(stored, decision, invocation)?;
        let attempt = Attempt {
            invoice: stored,
            by: Some(request),
        };
        let answer = match decision {
            ChargeDecision::AskAgain {} => return self.query_again(subscription, attempt, invocation).await,
            ChargeDecision::Charged { reference } => {
                let provider = subscription.subscription.provider;
                self.require_payment_of_order(stored, PaymentId::of(provider, reference), invocation)
                    .await?;
                // An attempt with a reference cannot be paid by another payment.
                if stored.reference.as_ref().is_some_and(|known| known != reference) {
                    return Err(PaymentRejected::OtherOrder.into());
                }
                let charge = Charge {
                    reference: Some(reference),
                    ..charge(stored)?
                };
                Answer::Report(charge.report_on(provider, ProviderStatus::Charged))
            }
            ChargeDecision::NotCharged { .. } => {
                let message = "The payment was not completed; nothing was charged.";
                Answer::Refused(Failure::new("REVIEWED", message))
            }
        };
        self.record_answer_as(attempt, answer, invocation).await.map(|_| ())
    }

    /// Checks that the payment does not belong to another order.
    async fn require_payment_of_order(
        &self,
        stored: &StoredInvoice,
        id: PaymentId,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        let payments = &self.invoices.order_payments.payments;
        let found = payments.get(id, invocation.deadline).await?;
        match found.filter(|found| found.payment.order_id != stored.invoice.order_id()) {
            Some(_) => Err(PaymentRejected::OtherOrder.into()),
            None => Ok(()),
        }
    }

    /// Makes the attempt due now.
    async fn query_again(
        &self,
        subscription: &StoredSubscription,
        attempt: Attempt<'_>,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        let again = StoredInvoice {
            invoice: attempt.invoice.invoice.check_now(invocation.now),
            tries: 0,
            version: attempt.invoice.version + 1,
            ..attempt.invoice.clone()
        };
        let unchanged = subscription.subscription.clone();
        let next = subscription.next(unchanged, Some(&again.invoice), None, &self.policy, invocation.now);
        self.save(&attempt.write(&next, &again), invocation).await.map(|_| ())
    }
}

/// Checks that the attempt's outcome has been unknown long enough for a review, and that the decision covers it.
fn require_reviewable(
    stored: &StoredInvoice,
    decision: &ChargeDecision,
    invocation: &Invocation,
) -> Result<(), Rejected> {
    let now = invocation.now;
    if stored.invoice.status != InvoiceStatus::Charging || now.duration_since(stored.since) <= REVIEW_AFTER {
        return Err(Rejected::NotInReview);
    }
    let known_at = match decision {
        // A charge stays true, even during another provider call.
        ChargeDecision::Charged { .. } => return Ok(()),
        ChargeDecision::AskAgain {} => now,
        ChargeDecision::NotCharged { looked_up_at } => now.min(*looked_up_at),
    };
    let is_being_checked = |at| stored.invoice.is_being_checked(stored.tries, at);
    if is_being_checked(now) {
        return Err(Rejected::ChargeUnderWay);
    }
    if is_being_checked(known_at) {
        return Err(Rejected::AttemptedSince);
    }
    Ok(())
}

fn reference<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if REFERENCE_LENGTH.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text);
    }
    let (least, most) = REFERENCE_LENGTH.into_inner();
    Err(serde::de::Error::custom(format!(
        "a reference has {least} to {most} visible ASCII characters"
    )))
}
