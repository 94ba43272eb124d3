//! An invoice: one period of a subscription, what it costs, and the attempts to charge it.
//!
//! Invariants: an invoice is priced once, when its first attempt is begun, and every attempt asks for the same; an attempt
//! is begun only after the provider, or else an administrator, has clearly said no to the one before; it is paid or given up once.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::subscription::{Policy, Subscription};
use shared::catalog::Sku;
use shared::core::id::PaymentId;
use shared::core::id::SubscriptionPeriod;
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::orders::{Line, Order, OrderId, OrderStatus, Quote};
use shared::payments::Failure;

/// How long an attempt may be under way before it counts as abandoned by a crash: longer than the function that makes
/// it lives, and than the provider takes for what was sent in its last moment (Toss: 60 seconds).
const CALL: SignedDuration = SignedDuration::from_mins(5);
/// The shortest time between two attempts: after an outage, those that were missed do not come in a row.
const LEAST_PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// The longest pause between two questions to the provider.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(60);

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceStatus {
    /// Its stock is held and the provider is being asked for the money: nothing else is done until it, or else an administrator,
    /// has said yes or no.
    Charging,
    /// The provider said no: no money was taken, and the stock went back. It is tried again, or waits for a new card.
    Declined,
    /// What it delivers cannot be had: no money was taken. It is tried again until the next period falls due.
    Postponed,
    /// The money was taken, and its order is on its way.
    Paid,
    /// It was given up: nothing is delivered for it, and no money is kept.
    Void,
}

/// A period's invoice, as its customer sees it and as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// What it is for.
    #[serde(flatten)]
    pub of: SubscriptionPeriod,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The period's date where its customer lives.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// What it delivers, at the prices of its first attempt; empty until there was one.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<Money>,
    /// How many attempts to charge it were begun.
    pub attempts: u32,
    /// How many of them were declined since there was a card to be charged.
    pub declines: u32,
    /// When the first of those declines was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub declined_at: Option<Timestamp>,
    /// Why the last attempt was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<Failure>,
    /// Why it is postponed, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub postponed: Option<Postponed>,
    /// When it is tried again, or its provider is asked about the attempt under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_try_at: Option<Timestamp>,
    /// What is delivered for it, once it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_id: Option<OrderId>,
    /// What was taken for it, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment_id: Option<PaymentId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was paid or given up, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
}

/// Why a delivery is postponed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Postponed {
    /// The code of the problem that a checkout would be refused with: `out-of-stock`, `product-unavailable` …
    #[schema(examples("out-of-stock"))]
    pub code: String,
    /// The same in a sentence.
    pub detail: String,
    /// The products that are the matter, where it is products.
    pub skus: Vec<Sku>,
}

/// What becomes of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// An attempt is begun, with the stock held; a new invoice is priced by the quote.
    Attempt(Quote),
    /// What it delivers cannot be had, or nobody can be asked for the money just now.
    Postpone(Postponed),
    /// The provider said no; whether a later attempt may be served.
    Decline {
        /// Why.
        failure: Failure,
        /// Whether only a new card helps.
        is_final: bool,
    },
    /// There is another card: declines of the last one count no more.
    NewCard,
    /// The money was taken, and its order is on its way.
    Pay(OrderId, PaymentId),
    /// Nothing is delivered for it.
    Void,
}

impl Invoice {
    /// The invoice of the next period of `subscription`, which is nothing yet.
    pub fn new(subscription: &Subscription, now: Timestamp) -> Self {
        let period = subscription.next_period;
        Self {
            of: SubscriptionPeriod {
                subscription_id: subscription.subscription_id,
                period,
            },
            customer_id: subscription.customer_id.clone(),
            date: subscription.schedule.date(period),
            status: InvoiceStatus::Postponed,
            lines: vec![],
            total: None,
            attempts: 0,
            declines: 0,
            declined_at: None,
            failure: None,
            postponed: None,
            next_try_at: None,
            order_id: None,
            payment_id: None,
            created_at: now,
            closed_at: None,
        }
    }

