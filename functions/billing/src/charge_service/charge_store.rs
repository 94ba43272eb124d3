//! The records of charges: saves the result of an attempt with the invoice, order, payment, stock and events.

use std::collections::HashMap;

use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::catalog::{Hold, Product, Sku};
use shared::core::error::{Error, Rejection};
use shared::core::event::{DomainEvent, Record};
use shared::core::id::SubscriptionPeriod;
use shared::core::idempotency::{Fingerprint, derive_id};
use shared::core::money::Money;
use shared::orders::{self, Ending, Order, OrderEvent, OrderStatus, Rejected, Step, StoredOrder};
use shared::payments::provider::{Answer, Decline};
use shared::payments::reason;
use shared::payments::{
    self, Failure, Payment, PaymentEventKind, PaymentStatus, ProviderStatus, Rejected as PaymentRejected, Report,
    StoredPayment,
};

use crate::charge_service::{ChargeOutcome, DOING};
use crate::event::BillingEvent;
use crate::invoice::{Invoice, InvoiceStatus, InvoiceTransition, Postponed, Price};
use crate::invoice_store::{BeginChargeOutcome, InvoiceStore};
use crate::store::{StoredInvoice, StoredSubscription, SubscriptionRequest, SubscriptionWrite};
use crate::subscription::{Policy, Subscription, SubscriptionStatus, SubscriptionTransition};

/// Records charges.
#[derive(Clone, Debug)]
pub struct ChargeStore {
    /// The tables of subscriptions, stock, orders and payments.
    pub invoices: InvoiceStore,
    /// The shop's billing rules.
    pub policy: Policy,
}

/// An attempt as it was at the time of the provider call.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub invoice: &'a StoredInvoice,
    /// The request of an administrator who decides instead of the provider. It is saved with the result.
    pub by: Option<&'a SubscriptionRequest>,
}

/// A period to deliver: the subscription as read, with the period opened, and its invoice.
pub(crate) struct Unpaid<'a> {
    pub stored: &'a StoredSubscription,
    pub subscription: Subscription,
    pub invoice: &'a StoredInvoice,
}

/// A subscription and its open invoice, as read together.
pub(crate) struct Account {
    pub subscription: StoredSubscription,
    pub invoice: Option<StoredInvoice>,
}

