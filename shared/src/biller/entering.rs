//! What a provider says of an attempt, entered in the books.

use super::{ATTEMPTS, Account, BILLING, Biller, Outcome};
use crate::cashier::{self, record};
use crate::edge::invocation::Invocation;
use crate::error::{self, Error, Rejection};
use crate::event::Event;
use crate::idempotency::{Fingerprint, derive_id};
use crate::invoice::{Invoice, InvoiceStatus, Turn};
use crate::order::{Ending, Order, OrderStatus};
use crate::payment::{Failure, News, Payment, PaymentStatus, RefundReason, Report, Standing};
use crate::provider::{Answer, Decline};
use crate::stock::Hold;
use crate::store::{Posting, StoredInvoice, StoredOrder, StoredPayment};
use crate::subscription::{Step, SubscriptionStatus};

impl Biller {
    /// Enters what the provider answered to the attempt `asked`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it could not be written: the attempt stands, and will be looked at again.
    pub(super) async fn enter(
        &self,
        asked: &StoredInvoice,
        answer: Answer,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let failure = match answer {
            Answer::Report(report) => match &report.standing {
                Standing::Charged => return self.taken(asked, &report, invocation).await,
                Standing::Failed(failure) => failure.clone(),
                Standing::Pending | Standing::Processing | Standing::AwaitingDeposit => return Ok(Outcome::Unknown),
            },
            Answer::Refused(failure) => failure,
            Answer::Unknown(cause) => {
                tracing::warn!(cause, "a provider does not say whether it took the money");
                return Ok(Outcome::Unknown);
            }
        };
        self.refused(asked, &failure, invocation).await
    }

    /// The attempt and its subscription as they stand now; none when it is under way no more.
    async fn under_way(&self, asked: &StoredInvoice, invocation: &Invocation) -> Result<Option<Account>, Error> {
        for _ in 0..ATTEMPTS {
            if let Some(account) = self.account(asked.invoice.of, invocation).await? {
                let is_charging = |stored: &StoredInvoice| stored.invoice.status == InvoiceStatus::Charging;
                let is_open = account.invoice.as_ref().is_some_and(is_charging);
                return Ok(is_open.then_some(account));
            }
        }
        Err(Error::unavailable(BILLING, "it keeps changing"))
    }

    /// The money was taken: the period's order is made, paid and with its stock; or, where the subscription is over or the
    /// money is not what was asked for, the money goes back.
    ///
    /// It is believed whoever asked for it, and whatever has become of the subscription meanwhile.
    async fn taken(&self, asked: &StoredInvoice, report: &Report, invocation: &Invocation) -> Result<Outcome, Error> {
        let now = invocation.now;
        for _ in 0..ATTEMPTS {
            let Some(Account {
                subscription,
                invoice: Some(invoice),
            }) = self.under_way(asked, invocation).await?
            else {
                return self.taken_late(asked, report, invocation).await;
            };
            let is_over = subscription.subscription.status == SubscriptionStatus::Cancelled;
            let Some((order, payment, event)) = bought(&invoice.invoice, report, is_over, invocation)? else {
                return Err(Error::internal(BILLING, "what was charged was never priced"));
            };
            let is_paid = order.status == OrderStatus::Paid;
            let turn = if is_paid {
                Turn::Pay(order.order_id, payment.payment.payment_id)
            } else {
                Turn::Void
            };
            let Some(after) = invoice.invoice.after(turn, now, &self.policy) else {
                return Ok(Outcome::Nothing);
            };
            let paid_event = is_paid.then(|| record(&Event::InvoicePaid(after.clone()), invocation));
            let closed = subscription.subscription.after(Step::Close, now)?;
            let next = subscription.next(closed, None, None, (&self.policy, now));
            let after = invoice.next(after, paid_event.transpose()?, now);
            let order = StoredOrder {
                // The order has the units from now on, or they are free.
                holds: if is_paid { invoice.holds.clone() } else { vec![] },
                fingerprint: Fingerprint::of(&order.subscription).map_err(|error| Error::internal(BILLING, error))?,
                payments: 1,
                version: 1,
                event: Some(record(&event, invocation)?),
                order,
            };
            let posting = Posting::with(&next, Some(&after));
            let bought = Some((&order, &payment));
            let given_back: &[Hold] = if is_paid { &[] } else { &invoice.holds };
            let saved = self.invoicing.settle(&posting, bought, given_back, invocation.deadline);
            if saved.await? {
                return Ok(if is_paid { Outcome::Paid } else { Outcome::Returned });
            }
        }
        Err(Error::unavailable(BILLING, "it keeps changing"))
    }

    /// Money was taken for an attempt that is under way no more: in the books already, or nowhere, and then a person has to
    /// look.
    async fn taken_late(
        &self,
        asked: &StoredInvoice,
        report: &Report,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let orders = &self.invoicing.settlements.orders;
        let order = orders.get(asked.invoice.order_id(), invocation.deadline).await?;
        if order.is_some_and(|stored| stored.order.payment_id == Some(report.payment_id())) {
            return Ok(Outcome::Nothing);
        }
        tracing::error!(
            invoice = ?asked.invoice.of, provider = report.provider.name(), reference = report.reference,
            "money was taken for a period that was closed without it",
        );
        Ok(Outcome::Hanging)
    }