    /// The invoice after `turn` at `now`; none when its status does not allow it.
    #[must_use]
    pub fn after(&self, turn: Turn, now: Timestamp, policy: &Policy) -> Option<Self> {
        use InvoiceStatus::{Charging, Declined, Paid, Postponed, Void};
        let mut next = self.clone();
        next.next_try_at = None;
        match (turn, self.status) {
            (_, Paid | Void) => return None,
            (Turn::Attempt(quote), Declined | Postponed) => {
                next.status = Charging;
                if self.total.is_none() {
                    next.lines = quote.lines;
                    next.total = Some(quote.total);
                }
                next.attempts += 1;
                next.postponed = None;
                next.next_try_at = Some(now + CALL);
            }
            (Turn::Postpone(why), Charging | Declined | Postponed) => {
                next.status = Postponed;
                next.postponed = Some(why);
                next.next_try_at = Some(policy.postponed_until(now));
            }
            (Turn::Decline { failure, is_final }, Charging) => {
                next.status = Declined;
                next.failure = Some(failure);
                next.declines += 1;
                let first = *next.declined_at.get_or_insert(now);
                if !is_final {
                    next.next_try_at = policy
                        .retry_at(first, next.declines)
                        .map(|at| at.max(now + LEAST_PAUSE));
                }
            }
            (Turn::NewCard, Declined) => {
                next.declines = 0;
                next.declined_at = None;
                next.next_try_at = Some(now);
            }
            (Turn::NewCard, Postponed) => next.next_try_at = self.next_try_at,
            (Turn::Pay(order_id, payment_id), Charging) => {
                next.status = Paid;
                next.failure = None;
                next.order_id = Some(order_id);
                next.payment_id = Some(payment_id);
                next.closed_at = Some(now);
            }
            (Turn::Void, Charging | Declined | Postponed) => {
                next.status = Void;
                next.closed_at = Some(now);
            }
            (Turn::Attempt(_) | Turn::NewCard, Charging)
            | (Turn::Decline { .. } | Turn::Pay(..), Declined | Postponed) => return None,
        }
        Some(next)
    }

    /// The invoice while its provider is asked once more what became of the attempt under way, after `tries` questions
    /// in vain: nobody else asks until the next is due.
    #[must_use]
    pub fn asked(&self, tries: u32, now: Timestamp) -> Self {
        Self {
            next_try_at: Some(now + CALL + pause(tries)),
            ..self.clone()
        }
    }

    /// Whether at `at` the attempt, or its `tries`th question, was not over yet.
    pub fn is_being_asked(&self, tries: u32, at: Timestamp) -> bool {
        self.next_try_at.is_some_and(|next| next - pause(tries) > at)
    }

    /// The invoice that is to be asked about now.
    #[must_use]
    pub fn asked_again(&self, now: Timestamp) -> Self {
        Self {
            next_try_at: Some(now),
            ..self.clone()
        }
    }

    /// The order that its money pays: its id is what the provider knows the charge by, the same for each attempt, so
    /// that a provider that takes money once for an order takes it once for the period.
    pub fn order_id(&self) -> OrderId {
        order_id(self.of)
    }

    /// The order while `payment` is under way; none before there was an attempt.
    pub fn order(&self, payment: PaymentId, now: Timestamp) -> Option<Order> {
        Some(Order {
            order_id: self.order_id(),
            customer_id: self.customer_id.clone(),
            status: OrderStatus::Paying,
            lines: self.lines.clone(),
            total: self.total?,
            subscription: Some(self.of),
            placed_at: now,
            expires_at: now,
            payment_id: Some(payment),
            paid_at: None,
            closed_at: None,
        })
    }
}

/// How long is waited after the `tries`th question, once its call is over: nothing after the attempt itself.
fn pause(tries: u32) -> SignedDuration {
    match tries {
        0 => SignedDuration::ZERO,
        _ => SignedDuration::from_mins(1 << tries.min(6)).min(LONGEST_PAUSE),
    }
}

/// The order that the money of a period pays.
pub fn order_id(of: SubscriptionPeriod) -> OrderId {
    let (subscription, period) = (of.subscription_id.to_string(), of.period.to_string());
    OrderId(derive_id(&["subscription order", &subscription, &period]))
}
