//! The cashier: asks the providers for money or for the truth, and enters what they say in the books.
//!
//! Every function that deals with money goes through here, so a webhook, a confirmation, a refund and the reconciler
//! that meet at one payment all write under the condition that nothing has changed it since they read it, and look
//! again when something has.

mod refunds;

use crate::orders::OrderEvent;
use crate::payments::PaymentEvent;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::lambda::Invocation;
use crate::aws::telemetry;
use crate::aws::telemetry::Unit;
use crate::core::error;
use crate::core::error::{Error, Rejection};
use crate::core::id::PaymentId;
use crate::orders::OrderStatus;
use crate::orders::StoredOrder;
use crate::payments;
use crate::payments::provider::{Answer, Providers};
use crate::payments::{Change, Failure, Payment, PaymentEventKind, PaymentStatus, ProviderStatus, Report};
use crate::payments::{OrderPaymentStore, PaymentRequest, StoredPayment};

/// How often what changes under our hands is read again.
const ATTEMPTS: usize = 8;
/// Time kept back from a provider, so that what it says can be written.
const WRITE_TIME: Duration = Duration::from_secs(3);

const RECORDING: &str = "settle a payment";
const QUERYING: &str = "ask a payment provider";

/// The books and the providers.
#[derive(Clone, Debug)]
pub struct PaymentService {
    /// Payments and orders.
    pub order_payments: OrderPaymentStore,
    /// Who takes the money.
    pub providers: Providers,
}

