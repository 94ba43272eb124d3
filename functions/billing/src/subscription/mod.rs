//! A subscription: what is delivered and charged again and again, and the states that it goes through.
//!
//! Invariants: periods are billed in their order, each at most once, for `next_period` only grows; at most one period is
//! open, that is billed and neither paid nor given up; what has been cancelled begins no period.

use envconfig::Envconfig;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::invoice::{Invoice, InvoiceStatus, Turn};
use shared::aws::Platform;
use shared::core::calendar::Schedule;
use shared::core::error;
use shared::core::error::{Error, Rejection};
use shared::core::id::SubscriptionId;
use shared::core::identity::CustomerId;
use shared::orders::Item;
use shared::payments::Provider;
use shared::payments::provider::Card;

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubscriptionStatus {
    /// Each period is billed when it falls due.
    Active,
    /// Its customer paused it: nothing is billed until they resume it.
    Paused,
    /// A period could not be charged: nothing more is billed until there is a new card.
    PastDue,
    /// It is over.
    Cancelled,
}

/// A subscription, as its customer sees it and as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Its id.
    pub subscription_id: SubscriptionId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// What each period brings, each product once; priced from the catalog when the period is billed.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<Item>,
    /// When periods fall due.
    pub schedule: Schedule,
    /// Who takes the money.
    pub provider: Provider,
    /// The card that it is taken from.
    pub card: Card,
    /// The period that is billed next.
    pub next_period: u32,
    /// When that falls due.
    pub next_at: Timestamp,
    /// The period that is billed and neither paid nor given up, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub open_period: Option<u32>,
    /// Whether it ends when the next period falls due.
    pub ends_with_period: bool,
    /// Whether its customer is asked for a new card.
    pub needs_card: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// Since when it is `PAST_DUE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub past_due_since: Option<Timestamp>,
    /// When it was cancelled, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancelled_at: Option<Timestamp>,
}

/// What a shop decides about its subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many days after the first decline each further attempt is made.
    pub retry_days: Vec<u16>,
    /// After how many days without a new card a subscription that is past due is cancelled.
    pub past_due_days: u16,
    /// After how many hours a delivery that was out of stock is tried again.
    pub postponed_hours: u16,
    /// Missed periods up to this many days old are billed late; older ones are skipped.
    pub catch_up_days: u16,
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
}

impl Policy {
    /// What `platform` says: `RETRY_DAYS` in a list such as `1,3,5,7`, `PAST_DUE_DAYS`, `POSTPONED_HOURS`,
    /// `CATCH_UP_DAYS`.
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
        })
    }

    /// When the attempt after `declines` declines is made, the first of which was at `first`; none when all were made.
    pub fn retry_at(&self, first: Timestamp, declines: u32) -> Option<Timestamp> {
        let nth = usize::try_from(declines.checked_sub(1)?).ok()?;
        self.retry_days.get(nth).map(|&after| first + days(after))
    }

    /// When a delivery that is out of stock at `now` is tried again.
    pub fn postponed_until(&self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_hours(self.postponed_hours.into())
    }
}

fn days(count: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(count))
}

/// What happens to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The right to charge its next period is taken.
    Bill,
    /// Its open period is paid or given up.
    Close,
    /// Its open period cannot be charged without a new card.
    FallPastDue,
    /// Missed periods are too old to be billed: this one is the next.
    SkipTo(u32),
    /// Its customer wants nothing until they say so.
    Pause,
    /// Its customer wants it again, from the next date on.
    Resume,
    /// Its customer does not want this period, the next one.
    Skip(u32),
    /// Its customer wants other things.
    SetItems(Vec<Item>),
    /// Its customer has another card.
    ReplaceCard(Provider, Card),
    /// The provider says that the card is gone.
    AskForCard,
    /// Its customer wants no further period, and may say so again or take it back.
    EndWithPeriod(bool),
    /// It is over.
    Cancel,
}

