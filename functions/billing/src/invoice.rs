//! Invoices: the items and total of one period of a subscription, and the attempts to charge it.
//!
//! Invariants: an invoice is priced once, at its first attempt, and every attempt charges the same amount, unless the provider does not
//! take that amount with a coupon: then the full price is charged; an attempt
//! starts only after the provider or an administrator has confirmed that the previous one failed; an invoice becomes paid
//! or void once.

mod coupon;

pub use coupon::{InvoiceCoupon, NotApplied, Price};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::subscription::{Policy, Subscription};
use shared::catalog::Sku;
use shared::core::calendar::Schedule;
use shared::core::id::{PaymentId, SubscriptionPeriod};
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::orders::{Line, Order, OrderId, OrderStatus, Quote, Shipping, Totals};
use shared::payments::{self, Failure};

/// The time after which a charge in progress counts as abandoned by a crash: longer than the function's timeout plus the
/// provider's processing time for a request sent at its end (Toss: 60 seconds).
const CHARGE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
/// The shortest time between two attempts, so that attempts missed in an outage are not made in a row.
const MIN_RETRY_DELAY: SignedDuration = SignedDuration::from_hours(24);
/// The longest delay between two checks of a charge at the provider.
const MAX_CHECK_DELAY: SignedDuration = SignedDuration::from_mins(60);

/// The status of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceStatus {
    /// The stock is reserved and the card is being charged. Nothing else happens until the provider or an administrator
    /// confirms the outcome.
    Charging,
    /// The charge was declined: no money was taken and the stock was released. It is retried, or waits for a new card.
    Declined,
    /// The items are unavailable: no money was taken. The delivery is retried until the next period falls due.
    Postponed,
    /// The money was taken, or the period costs nothing. The order is placed.
    Paid,
    /// The invoice was given up: nothing is delivered and no money is kept.
    Void,
}

/// The invoice of one period of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// The subscription and the period.
    #[serde(flatten)]
    pub of: SubscriptionPeriod,
    /// The customer.
    pub customer_id: CustomerId,
    /// The period's date in the schedule's timezone.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// The status of the invoice.
    pub status: InvoiceStatus,
    /// The items, at the prices of the first attempt. Empty before that.
    pub lines: Vec<Line>,
    /// The delivery of the period's order. Absent before the first attempt, and if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping: Option<Shipping>,
    /// The price of the period, and its parts. Absent before the first attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub totals: Option<Totals>,
    /// The coupon of the subscription, and what it takes off. Absent before the first attempt, and if no coupon counts for the
    /// period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub coupon: Option<InvoiceCoupon>,
    /// The number of attempts to charge the card.
    pub attempts: u32,
    /// The number of declines of the current card.
    pub declines: u32,
    /// The time of the first decline of the current card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub declined_at: Option<Timestamp>,
    /// The reason for which the last attempt was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<Failure>,
    /// The reason for which the delivery is postponed. Present for a postponed invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub postponed: Option<Postponed>,
    /// The time of the next attempt, or of the next check of the charge in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_try_at: Option<Timestamp>,
    /// The order of the period. Present for a paid invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_id: Option<OrderId>,
    /// The payment of the invoice. Present for a paid invoice, unless it costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment_id: Option<PaymentId>,
    /// The time at which the invoice was created.
    pub created_at: Timestamp,
    /// The time at which the invoice became paid or void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
}

/// The reason for which a delivery is postponed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Postponed {
    /// The problem code of a checkout of the same items, such as `out-of-stock` or `product-unavailable`.
    #[schema(examples("out-of-stock"))]
    pub code: String,
    /// An explanation, for people.
    pub detail: String,
    /// The unavailable products, if products are the reason.
    pub skus: Vec<Sku>,
}

/// A change of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvoiceTransition {
    /// An attempt starts, with the stock reserved. The price is that of a new invoice.
    Attempt(Price),
    /// The period costs nothing: its order is placed without a charge.
    DeliverFree(Price),
    /// The items are unavailable, or the provider cannot be called now.
    Postpone(Postponed),
    /// The provider declined the charge.
    Decline {
        /// The provider's reason.
        failure: Failure,
        /// Whether only a new card can help.
        is_final: bool,
    },
    /// The card was replaced. Declines are counted anew.
    NewCard,
    /// The money was taken, and the order is placed.
    Pay(OrderId, PaymentId),
    /// The invoice is given up.
    Void,
}

impl Invoice {
    /// Creates the invoice of the next period of `subscription`.
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
            shipping: None,
            totals: None,
            coupon: None,
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

    /// The invoice of a later `period` of `schedule`, which is charged instead of this one. It continues the declines of
    /// the card, so that a card that never pays does not get new attempts with each period.
    #[must_use]
    pub fn superseded_by(&self, period: u32, schedule: &Schedule, now: Timestamp) -> Self {
        Self {
            of: SubscriptionPeriod { period, ..self.of },
            date: schedule.date(period),
            lines: vec![],
            shipping: None,
            totals: None,
            coupon: None,
            attempts: 0,
            next_try_at: Some(now),
            created_at: now,
            ..self.clone()
        }
    }

