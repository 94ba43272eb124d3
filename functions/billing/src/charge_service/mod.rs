//! The biller: does what is due about a subscription, and asks its provider for the money.
//!
//! Invariants: an attempt is written down, with its stock, before the provider is asked, so a crash at any moment leaves a
//! trace; while one is under way no other is begun, and only the clear word of the provider, or else of an administrator, ends it; what it says is entered
//! under the condition that nothing has changed since, and judged by what has become of the subscription meanwhile.

mod billing_keys;
mod charge_queue;
mod charge_store;
mod review;

pub use billing_keys::BillingKeys;
pub use charge_queue::{ChargeQueue, command_of};
pub use charge_store::ChargeStore;
pub use review::{ChargeDecision, Review};

use crate::event::BillingEvent;
use std::collections::HashMap;
use std::time::Duration;

use jiff::SignedDuration;
use uuid::Uuid;

use self::charge_store::Account;
use crate::invoice::{Invoice, InvoiceStatus, InvoiceTransition};
use crate::invoice_store::BeginChargeOutcome;
use crate::store::{StoredInvoice, StoredSubscription, SubscriptionWrite};
use crate::subscription::{Subscription, SubscriptionStatus, SubscriptionTransition, Task};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::catalog::{Product, Sku};
use shared::core::error::{Error, Rejection};
use shared::core::id::SubscriptionPeriod;
use shared::orders;
use shared::orders::{Quote, quote, sum_lines};
use shared::payments::provider::{Answer, BillingKey, Charge, Decline};
use shared::payments::{Provider, ProviderStatus, Rejected as PaymentRejected, Report};

/// How often what changes under our hands is read again.
const ATTEMPTS: usize = 8;
/// Time kept back from a provider, so that what it says can be written.
const WRITE_TIME: Duration = Duration::from_secs(5);
/// How long an attempt may hang in the air before a person is told.
const REVIEW_AFTER: SignedDuration = SignedDuration::from_hours(24);

const DOING: &str = "bill a subscription";

/// The books of subscriptions, and the providers.
#[derive(Clone, Debug)]
pub struct ChargeService {
    /// What is written down.
    pub charges: ChargeStore,
    /// The providers, and the keys to their customers' cards.
    pub keys: BillingKeys,
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do, or somebody else has done it or is at it.
    Nothing,
    /// The period is paid.
    Paid,
    /// Money was taken for a subscription that was over, and goes back.
    Returned,
    /// The provider said no.
    Declined,
    /// What is to be delivered cannot be had.
    Postponed,
    /// What became of the attempt is not known: the provider will be asked again.
    Unknown,
    /// The same, for so long that a person should look; or money was taken that is nowhere in the books.
    Hanging,
    /// The period was given up, or missed periods were skipped.
    Skipped,
    /// The subscription is over.
    Ended,
    /// Billing keys were deleted at their provider.
    KeysDeleted,
}

