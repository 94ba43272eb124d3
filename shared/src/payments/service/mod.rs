//! The payment service: confirms, queries, cancels and refunds payments at their providers and records the results.
//!
//! All functions that move money use it. Each write is conditional on the version that was read, and is retried after a
//! change, so a webhook, a confirmation, a refund and the reconciler can work on the same payment concurrently.

mod refunds;

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::dynamodb::attempts::Attempts;
use crate::aws::lambda::Invocation;
use crate::aws::telemetry::{self, Unit};
use crate::core::error::{Error, Rejection};
use crate::core::id::PaymentId;
use crate::orders::OrderEvent;
use crate::orders::{OrderStatus, StoredOrder};
use crate::payments::PaymentEvent;
use crate::payments::provider::{Answer, Providers};
use crate::payments::reason;
use crate::payments::{
    self, Change, Effect, Failure, OrderPaymentStore, Payment, PaymentEventKind, PaymentRequest, PaymentStatus,
    ProviderStatus, Report, StoredPayment,
};

/// Time reserved for writing after a provider call.
const WRITE_TIME: Duration = Duration::from_secs(3);

const RECORDING: &str = "record a payment";
const QUERYING: &str = "query a payment provider";

/// The number of times that a query is repeated because the payment changed meanwhile.
const QUERIES: usize = 3;

/// The outcome of a report.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// The content of the report is recorded, now or earlier.
    Entered(StoredPayment),
    /// The report says less than what is known and may be old. It was not recorded.
    Outdated(StoredPayment),
    /// The payment was not started here and was not charged. Nothing was recorded.
    Unknown,
}

impl Recorded {
    /// The payment.
    ///
    /// # Errors
    /// `not-found` when none is recorded.
    pub fn payment(self) -> Result<StoredPayment, payments::Rejected> {
        match self {
            Self::Entered(stored) | Self::Outdated(stored) => Ok(stored),
            Self::Unknown => Err(payments::Rejected::NotFound),
        }
    }
}

/// Records payments and calls their providers.
#[derive(Clone, Debug)]
pub struct PaymentService {
    /// The orders and payments tables.
    pub order_payments: OrderPaymentStore,
    /// The providers.
    pub providers: Providers,
}

