//! An administrator's word about an attempt to charge of which its provider does not say what became of it.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::charge_service::ChargeStore;
use crate::charge_service::charge_store::Attempt;
use crate::charge_service::{ATTEMPTS, DOING, REVIEW_AFTER, charge};
use crate::invoice::{Invoice, InvoiceStatus};
use crate::store::{StoredInvoice, StoredSubscription, SubscriptionRequest};
use crate::subscription::Rejected;
use shared::aws::lambda::Invocation;
use shared::core::error::Error;
use shared::core::id::PaymentId;
use shared::core::id::SubscriptionPeriod;
use shared::payments::provider::{Answer, Charge};
use shared::payments::{Failure, ProviderStatus, Rejected as PaymentRejected};

/// How long the references of providers are.
const REFERENCE_LENGTH: RangeInclusive<usize> = 1..=200;

/// What a person found out about an attempt to charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum ChargeDecision {
    /// The provider answers again: it is asked with the schedule's next run.
    AskAgain {},
    /// The money was taken.
    Charged {
        /// What the provider calls the payment: `paymentKey` at Toss, the PaymentIntent's id at Stripe.
        #[schema(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
        #[serde(deserialize_with = "reference")]
        reference: String,
    },
    /// The money was not taken, and will not be: at Stripe, the PaymentIntent is cancelled in its dashboard first.
    NotCharged {
        /// When that was looked up at the provider: what has been asked for since is not covered by it.
        looked_up_at: Timestamp,
    },
}

/// What came of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The invoice as it stands now.
    pub invoice: Invoice,
    /// Whether an earlier request with the same key decided it.
    pub is_replay: bool,
}

impl ChargeStore {
    /// Enters a decision about the attempt to charge a period, and the `request` that brought it, in one write.
    ///
    /// # Errors
    /// [`Rejected::NotFound`], [`Rejected::NotInReview`] unless the provider has left the attempt open for a day,
    /// [`Rejected::ChargeUnderWay`] while it is being asked, [`Rejected::AttemptedSince`], [`PaymentRejected::OtherOrder`] for
    /// a reference that is not this attempt's, `idempotency-key-reused`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn review(
        &self,
        of: SubscriptionPeriod,
        decision: &ChargeDecision,
        request: &SubscriptionRequest,
        invocation: &Invocation,
    ) -> Result<Review, Error> {
        let subscriptions = &self.invoices.subscriptions;
        for n in 0..ATTEMPTS {
            let found = subscriptions.get_period(of, invocation.deadline).await?;
            // The request is looked for last: while it is not there, what was read before knows nothing of a twin.
            let known = subscriptions.request(request.request_id, invocation.deadline).await?;
            let Some(known) = known else {
                let (subscription, invoice) = found.ok_or(Rejected::NotFound)?;
                let stored = invoice.ok_or(Rejected::NotFound)?;
                self.decide(&subscription, &stored, decision, request, invocation)
                    .await?;
                // What it came to is read anew.
                continue;
            };
            known.fingerprint.require_same(&request.fingerprint)?;
            let decided = subscriptions.get_period(of, invocation.deadline).await?;
            let invoice = decided.and_then(|(_, invoice)| invoice).ok_or(Rejected::NotFound)?;
            return Ok(Review {
                invoice: invoice.invoice,
                // An earlier attempt of this very call, whose answer was lost, is no replay.
                is_replay: n == 0,
            });
        }
        Err(Error::unavailable(DOING, "it keeps changing"))
    }

    /// Enters a decision about an attempt as it was read.
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
                // An attempt that has a reference is not paid by another.
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

    /// Passes a payment that no other order has: one of another order was mistaken for it.
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

    /// Gives the attempt its place among what is due now.
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

/// Passes a decision about an attempt that has hung for so long that a person was told.
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
        // Money that was taken stays taken, whoever asks for it meanwhile.
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
