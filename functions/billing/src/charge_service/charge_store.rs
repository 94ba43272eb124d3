//! The books of subscriptions: what became of a period, entered with all that hangs on it.

use crate::charge_service::Outcome;
use crate::charge_service::{ATTEMPTS, DOING};
use crate::event::BillingEvent;
use crate::invoice::{Invoice, InvoiceStatus, InvoiceTransition, Postponed};
use crate::invoice_store::InvoiceStore;
use crate::store::{StoredInvoice, StoredSubscription, SubscriptionRequest, SubscriptionWrite};
use crate::subscription::{Policy, Subscription, SubscriptionStatus, SubscriptionTransition};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::catalog::Hold;
use shared::catalog::Sku;
use shared::core::error;
use shared::core::error::{Error, Rejection};
use shared::core::event::DomainEvent;
use shared::core::id::SubscriptionPeriod;
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::orders::OrderEvent;
use shared::orders::StoredOrder;
use shared::orders::{Ending, Order, OrderStatus};
use shared::payments;
use shared::payments::StoredPayment;
use shared::payments::provider::{Answer, Decline};
use shared::payments::{Failure, Payment, PaymentEventKind, PaymentStatus, ProviderStatus, RefundReason, Report};

/// The books of subscriptions, and by what rules they are kept.
#[derive(Clone, Debug)]
pub struct ChargeStore {
    /// Subscriptions, stock, orders, payments.
    pub invoices: InvoiceStore,
    /// What the shop has decided.
    pub policy: Policy,
}

/// An attempt as it was when it was asked about.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub invoice: &'a StoredInvoice,
    /// The request of the person who answers instead of the provider, kept with what follows from it.
    pub by: Option<&'a SubscriptionRequest>,
}

/// A subscription and its open invoice, as they were read together.
pub(crate) struct Account {
    pub subscription: StoredSubscription,
    pub invoice: Option<StoredInvoice>,
}

impl Attempt<'_> {
    /// What is written of its end, with the request of the person who says so.
    pub fn write<'a>(
        &'a self,
        subscription: &'a StoredSubscription,
        invoice: &'a StoredInvoice,
    ) -> SubscriptionWrite<'a> {
        SubscriptionWrite {
            request: self.by,
            ..SubscriptionWrite::with(subscription, Some(invoice))
        }
    }
}