impl Attempt<'_> {
    /// The write of the attempt's result, with the administrator's request.
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
    /// Creates the store.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            invoices: InvoiceStore::new(platform)?,
            policy: Policy::new(platform)?,
        })
    }

    /// Reads a subscription and its invoice of the period, if that is open. `None` when the two reads are inconsistent.
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

    /// Saves a write. Returns false when anything has changed.
    pub(crate) async fn save(&self, write: &SubscriptionWrite<'_>, invocation: &Invocation) -> Result<bool, Error> {
        self.invoices.subscriptions.save(write, invocation.deadline).await
    }

    /// Saves a write and returns the units of `holds` to their shards.
    async fn save_and_release(
        &self,
        write: &SubscriptionWrite<'_>,
        holds: &[Hold],
        invocation: &Invocation,
    ) -> Result<bool, Error> {
        self.invoices.save_result(write, None, holds, invocation.deadline).await
    }

    /// Saves a changed attempt in progress, and returns its subscription's next version. `None` when something has
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

    /// Publishes that an attempt needs a review, once for each attempt.
    pub(crate) async fn report_review(&self, of: SubscriptionPeriod, invocation: &Invocation) -> Result<(), Error> {
        let Some(Account {
            subscription,
            invoice: Some(invoice),
        }) = self.account(of, invocation).await?
        else {
            return Ok(());
        };
        let event = BillingEvent::InvoiceReviewNeeded(invoice.invoice.clone());
        let is_reported = invoice
            .event
            .as_ref()
            .is_some_and(|last| last.detail_type == event.detail_type());
        if is_reported || invoice.invoice.status != InvoiceStatus::Charging {
            return Ok(());
        }
        let reported = StoredInvoice {
            event: Some(invocation.record(&event)?),
            version: invoice.version + 1,
            ..invoice
        };
        // If the attempt has changed, the next check reports it if that is still necessary.
        self.save_attempt(&subscription, &reported, invocation)
            .await
            .map(|_| ())
    }

    /// Postpones a delivery. Publishes the event once.
    pub(crate) async fn postpone(
        &self,
        stored: &StoredSubscription,
        subscription: Subscription,
        invoice: &StoredInvoice,
        why: &Rejection,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
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
        Ok(saved.then_some(ChargeOutcome::Postponed))
    }

    /// Delivers a period that costs nothing: takes its stock, creates its paid order, and marks the invoice as paid, in
    /// one transaction. The card is not charged. `None` when something has changed.
    pub(crate) async fn deliver_free(
        &self,
        unpaid: Unpaid<'_>,
        price: Price,
        products: &HashMap<Sku, Product>,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
        let Unpaid {
            stored,
            subscription,
            invoice,
        } = unpaid;
        let now = invocation.now;
        let turn = InvoiceTransition::DeliverFree(price);
        let Some(paid) = invoice.invoice.transition(turn, now, &self.policy) else {
            return Ok(None);
        };
        let order = paid.order(None, now).map(|order| order.paid_if_free(now));
        let order = order.ok_or_else(|| Error::internal(DOING, "a delivered invoice has no price"))?;
        let order = StoredOrder {
            holds: vec![],
            delivery_details: stored.delivery_details.clone(),
            fingerprint: Fingerprint::of(&order.subscription).map_err(|error| Error::internal(DOING, error))?,
            payments: 0,
            shipping_refunded: None,
            refund_terms: None,
            version: 1,
            event: Some(invocation.record(&OrderEvent::OrderPaid(order.clone()))?),
            order,
        };
        let with_coupon = paid.is_discounted();
        let closed = subscription.transition(SubscriptionTransition::CompletePeriod { with_coupon }, now)?;
        let next = stored.next(closed, None, None, &self.policy, now);
        let event = invocation.record(&BillingEvent::InvoicePaid(paid.clone()))?;
        let after = invoice.next(paid, Some(event), now);
        let begun = self
            .invoices
            .begin(&next, &after, Some(&order), products, invocation.deadline);
        match begun.await? {
            BeginChargeOutcome::Begun(_) => Ok(Some(ChargeOutcome::Paid)),
            BeginChargeOutcome::Changed => Ok(None),
            BeginChargeOutcome::OutOfStock(shortages) => {
                let why = orders::Rejected::OutOfStock(shortages).into();
                self.postpone(stored, subscription, invoice, &why, invocation).await
            }
        }
    }

    /// Records the provider's answer to an attempt.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the answer could not be saved: the attempt stays open and is resumed.
    pub(crate) async fn record_answer(
        &self,
        attempt: &StoredInvoice,
        answer: Answer,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
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

    /// Records an answer to an attempt, from the provider or an administrator.
    pub(crate) async fn record_answer_as(
        &self,
        attempt: Attempt<'_>,
        answer: Answer,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
        let failure = match answer {
            Answer::Report(report) => match &report.status {
                ProviderStatus::Charged => return self.record_charged(attempt, &report, invocation).await,
                ProviderStatus::Failed(failure) | ProviderStatus::NotFound(failure) => failure.clone(),
                ProviderStatus::Pending | ProviderStatus::Processing | ProviderStatus::AwaitingDeposit => {
                    return Ok(ChargeOutcome::Unknown);
                }
            },
            Answer::Refused(failure) => failure,
            Answer::Unknown(cause) => {
                tracing::warn!(cause, "the outcome of a charge is unknown");
                return Ok(ChargeOutcome::Unknown);
            }
        };
        self.record_declined(attempt, &failure, invocation).await
    }

    /// The current state of an attempt and its subscription. `None` when the attempt is no longer in progress.
    async fn current_attempt(
        &self,
        attempt: Attempt<'_>,
        invocation: &Invocation,
    ) -> Result<Option<(StoredSubscription, StoredInvoice)>, Error> {
        let mut attempts = Attempts::new(DOING);
        loop {
            attempts.start()?;
            if let Some(Account { subscription, invoice }) =
                self.account(attempt.invoice.invoice.of, invocation).await?
            {
                let charging = invoice.filter(|stored| stored.invoice.status == InvoiceStatus::Charging);
                return Ok(charging.map(|invoice| (subscription, invoice)));
            }
        }
    }

    /// Records a charge: creates the period's paid order with its stock. If the subscription has ended or the amount
    /// differs, creates a cancelled order, so that the charge is refunded.
    ///
    /// Accepts a charge of any try, whatever the subscription's current status.
    async fn record_charged(
        &self,
        attempt: Attempt<'_>,
        report: &Report,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
        let now = invocation.now;
        let mut attempts = Attempts::new(DOING);
        loop {
            attempts.start()?;
            let Some((subscription, invoice)) = self.current_attempt(attempt, invocation).await? else {
                return self.record_late_charge(attempt.invoice, report, invocation).await;
            };
            let is_over = subscription.subscription.status == SubscriptionStatus::Cancelled;
            let charged = charged_order(&invoice.invoice, report, is_over, invocation)?;
            let charged = charged.ok_or_else(|| Error::internal(DOING, "a charged invoice has no price"))?;
            let ChargedOrder {
                order,
                payment,
                event,
                shipping_refunded,
            } = charged;
            let is_paid = order.status == OrderStatus::Paid;
            let turn = if is_paid {
                InvoiceTransition::Pay(order.order_id, payment.payment.payment_id)
            } else {
                InvoiceTransition::Void
            };
            let Some(after) = invoice.invoice.transition(turn, now, &self.policy) else {
                return Ok(ChargeOutcome::Nothing);
            };
            let invoice_event = if is_paid {
                BillingEvent::InvoicePaid(after.clone())
            } else {
                BillingEvent::InvoiceVoided(after.clone())
            };
            let invoice_event = invocation.record(&invoice_event)?;
            let with_coupon = after.is_discounted();
            let close = match is_paid {
                true => SubscriptionTransition::CompletePeriod { with_coupon },
                false => SubscriptionTransition::ClosePeriod,
            };
            let closed = subscription.subscription.transition(close, now)?;
            let returned = returned_coupon(&subscription.subscription, &closed, invocation)?;
            let next = subscription.next(closed, None, returned, &self.policy, now);
            let after = invoice.next(after, Some(invoice_event), now);
            let order = StoredOrder {
                // The order takes over the units, or they are released.
                holds: if is_paid { invoice.holds.clone() } else { vec![] },
                // The customer may have moved since: the price is that of a delivery to this address.
                delivery_details: (invoice.delivery_details.clone()).or_else(|| subscription.delivery_details.clone()),
                fingerprint: Fingerprint::of(&order.subscription).map_err(|error| Error::internal(DOING, error))?,
                payments: 1,
                shipping_refunded,
                refund_terms: None,
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
                return Ok(if is_paid {
                    ChargeOutcome::Paid
                } else {
                    ChargeOutcome::Refunded
                });
            }
        }
    }

    /// Handles a charge of an attempt that is no longer in progress: it is already recorded, or a person must review
    /// it.
    async fn record_late_charge(
        &self,
        attempt: &StoredInvoice,
        report: &Report,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
        let orders = &self.invoices.order_payments.orders;
        let order = orders.get(attempt.invoice.order_id(), invocation.deadline).await?;
        if order.is_some_and(|stored| stored.order.payment_id == Some(report.payment_id())) {
            return Ok(ChargeOutcome::Nothing);
        }
        tracing::error!(
            invoice = ?attempt.invoice.of, provider = report.provider.name(), reference = report.reference,
            "a charge has no record: its period was closed without it",
        );
        Ok(ChargeOutcome::NeedsReview)
    }

    /// Records a decline. Releases the stock, so that a declined card does not make products unavailable; the next
    /// attempt takes it again.
    async fn record_declined(
        &self,
        attempt: Attempt<'_>,
        failure: &Failure,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
        let now = invocation.now;
        let mut attempts = Attempts::new(DOING);
        loop {
            attempts.start()?;
            let Some((subscription, invoice)) = self.current_attempt(attempt, invocation).await? else {
                return Ok(ChargeOutcome::Nothing);
            };
            // A later try has started since, so this refusal of an earlier try does not apply.
            if invoice.asked != attempt.invoice.asked {
                return Ok(ChargeOutcome::Unknown);
            }
            let before = &subscription.subscription;
            if before.status != SubscriptionStatus::Active {
                return self.void(attempt, invocation).await;
            }
            let decline = Decline::of(before.provider, failure);
            if let Some(why) = fault(decline, failure) {
                tracing::error!(code = failure.code, invoice = ?invoice.invoice.of, "a provider rejected a charge as invalid");
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
                is_final: decline == Decline::NewCard,
            };
            let Some(declined) = invoice.invoice.transition(turn, now, &self.policy) else {
                return Ok(ChargeOutcome::Nothing);
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
                return Ok(ChargeOutcome::Declined);
            }
        }
    }

    /// Voids an attempt that was not charged after its subscription ended or was paused: releases its stock.
    pub(crate) async fn void_attempt(
        &self,
        attempt: &StoredInvoice,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
        self.void(
            Attempt {
                invoice: attempt,
                by: None,
            },
            invocation,
        )
        .await
    }

    async fn void(&self, attempt: Attempt<'_>, invocation: &Invocation) -> Result<ChargeOutcome, Error> {
        let mut attempts = Attempts::new(DOING);
        loop {
            attempts.start()?;
            let Some((subscription, invoice)) = self.current_attempt(attempt, invocation).await? else {
                return Ok(ChargeOutcome::Nothing);
            };
            if invoice.asked != attempt.invoice.asked || subscription.subscription.status == SubscriptionStatus::Active
            {
                return Ok(ChargeOutcome::Unknown);
            }
            let Some(void) = invoice
                .invoice
                .transition(InvoiceTransition::Void, invocation.now, &self.policy)
            else {
                return Ok(ChargeOutcome::Nothing);
            };
            let closed = subscription
                .subscription
                .transition(SubscriptionTransition::ClosePeriod, invocation.now)?;
            let returned = returned_coupon(&subscription.subscription, &closed, invocation)?;
            let next = subscription.next(closed, None, returned, &self.policy, invocation.now);
            let void = invoice.voided(void, invocation)?;
            let write = attempt.write(&next, &void);
            if self.save_and_release(&write, &invoice.holds, invocation).await? {
                return Ok(ChargeOutcome::Skipped);
            }
        }
    }
}

