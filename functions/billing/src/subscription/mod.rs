//! Subscriptions: their states, and the work that is due.
//!
//! Invariants: periods are billed in order, each at most once, since `next_period` only increases; at most one period is
//! open, that is, has an invoice that is neither paid nor void; a cancelled subscription bills no period; a promised end
//! (`ends_at`) is moved by no change except its revocation; a coupon counts for a charge when the charge is paid, and goes back
//! if the subscription ends before.

mod coupon;

pub use coupon::SubscriptionCoupon;

use envconfig::Envconfig;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::aws::Platform;
use shared::core::calendar::Schedule;
use shared::core::destination::Destination;
use shared::core::error::{self, Error, Rejection};
use shared::core::id::SubscriptionId;
use shared::core::identity::{Caller, CustomerId};
use shared::orders::{self, Item, ShippingMethodId};
use shared::payments::provider::Card;
use shared::payments::{self, Provider};
use utoipa::ToSchema;

use crate::invoice::{Invoice, InvoiceStatus, InvoiceTransition};
use crate::reason;

/// The status of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubscriptionStatus {
    /// Each period is billed when it falls due.
    Active,
    /// The customer paused the subscription. Nothing is billed until it is resumed.
    Paused,
    /// The card could not be charged. Nothing is billed until there is a new card.
    PastDue,
    /// The subscription has ended.
    Cancelled,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// The subscription's id.
    pub subscription_id: SubscriptionId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The status of the subscription.
    pub status: SubscriptionStatus,
    /// The items of each period, each product once. Priced from the catalog when the period is billed.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<Item>,
    /// The shipping method. If absent, the first one that fits is taken when a period is billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_method: Option<ShippingMethodId>,
    /// The place where the subscription's orders are delivered and taxed: the country and region of its address. If
    /// absent, the shop's own country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub destination: Option<Destination>,
    /// The dates on which periods fall due.
    pub schedule: Schedule,
    /// The payment provider.
    pub provider: Provider,
    /// The card that is charged.
    pub card: Card,
    /// The next period to bill.
    pub next_period: u32,
    /// The time at which the next period falls due.
    pub next_at: Timestamp,
    /// The period whose invoice is neither paid nor void, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub open_period: Option<u32>,
    /// Whether the customer has cancelled the subscription at the period's end.
    pub ends_with_period: bool,
    /// The time at which the subscription ends, if `ends_with_period`. No other change moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ends_at: Option<Timestamp>,
    /// The periods that were skipped last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub skipped: Option<SkippedPeriods>,
    /// The coupon that the subscription has redeemed. Absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub coupon: Option<SubscriptionCoupon>,
    /// Whether the customer must provide a new card.
    pub needs_card: bool,
    /// The time at which the subscription started.
    pub started_at: Timestamp,
    /// Time since which the subscription is `PAST_DUE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub past_due_at: Option<Timestamp>,
    /// The time of the cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancelled_at: Option<Timestamp>,
}

/// Periods that are not billed and not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedPeriods {
    /// The first skipped period.
    pub from: u32,
    /// The last skipped period.
    pub through: u32,
    /// The reason for which the periods were skipped.
    pub reason: SkipReason,
    /// The time of the change.
    pub skipped_at: Timestamp,
}

/// The reason for which periods are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SkipReason {
    /// The customer skipped the period.
    Requested,
    /// The subscription was paused.
    Paused,
    /// The subscription was past due.
    PastDue,
    /// They fell due during an outage, or while another period was being charged.
    Missed,
}

/// The periods that are billed after some were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissedPeriods {
    /// The latest period that is due. The others are skipped.
    Latest,
    /// Each period, the oldest first.
    All,
}