impl ChargeStore {
    /// The books on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            invoices: InvoiceStore::new(platform)?,
            policy: Policy::new(platform)?,
        })
    }

    /// A subscription and its invoice of the period, if that is open; none while the two do not fit each other.
    pub(crate) async fn account(
        &self,
        of: SubscriptionPeriod,
        invocation: &Invocation,
    ) -> Result<Option<Account>, Error> {
        let subscriptions = &self.invoices.subscriptions;
        let found = subscriptions.get_period(of, invocation.deadline).await?;
        let (subscription, invoice) =
            found.ok_or_else(|| Error::internal(DOING, format!("there is no subscription {}", of.subscription_id)))?;
        let is_open = subscription.subscription.open_period == Some(of.period);
        let invoice = invoice.filter(|_| is_open);
        Ok((is_open == invoice.is_some()).then_some(Account { subscription, invoice }))
    }

    /// Writes a write; false when anything has changed.
    pub(crate) async fn save(&self, write: &SubscriptionWrite<'_>, invocation: &Invocation) -> Result<bool, Error> {
        self.invoices.subscriptions.save(write, invocation.deadline).await
    }

    /// The same, and returns the units of `holds` to where they were taken from.
    async fn save_and_release(
        &self,
        write: &SubscriptionWrite<'_>,
        holds: &[Hold],
        invocation: &Invocation,
    ) -> Result<bool, Error> {
        self.invoices.save_result(write, None, holds, invocation.deadline).await
    }

    /// Keeps what changes of an attempt under way, and answers its subscription after that; none when something has
    /// changed.
    pub(crate) async fn save_attempt(
        &self,
        stored: &StoredSubscription,
        invoice: &StoredInvoice,
        invocation: &Invocation,
    ) -> Result<Option<StoredSubscription>, Error> {
        let unchanged = stored.subscription.clone();
        let next = stored.next(unchanged, Some(&invoice.invoice), None, &self.policy, invocation.now);
        let saved = self
            .save(&SubscriptionWrite::with(&next, Some(invoice)), invocation)
            .await?;
        Ok(saved.then_some(next))
    }

    /// Keeps that a period cannot be delivered now; its customer is last_event once.
    pub(crate) async fn postpone(
        &self,
        stored: &StoredSubscription,
        subscription: Subscription,
        invoice: &StoredInvoice,
        why: &Rejection,
        invocation: &Invocation,
    ) -> Result<Option<Outcome>, Error> {
        let turn = InvoiceTransition::Postpone(postponement(why));
        let Some(after) = invoice.invoice.transition(turn, invocation.now, &self.policy) else {
            return Ok(None);
        };
        let event = BillingEvent::DeliveryPostponed(after.clone());
        let last_event = invoice.event.as_ref().map(|event| event.detail_type.as_str());
        let event = (last_event != Some(event.detail_type())).then(|| invocation.record(&event));
        let next = stored.next(subscription, Some(&after), None, &self.policy, invocation.now);
        let after = invoice.next(after, event.transpose()?, invocation.now);
        let write = SubscriptionWrite::with(&next, Some(&after));
        let saved = self.save_and_release(&write, &invoice.holds, invocation).await?;
        Ok(saved.then_some(Outcome::Postponed))
    }

    /// Enters what the provider answered to the attempt `asked`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it could not be written: the attempt stands, and will be looked at again.
    pub(crate) async fn record_answer(
        &self,
        attempt: &StoredInvoice,
        answer: Answer,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        self.record_answer_as(
            Attempt {
                invoice: attempt,
                by: None,
            },
            answer,
            invocation,
        )
        .await
    }

    /// The same, where perhaps a person says it.
    pub(crate) async fn record_answer_as(
        &self,
        attempt: Attempt<'_>,
        answer: Answer,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let failure = match answer {
            Answer::Report(report) => match &report.status {
                ProviderStatus::Charged => return self.record_charged(attempt, &report, invocation).await,
                ProviderStatus::Failed(failure) => failure.clone(),
                ProviderStatus::Pending | ProviderStatus::Processing | ProviderStatus::AwaitingDeposit => {
                    return Ok(Outcome::Unknown);
                }
            },
            Answer::Refused(failure) => failure,
            Answer::Unknown(cause) => {
                tracing::warn!(cause, "a provider does not say whether it took the money");
                return Ok(Outcome::Unknown);
            }
        };
        self.record_declined(attempt, &failure, invocation).await
    }

    /// The attempt and its subscription as they stand now; none when it is under way no more.
    async fn current_attempt(
        &self,
        attempt: Attempt<'_>,
        invocation: &Invocation,
    ) -> Result<Option<(StoredSubscription, StoredInvoice)>, Error> {
        for _ in 0..ATTEMPTS {
            if let Some(Account { subscription, invoice }) =
                self.account(attempt.invoice.invoice.of, invocation).await?
            {
                let charging = invoice.filter(|stored| stored.invoice.status == InvoiceStatus::Charging);
                return Ok(charging.map(|invoice| (subscription, invoice)));
            }
        }
        Err(Error::unavailable(DOING, "it keeps changing"))
    }

    /// The money was taken: the period's order is made, paid and with its stock; or, where the subscription is over or the
    /// money is not what was asked for, the money goes back.
    ///
    /// It is believed whoever asked for it, and whatever has become of the subscription meanwhile.
    async fn record_charged(
        &self,
        attempt: Attempt<'_>,
        report: &Report,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let now = invocation.now;
        for _ in 0..ATTEMPTS {
            let Some((subscription, invoice)) = self.current_attempt(attempt, invocation).await? else {
                return self.record_late_charge(attempt.invoice, report, invocation).await;
            };
            let is_over = subscription.subscription.status == SubscriptionStatus::Cancelled;
            let Some((order, payment, event)) = order_and_payment(&invoice.invoice, report, is_over, invocation)?
            else {
                return Err(Error::internal(DOING, "what was charged was never priced"));
            };
            let is_paid = order.status == OrderStatus::Paid;
            let turn = if is_paid {
                InvoiceTransition::Pay(order.order_id, payment.payment.payment_id)
            } else {
                InvoiceTransition::Void
            };
            let Some(after) = invoice.invoice.transition(turn, now, &self.policy) else {
                return Ok(Outcome::Nothing);
            };
            let paid_event = is_paid.then(|| invocation.record(&BillingEvent::InvoicePaid(after.clone())));
            let closed = subscription
                .subscription
                .transition(SubscriptionTransition::ClosePeriod, now)?;
            let next = subscription.next(closed, None, None, &self.policy, now);
            let after = invoice.next(after, paid_event.transpose()?, now);
            let order = StoredOrder {
                // The order has the units from now on, or they are free.
                holds: if is_paid { invoice.holds.clone() } else { vec![] },
                fingerprint: Fingerprint::of(&order.subscription).map_err(|error| Error::internal(DOING, error))?,
                payments: 1,
                version: 1,
                event: Some(invocation.record(&event)?),
                order,
            };
            let write = attempt.write(&next, &after);
            let order_and_payment = Some((&order, &payment));
            let released: &[Hold] = if is_paid { &[] } else { &invoice.holds };
            let saved = self
                .invoices
                .save_result(&write, order_and_payment, released, invocation.deadline);
            if saved.await? {
                return Ok(if is_paid { Outcome::Paid } else { Outcome::Returned });
            }
        }
        Err(Error::unavailable(DOING, "it keeps changing"))
    }

    /// Money was taken for an attempt that is under way no more: in the books already, or nowhere, and then a person has to
    /// look.
    async fn record_late_charge(
        &self,
        attempt: &StoredInvoice,
        report: &Report,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let orders = &self.invoices.order_payments.orders;
        let order = orders.get(attempt.invoice.order_id(), invocation.deadline).await?;
        if order.is_some_and(|stored| stored.order.payment_id == Some(report.payment_id())) {
            return Ok(Outcome::Nothing);
        }
        tracing::error!(
            invoice = ?attempt.invoice.of, provider = report.provider.name(), reference = report.reference,
            "money was taken for a period that was closed without it",
        );
        Ok(Outcome::Hanging)
    }

    /// The provider said no: the stock goes back, so that nobody is last_event "sold out" for a card that will not pay, and is
    /// taken anew by the next attempt.
    async fn record_declined(
        &self,
        attempt: Attempt<'_>,
        failure: &Failure,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let now = invocation.now;
        for _ in 0..ATTEMPTS {
            let Some((subscription, invoice)) = self.current_attempt(attempt, invocation).await? else {
                return Ok(Outcome::Nothing);
            };
            // Somebody has asked again since: what an earlier try was refused with says nothing of theirs.
            if invoice.asked != attempt.invoice.asked {
                return Ok(Outcome::Unknown);
            }
            let before = &subscription.subscription;
            if before.status != SubscriptionStatus::Active {
                return self.void(attempt, invocation).await;
            }
            let decline = Decline::of(before.provider, failure);
            if decline == Decline::InvalidRequest {
                tracing::error!(code = failure.code, invoice = ?invoice.invoice.of, "a charge is refused as malformed");
                let why = Rejection::new(&error::PAYMENT_REFUSED, "The payment could not be asked for.");
                let unchanged = before.clone();
                match self
                    .postpone(&subscription, unchanged, &invoice, &why, invocation)
                    .await?
                {
                    Some(outcome) => return Ok(outcome),
                    None => continue,
                }
            }
            let turn = InvoiceTransition::Decline {
                failure: failure.clone(),
                is_final: matches!(decline, Decline::Hard | Decline::KeyDeleted),
            };
            let Some(declined) = invoice.invoice.transition(turn, now, &self.policy) else {
                return Ok(Outcome::Nothing);
            };
            let failed = invocation.record(&BillingEvent::InvoiceFailed(declined.clone()))?;
            let (after, event) = if declined.next_try_at.is_some() {
                (before.clone(), None)
            } else {
                let past_due = before.transition(SubscriptionTransition::MarkPastDue, now)?;
                let event = invocation.record(&BillingEvent::SubscriptionPastDue(past_due.clone()))?;
                (past_due, Some(event))
            };
            let next = subscription.next(after, Some(&declined), event, &self.policy, now);
            let declined = invoice.next(declined, Some(failed), now);
            let write = attempt.write(&next, &declined);
            if self.save_and_release(&write, &invoice.holds, invocation).await? {
                return Ok(Outcome::Declined);
            }
        }
        Err(Error::unavailable(DOING, "it keeps changing"))
    }

    /// Nothing was taken, and nothing is wanted any more: the stock goes back, and the period is given up.
    pub(crate) async fn void_attempt(
        &self,
        attempt: &StoredInvoice,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        self.void(
            Attempt {
                invoice: attempt,
                by: None,
            },
            invocation,
        )
        .await
    }

    async fn void(&self, attempt: Attempt<'_>, invocation: &Invocation) -> Result<Outcome, Error> {
        for _ in 0..ATTEMPTS {
            let Some((subscription, invoice)) = self.current_attempt(attempt, invocation).await? else {
                return Ok(Outcome::Nothing);
            };
            if invoice.asked != attempt.invoice.asked || subscription.subscription.status == SubscriptionStatus::Active
            {
                return Ok(Outcome::Unknown);
            }
            let Some(void) = invoice
                .invoice
                .transition(InvoiceTransition::Void, invocation.now, &self.policy)
            else {
                return Ok(Outcome::Nothing);
            };
            let closed = subscription
                .subscription
                .transition(SubscriptionTransition::ClosePeriod, invocation.now)?;
            let next = subscription.next(closed, None, None, &self.policy, invocation.now);
            let void = invoice.next(void, None, invocation.now);
            let write = attempt.write(&next, &void);
            if self.save_and_release(&write, &invoice.holds, invocation).await? {
                return Ok(Outcome::Skipped);
            }
        }
        Err(Error::unavailable(DOING, "it keeps changing"))
    }
}