impl ChargeService {
    /// The biller on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            charges: ChargeStore::new(platform)?,
            keys: BillingKeys::new(platform)?,
        })
    }

    /// Does what is due about a subscription, as long as `command` is about the period that it stands at.
    ///
    /// A command that comes twice, late or out of order finds nothing to do.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the tables, the seal or the provider did not serve us: what is due stays due, and what
    /// was begun is found again. [`Error::Internal`].
    pub async fn carry_out(&self, command: SubscriptionPeriod, invocation: &Invocation) -> Result<Outcome, Error> {
        let begun_by = invocation.stamp().event_id;
        for _ in 0..ATTEMPTS {
            let Some(account) = self.charges.account(command, invocation).await? else {
                continue;
            };
            if account.subscription.subscription.period() != command.period {
                return Ok(Outcome::Nothing);
            }
            if let Some(outcome) = self.step(account, begun_by, invocation).await? {
                return Ok(outcome);
            }
        }
        Err(Error::unavailable(DOING, "it keeps changing"))
    }

    /// Does the next thing that is due; none when something has changed meanwhile.
    async fn step(&self, account: Account, begun_by: Uuid, invocation: &Invocation) -> Result<Option<Outcome>, Error> {
        let Account { subscription, invoice } = account;
        // Our own attempt, kept by a write whose answer was lost: nobody has asked for the money yet.
        if let Some(own) = invoice.as_ref().filter(|invoice| invoice.begun_by == Some(begun_by)) {
            if subscription.subscription.status != SubscriptionStatus::Active {
                return self.charges.void_attempt(own, invocation).await.map(Some);
            }
            let key = self.keys.of(&subscription, invocation).await?;
            return self
                .request_charge(&key, subscription, own.clone(), invocation)
                .await
                .map(Some);
        }
        let open = invoice.as_ref().map(|stored| &stored.invoice);
        match subscription
            .subscription
            .task(open, invocation.now, &self.charges.policy)
        {
            Task::Nothing => self.delete_keys(&subscription, open, invocation).await,
            Task::Bill | Task::Retry => self.attempt(subscription, invoice, begun_by, invocation).await,
            Task::CheckCharge => match invoice {
                Some(invoice) => self.resolve_unknown(subscription, invoice, invocation).await,
                None => Ok(None),
            },
            Task::SkipTo(period) => {
                tracing::warn!(
                    subscription_id = %subscription.subscription.subscription_id,
                    from = subscription.subscription.next_period, to = period,
                    "missed periods are skipped",
                );
                let skipped = subscription
                    .subscription
                    .transition(SubscriptionTransition::SkipTo(period), invocation.now)?;
                let next = subscription.next(skipped, None, None, &self.charges.policy, invocation.now);
                let saved = self.charges.save(&SubscriptionWrite::of(&next), invocation).await?;
                Ok(saved.then_some(Outcome::Skipped))
            }
            Task::VoidInvoice => {
                self.void_period(&subscription, invoice, SubscriptionTransition::ClosePeriod, invocation)
                    .await
            }
            Task::Cancel => {
                self.void_period(&subscription, invoice, SubscriptionTransition::Cancel, invocation)
                    .await
            }
        }
    }

    /// Gives the open period up, and with it the subscription if `step` says so.
    async fn void_period(
        &self,
        stored: &StoredSubscription,
        invoice: Option<StoredInvoice>,
        step: SubscriptionTransition,
        invocation: &Invocation,
    ) -> Result<Option<Outcome>, Error> {
        let open = invoice.as_ref().map(|stored| &stored.invoice);
        let outcome = if step == SubscriptionTransition::Cancel {
            Outcome::Ended
        } else {
            Outcome::Skipped
        };
        let (after, void) =
            stored
                .subscription
                .transition_and_void(step, open, invocation.now, &self.charges.policy)?;
        let event = match outcome {
            Outcome::Ended => Some(invocation.record(&BillingEvent::SubscriptionCancelled(after.clone()))?),
            _ => None,
        };
        let next = stored.next(after, None, event, &self.charges.policy, invocation.now);
        let void = void.and_then(|void| invoice.map(|stored| stored.next(void, None, invocation.now)));
        let saved = self
            .charges
            .save(&SubscriptionWrite::with(&next, void.as_ref()), invocation)
            .await?;
        Ok(saved.then_some(outcome))
    }

    /// Begins an attempt to charge the open period, or the next one, and asks for the money.
    async fn attempt(
        &self,
        stored: StoredSubscription,
        invoice: Option<StoredInvoice>,
        begun_by: Uuid,
        invocation: &Invocation,
    ) -> Result<Option<Outcome>, Error> {
        let (now, deadline) = (invocation.now, invocation.deadline);
        let subscription = match &invoice {
            Some(_) => stored.subscription.clone(),
            None => stored.subscription.transition(SubscriptionTransition::Bill, now)?,
        };
        let invoice = invoice.unwrap_or_else(|| StoredInvoice::unsaved(Invoice::new(&stored.subscription, now), now));
        let wanted = wanted(&stored.subscription, &invoice.invoice)?;
        let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
        let products = self.charges.invoices.catalog.products(&skus, deadline).await?;
        let quote = match self.quote(&subscription, &invoice.invoice, &wanted, &products) {
            Ok(quote) => quote,
            Err(why) => {
                return self
                    .charges
                    .postpone(&stored, subscription, &invoice, &why, invocation)
                    .await;
            }
        };
        let Some(attempt) = invoice
            .invoice
            .transition(InvoiceTransition::Attempt(quote), now, &self.charges.policy)
        else {
            return Ok(None);
        };
        // What could not be opened is not begun: it would hold its stock for nothing.
        let key = self.keys.of(&stored, invocation).await?;
        let attempt = StoredInvoice {
            begun_by: Some(begun_by),
            asked: invoice.asked + 1,
            ..invoice.next(attempt, None, now)
        };
        let next = stored.next(
            subscription.clone(),
            Some(&attempt.invoice),
            None,
            &self.charges.policy,
            now,
        );
        match self
            .charges
            .invoices
            .begin(&next, &attempt, &products, deadline)
            .await?
        {
            BeginChargeOutcome::Begun(attempt) => self.request_charge(&key, next, *attempt, invocation).await.map(Some),
            BeginChargeOutcome::Changed => Ok(None),
            BeginChargeOutcome::OutOfStock(shortages) => {
                let why = orders::Rejected::OutOfStock(shortages).into();
                self.charges
                    .postpone(&stored, subscription, &invoice, &why, invocation)
                    .await
            }
        }
    }

    /// What an attempt asks for: what the invoice says once it is priced, else what the catalog says now. What is not for
    /// sale any more is not sold at any price.
    fn quote(
        &self,
        subscription: &Subscription,
        invoice: &Invoice,
        wanted: &[(Sku, u32)],
        products: &HashMap<Sku, Product>,
    ) -> Result<Quote, Rejection> {
        let present = quote(wanted, products)?;
        let quote = match invoice.total {
            Some(total) => Quote {
                lines: invoice.lines.clone(),
                total,
            },
            None => present,
        };
        let is_accepted = self
            .keys
            .providers
            .of(subscription.provider)
            .is_ok_and(|provider| provider.accepts(quote.total));
        is_accepted
            .then_some(quote)
            .ok_or_else(|| PaymentRejected::AmountNotTaken.into())
    }

    /// Asks for the money of an attempt that is written down, and enters what the provider says.
    async fn request_charge(
        &self,
        key: &BillingKey,
        subscription: StoredSubscription,
        invoice: StoredInvoice,
        invocation: &Invocation,
    ) -> Result<Outcome, Error> {
        let provider = self.keys.providers.billing(subscription.subscription.provider)?;
        let deadline = invocation.deadline_keeping(WRITE_TIME);
        // An attempt keeps its reference, as it keeps its key: no card is changed while one is under way.
        let invoice = if invoice.reference.is_some() {
            invoice
        } else {
            match provider.prepare(key, charge(&invoice)?, deadline).await {
                Ok(None) => invoice,
                Ok(reference) => match self
                    .save_reference(&subscription, &invoice, reference, invocation)
                    .await?
                {
                    Some(with_reference) => with_reference,
                    // Its customer has changed the subscription: nothing was asked, and the attempt is found again.
                    None => return Ok(Outcome::Unknown),
                },
                Err(answer) => return self.charges.record_answer(&invoice, answer, invocation).await,
            }
        };
        match provider.charge(key, charge(&invoice)?, deadline).await {
            Answer::Unknown(cause) => {
                tracing::warn!(cause, "a provider left open whether it took the money");
                let found = provider.find(charge(&invoice)?, deadline).await;
                // That nothing was taken is no answer while the call may still be under way.
                match found {
                    Answer::Report(report) if report.status == ProviderStatus::Charged => {
                        self.charges
                            .record_answer(&invoice, Answer::Report(report), invocation)
                            .await
                    }
                    _ => Ok(Outcome::Unknown),
                }
            }
            answer => self.charges.record_answer(&invoice, answer, invocation).await,
        }
    }

    /// Keeps what the provider calls the payment under way, before it is asked for the money; none when something has
    /// changed.
    async fn save_reference(
        &self,
        subscription: &StoredSubscription,
        invoice: &StoredInvoice,
        reference: Option<String>,
        invocation: &Invocation,
    ) -> Result<Option<StoredInvoice>, Error> {
        let with_reference = StoredInvoice {
            reference,
            version: invoice.version + 1,
            ..invoice.clone()
        };
        let saved = self
            .charges
            .save_attempt(subscription, &with_reference, invocation)
            .await?;
        Ok(saved.map(|_| with_reference))
    }

    /// Settles an attempt whose outcome is not known: asks where it stands, and asks for the money once more when the
    /// provider has not had it and the subscription still wants it.
    async fn resolve_unknown(
        &self,
        subscription: StoredSubscription,
        invoice: StoredInvoice,
        invocation: &Invocation,
    ) -> Result<Option<Outcome>, Error> {
        let claimed = invoice.with_claim(invocation.now);
        let Some(next) = self.charges.save_attempt(&subscription, &claimed, invocation).await? else {
            return Ok(None);
        };
        let provider = self.keys.providers.billing(next.subscription.provider)?;
        let outcome = match provider
            .find(charge(&invoice)?, invocation.deadline_keeping(WRITE_TIME))
            .await
        {
            Answer::Report(report) if matches!(report.status, ProviderStatus::Pending | ProviderStatus::Failed(_)) => {
                let is_current = is_current_try(&report, &invoice);
                match (next.subscription.status == SubscriptionStatus::Active, is_current) {
                    // A card that can never pay is not tried again.
                    (true, true) if is_hard(&report) => {
                        self.charges
                            .record_answer(&claimed, Answer::Report(report), invocation)
                            .await?
                    }
                    // To be asked once more, under a new key but for the same order, tells whether it was this try.
                    (true, _) => {
                        let key = self.keys.of(&next, invocation).await?;
                        self.request_charge(&key, next, claimed, invocation).await?
                    }
                    (false, true) => self.charges.void_attempt(&claimed, invocation).await?,
                    // This try may have taken the money: nobody gives it up for the no to another.
                    (false, false) => Outcome::Unknown,
                }
            }
            answer => self.charges.record_answer(&claimed, answer, invocation).await?,
        };
        let needs_review = outcome == Outcome::Unknown && invocation.now.duration_since(invoice.since) > REVIEW_AFTER;
        Ok(Some(if needs_review { Outcome::Hanging } else { outcome }))
    }
}