/// The event of a subscription that had ended while it was charged, and gives its coupon back after that. `None` if it gives none
/// back.
fn returned_coupon(
    before: &Subscription,
    after: &Subscription,
    invocation: &Invocation,
) -> Result<Option<Record>, Error> {
    let returned = before.claim_given_back_by(after);
    let event = returned.map(|_| invocation.record(&BillingEvent::SubscriptionChanged(after.clone())));
    event.transpose()
}

/// The reason for which a charge that the customer cannot correct is postponed. `None` for a decline of the card.
fn fault(decline: Decline, failure: &Failure) -> Option<Rejection> {
    match decline {
        Decline::Retry | Decline::NewCard => None,
        Decline::TooSmall => Some(PaymentRejected::AmountNotTaken.into()),
        Decline::OurError => {
            let members = reason::PaymentRefused {
                provider_code: failure.code.clone(),
                client_secret: None,
            };
            Some(Rejection::with(members, "The payment could not be requested."))
        }
    }
}

/// The reason for a postponed delivery, as shown to the customer.
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

/// The order, the payment and the event that a charge for an invoice creates.
struct ChargedOrder {
    order: Order,
    payment: StoredPayment,
    event: OrderEvent,
    /// The part of the price of the delivery that is refunded.
    shipping_refunded: Option<Money>,
}