    /// The provider said no: the stock goes back, so that nobody is told "sold out" for a card that will not pay, and is
    /// taken anew by the next attempt.
    async fn refused(
        &self,
        asked: &StoredInvoice,
        failure: &Failure,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let now = invocation.now;
        for _ in 0..ATTEMPTS {
            let Some(Account {
                subscription,
                invoice: Some(invoice),
            }) = self.under_way(asked, invocation).await?
            else {
                return Ok(Outcome::Nothing);
            };
            // Somebody has asked again since: what an earlier try was refused with says nothing of theirs.
            if invoice.asked != asked.asked {
                return Ok(Outcome::Unknown);
            }
            let before = &subscription.subscription;
            if before.status != SubscriptionStatus::Active {
                return self.never_taken(asked, invocation).await;
            }
            let decline = Decline::of(before.provider, failure);
            if decline == Decline::Ours {
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
            let turn = Turn::Decline {
                failure: failure.clone(),
                is_final: matches!(decline, Decline::Hard | Decline::KeyGone),
            };
            let Some(declined) = invoice.invoice.after(turn, now, &self.policy) else {
                return Ok(Outcome::Nothing);
            };
            let failed = record(&Event::InvoiceFailed(declined.clone()), invocation)?;
            let (after, event) = if declined.next_try_at.is_some() {
                (before.clone(), None)
            } else {
                let past_due = before.after(Step::FallPastDue, now)?;
                let event = record(&Event::SubscriptionPastDue(past_due.clone()), invocation)?;
                (past_due, Some(event))
            };
            let next = subscription.next(after, Some(&declined), event, (&self.policy, now));
            let declined = invoice.next(declined, Some(failed), now);
            let posting = Posting::with(&next, Some(&declined));
            if self.give_back(&posting, &invoice.holds, invocation).await? {
                return Ok(Outcome::Declined);
            }
        }
        Err(Error::unavailable(BILLING, "it keeps changing"))
    }

    /// Nothing was taken, and nothing is wanted any more: the stock goes back, and the period is given up.
    pub(super) async fn never_taken(&self, asked: &StoredInvoice, invocation: &Invocation) -> Result<Outcome, Error> {
        for _ in 0..ATTEMPTS {
            let Some(Account {
                subscription,
                invoice: Some(invoice),
            }) = self.under_way(asked, invocation).await?
            else {
                return Ok(Outcome::Nothing);
            };
            if invoice.asked != asked.asked || subscription.subscription.status == SubscriptionStatus::Active {
                return Ok(Outcome::Unknown);
            }
            let Some(void) = invoice.invoice.after(Turn::Void, invocation.now, &self.policy) else {
                return Ok(Outcome::Nothing);
            };
            let closed = subscription.subscription.after(Step::Close, invocation.now)?;
            let next = subscription.next(closed, None, None, (&self.policy, invocation.now));
            let void = invoice.next(void, None, invocation.now);
            let posting = Posting::with(&next, Some(&void));
            if self.give_back(&posting, &invoice.holds, invocation).await? {
                return Ok(Outcome::Skipped);
            }
        }
        Err(Error::unavailable(BILLING, "it keeps changing"))
    }
}

/// The order and the payment of money that was taken for an invoice, and what there is to tell of the order.
///
/// The money is judged where all money is judged ([`Payment::after`]). Money that is not what was asked for, or that
/// was taken for a subscription that is over, makes an order that is cancelled, so that it goes back as that of every
/// cancelled order does.
fn bought(
    invoice: &Invoice,
    report: &Report,
    is_over: bool,
    invocation: &Invocation,
) -> Result<Option<(Order, StoredPayment, Event)>, Error> {
    let now = invocation.now;
    let Some(order) = invoice.order(report.payment_id(), now) else {
        return Ok(None);
    };
    let whose = (order.order_id, order.customer_id.clone());
    let started = Payment::new(report.provider, report.reference.clone(), whose, order.total, now);
    let Some(change) = started.after(report, &order, true, now) else {
        return Ok(None);
    };
    let unsaved = StoredPayment::unsaved(started, now);
    let kept = |payment, news| cashier::next(&unsaved, payment, Some(news), invocation);
    match change.order {
        Some(paid) if paid.status == OrderStatus::Paid && !is_over => {
            let payment = kept(change.payment, News::Confirmed)?;
            Ok(Some((paid.clone(), payment, Event::OrderPaid(paid))))
        }
        Some(paid) if paid.status == OrderStatus::Paid => {
            let refund_id = derive_id(&["subscription over", &paid.order_id.to_string()]);
            let why = (RefundReason::OrderCancelled, None);
            let refunding = change.payment.with_refund(refund_id, None, why, now)?;
            let cancelled = paid.end(Ending::Cancel, now)?;
            let payment = kept(refunding, News::RefundRequested)?;
            Ok(Some((cancelled.clone(), payment, Event::OrderCancelled(cancelled))))
        }
        _ => {
            let news = match change.payment.status {
                PaymentStatus::Refunded => News::Refunded,
                _ => News::Unservable,
            };
            let cancelled = Order {
                status: OrderStatus::Cancelled,
                closed_at: Some(now),
                ..order
            };
            let payment = kept(change.payment, news)?;
            Ok(Some((cancelled.clone(), payment, Event::OrderCancelled(cancelled))))
        }
    }
}
