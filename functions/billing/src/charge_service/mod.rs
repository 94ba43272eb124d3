//! The charge service: does the due work of a subscription and charges its provider.
//!
//! Invariants: an attempt is saved with its stock before the provider call, so it is found after a crash. While an
//! attempt is in progress no other starts, and only an explicit answer of the provider or an administrator ends it. The
//! answer is saved on condition that nothing has changed since, and depends on the subscription's current status.

mod billing_keys;
mod charge_queue;
mod charge_store;
mod price;
mod review;

pub use billing_keys::BillingKeys;
pub use charge_queue::{ChargeQueue, command_of};
pub use charge_store::ChargeStore;
pub use review::{ChargeDecision, Review};

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::catalog::{Product, Sku};
use shared::core::error::{Error, Rejection};
use shared::core::id::SubscriptionPeriod;
use shared::core::money::Money;
use shared::coupons::Redemption;
use shared::orders::{self, Pricing, Quote, sum_lines};
use shared::payments::provider::{Answer, BillingKey, Charge, Decline};
use shared::payments::{Provider, ProviderStatus, Rejected as PaymentRejected, Report};
use uuid::Uuid;

use self::charge_store::{Account, Unpaid};
use self::price::price;
use crate::event::BillingEvent;
use crate::invoice::{Invoice, InvoiceStatus, InvoiceTransition, Price};
use crate::invoice_store::BeginChargeOutcome;
use crate::store::{StoredInvoice, StoredSubscription, SubscriptionWrite};
use crate::subscription::{Subscription, SubscriptionCoupon, SubscriptionStatus, SubscriptionTransition, Task};

/// Time reserved for writing after a provider call.
const WRITE_TIME: Duration = Duration::from_secs(5);
/// The time for which an attempt's outcome may be unknown before a person must review it.
const REVIEW_AFTER: SignedDuration = SignedDuration::from_hours(24);

const DOING: &str = "charge a subscription";

/// The products that a period delivers, and the coupon that counts for it.
struct Ordered<'a> {
    wanted: &'a [(Sku, u32)],
    products: &'a HashMap<Sku, Product>,
    redemption: Option<&'a Redemption>,
}

/// Charges subscriptions.
#[derive(Clone, Debug)]
pub struct ChargeService {
    /// The records of charges.
    pub charges: ChargeStore,
    /// The providers and the billing keys.
    pub keys: BillingKeys,
    /// Taxes and shipping methods.
    pub pricing: Pricing,
}

/// The outcome of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// Nothing was due, or another process has done it or is doing it.
    Nothing,
    /// The period is paid.
    Paid,
    /// The charge is refunded, because the subscription has ended or the amount differs.
    Refunded,
    /// The provider declined the charge.
    Declined,
    /// The delivery is postponed, because its products are not available.
    Postponed,
    /// The outcome of the attempt is unknown. The provider will be queried again.
    Unknown,
    /// The outcome has been unknown for so long that a person must review it, or a charge has no record.
    NeedsReview,
    /// The period was voided, or missed periods were skipped.
    Skipped,
    /// The subscription has ended.
    Ended,
    /// Unused billing keys were deleted at their provider.
    KeysDeleted,
}