impl PaymentService {
    /// The cashier on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            order_payments: OrderPaymentStore::new(platform)?,
            providers: Providers::new(platform)?,
        })
    }

    /// The payment and its order, as they stand now.
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

    /// Keeps the attempt to take the money of `payment` for `order`, before the provider is asked: a crash leaves a
    /// trace, and nothing ends the order meanwhile. `None` when payment or order has changed, or the request was made
    /// before, perhaps by this very call whose answer was lost: then `begun_by` is its own.
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
        // One that was started counts already, and its customer may have paid.
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

    /// Asks the provider for the money of an attempt that [`PaymentService::begin`] kept, and answers the payment after it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the outcome could not be written: the attempt stands, and will be looked at again.
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
                tracing::warn!(cause, "a provider left open whether it took the money");
                match provider.find(stored.attempt(), deadline).await {
                    Answer::Report(report) if is_decided(&report) => {
                        self.record_confirmation(&report, stored.version, invocation).await
                    }
                    _ => self.record_unknown(stored, invocation).await,
                }
            }
        }
    }

    /// Asks the provider where a payment stands, and answers it after that.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not say.
    pub async fn refresh_from_provider(
        &self,
        stored: &StoredPayment,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        let report = self.query_provider(stored, invocation).await?;
        self.record_report(&report, Some(stored.version), invocation).await
    }

    /// Asks the provider where a payment stands, and enters nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not say.
    pub async fn query_provider(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<Report, Error> {
        let provider = self.providers.of(stored.payment.provider)?;
        report_from(
            provider
                .find(stored.attempt(), invocation.deadline_keeping(WRITE_TIME))
                .await,
        )
    }

    /// Settles an attempt whose outcome is not known: asks where it stands, and asks for the money once more when the
    /// provider has not been asked for it yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not say.
    pub async fn resolve_unknown(
        &self,
        stored: &StoredPayment,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        let report = self.query_provider(stored, invocation).await?;
        match report.status {
            ProviderStatus::Pending => self.confirm(stored, invocation).await,
            ProviderStatus::Processing => Err(Error::unavailable(QUERYING, "it is at work")),
            // Whoever has claimed it is the one who asks for the money.
            _ => self.record_confirmation(&report, stored.version, invocation).await,
        }
    }

    /// Sees to it that a payment that was begun and never paid can be paid no more.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not say.
    pub async fn cancel_unpaid(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        let provider = self.providers.of(stored.payment.provider)?;
        let report = report_from(
            provider
                .cancel_unpaid(stored.attempt(), invocation.deadline_keeping(WRITE_TIME))
                .await,
        )?;
        match report.status {
            ProviderStatus::Pending => {
                let failure = Failure::new("ABANDONED", "The payment was not finished in time.");
                let report = failed_report(&stored.payment, failure);
                self.record_report(&report, Some(stored.version), invocation).await
            }
            ProviderStatus::Processing => Err(Error::unavailable(QUERYING, "it is at work")),
            ProviderStatus::AwaitingDeposit => Err(Error::unavailable(QUERYING, "it awaits a deposit still")),
            _ => self.record_report(&report, Some(stored.version), invocation).await,
        }
    }

    /// Enters what a provider says of a payment, known or new, and answers the payment after it.
    ///
    /// `queried_version` is the version of the payment when the provider was asked; without one, what the report says may be
    /// old.
    ///
    /// # Errors
    /// `unknown-order` when there is no such order, `not-found` for a payment that is not known and of which there is
    /// nothing to enter; [`Error::Unavailable`], for a no while the provider is being asked for the money too: who asks
    /// knows better; [`Error::Internal`].
    pub async fn record_report(
        &self,
        report: &Report,
        queried_version: Option<u64>,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        self.record_report_as(false, report, queried_version, invocation).await
    }

    /// Enters what a provider answered to the request for the money itself.
    async fn record_confirmation(
        &self,
        report: &Report,
        queried_version: u64,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        self.record_report_as(true, report, Some(queried_version), invocation)
            .await
    }

    async fn record_report_as(
        &self,
        is_confirming: bool,
        report: &Report,
        queried_version: Option<u64>,
        invocation: &Invocation,
    ) -> Result<StoredPayment, Error> {
        for _ in 0..ATTEMPTS {
            let (stored, order) = self.load_reported(report, invocation).await?;
            let is_no = matches!(report.status, ProviderStatus::Failed(_));
            if is_no && !is_confirming && stored.payment.is_being_confirmed(stored.since, invocation.now) {
                return Err(Error::unavailable(RECORDING, "its confirmation is under way"));
            }
            let is_money = matches!(report.status, ProviderStatus::Charged | ProviderStatus::AwaitingDeposit);
            if stored.version == 0 && !is_money {
                return Err(payments::Rejected::NotFound.into());
            }
            let current = queried_version == Some(stored.version);
            let change = stored.payment.after(report, &order.order, current, invocation.now);
            let Some(change) = change else {
                return Ok(stored);
            };
            let stored = StoredPayment {
                deposit_secret: report.deposit_secret.clone().or(stored.deposit_secret),
                ..stored
            };
            if let Some(saved) = self.save(&stored, &order, change, invocation).await? {
                return Ok(saved);
            }
        }
        Err(Error::unavailable(RECORDING, "it keeps changing"))
    }

    /// The payment and the order that a report names; a payment that is not known yet is one in version 0.
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
            Rejection::new(&error::UNKNOWN_ORDER, detail)
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
            let told = format!("payment {} is said to be for another order", stored.payment.payment_id);
            return Err(Error::internal(RECORDING, told));
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

    async fn save_requested(
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

    /// Enters a person's decision about a payment in review, in one write with the request for it: what the provider is
    /// to be taken to have said, or for `None` the payment as it is handed in, with the news of it. `None` when payment or order has changed,
    /// or the request was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn decide(
        &self,
        open: &StoredPayment,
        order: &StoredOrder,
        status: Option<ProviderStatus>,
        event_kind: Option<PaymentEventKind>,
        request: &PaymentRequest,
        invocation: &Invocation,
    ) -> Result<Option<StoredPayment>, Error> {
        let change = status.and_then(|status| {
            let report = report_with(&open.payment, status);
            open.payment.after(&report, &order.order, true, invocation.now)
        });
        let change = change.unwrap_or_else(|| Change {
            payment: open.payment.clone(),
            order: None,
            event_kind,
        });
        self.save_requested(open, order, change, Some(request), invocation)
            .await
    }

    async fn record_not_paid(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        for _ in 0..ATTEMPTS {
            let (stored, order) = self.load(stored.payment.payment_id, invocation.deadline).await?;
            let Some(change) = stored.payment.not_paid_yet(&order.order) else {
                return Ok(stored);
            };
            if let Some(saved) = self.save(&stored, &order, change, invocation).await? {
                return Ok(saved);
            }
        }
        Err(Error::unavailable(RECORDING, "it keeps changing"))
    }

    /// Keeps that the outcome of an attempt is not known, and says so once.
    async fn record_unknown(&self, stored: &StoredPayment, invocation: &Invocation) -> Result<StoredPayment, Error> {
        for _ in 0..ATTEMPTS {
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
        Err(Error::unavailable(RECORDING, "it keeps changing"))
    }
}

/// What is to be kept of a payment that changed, with the event that tells of it; a person is called when one is needed.
///
/// # Errors
/// [`Error::Internal`] when the event cannot be written as JSON.
pub fn next(
    stored: &StoredPayment,
    payment: Payment,
    event_kind: Option<PaymentEventKind>,
    invocation: &Invocation,
) -> Result<StoredPayment, Error> {
    if event_kind == Some(PaymentEventKind::ReviewNeeded) {
        let reason = payment.review.as_ref().map_or("", |review| review.reason.as_str());
        tracing::error!(payment_id = %payment.payment_id, reason, "a payment waits for a person");
        telemetry::emit("payments", invocation.now, &[("Reviews", Unit::Count, 1.0)]);
    }
    let event = event_kind.map(|event_kind| invocation.record(&PaymentEvent::of(event_kind, payment.clone())));
    Ok(stored.next(payment, event.transpose()?, invocation.now))
}

/// The report that a payment stands so at its provider.
fn report_with(payment: &Payment, status: ProviderStatus) -> Report {
    Report {
        provider: payment.provider,
        reference: payment.reference.clone(),
        order_id: payment.order_id,
        amount: payment.amount,
        refunded: payment.refunded,
        status,
        deposit: None,
        deposit_secret: None,
    }
}

fn failed_report(payment: &Payment, failure: Failure) -> Report {
    report_with(payment, ProviderStatus::Failed(failure))
}

/// What a provider that was asked said.
fn report_from(answer: Answer) -> Result<Report, Error> {
    match answer {
        Answer::Report(report) => Ok(report),
        Answer::Refused(failure) => Err(Error::unavailable(QUERYING, format!("{}: refused", failure.code))),
        Answer::Unknown(cause) => Err(Error::unavailable(QUERYING, cause)),
    }
}

const fn is_decided(report: &Report) -> bool {
    !matches!(report.status, ProviderStatus::Pending | ProviderStatus::Processing)
}
