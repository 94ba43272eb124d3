//! Money on its way: to the order that can have it after all, or back to the customer.

use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::id::PaymentId;
use crate::core::idempotency::derive_id;
use crate::orders::OrderEvent;
use crate::orders::OrderStatus;
use crate::orders::{ReservationStore, RetakeOutcome, StoredOrder};
use crate::payments::StoredPayment;
use crate::payments::provider::Answer;
use crate::payments::service::{ATTEMPTS, RECORDING, WRITE_TIME};
use crate::payments::{Change, Failure, PaymentEventKind, PaymentStatus, RefundReason, Report};
use crate::payments::{PaymentService, next};

impl PaymentService {
    /// Finds money that an order could not have its place: the order after all, with its stock taken anew where it had
    /// expired; else the customer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when another payment of the order is under way, or the provider does not answer.
    pub async fn resolve_unservable(
        &self,
        id: PaymentId,
        reservations: &ReservationStore,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        for _ in 0..ATTEMPTS {
            let (stored, order) = self.load(id, invocation.deadline).await?;
            if stored.payment.review.is_some() {
                return Ok(stored);
            }
            if stored.payment.status != PaymentStatus::Unservable || stored.payment.pending_refund().is_some() {
                return self.refund(id, invocation).await;
            }
            if order.order.status == OrderStatus::Paying {
                let waiting = "another payment of the order is under way";
                return Err(Error::unavailable(RECORDING, waiting));
            }
            if let Some(change) = stored.payment.applied_to_order(&order.order, invocation.now) {
                if let Some(saved) = self.save(&stored, &order, change, invocation).await? {
                    return Ok(saved);
                }
                continue;
            }
            if let Some(change) = stored.payment.applied_to_expired_order(&order.order, invocation.now) {
                match self.revive(&stored, &order, change, reservations, invocation).await? {
                    (RetakeOutcome::Taken, payment) => return Ok(payment),
                    (RetakeOutcome::Changed, _) => continue,
                    (RetakeOutcome::OutOfStock, _) => {}
                }
            }
            // A refund that was refused and is made anew is another one: providers repeat what they refused.
            let nth = stored.payment.refunds.len().to_string();
            let refund_id = derive_id(&["unservable", &id.to_string(), &nth]);
            let refunding =
                stored
                    .payment
                    .with_refund(refund_id, None, RefundReason::Unservable, None, invocation.now)?;
            let next = next(&stored, refunding, None, invocation)?;
            if self.order_payments.payments.save(&next, invocation.deadline).await? {
                return self.refund(id, invocation).await;
            }
        }
        Err(Error::unavailable(RECORDING, "it keeps changing"))
    }

    async fn revive(
        &self,
        stored: &StoredPayment,
        order: &StoredOrder,
        change: Change,
        reservations: &ReservationStore,
        invocation: &Invocation,
    ) -> Result<(RetakeOutcome, StoredPayment), Error> {
        let payment = next(stored, change.payment, change.event_kind, invocation)?;
        let Some(paid) = change.order else {
            return Ok((RetakeOutcome::Changed, payment));
        };
        let event = invocation.record(&OrderEvent::OrderPaid(paid.clone()))?;
        let order = order.next(paid, Some(event));
        let deadline = invocation.deadline;
        let retaken = self
            .order_payments
            .revive(reservations, &order, &payment, deadline)
            .await?;
        Ok((retaken, payment))
    }

    /// Asks for what is owed of a refund that was refused once more, now that some of the payment's money went back; when
    /// that is refused too a person looks at it again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn refund_owed(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let payment = &stored.payment;
        let nth = payment.refunds.len().to_string();
        let refund_id = derive_id(&["owed", &payment.payment_id.to_string(), &nth]);
        let Some(refunding) = payment.with_refused_again(refund_id, invocation.now)? else {
            return Ok(stored.clone());
        };
        let next = next(stored, refunding, Some(PaymentEventKind::RefundRequested), invocation)?;
        if self.order_payments.payments.save(&next, invocation.deadline).await? {
            return self.refund(payment.payment_id, invocation).await;
        }
        Err(Error::unavailable(RECORDING, "it changed meanwhile"))
    }

    /// Carries out the refund of a payment that is under way, if one is and nobody else is at it, and answers the payment
    /// after it. When the provider leaves open whether it was made, it stays under way, and the reconciler asks again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn refund(&self, id: PaymentId, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let (stored, _) = self.load(id, invocation.deadline).await?;
        let is_claimed = stored.tries > 0 && stored.look_at.is_some_and(|at| at > invocation.now);
        if stored.payment.pending_refund().is_none() || stored.payment.review.is_some() || is_claimed {
            return Ok(stored);
        }
        match self.claim(&stored, invocation).await? {
            Some(claimed) => self.refund_claimed(claimed, invocation).await,
            None => Err(Error::unavailable(RECORDING, "it changed meanwhile")),
        }
    }

    /// Keeps that a provider is being asked about a payment, so that nobody else asks for the same money meanwhile;
    /// `None` when it has changed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn claim(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<Option<StoredPayment>, Error> {
        let claimed = stored.with_claim(invocation.now);
        let saved = self.order_payments.payments.save(&claimed, invocation.deadline).await?;
        Ok(saved.then_some(claimed))
    }

    /// Carries out the refund under way of a payment that is [claimed](Self::claim).
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn refund_claimed(&self, stored: StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let Some(refund) = stored.payment.pending_refund() else {
            return Ok(stored);
        };
        let Ok(provider) = self.providers.of(stored.payment.provider) else {
            let failure = Failure::new("NO_API", "The provider has no API; refund it by hand");
            return self.refund_refused(&stored, &failure, invocation).await;
        };
        let answer = match self.refund_made_before(&stored, invocation).await {
            Ok(Some(report)) => Answer::Report(report),
            Ok(None) => {
                let deadline = invocation.deadline_keeping(WRITE_TIME);
                provider.refund(stored.attempt(), refund, deadline).await
            }
            Err(error) => Answer::Unknown(error.into()),
        };
        match answer {
            Answer::Report(report) => self.record_report(&report, Some(stored.version), invocation).await,
            Answer::Refused(failure) => self.refund_refused(&stored, &failure, invocation).await,
            Answer::Unknown(cause) => {
                tracing::warn!(payment_id = %stored.payment.payment_id, cause, "a provider left open whether it gave money back");
                Ok(stored)
            }
        }
    }

    /// A refund that was tried before may have been made: the provider's sum says so, and only then is it not asked for
    /// again. Providers forget idempotency keys.
    async fn refund_made_before(
        &self,
        stored: &StoredPayment,
        invocation: &Invocation,
    ) -> Result<Option<Report>, Error> {
        // The claim for this try counts.
        if stored.tries <= 1 {
            return Ok(None);
        }
        let report = self.query_provider(stored, invocation).await?;
        Ok((report.refunded.amount() > stored.payment.refunded.amount()).then_some(report))
    }

    async fn refund_refused(
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
        Err(Error::unavailable(RECORDING, "it changed meanwhile"))
    }
}