/// The shop's billing policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Days from the first decline to each further attempt.
    pub retry_days: Vec<u16>,
    /// Days after which a past due subscription without a new card is cancelled.
    pub past_due_days: u16,
    /// Hours after which a postponed delivery is retried.
    pub postponed_hours: u16,
    /// The age, in days, up to which a missed period is billed late. Older ones are skipped.
    pub catch_up_days: u16,
    /// The periods that are billed after some were missed.
    pub missed_periods: MissedPeriods,
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "RETRY_DAYS")]
    retry_days: String,
    #[envconfig(from = "PAST_DUE_DAYS")]
    past_due_days: u16,
    #[envconfig(from = "POSTPONED_HOURS")]
    postponed_hours: u16,
    #[envconfig(from = "CATCH_UP_DAYS")]
    catch_up_days: u16,
    #[envconfig(from = "MISSED_PERIODS")]
    missed_periods: String,
}

impl Policy {
    /// Reads `RETRY_DAYS` (a list such as `1,3,5,7`), `PAST_DUE_DAYS`, `POSTPONED_HOURS`, `CATCH_UP_DAYS` and
    /// `MISSED_PERIODS` (`LATEST` or `ALL`).
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let config: Config = platform.config()?;
        let days = config.retry_days.split(',').filter(|day| !day.is_empty());
        let retry_days = days.map(|day| day.trim().parse()).collect::<Result<_, _>>();
        Ok(Self {
            retry_days: retry_days.map_err(|error| Error::internal("read RETRY_DAYS", error))?,
            past_due_days: config.past_due_days,
            postponed_hours: config.postponed_hours,
            catch_up_days: config.catch_up_days,
            missed_periods: match config.missed_periods.as_str() {
                "LATEST" => MissedPeriods::Latest,
                "ALL" => MissedPeriods::All,
                other => return Err(Error::internal("read MISSED_PERIODS", format!("it is {other}"))),
            },
        })
    }

    /// The time of the next attempt after `declines` declines, the first of which was at `first`. None after the last
    /// attempt.
    pub fn retry_at(&self, first: Timestamp, declines: u32) -> Option<Timestamp> {
        let attempt = usize::try_from(declines.checked_sub(1)?).ok()?;
        self.retry_days.get(attempt).map(|&after| first + days(after))
    }

    /// The time at which a delivery that is postponed at `now` is retried.
    pub fn postponed_until(&self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_hours(self.postponed_hours.into())
    }
}

fn days(count: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(count))
}

/// A change of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionTransition {
    /// Opens the next period for billing.
    Bill,
    /// Closes the open period, whose invoice is paid.
    CompletePeriod {
        /// Whether the coupon was taken off.
        with_coupon: bool,
    },
    /// Closes the open period, whose invoice is void.
    ClosePeriod,
    /// The open period cannot be charged without a new card.
    MarkPastDue,
    /// Skips missed periods. This period becomes the next.
    SkipTo(u32),
    /// Opens this later period for billing instead of the open one, which is given up.
    Supersede(u32),
    /// The customer pauses the subscription.
    Pause,
    /// The customer resumes the subscription with the next period that falls due.
    Resume,
    /// The customer skips this period, which must be the next one.
    Skip(u32),
    /// The customer replaces what is ordered: the items, how they are shipped, and where.
    SetItems(Vec<Item>, Option<ShippingMethodId>, Option<Destination>),
    /// The customer replaces the card.
    ReplaceCard(Provider, Card),
    /// The customer must provide a new card: the provider reports the card as deleted.
    RequestCard,
    /// Schedules a cancellation at the period's end, or revokes it.
    EndWithPeriod(bool),
    /// Cancels the subscription.
    Cancel,
}