/// Whether a report that nothing was taken is about the try under way, or else tells that there was none: all tries of a
/// period have one order at Toss, which is asked by it and may tell of an earlier one. An intent of Stripe is one.
fn is_current_try(report: &Report, invoice: &StoredInvoice) -> bool {
    report.status == ProviderStatus::Pending || report.provider != Provider::Toss || invoice.asked == 1
}

/// Whether the card will never pay.
fn is_hard(report: &Report) -> bool {
    match &report.status {
        ProviderStatus::Failed(failure) => {
            matches!(
                Decline::of(report.provider, failure),
                Decline::Hard | Decline::KeyDeleted
            )
        }
        _ => false,
    }
}

/// What a period delivers: what its invoice says once it is priced, else what its subscription says now.
fn wanted(subscription: &Subscription, invoice: &Invoice) -> Result<Vec<(Sku, u32)>, Error> {
    if invoice.total.is_some() {
        let lines = invoice.lines.iter();
        return Ok(lines.map(|line| (line.sku.clone(), line.quantity)).collect());
    }
    // They were summed when they were taken.
    sum_lines(&subscription.items).map_err(|_| Error::internal(DOING, "its items are out of range"))
}

/// The charge of an attempt that is written down.
fn charge(stored: &StoredInvoice) -> Result<Charge<'_>, Error> {
    let invoice = &stored.invoice;
    let amount = invoice.total.filter(|_| invoice.status == InvoiceStatus::Charging);
    Ok(Charge {
        order_id: invoice.order_id(),
        lines: &invoice.lines,
        amount: amount.ok_or_else(|| Error::internal(DOING, "its invoice is not being charged"))?,
        reference: stored.reference.as_deref(),
        nth: stored.asked.saturating_sub(1),
    })
}