impl Subscription {
    /// The subscription after `step` at `now`.
    ///
    /// # Errors
    /// [`Rejected::Closed`] for everything after its end, [`Rejected::WrongStatus`] where its status does not allow the
    /// step, [`Rejected::PeriodOpen`] where an open period does not, [`Rejected::NotNext`] for another period than the
    /// next one.
    pub fn after(&self, step: Step, now: Timestamp) -> Result<Self, Rejected> {
        use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
        let mut next = self.clone();
        match (step, self.status) {
            // An attempt that was under way when it was cancelled still comes to its end.
            (Step::Close, _) => next.open_period = None,
            (_, Cancelled) => return Err(Rejected::Closed),

            (Step::Bill | Step::SkipTo(_), _) if self.open_period.is_some() => return Err(Rejected::PeriodOpen),
            (Step::Bill, Active) => {
                next.open_period = Some(self.next_period);
                next.go_to(self.next_period + 1);
            }
            (Step::SkipTo(period), Active) => next.go_to(period),
            (Step::Skip(period), Active) if period == self.next_period => next.go_to(period + 1),
            (Step::Skip(_), Active) => {
                return Err(Rejected::NotNext { next: self.next_period });
            }
            (Step::FallPastDue, Active) => {
                next.status = PastDue;
                next.needs_card = true;
                next.past_due_since = Some(now);
            }
            (Step::Pause, Active) => next.status = Paused,
            (Step::Resume, Paused) => {
                next.status = Active;
                next.go_to(self.schedule.first_from(now));
            }
            (Step::SetItems(items), _) => next.items = items,
            (Step::ReplaceCard(provider, card), _) => {
                next.provider = provider;
                next.card = card;
                next.needs_card = false;
                if self.status == PastDue {
                    next.status = Active;
                    next.past_due_since = None;
                    // What fell due meanwhile was not delivered, and is not charged.
                    next.go_to(self.schedule.first_from(now));
                }
            }
            (Step::AskForCard, _) => next.needs_card = true,
            (Step::EndWithPeriod(ends), _) => next.ends_with_period = ends,
            (Step::Cancel, _) => {
                next.status = Cancelled;
                next.cancelled_at = Some(now);
                next.needs_card = false;
                next.past_due_since = None;
            }
            (Step::Bill | Step::SkipTo(_) | Step::Skip(_) | Step::FallPastDue | Step::Pause | Step::Resume, status) => {
                return Err(Rejected::WrongStatus(status));
            }
        }
        Ok(next)
    }