    /// The invoice after `transition` at `now`. None when its status does not allow it.
    #[must_use]
    pub fn transition(&self, transition: InvoiceTransition, now: Timestamp, policy: &Policy) -> Option<Self> {
        use InvoiceStatus::{Charging, Declined, Paid, Postponed, Void};
        let mut next = self.clone();
        next.next_try_at = None;
        match (transition, self.status) {
            (_, Paid | Void) => return None,
            (InvoiceTransition::Attempt(price), Declined | Postponed) => {
                next.status = Charging;
                next.set_price(price);
                next.attempts += 1;
                next.postponed = None;
                next.next_try_at = Some(now + CHARGE_TIMEOUT);
            }
            (InvoiceTransition::DeliverFree(price), Declined | Postponed) if price.quote.totals.total.amount() == 0 => {
                next.status = Paid;
                next.set_price(price);
                next.postponed = None;
                next.failure = None;
                next.order_id = Some(self.order_id());
                next.closed_at = Some(now);
            }
            (InvoiceTransition::Postpone(why), Charging | Declined | Postponed) => {
                next.status = Postponed;
                next.postponed = Some(why);
                next.next_try_at = Some(policy.postponed_until(now));
            }
            (InvoiceTransition::Decline { failure, is_final }, Charging) => {
                next.status = Declined;
                next.failure = Some(failure);
                next.declines += 1;
                let first = *next.declined_at.get_or_insert(now);
                if !is_final {
                    next.next_try_at = policy
                        .retry_at(first, next.declines)
                        .map(|at| at.max(now + MIN_RETRY_DELAY));
                }
            }
            (InvoiceTransition::NewCard, Declined) => {
                next.declines = 0;
                next.declined_at = None;
                next.next_try_at = Some(now);
            }
            (InvoiceTransition::NewCard, Postponed) => next.next_try_at = self.next_try_at,
            (InvoiceTransition::Pay(order_id, payment_id), Charging) => {
                next.status = Paid;
                next.failure = None;
                next.order_id = Some(order_id);
                next.payment_id = Some(payment_id);
                next.closed_at = Some(now);
            }
            (InvoiceTransition::Void, Charging | Declined | Postponed) => {
                next.status = Void;
                next.closed_at = Some(now);
            }
            (InvoiceTransition::Attempt(_) | InvoiceTransition::NewCard, Charging)
            | (InvoiceTransition::DeliverFree(_), _)
            | (InvoiceTransition::Decline { .. } | InvoiceTransition::Pay(..), Declined | Postponed) => return None,
        }
        Some(next)
    }

    fn set_price(&mut self, price: Price) {
        let Price { quote, coupon } = price;
        self.lines = quote.lines;
        self.shipping = quote.shipping;
        self.totals = Some(quote.totals);
        self.coupon = coupon;
    }

    /// Whether the coupon of the subscription is taken off.
    pub fn is_discounted(&self) -> bool {
        self.coupon.is_some_and(|coupon| coupon.not_applied.is_none())
    }

    /// The discounted total that the provider did not take, if this is why the delivery is postponed.
    pub fn discount_not_taken(&self) -> Option<Money> {
        let code = self.postponed.as_ref().map(|postponed| &*postponed.code);
        let is_refused = self.is_discounted() && code == Some(payments::reason::AMOUNT_NOT_TAKEN.code);
        self.total().filter(|_| is_refused)
    }

    /// The invoice after a check of the charge in progress has started, after `checks` checks without a result. The next
    /// check is scheduled later, so that no concurrent one starts.
    #[must_use]
    pub fn check_later(&self, checks: u32, now: Timestamp) -> Self {
        Self {
            next_try_at: Some(now + CHARGE_TIMEOUT + check_delay(checks)),
            ..self.clone()
        }
    }

    /// Whether the attempt, or check number `checks`, was still running at `at`.
    pub fn is_being_checked(&self, checks: u32, at: Timestamp) -> bool {
        self.next_try_at.is_some_and(|next| next - check_delay(checks) > at)
    }

    /// The invoice with its next check due at `now`.
    #[must_use]
    pub fn check_now(&self, now: Timestamp) -> Self {
        Self {
            next_try_at: Some(now),
            ..self.clone()
        }
    }

    /// The price of the period. None before the first attempt.
    pub fn total(&self) -> Option<Money> {
        self.totals.map(|totals| totals.total)
    }

    /// The id of the period's order. The provider gets it with each attempt, so that a provider that charges an order once
    /// charges the period once.
    pub fn order_id(&self) -> OrderId {
        order_id(self.of)
    }

    /// The order while `payment` is in progress, or before it is paid without one. None before the first attempt.
    pub fn order(&self, payment: Option<PaymentId>, now: Timestamp) -> Option<Order> {
        let quote = Quote {
            lines: self.lines.clone(),
            shipping: self.shipping.clone(),
            totals: self.totals?,
        };
        Some(Order {
            status: OrderStatus::Paying,
            subscription: Some(self.of),
            payment_id: payment,
            ..Order::new(self.order_id(), self.customer_id.clone(), quote, now, now)
        })
    }
}

/// The delay after check number `checks`: zero after the attempt itself.
fn check_delay(checks: u32) -> SignedDuration {
    match checks {
        0 => SignedDuration::ZERO,
        _ => SignedDuration::from_mins(1 << checks.min(6)).min(MAX_CHECK_DELAY),
    }
}

/// Derives the id of a period's order.
pub fn order_id(of: SubscriptionPeriod) -> OrderId {
    let (subscription, period) = (of.subscription_id.to_string(), of.period.to_string());
    OrderId(derive_id(&["subscription order", &subscription, &period]))
}