impl ChargeService {
    /// Creates the service.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            charges: ChargeStore::new(platform)?,
            keys: BillingKeys::new(platform)?,
            pricing: Pricing::new(platform)?,
        })
    }

    /// Does the due work of a subscription, if `command` is about its current period.
    ///
    /// A command that is repeated, late or out of order has no effect.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when DynamoDB, KMS or the provider is not available: the work stays due, and a started
    /// attempt is resumed. [`Error::Internal`].
    pub async fn carry_out(
        &self,
        command: SubscriptionPeriod,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
        let begun_by = invocation.new_id();
        let mut attempts = Attempts::new(DOING);
        loop {
            attempts.start()?;
            let Some(account) = self.charges.account(command, invocation).await? else {
                continue;
            };
            if account.subscription.subscription.period() != command.period {
                return Ok(ChargeOutcome::Nothing);
            }
            if let Some(outcome) = self.step(account, begun_by, invocation).await? {
                return Ok(outcome);
            }
        }
    }

    /// Does the next due task. `None` when something has changed meanwhile.
    async fn step(
        &self,
        account: Account,
        begun_by: Uuid,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
        let Account { subscription, invoice } = account;
        // Our own attempt, saved by a write whose response was lost: it is not charged yet.
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
                let turn = SubscriptionTransition::SkipTo(period);
                let skipped = subscription.subscription.transition(turn, invocation.now)?;
                let event = invocation.record(&BillingEvent::PeriodsSkipped(skipped.clone()))?;
                let next = subscription.next(skipped, None, Some(event), &self.charges.policy, invocation.now);
                let saved = self.charges.save(&SubscriptionWrite::of(&next), invocation).await?;
                Ok(saved.then_some(ChargeOutcome::Skipped))
            }
            Task::Supersede(period) => match invoice {
                Some(invoice) => self.supersede(&subscription, &invoice, period, invocation).await,
                None => Ok(None),
            },
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

    /// Gives up a declined period, and opens a later one instead, which is due now.
    async fn supersede(
        &self,
        stored: &StoredSubscription,
        invoice: &StoredInvoice,
        period: u32,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
        let (now, policy) = (invocation.now, &self.charges.policy);
        let turn = SubscriptionTransition::Supersede(period);
        let subscription = stored.subscription.transition(turn, now)?;
        let Some(void) = invoice.invoice.transition(InvoiceTransition::Void, now, policy) else {
            return Ok(None);
        };
        let latest = invoice.invoice.superseded_by(period, &subscription.schedule, now);
        let skipped = invocation.record(&BillingEvent::PeriodsSkipped(subscription.clone()))?;
        let voided = invocation.record(&BillingEvent::InvoiceVoided(void.clone()))?;
        let next = stored.next(subscription, Some(&latest), Some(skipped), policy, now);
        let void = invoice.next(void, Some(voided), now);
        let unsaved = StoredInvoice::unsaved(latest.clone(), now);
        let latest = unsaved.next(latest, None, now);
        let write = SubscriptionWrite {
            new_invoice: Some(&latest),
            ..SubscriptionWrite::with(&next, Some(&void))
        };
        let saved = self.charges.save(&write, invocation).await?;
        Ok(saved.then_some(ChargeOutcome::Skipped))
    }

    /// Voids the open period, and ends the subscription if `step` is [`SubscriptionTransition::Cancel`].
    async fn void_period(
        &self,
        stored: &StoredSubscription,
        invoice: Option<StoredInvoice>,
        step: SubscriptionTransition,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
        let open = invoice.as_ref().map(|stored| &stored.invoice);
        let outcome = if step == SubscriptionTransition::Cancel {
            ChargeOutcome::Ended
        } else {
            ChargeOutcome::Skipped
        };
        let (after, void) =
            stored
                .subscription
                .transition_and_void(step, open, invocation.now, &self.charges.policy)?;
        let event = match outcome {
            ChargeOutcome::Ended => Some(invocation.record(&BillingEvent::SubscriptionCancelled(after.clone()))?),
            _ => None,
        };
        let next = stored.next(after, None, event, &self.charges.policy, invocation.now);
        let void = void.zip(invoice).map(|(void, stored)| stored.voided(void, invocation));
        let void = void.transpose()?;
        let saved = self
            .charges
            .save(&SubscriptionWrite::with(&next, void.as_ref()), invocation)
            .await?;
        Ok(saved.then_some(outcome))
    }

    /// Starts an attempt to charge the open period, or the next one, and charges it.
    async fn attempt(
        &self,
        stored: StoredSubscription,
        invoice: Option<StoredInvoice>,
        begun_by: Uuid,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
        let (now, deadline) = (invocation.now, invocation.deadline);
        let subscription = match &invoice {
            Some(_) => stored.subscription.clone(),
            None => stored.subscription.transition(SubscriptionTransition::Bill, now)?,
        };
        let invoice = invoice.unwrap_or_else(|| StoredInvoice::unsaved(Invoice::new(&stored.subscription, now), now));
        let wanted = wanted(&stored.subscription, &invoice.invoice)?;
        let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
        let products = self.charges.invoices.catalog.products(&skus, deadline).await?;
        let redemption = self.redemption(&subscription, invocation).await?;
        let ordered = Ordered {
            wanted: &wanted,
            products: &products,
            redemption: redemption.as_ref(),
        };
        let price = match self.price(&subscription, &invoice, &ordered, now) {
            Ok(price) => price,
            Err(why) => {
                return self
                    .charges
                    .postpone(&stored, subscription, &invoice, &why, invocation)
                    .await;
            }
        };
        if price.quote.totals.total.amount() == 0 {
            let unpaid = Unpaid {
                stored: &stored,
                subscription,
                invoice: &invoice,
            };
            return self.charges.deliver_free(unpaid, price, &products, invocation).await;
        }
        let Some(attempt) = invoice
            .invoice
            .transition(InvoiceTransition::Attempt(price), now, &self.charges.policy)
        else {
            return Ok(None);
        };
        // Decrypt the key first: an attempt that cannot be charged would hold its stock for nothing.
        let key = self.keys.of(&stored, invocation).await?;
        let attempt = StoredInvoice {
            begun_by: Some(begun_by),
            destination: subscription.destination.clone(),
            delivery_details: stored.delivery_details.clone(),
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
            .begin(&next, &attempt, None, &products, deadline)
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

    /// The coupon of the subscription, if it counts for the next charge.
    async fn redemption(
        &self,
        subscription: &Subscription,
        invocation: &Invocation,
    ) -> Result<Option<Redemption>, Error> {
        let Some(coupon) = subscription.coupon.filter(SubscriptionCoupon::is_active) else {
            return Ok(None);
        };
        let coupons = self.charges.invoices.subscriptions.coupons()?;
        Ok(Some(Redemption {
            coupon_claim_id: coupon.coupon_claim_id,
            // A subscription keeps its coupon, also one that was revoked since.
            coupon: coupons
                .terms(coupon.coupon_id, invocation.now, invocation.deadline)
                .await?,
        }))
    }

    /// The price of an attempt: the invoice's once it is priced for the subscription's destination, with its discount, otherwise
    /// that of the current catalog. A discounted price that the provider did not take is replaced by the full one. Rejects products that are no longer listed in both cases.
    fn price(
        &self,
        subscription: &Subscription,
        stored: &StoredInvoice,
        ordered: &Ordered<'_>,
        now: Timestamp,
    ) -> Result<Price, Rejection> {
        let (destination, method) = (subscription.destination.clone(), subscription.shipping_method.clone());
        let delivery = self.pricing.delivery(destination, method);
        let Ordered {
            wanted,
            products,
            redemption,
        } = *ordered;
        let invoice = &stored.invoice;
        let refused = invoice.discount_not_taken();
        let is_accepted = |total: Money| {
            let accepted = self.keys.providers.require_accepted(subscription.provider, total);
            accepted.is_ok()
        };
        let is_taken = |total: Money| {
            let is_refused = refused.is_some_and(|refused| (1..=refused.amount()).contains(&total.amount()));
            !is_refused && is_accepted(total)
        };
        let current = price(&self.pricing, wanted, products, &delivery, redemption, is_taken, now);
        // The order goes to the present address, so it costs what it costs there.
        let fixed = invoice
            .totals
            .filter(|_| stored.destination == subscription.destination && refused.is_none());
        let price = match (fixed, current) {
            (Some(_), Err(unavailable @ orders::Rejected::ProductUnavailable(_))) => return Err(unavailable.into()),
            // Only its products matter: its prices are fixed, also that of a method that does not fit any more.
            (Some(totals), _) => Price {
                quote: Quote {
                    lines: invoice.lines.clone(),
                    shipping: invoice.shipping.clone(),
                    totals,
                },
                coupon: invoice.coupon,
            },
            (None, current) => current?,
        };
        // A product may have got a package since the subscription was started.
        if price.quote.shipping.is_some() && subscription.destination.is_none() {
            return Err(orders::Rejected::AddressMissing.into());
        }
        is_accepted(price.quote.totals.total)
            .then_some(price)
            .ok_or_else(|| PaymentRejected::AmountNotTaken.into())
    }

    /// Charges a saved attempt at the provider and records the answer.
    async fn request_charge(
        &self,
        key: &BillingKey,
        subscription: StoredSubscription,
        invoice: StoredInvoice,
        invocation: &Invocation,
    ) -> Result<ChargeOutcome, Error> {
        let provider = self.keys.providers.billing(subscription.subscription.provider)?;
        let deadline = invocation.deadline_keeping(WRITE_TIME);
        // An attempt keeps its reference and its key: the card cannot change while an attempt is in progress.
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
                    // The customer has changed the subscription. Nothing was charged, and the attempt is resumed later.
                    None => return Ok(ChargeOutcome::Unknown),
                },
                Err(answer) => return self.charges.record_answer(&invoice, answer, invocation).await,
            }
        };
        match provider.charge(key, charge(&invoice)?, deadline).await {
            Answer::Unknown(cause) => {
                tracing::warn!(cause, "the outcome of a charge is unknown");
                let found = provider.find(charge(&invoice)?, deadline).await;
                // A report that nothing was charged is not reliable while the call may still be in progress.
                match found {
                    Answer::Report(report) if report.status == ProviderStatus::Charged => {
                        self.charges
                            .record_answer(&invoice, Answer::Report(report), invocation)
                            .await
                    }
                    _ => Ok(ChargeOutcome::Unknown),
                }
            }
            answer => self.charges.record_answer(&invoice, answer, invocation).await,
        }
    }

    /// Saves the provider's reference of an attempt before the charge. `None` when something has changed.
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

    /// Resolves an attempt with an unknown outcome: queries the provider, and charges again if the provider did not
    /// charge and the subscription is still active.
    async fn resolve_unknown(
        &self,
        subscription: StoredSubscription,
        invoice: StoredInvoice,
        invocation: &Invocation,
    ) -> Result<Option<ChargeOutcome>, Error> {
        let claimed = invoice.with_claim(invocation.now);
        let Some(next) = self.charges.save_attempt(&subscription, &claimed, invocation).await? else {
            return Ok(None);
        };
        let provider = self.keys.providers.billing(next.subscription.provider)?;
        let outcome = match provider
            .find(charge(&invoice)?, invocation.deadline_keeping(WRITE_TIME))
            .await
        {
            Answer::Report(report) if report.status == ProviderStatus::Pending || report.status.failure().is_some() => {
                let is_current = is_current_try(&report, &invoice);
                match (next.subscription.status == SubscriptionStatus::Active, is_current) {
                    // Another try with this card is useless.
                    (true, true) if needs_new_card(&report) => {
                        self.charges
                            .record_answer(&claimed, Answer::Report(report), invocation)
                            .await?
                    }
                    // A retry with a new key for the same order shows whether the failure was of this try.
                    (true, _) => {
                        let key = self.keys.of(&next, invocation).await?;
                        self.request_charge(&key, next, claimed, invocation).await?
                    }
                    (false, true) => self.charges.void_attempt(&claimed, invocation).await?,
                    // This try may have been charged: do not void it because of an earlier try's failure.
                    (false, false) => ChargeOutcome::Unknown,
                }
            }
            answer => self.charges.record_answer(&claimed, answer, invocation).await?,
        };
        let needs_review =
            outcome == ChargeOutcome::Unknown && invocation.now.duration_since(invoice.since) > REVIEW_AFTER;
        if !needs_review {
            return Ok(Some(outcome));
        }
        self.charges.report_review(invoice.invoice.of, invocation).await?;
        Ok(Some(ChargeOutcome::NeedsReview))
    }
}