impl PaymentService {
    /// Creates the service.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            order_payments: OrderPaymentStore::new(platform)?,
            providers: Providers::new(platform)?,
        })
    }

    /// Reads a payment and its order, consistently.
    ///
    /// # Errors
    /// `not-found`, [`Error::Unavailable`], [`Error::Internal`].
    pub async fn load(&self, id: PaymentId, deadline: Instant) -> Result<(StoredPayment, StoredOrder), Error> {
        let payment = self.order_payments.payments.get(id, deadline).await?;
        let payment = payment.ok_or(payments::Rejected::NotFound)?;
        let order = self
            .order_payments
            .orders
            .get(payment.payment.order_id, deadline)
            .await?;
        let order = order.ok_or_else(|| Error::internal(RECORDING, format!("payment {id} has no order")))?;
        Ok((payment, order))
    }

    /// Saves an attempt to charge `payment` for `order` before the provider call: the reconciler finds it after a
    /// crash, and nothing ends the order meanwhile. `None` when payment or order has changed, or the request was made
    /// before. If an earlier write of the same call made it and its response was lost, the stored `begun_by` is the
    /// caller's.
    ///
    /// # Errors
    /// `payment-under-way`, `order-closed`, `too-many-payments`; [`Error::Unavailable`], [`Error::Internal`].
    pub async fn begin(
        &self,
        payment: &StoredPayment,
        order: &StoredOrder,
        request: &PaymentRequest,
        begun_by: Uuid,
        invocation: &Invocation,
    ) -> Result<Option<StoredPayment>, Error> {
        let paying = order.order.paying(payment.payment.payment_id, invocation.now)?;
        let Some(attempt) = payment.payment.confirming() else {
            return Ok(None);
        };
        let attempt = StoredPayment {
            begun_by: Some(begun_by),
            ..payment.next(attempt, None, invocation.now)
        };
        // A started payment is already counted, and its customer may have paid.
        let order = if payment.version == 0 {
            order.with_payment(paying)?
        } else {
            order.next(paying, None)
        };
        let saved = self
            .order_payments
            .save(&attempt, Some(&order), Some(request), invocation.deadline);
        Ok(saved.await?.then_some(attempt))
    }

    /// Confirms an attempt that [`PaymentService::begin`] saved at the provider, and returns the payment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the outcome could not be saved: the reconciler retries the attempt.
    pub async fn confirm(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let provider = self.providers.of(stored.payment.provider)?;
        let deadline = invocation.deadline_keeping(WRITE_TIME);
        match provider.confirm(stored.attempt(), deadline).await {
            Answer::Report(report) if report.status == ProviderStatus::Pending => {
                self.record_not_paid(stored, invocation).await
            }
            Answer::Report(report) if report.status == ProviderStatus::Processing => {
                self.record_unknown(stored, invocation).await
            }
            Answer::Report(report) => self.record_confirmation(&report, stored.version, invocation).await,
            Answer::Refused(failure) => {
                let report = failed_report(&stored.payment, failure);
                self.record_confirmation(&report, stored.version, invocation).await
            }
            Answer::Unknown(cause) => {
                tracing::warn!(cause, "the outcome of a confirmation is unknown");
                match provider.find(stored.attempt(), deadline).await {
                    Answer::Report(report) if is_final(&report) => {
                        self.record_confirmation(&report, stored.version, invocation).await
                    }
                    _ => self.record_unknown(stored, invocation).await,
                }
            }
        }
    }

    /// Queries the provider, records its report, and returns the payment. Queries again if the payment changed
    /// meanwhile and the report may therefore be old.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not report a final status, or the payment changes again and again.
    pub async fn refresh_from_provider(
        &self,
        stored: &StoredPayment,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        Ok(self.refresh_with(stored, |_| Ok(()), invocation).await?.payment()?)
    }

    /// [`PaymentService::refresh_from_provider`] with what a signed message adds to the provider's report. The payment need not be
    /// recorded.
    ///
    /// # Errors
    /// As [`PaymentService::refresh_from_provider`], and those of `add`.
    pub async fn refresh_with(
        &self,
        stored: &StoredPayment,
        add: impl Fn(&mut Report) -> Result<(), Error>,
        invocation: &Invocation,
    ) -> Result<Recorded, Error> {
        let mut stored = stored.clone();
        for _ in 0..QUERIES {
            let mut report = self.query_provider(&stored, invocation).await?;
            add(&mut report)?;
            match self.record_report(&report, Some(stored.version), invocation).await? {
                Recorded::Outdated(changed) => stored = changed,
                recorded => return Ok(recorded),
            }
        }
        Err(Error::unavailable(QUERYING, "the payment changed during each query"))
    }

    /// Queries the provider and returns its report without recording it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not report a final status.
    pub async fn query_provider(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<Report, Error> {
        let provider = self.providers.of(stored.payment.provider)?;
        report_from(
            provider
                .find(stored.attempt(), invocation.deadline_keeping(WRITE_TIME))
                .await,
        )
    }

    /// Resolves an attempt with an unknown outcome: queries the provider, and confirms the payment again if the
    /// provider has not received the confirmation.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not report a final status.
    pub async fn resolve_unknown(
        &self,
        stored: &StoredPayment,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        let report = self.query_provider(stored, invocation).await?;
        match report.status {
            ProviderStatus::Pending => self.confirm(stored, invocation).await,
            ProviderStatus::Processing => Err(Error::unavailable(QUERYING, "the provider is processing the payment")),
            // This process has claimed the payment, so no other process confirms it.
            _ => self.record_confirmation(&report, stored.version, invocation).await,
        }
    }

    /// Cancels a payment that was started and not paid, so that it cannot be paid any more. Leaves it as it is while the
    /// provider processes it or waits for its deposit: the reconciler tries again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not respond.
    pub async fn cancel_unpaid(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        // Without an API there is nothing to cancel.
        let Ok(provider) = self.providers.of(stored.payment.provider) else {
            return Ok(stored.clone());
        };
        let report = report_from(
            provider
                .cancel_unpaid(stored.attempt(), invocation.deadline_keeping(WRITE_TIME))
                .await,
        )?;
        match report.status {
            ProviderStatus::Pending => {
                let failure = Failure::new("ABANDONED", "The payment was not completed in time.");
                let report = failed_report(&stored.payment, failure);
                let recorded = self.record_report(&report, Some(stored.version), invocation);
                Ok(recorded.await?.payment()?)
            }
            ProviderStatus::Processing | ProviderStatus::AwaitingDeposit => {
                tracing::info!(payment_id = %stored.payment.payment_id, status = ?report.status, "not over yet");
                Ok(stored.clone())
            }
            _ => {
                let recorded = self.record_report(&report, Some(stored.version), invocation);
                Ok(recorded.await?.payment()?)
            }
        }
    }

    /// Records a provider's report of a known or new payment. [`Recorded::Unknown`] for an unknown payment that its provider's API can
    /// tell about and that was not charged.
    ///
    /// `queried_version` is the payment's version at the time of the query. Without it, the report may be old.
    ///
    /// # Errors
    /// `unknown-order` when the order does not exist, `payment-mismatch` for a known payment of another order; [`Error::Unavailable`], also for a failure while a
    /// confirmation is in progress, whose result is more reliable; [`Error::Internal`].
    pub async fn record_report(
        &self,
        report: &Report,
        queried_version: Option<u64>,
        invocation: &Invocation,
    ) -> Result<Recorded, Error> {
        self.record_report_as(false, report, queried_version, invocation).await
    }

    /// Records the provider's answer to a confirmation.
    async fn record_confirmation(
        &self,
        report: &Report,
        queried_version: u64,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        let recorded = self.record_report_as(true, report, Some(queried_version), invocation);
        Ok(recorded.await?.payment()?)
    }

    async fn record_report_as(
        &self,
        is_confirming: bool,
        report: &Report,
        queried_version: Option<u64>,
        invocation: &Invocation,
    ) -> Result<Recorded, Error> {
        let mut attempts = Attempts::new(RECORDING);
        loop {
            attempts.start()?;
            let (stored, order) = self.load_reported(report, invocation).await?;
            let is_failure = report.status.failure().is_some();
            if is_failure && !is_confirming && stored.payment.is_being_confirmed(stored.since, invocation.now) {
                return Err(Error::unavailable(
                    RECORDING,
                    "a confirmation of the payment is in progress",
                ));
            }
            // A provider without an API is not asked again. Its failure is recorded, because its report of an older charge
            // may arrive later.
            let is_recorded = match report.status {
                ProviderStatus::Charged | ProviderStatus::AwaitingDeposit => true,
                _ => is_failure && !report.provider.has_api(),
            };
            if stored.version == 0 && !is_recorded {
                return Ok(Recorded::Unknown);
            }
            let current = queried_version == Some(stored.version);
            let change = match stored.payment.after(report, &order.order, current, invocation.now) {
                Effect::Change(change) => *change,
                Effect::Known => return Ok(Recorded::Entered(stored)),
                Effect::Outdated => return Ok(Recorded::Outdated(stored)),
            };
            let stored = StoredPayment {
                deposit_secret: report.deposit_secret.clone().or(stored.deposit_secret),
                ..stored
            };
            if let Some(stored) = self.save(&stored, &order, change, invocation).await? {
                return Ok(Recorded::Entered(stored));
            }
        }
    }

    /// Loads the reported payment and its order. A new payment has version 0.
    async fn load_reported(
        &self,
        report: &Report,
        invocation: &Invocation,
    ) -> Result<(StoredPayment, StoredOrder), Error> {
        let deadline = invocation.deadline;
        let (stored, order) = futures::try_join!(
            self.order_payments.payments.get(report.payment_id(), deadline),
            self.order_payments.orders.get(report.order_id, deadline),
        )?;
        let order = order.ok_or_else(|| {
            let detail = format!("There is no order {} yet.", report.order_id);
            Rejection::new(&reason::UNKNOWN_ORDER, detail)
        })?;
        let stored = stored.unwrap_or_else(|| {
            let payment = Payment::new(
                report.provider,
                report.reference.clone(),
                order.order.order_id,
                order.order.customer_id.clone(),
                report.amount,
                invocation.now,
            );
            StoredPayment::unsaved(payment, order.order.expires_at)
        });
        if stored.payment.order_id != order.order.order_id {
            tracing::error!(payment_id = %stored.payment.payment_id, "a payment was reported for another order");
            return Err(payments::Rejected::OtherOrder.into());
        }
        Ok((stored, order))
    }

    async fn save(
        &self,
        stored: &StoredPayment,
        order: &StoredOrder,
        change: Change,
        invocation: &Invocation,
    ) -> Result<Option<StoredPayment>, Error> {
        self.save_requested(stored, order, change, None, invocation).await
    }

    /// Saves the `change` of a payment and its order, and the request that made it, in one write. `None` when payment or
    /// order has changed, or the request was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_requested(
        &self,
        stored: &StoredPayment,
        order: &StoredOrder,
        change: Change,
        request: Option<&PaymentRequest>,
        invocation: &Invocation,
    ) -> Result<Option<StoredPayment>, Error> {
        let payment = next(stored, change.payment, change.event_kind, invocation)?;
        let order = change.order.map(|changed| {
            let paid = (changed.status == OrderStatus::Paid).then(|| OrderEvent::OrderPaid(changed.clone()));
            let event = paid.map(|event| invocation.record(&event)).transpose()?;
            Ok::<_, Error>(order.next(changed, event))
        });
        let order = order.transpose()?;
        let saved = self
            .order_payments
            .save(&payment, order.as_ref(), request, invocation.deadline);
        Ok(saved.await?.then_some(payment))
    }

    async fn record_not_paid(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let mut attempts = Attempts::new(RECORDING);
        loop {
            attempts.start()?;
            let (stored, order) = self.load(stored.payment.payment_id, invocation.deadline).await?;
            let Some(change) = stored.payment.not_paid_yet(&order.order) else {
                return Ok(stored);
            };
            if let Some(saved) = self.save(&stored, &order, change, invocation).await? {
                return Ok(saved);
            }
        }
    }

    /// Records an attempt's unknown outcome, with one event.
    async fn record_unknown(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let mut attempts = Attempts::new(RECORDING);
        loop {
            attempts.start()?;
            let (stored, _) = self.load(stored.payment.payment_id, invocation.deadline).await?;
            if stored.payment.status != PaymentStatus::Confirming {
                return Ok(stored);
            }
            let unknown = Payment {
                status: PaymentStatus::Unknown,
                ..stored.payment.clone()
            };
            let next = next(&stored, unknown, Some(PaymentEventKind::Unknown), invocation)?;
            if self.order_payments.payments.save(&next, invocation.deadline).await? {
                return Ok(next);
            }
        }
    }
}

