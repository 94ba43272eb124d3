//! Unservable payments and refunds.

use crate::aws::dynamodb::attempts::Attempts;
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::id::PaymentId;
use crate::orders::{OrderEvent, OrderStatus, ReinstateOutcome, ReservationStore, StoredOrder};
use crate::payments::provider::Answer;
use crate::payments::service::{RECORDING, WRITE_TIME};
use crate::payments::{
    Change, Failure, PaymentEventKind, PaymentService, PaymentStatus, RefundReason, Report, StoredPayment, next,
};

impl PaymentService {
    /// Resolves an unservable payment: pays the order after all, with its stock or seats taken again if it expired, or refunds
    /// the payment. Leaves it as it is while another payment of the order is in progress. Makes the pending refund of any
    /// other payment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the payment changes again and again.
    pub async fn resolve_unservable(
        &self,
        id: PaymentId,
        reservations: &ReservationStore,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        let mut attempts = Attempts::new(RECORDING);
        loop {
            attempts.start()?;
            let (stored, order) = self.load(id, invocation.deadline).await?;
            if stored.payment.status != PaymentStatus::Unservable || stored.payment.pending_refund().is_some() {
                return self.refund(id, invocation).await;
            }
            if stored.payment.is_blocked() || stored.payment.kept().amount() == 0 {
                return Ok(stored);
            }
            // Another payment of the order is in progress. The reconciler resolves this one after it.
            if order.order.status == OrderStatus::Paying {
                return Ok(stored);
            }
            if let Some(change) = stored.payment.applied_to_order(&order.order, invocation.now) {
                if let Some(saved) = self.save(&stored, &order, change, invocation).await? {
                    return Ok(saved);
                }
                continue;
            }
            if let Some(change) = stored.payment.applied_to_expired_order(&order.order, invocation.now) {
                match self
                    .reinstate(&stored, &order, change, reservations, invocation)
                    .await?
                {
                    (ReinstateOutcome::Taken, payment) => return Ok(payment),
                    (ReinstateOutcome::Changed, _) => continue,
                    (ReinstateOutcome::OutOfStock, _) => {}
                }
            }
            // A new refund after a refused one has a new id, since providers repeat a refusal for the same key.
            let refund_id = stored.refund_id("unservable");
            let reason = RefundReason::Unservable;
            let refunding =
                stored
                    .payment
                    .with_refund(refund_id, None, reason, None, invocation.actor()?, invocation.now)?;
            let next = next(&stored, refunding, None, invocation)?;
            if self.order_payments.payments.save(&next, invocation.deadline).await? {
                return self.refund(id, invocation).await;
            }
        }
    }

    async fn reinstate(
        &self,
        stored: &StoredPayment,
        order: &StoredOrder,
        change: Change,
        reservations: &ReservationStore,
        invocation: &Invocation,
    ) -> Result<(ReinstateOutcome, StoredPayment), Error> {
        let payment = next(stored, change.payment, change.event_kind, invocation)?;
        let Some(paid) = change.order else {
            return Ok((ReinstateOutcome::Changed, payment));
        };
        let event = invocation.record(&OrderEvent::OrderPaid(paid.clone()))?;
        let order = order.next(paid, Some(event));
        let outcome = self
            .order_payments
            .reinstate(reservations, &order, &payment, invocation)
            .await?;
        Ok((outcome, payment))
    }

    /// Requests again what is owed outside of reviews, such as the rest of a refund that the customer did not get. If the
    /// provider refuses again, starts another review.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn refund_owed(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let payment = &stored.payment;
        let (refund_id, by) = (stored.refund_id("owed"), invocation.actor()?);
        let Some(refunding) = payment.with_retried_refund(refund_id, by, invocation.now)? else {
            return Ok(stored.clone());
        };
        let next = next(stored, refunding, Some(PaymentEventKind::RefundRequested), invocation)?;
        if self.order_payments.payments.save(&next, invocation.deadline).await? {
            return self.refund(payment.payment_id, invocation).await;
        }
        Err(Error::unavailable(RECORDING, "the payment changed since it was read"))
    }

    /// Makes the pending refund of a payment, unless another process has claimed it, and returns the payment. If the
    /// outcome is unknown, the refund stays pending and the reconciler retries it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn refund(&self, id: PaymentId, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let (stored, _) = self.load(id, invocation.deadline).await?;
        let is_claimed = stored.tries > 0 && stored.look_at.is_some_and(|at| at > invocation.now);
        if !stored.payment.can_make_refund() || is_claimed {
            return Ok(stored);
        }
        match self.claim(&stored, invocation).await? {
            Some(claimed) => self.refund_claimed(claimed, invocation).await,
            None => Err(Error::unavailable(RECORDING, "the payment changed since it was read")),
        }
    }

    /// Claims a payment before a provider call, so that no other process calls the provider for it at the same time.
    /// `None` when the payment has changed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn claim(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<Option<StoredPayment>, Error> {
        let claimed = stored.with_claim(invocation.now);
        let saved = self.order_payments.payments.save(&claimed, invocation.deadline).await?;
        Ok(saved.then_some(claimed))
    }

    /// Makes the pending refund of a [claimed](Self::claim) payment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn refund_claimed(&self, stored: StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let Some(refund) = stored.payment.pending_refund() else {
            return Ok(stored);
        };
        let Ok(provider) = self.providers.of(stored.payment.provider) else {
            let failure = Failure::new("NO_API", "the provider has no API, so give it back by hand");
            return self.record_refused_refund(&stored, &failure, invocation).await;
        };
        let answer = match self.find_earlier_refund(&stored, invocation).await {
            Ok(Some(report)) => Answer::Report(report),
            Ok(None) => {
                let deadline = invocation.deadline_keeping(WRITE_TIME);
                provider.refund(stored.attempt(), refund, deadline).await
            }
            Err(error) => Answer::Unknown(error.into()),
        };
        match answer {
            Answer::Report(report) => {
                let recorded = self.record_report(&report, Some(stored.version), invocation);
                Ok(recorded.await?.payment()?)
            }
            Answer::Refused(failure) => self.record_refused_refund(&stored, &failure, invocation).await,
            Answer::Unknown(cause) => {
                tracing::warn!(payment_id = %stored.payment.payment_id, cause, "the outcome of a refund is unknown");
                Ok(stored)
            }
        }
    }

    /// The provider's report, if it differs from the records: an earlier try has made the refund, or it has failed since.
    /// A retry must check this because idempotency keys expire.
    async fn find_earlier_refund(
        &self,
        stored: &StoredPayment,
        invocation: &Invocation,
    ) -> Result<Option<Report>, Error> {
        // Includes the claim of this try.
        if stored.tries <= 1 {
            return Ok(None);
        }
        let report = self.query_provider(stored, invocation).await?;
        let refund = stored.payment.pending_refund().map(|refund| refund.refund_id);
        let has_failed = report
            .failed_refunds
            .iter()
            .any(|failed| failed.refund_id.is_some() && failed.refund_id == refund);
        Ok((has_failed || report.refunded != stored.payment.refunded_by_provider()).then_some(report))
    }

    async fn record_refused_refund(
        &self,
        stored: &StoredPayment,
        failure: &Failure,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        let refused = stored.payment.refund_refused(failure, invocation.now);
        let next = next(stored, refused, Some(PaymentEventKind::ReviewNeeded), invocation)?;
        if self.order_payments.payments.save(&next, invocation.deadline).await? {
            return Ok(next);
        }
        Err(Error::unavailable(RECORDING, "the payment changed since it was read"))
    }
}