impl Subscription {
    /// The subscription after `transition` at `now`.
    ///
    /// # Errors
    /// [`Rejected::Closed`] when the subscription is cancelled, [`Rejected::WrongStatus`] when its status does not allow
    /// the transition, [`Rejected::PeriodOpen`] when an open period does not, [`Rejected::NotNext`] for a period that is
    /// not the next one.
    pub fn transition(&self, transition: SubscriptionTransition, now: Timestamp) -> Result<Self, Rejected> {
        use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
        let mut next = self.clone();
        match (transition, self.status) {
            (SubscriptionTransition::CompletePeriod { with_coupon }, _) => {
                next.open_period = None;
                next.coupon = self
                    .coupon
                    .map(|coupon| if with_coupon { coupon.used() } else { coupon });
            }
            // A charge that was in progress at the cancellation still closes its period.
            (SubscriptionTransition::ClosePeriod, _) => next.open_period = None,
            (_, Cancelled) => return Err(Rejected::Closed),

            (SubscriptionTransition::Bill | SubscriptionTransition::SkipTo(_), _) if self.open_period.is_some() => {
                return Err(Rejected::PeriodOpen);
            }
            (SubscriptionTransition::Bill, Active) => {
                next.open_period = Some(self.next_period);
                next.go_to(self.next_period + 1);
            }
            (SubscriptionTransition::SkipTo(period), Active) => next.skip_to(period, SkipReason::Missed, now),
            (SubscriptionTransition::Supersede(period), Active) => {
                let from = self.open_period.ok_or(Rejected::WrongStatus(Active))?;
                next.skip(from, period, SkipReason::Missed, now);
                next.open_period = Some(period);
                next.go_to(period + 1);
            }
            (SubscriptionTransition::Skip(period), Active) if period == self.next_period => {
                next.skip_to(period + 1, SkipReason::Requested, now);
            }
            (SubscriptionTransition::Skip(_), Active) => {
                return Err(Rejected::NotNext { next: self.next_period });
            }
            (SubscriptionTransition::MarkPastDue, Active) => {
                next.status = PastDue;
                next.needs_card = true;
                next.past_due_at = Some(now);
            }
            (SubscriptionTransition::Pause, Active) => next.status = Paused,
            (SubscriptionTransition::Resume, Paused) => {
                next.status = Active;
                next.skip_to(self.schedule.first_from(now), SkipReason::Paused, now);
            }
            (SubscriptionTransition::SetItems(items, shipping_method, destination), _) => {
                next.items = items;
                next.shipping_method = shipping_method;
                next.destination = destination;
            }
            (SubscriptionTransition::ReplaceCard(provider, card), _) => {
                next.provider = provider;
                next.card = card;
                next.needs_card = false;
                if self.status == PastDue {
                    next.status = Active;
                    next.past_due_at = None;
                    // Periods that fell due meanwhile were not delivered and are not charged.
                    next.skip_to(self.schedule.first_from(now), SkipReason::PastDue, now);
                }
            }
            (SubscriptionTransition::RequestCard, _) => next.needs_card = true,
            (SubscriptionTransition::EndWithPeriod(ends), _) => {
                next.ends_with_period = ends;
                // The customer was promised this time, so a later skip or resumption does not move it.
                next.ends_at = ends.then(|| self.ends_at.unwrap_or(self.next_at));
            }
            (SubscriptionTransition::Cancel, _) => {
                next.status = Cancelled;
                next.cancelled_at = Some(now);
                next.needs_card = false;
                next.past_due_at = None;
            }
            (
                SubscriptionTransition::Bill
                | SubscriptionTransition::SkipTo(_)
                | SubscriptionTransition::Supersede(_)
                | SubscriptionTransition::Skip(_)
                | SubscriptionTransition::MarkPastDue
                | SubscriptionTransition::Pause
                | SubscriptionTransition::Resume,
                status,
            ) => {
                return Err(Rejected::WrongStatus(status));
            }
        }
        // While a charge is in progress, it may still be paid with the coupon.
        if next.status == Cancelled && next.open_period.is_none() {
            next.coupon = next.coupon.map(|coupon| coupon.ended(now));
        }
        Ok(next)
    }