/// The order and the payment of a charge for an invoice. `None` when the invoice has no price.
///
/// [`Payment::after`] decides whether the charge pays the order, as for all payments. If the amount differs or the
/// subscription has ended, the order is cancelled, so that the charge is refunded like that of any cancelled order.
fn charged_order(
    invoice: &Invoice,
    report: &Report,
    is_over: bool,
    invocation: &Invocation,
) -> Result<Option<ChargedOrder>, Error> {
    let now = invocation.now;
    let Some(order) = invoice.order(Some(report.payment_id()), now) else {
        return Ok(None);
    };
    let started = Payment::new(
        report.provider,
        report.reference.clone(),
        order.order_id,
        order.customer_id.clone(),
        order.totals.total,
        now,
    );
    let Some(change) = started.after(report, &order, true, now).change() else {
        return Ok(None);
    };
    let unsaved = StoredPayment::unsaved(started, now);
    let stored = |payment, event_kind| payments::next(&unsaved, payment, Some(event_kind), invocation);
    let cancelled = |order: Order, payment, shipping: Option<Money>| ChargedOrder {
        event: OrderEvent::OrderCancelled(order.clone()),
        order,
        payment,
        shipping_refunded: shipping.filter(|shipping| shipping.amount() > 0),
    };
    match change.order {
        Some(paid) if paid.status == OrderStatus::Paid && !is_over => Ok(Some(ChargedOrder {
            payment: stored(change.payment, PaymentEventKind::Confirmed)?,
            event: OrderEvent::OrderPaid(paid.clone()),
            order: paid,
            shipping_refunded: None,
        })),
        Some(paid) if paid.status == OrderStatus::Paid => {
            let refund_id = derive_id(&["subscription over", &paid.order_id.to_string()]);
            let ended = paid.end(Ending::Cancel, now)?;
            let shipping = paid.price_of_delivery().map_err(Rejected::from)?;
            let mut parts = paid.refund_parts(&paid.left(Step::Cancel), &ended, shipping);
            parts.limit(change.payment.refundable()).map_err(Rejected::from)?;
            let refunding = change
                .payment
                .with_cancelled_order(refund_id, invocation.actor()?, now)?;
            let order = ended.with_refunds(&parts.lines)?;
            let payment = stored(refunding, PaymentEventKind::RefundRequested)?;
            Ok(Some(cancelled(order, payment, Some(parts.shipping))))
        }
        _ => {
            let event_kind = match change.payment.status {
                PaymentStatus::Refunded => PaymentEventKind::Refunded,
                _ => PaymentEventKind::Unservable,
            };
            let order = Order {
                status: OrderStatus::Cancelled,
                closed_at: Some(now),
                ..order.with_all_cancelled()?
            };
            let payment = stored(change.payment, event_kind)?;
            Ok(Some(cancelled(order, payment, None)))
        }
    }
}