    /// The subscription after a `step` with which its open `invoice` is given up, and that invoice after it. While that
    /// is being charged it stays: what the provider answers is then judged by what has become of the subscription.
    ///
    /// # Errors
    /// As [`Subscription::after`].
    pub fn giving_up(
        &self,
        step: Step,
        invoice: Option<&Invoice>,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<(Self, Option<Invoice>), Rejected> {
        let given_up = invoice
            .filter(|invoice| invoice.status != InvoiceStatus::Charging)
            .and_then(|invoice| invoice.after(Turn::Void, now, policy));
        let next = self.after(step, now)?;
        let next = match given_up {
            Some(_) => next.after(Step::Close, now)?,
            None => next,
        };
        Ok((next, given_up))
    }

    /// The next period is `period`, unless it is later already: no period comes back.
    fn go_to(&mut self, period: u32) {
        self.next_period = self.next_period.max(period);
        self.next_at = self.schedule.nth(self.next_period);
    }

    /// The period that a command is about now: the open one, else the next.
    pub fn period(&self) -> u32 {
        self.open_period.unwrap_or(self.next_period)
    }

    /// When something is to be done about it next, with its open `invoice`: the place on the index of due work.
    ///
    /// Not before then is [`Subscription::task`] anything but [`Task::Nothing`].
    pub fn due_at(&self, invoice: Option<&Invoice>, policy: &Policy) -> Option<Timestamp> {
        use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
        // Until the provider has answered, nothing else is done.
        if let Some(charging) = invoice.filter(|invoice| invoice.status == InvoiceStatus::Charging) {
            return charging.next_try_at;
        }
        let own = match self.status {
            Active if self.open_period.is_none() || self.ends_with_period => Some(self.next_at),
            Paused if self.ends_with_period => Some(self.next_at),
            PastDue => self.past_due_since.map(|since| since + days(policy.past_due_days)),
            Active | Paused | Cancelled => None,
        };
        let of_invoice = invoice
            .filter(|_| self.status == Active)
            .and_then(|invoice| match invoice.status {
                // When the next delivery is due, this one is given up.
                InvoiceStatus::Postponed => invoice.next_try_at.map(|at| at.min(self.next_at)),
                _ => invoice.next_try_at,
            });
        own.into_iter().chain(of_invoice).min()
    }

    /// What is to be done about it at `now`, with its open `invoice`.
    pub fn task(&self, invoice: Option<&Invoice>, now: Timestamp, policy: &Policy) -> Task {
        use SubscriptionStatus::{Active, Cancelled, PastDue, Paused};
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if let Some(invoice) = invoice
            && invoice.status == InvoiceStatus::Charging
        {
            // Whatever has become of the subscription: money may have been taken.
            return if is_due(invoice.next_try_at) {
                Task::Settle
            } else {
                Task::Nothing
            };
        }
        let ends = self.ends_with_period && self.next_at <= now;
        let is_given_up = is_due(self.past_due_since.map(|since| since + days(policy.past_due_days)));
        match (self.status, invoice.map(|invoice| invoice.status)) {
            (Cancelled, _) => Task::Nothing,
            (Active | Paused, _) if ends => Task::End,
            (PastDue, _) if is_given_up => Task::End,
            (PastDue | Paused, _) => Task::Nothing,
            (Active, Some(InvoiceStatus::Postponed)) if self.next_at <= now => Task::GiveUp,
            (Active, Some(_)) if is_due(invoice.and_then(|invoice| invoice.next_try_at)) => Task::TryAgain,
            (Active, Some(_)) => Task::Nothing,
            (Active, None) if self.next_at > now => Task::Nothing,
            (Active, None) => {
                let oldest = self.schedule.first_from(now - days(policy.catch_up_days));
                if oldest > self.next_period {
                    Task::SkipTo(oldest)
                } else {
                    Task::Bill
                }
            }
        }
    }
}

/// What is to be done about a subscription that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Nothing, or nothing yet.
    Nothing,
    /// Bill its next period.
    Bill,
    /// Leave out missed periods that are too old; this one is the next.
    SkipTo(u32),
    /// Ask for the money of its open period anew, after a decline or when it was out of stock.
    TryAgain,
    /// Find out what became of the attempt that is under way.
    Settle,
    /// Give the open period up: it was out of stock until the next one fell due.
    GiveUp,
    /// Cancel it: its last period is over, or nobody brought a new card.
    End,
}

/// Why a subscription is not begun, or not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There is no such subscription for this caller.
    NotFound,
    /// It is over.
    Closed,
    /// Its status does not allow it.
    WrongStatus(SubscriptionStatus),
    /// A period is billed and neither paid nor given up.
    PeriodOpen,
    /// Its card is being charged right now.
    ChargeUnderWay,
    /// Its provider was asked for the money after somebody looked whether it was taken.
    AskedSince,
    /// No attempt to charge the period waits for a person.
    NotHanging,
    /// Another period is the next one.
    NotNext {
        /// The next one.
        next: u32,
    },
    /// The first date is too far away.
    AnchorOutOfRange,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such subscription."),
            Rejected::Closed => Self::new(&error::SUBSCRIPTION_CLOSED, "The subscription is over."),
            Rejected::WrongStatus(status) => Self::new(
                &error::SUBSCRIPTION_STATUS,
                "The subscription's status does not allow it.",
            )
            .with("subscription_status", status),
            Rejected::PeriodOpen => Self::new(
                &error::SUBSCRIPTION_STATUS,
                "The present period is neither paid nor given up yet.",
            ),
            Rejected::ChargeUnderWay => Self::new(
                &error::PAYMENT_UNDER_WAY,
                "The subscription's card is being charged; ask again in some minutes.",
            ),
            Rejected::AskedSince => Self::new(
                &error::PAYMENT_UNDER_WAY,
                "The provider was asked for the money since; look the charge up again.",
            ),
            Rejected::NotHanging => Self::new(
                &error::NOT_IN_REVIEW,
                "No attempt to charge this period has been left open by its provider for a day.",
            ),
            Rejected::NotNext { next } => {
                Self::new(&error::NOT_NEXT_PERIOD, format!("The next period is {next}.")).with("next_period", next)
            }
            Rejected::AnchorOutOfRange => Self::new(
                &error::INVALID_SCHEDULE,
                "The first date is at most three years ago and at most one year ahead.",
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