    /// The subscription after a transition that voids its open `invoice`, and the void invoice. An invoice that is being
    /// charged stays open: its outcome is then handled according to the subscription's new status.
    ///
    /// # Errors
    /// Those of [`Subscription::transition`].
    pub fn transition_and_void(
        &self,
        transition: SubscriptionTransition,
        invoice: Option<&Invoice>,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<(Self, Option<Invoice>), Rejected> {
        let void = invoice
            .filter(|invoice| invoice.status != InvoiceStatus::Charging)
            .and_then(|invoice| invoice.transition(InvoiceTransition::Void, now, policy));
        let next = self.transition(transition, now)?;
        let next = match void {
            Some(_) => next.transition(SubscriptionTransition::ClosePeriod, now)?,
            None => next,
        };
        Ok((next, void))
    }

    /// Skips the periods before `period`, which becomes the next one, unless the next one is later.
    fn skip_to(&mut self, period: u32, reason: SkipReason, now: Timestamp) {
        self.skip(self.next_period, period, reason, now);
        self.go_to(period);
    }

    /// Records the periods from `from` on and before `end` as skipped.
    fn skip(&mut self, from: u32, end: u32, reason: SkipReason, now: Timestamp) {
        if from < end {
            self.skipped = Some(SkippedPeriods {
                from,
                through: end - 1,
                reason,
                skipped_at: now,
            });
        }
    }

    /// Makes `period` the next one, unless the next one is later: the next period never decreases.
    fn go_to(&mut self, period: u32) {
        self.next_period = self.next_period.max(period);
        self.next_at = self.schedule.due_at(self.next_period);
    }

    /// Whether `caller` may read it: its customer, or an administrator.
    pub fn is_visible_to(&self, caller: &Caller) -> bool {
        caller.is_admin || self.customer_id == caller.customer_id
    }

    /// The period to work on: the open one, otherwise the next.
    pub fn period(&self) -> u32 {
        self.open_period.unwrap_or(self.next_period)
    }

    /// The time at which work is due next, given the open `invoice`: the key in the index of due work.
    ///
    /// Before that time, [`Subscription::task`] is [`Task::Nothing`].
    pub fn due_at(&self, invoice: Option<&Invoice>, policy: &Policy) -> Option<Timestamp> {
        use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
        // While a charge is in progress, nothing else is done.
        if let Some(charging) = invoice.filter(|invoice| invoice.status == InvoiceStatus::Charging) {
            return charging.next_try_at;
        }
        let own = match self.status {
            Active if self.open_period.is_none() => Some(self.next_at),
            PastDue => self.past_due_at.map(|since| since + days(policy.past_due_days)),
            Active | Paused | Cancelled => None,
        };
        let end = self.ends_at.filter(|_| self.status != Cancelled);
        let of_invoice = invoice
            .filter(|_| self.status == Active)
            .and_then(|invoice| match invoice.status {
                // When the next period falls due, a postponed delivery is void.
                InvoiceStatus::Postponed => invoice.next_try_at.map(|at| at.min(self.next_at)),
                _ => invoice.next_try_at,
            });
        own.into_iter().chain(end).chain(of_invoice).min()
    }

    /// The work that is due at `now`, given the open `invoice`.
    pub fn task(&self, invoice: Option<&Invoice>, now: Timestamp, policy: &Policy) -> Task {
        use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if let Some(invoice) = invoice
            && invoice.status == InvoiceStatus::Charging
        {
            // Regardless of the subscription's status: the card may have been charged.
            return if is_due(invoice.next_try_at) {
                Task::CheckCharge
            } else {
                Task::Nothing
            };
        }
        let is_overdue = is_due(self.past_due_at.map(|since| since + days(policy.past_due_days)));
        match (self.status, invoice.map(|invoice| invoice.status)) {
            (Cancelled, _) => Task::Nothing,
            _ if is_due(self.ends_at) => Task::Cancel,
            (PastDue, _) if is_overdue => Task::Cancel,
            (PastDue | Paused, _) => Task::Nothing,
            (Active, Some(InvoiceStatus::Postponed)) if self.next_at <= now => Task::VoidInvoice,
            (Active, Some(status)) if is_due(invoice.and_then(|invoice| invoice.next_try_at)) => {
                let latest = self.latest_due(now, policy);
                match latest.filter(|latest| *latest >= self.next_period && status == InvoiceStatus::Declined) {
                    // Both periods are too old. The next task skips the later one too.
                    Some(latest) if latest < self.oldest_billed(now, policy) => Task::VoidInvoice,
                    Some(latest) => Task::Supersede(latest),
                    None => Task::Retry,
                }
            }
            (Active, Some(_)) => Task::Nothing,
            (Active, None) if self.next_at > now => Task::Nothing,
            (Active, None) => {
                let oldest = self.oldest_billed(now, policy);
                let first = self.latest_due(now, policy).map_or(oldest, |latest| latest.max(oldest));
                if first > self.next_period {
                    Task::SkipTo(first)
                } else {
                    Task::Bill
                }
            }
        }
    }

    /// The oldest period that is not too old to be billed.
    fn oldest_billed(&self, now: Timestamp, policy: &Policy) -> u32 {
        self.schedule.first_from(now - days(policy.catch_up_days))
    }

    /// The latest period that is due, if the policy bills it instead of earlier ones.
    fn latest_due(&self, now: Timestamp, policy: &Policy) -> Option<u32> {
        match policy.missed_periods {
            MissedPeriods::Latest => self.schedule.last_due(now),
            MissedPeriods::All => None,
        }
    }
}

/// The work that is due for a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Nothing is due.
    Nothing,
    /// Bill the next period.
    Bill,
    /// Skip missed periods. This period becomes the next.
    SkipTo(u32),
    /// Give up the declined period, and charge this later one instead.
    Supersede(u32),
    /// Charge the open period again, after a decline or a postponement.
    Retry,
    /// Ask the provider for the outcome of the charge in progress.
    CheckCharge,
    /// Void the open invoice: it was postponed until the next period fell due, or it was declined and the later periods
    /// that are due are too old to be billed.
    VoidInvoice,
    /// Cancel the subscription: its last period has ended, or it was past due for too long.
    Cancel,
}