/// The next version of a changed payment, with its event. Logs and counts new reviews.
///
/// # Errors
/// [`Error::Internal`] when the event cannot be serialized.
pub fn next(
    stored: &StoredPayment,
    payment: Payment,
    event_kind: Option<PaymentEventKind>,
    invocation: &Invocation,
) -> Result<StoredPayment, Error> {
    let is_known = |id| stored.payment.reviews.iter().any(|review| review.review_id == id);
    let new: Vec<_> = payment
        .reviews
        .iter()
        .filter(|review| !is_known(review.review_id))
        .collect();
    for review in &new {
        let (code, detail) = (review.code, review.detail.as_str());
        tracing::error!(payment_id = %payment.payment_id, ?code, detail, "a payment needs a review");
    }
    if !new.is_empty() {
        telemetry::emit(
            "payments",
            invocation.now,
            &[("Reviews", Unit::Count, new.len() as f64)],
        );
    }
    let event = event_kind.map(|event_kind| invocation.record(&PaymentEvent::of(event_kind, payment.clone())));
    Ok(stored.next(payment, event.transpose()?, invocation.now))
}

fn failed_report(payment: &Payment, failure: Failure) -> Report {
    Report::on(payment, ProviderStatus::Failed(failure))
}

/// The report of an answer to a query.
fn report_from(answer: Answer) -> Result<Report, Error> {
    match answer {
        Answer::Report(report) => Ok(report),
        Answer::Refused(failure) => Err(Error::unavailable(
            QUERYING,
            format!("the provider refused the query: {}", failure.code),
        )),
        Answer::Unknown(cause) => Err(Error::unavailable(QUERYING, cause)),
    }
}

const fn is_final(report: &Report) -> bool {
    !matches!(report.status, ProviderStatus::Pending | ProviderStatus::Processing)
}