/// Whether a report that nothing was charged is about the current try. All tries of a period have the same order id, by
/// which Toss is queried, so Toss may report an earlier try. A Stripe intent is specific to the attempt.
fn is_current_try(report: &Report, invoice: &StoredInvoice) -> bool {
    report.status == ProviderStatus::Pending || report.provider != Provider::Toss || invoice.asked == 1
}

/// Whether the report is a decline that only a new card can end.
fn needs_new_card(report: &Report) -> bool {
    let failure = report.status.failure();
    failure.is_some_and(|failure| Decline::of(report.provider, failure) == Decline::NewCard)
}

/// The products of a period: the invoice's lines once it is priced, otherwise the subscription's current items.
fn wanted(subscription: &Subscription, invoice: &Invoice) -> Result<Vec<(Sku, u32)>, Error> {
    if invoice.totals.is_some() {
        let lines = invoice.lines.iter();
        return Ok(lines
            .filter_map(|line| Some((line.sku.clone()?, line.quantity)))
            .collect());
    }
    // The items were validated when they were saved.
    sum_lines(&subscription.items).map_err(|_| Error::internal(DOING, "the items are out of range"))
}

/// The charge of a saved attempt.
fn charge(stored: &StoredInvoice) -> Result<Charge<'_>, Error> {
    let invoice = &stored.invoice;
    let amount = invoice.total().filter(|_| invoice.status == InvoiceStatus::Charging);
    Ok(Charge {
        order_id: invoice.order_id(),
        lines: &invoice.lines,
        amount: amount.ok_or_else(|| Error::internal(DOING, "the invoice is not being charged"))?,
        reference: stored.reference.as_deref(),
        nth: stored.asked.saturating_sub(1),
    })
}