/// The reason why a request about a subscription is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The caller has no such subscription.
    NotFound,
    /// The subscription is cancelled.
    Closed,
    /// The subscription's status does not allow the change.
    WrongStatus(SubscriptionStatus),
    /// The open period's invoice is neither paid nor void.
    PeriodOpen,
    /// The card is being charged.
    ChargeUnderWay,
    /// The provider was asked to charge the card after the administrator looked the charge up.
    AttemptedSince,
    /// No charge of the period waits for an administrator's decision.
    NotInReview,
    /// The period is not the next one.
    NotNext {
        /// The next period.
        next: u32,
    },
    /// The anchor is too long ago or too far ahead.
    AnchorOutOfRange,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such subscription."),
            Rejected::Closed => Self::new(&reason::SUBSCRIPTION_CLOSED, "The subscription is cancelled."),
            Rejected::WrongStatus(status) => {
                let subscription_status = Some(status);
                Self::with(
                    reason::StatusRefuses { subscription_status },
                    "The subscription's status does not allow this change.",
                )
            }
            Rejected::PeriodOpen => {
                let subscription_status = None;
                Self::with(
                    reason::StatusRefuses { subscription_status },
                    "The invoice of the current period is neither paid nor void.",
                )
            }
            Rejected::ChargeUnderWay => Self::new(
                &orders::reason::PAYMENT_UNDER_WAY,
                "The subscription's card is being charged. Try again in a few minutes.",
            ),
            Rejected::AttemptedSince => Self::new(
                &orders::reason::PAYMENT_UNDER_WAY,
                "The charge was attempted again after `looked_up_at`. Look it up again.",
            ),
            Rejected::NotInReview => Self::new(
                &payments::reason::NOT_IN_REVIEW,
                "This period has no charge that its provider has left open for a day.",
            ),
            Rejected::NotNext { next } => {
                let detail = format!("The next period is {next}.");
                Self::with(reason::NotNextPeriod { next_period: next }, detail)
            }
            Rejected::AnchorOutOfRange => Self::new(
                &reason::INVALID_SCHEDULE,
                "The anchor must be at most three years ago and at most one year ahead.",
            ),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}

#[cfg(test)]
mod tests;