/// Why a delivery is postponed, as its customer may know it.
fn postponement(why: &Rejection) -> Postponed {
    let skus = [why.members.get("sku"), why.members.get("shortages")];
    let named = skus.into_iter().flatten().flat_map(|value| match value.as_array() {
        Some(shortages) => shortages.iter().filter_map(|short| short["sku"].as_str()).collect(),
        None => value.as_str().into_iter().collect::<Vec<_>>(),
    });
    Postponed {
        code: why.reason.code.to_owned(),
        detail: why.detail.clone(),
        skus: named.filter_map(|sku| Sku::try_from(sku.to_owned()).ok()).collect(),
    }
}

/// The order and the payment of money that was taken for an invoice, and what there is to tell of the order.
///
/// The money is judged where all money is judged ([`Payment::after`]). Money that is not what was asked for, or that
/// was taken for a subscription that is over, makes an order that is cancelled, so that it goes back as that of every
/// cancelled order does.
fn order_and_payment(
    invoice: &Invoice,
    report: &Report,
    is_over: bool,
    invocation: &Invocation,
) -> Result<Option<(Order, StoredPayment, OrderEvent)>, Error> {
    let now = invocation.now;
    let Some(order) = invoice.order(report.payment_id(), now) else {
        return Ok(None);
    };
    let started = Payment::new(
        report.provider,
        report.reference.clone(),
        order.order_id,
        order.customer_id.clone(),
        order.total,
        now,
    );
    let Some(change) = started.after(report, &order, true, now) else {
        return Ok(None);
    };
    let unsaved = StoredPayment::unsaved(started, now);
    let stored = |payment, event_kind| payments::next(&unsaved, payment, Some(event_kind), invocation);
    match change.order {
        Some(paid) if paid.status == OrderStatus::Paid && !is_over => {
            let payment = stored(change.payment, PaymentEventKind::Confirmed)?;
            Ok(Some((paid.clone(), payment, OrderEvent::OrderPaid(paid))))
        }
        Some(paid) if paid.status == OrderStatus::Paid => {
            let refund_id = derive_id(&["subscription over", &paid.order_id.to_string()]);
            let refunding = change
                .payment
                .with_refund(refund_id, None, RefundReason::OrderCancelled, None, now)?;
            let cancelled = paid.end(Ending::Cancel, now)?;
            let payment = stored(refunding, PaymentEventKind::RefundRequested)?;
            Ok(Some((
                cancelled.clone(),
                payment,
                OrderEvent::OrderCancelled(cancelled),
            )))
        }
        _ => {
            let event_kind = match change.payment.status {
                PaymentStatus::Refunded => PaymentEventKind::Refunded,
                _ => PaymentEventKind::Unservable,
            };
            let cancelled = Order {
                status: OrderStatus::Cancelled,
                closed_at: Some(now),
                ..order
            };
            let payment = stored(change.payment, event_kind)?;
            Ok(Some((
                cancelled.clone(),
                payment,
                OrderEvent::OrderCancelled(cancelled),
            )))
        }
    }
}
