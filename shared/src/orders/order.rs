//! An order: what was ordered, and the states that it goes through.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::quote::Shortage;
use crate::catalog::Sku;
use crate::core::error;
use crate::core::error::{Error, Rejection};
use crate::core::id::PaymentId;
use crate::core::id::SubscriptionPeriod;
use crate::core::identity::CustomerId;
use crate::core::money::{Money, MoneyError};

/// The most lines that an order may have.
pub const MAX_LINES: usize = 50;
/// The most units of one product in an order.
pub const MAX_QUANTITY: u32 = 999;

crate::entity_id! {
    /// An order's id, derived from its customer and their idempotency key.
    pub struct OrderId as "order_id", "There is no such order."
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Its stock is held until `expires_at`.
    PendingPayment,
    /// Its payment is under way: its stock is held until the provider has said yes or no.
    Paying,
    /// It is paid; its stock is sold.
    Paid,
    /// Its customer gave it up; its stock went back, and so does its money.
    Cancelled,
    /// It was not paid in time; its stock went back.
    Expired,
}

/// One product of an order, at the price that it was ordered at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// The product.
    pub sku: Sku,
    /// Its name when it was ordered.
    pub name: String,
    /// How many units.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: u32,
    /// The price of one unit when it was ordered.
    pub unit_price: Money,
    /// The points that one unit brings, for a product that is points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub points: Option<u32>,
}

/// An order, as its customer sees it and as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// Its id.
    pub order_id: OrderId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was ordered, each product once.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
    /// The period of a subscription that it delivers, when it was not placed by a shopper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subscription: Option<SubscriptionPeriod>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Until when its stock is held without payment.
    pub expires_at: Timestamp,
    /// The payment that was begun last, is under way, or paid it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment_id: Option<PaymentId>,
    /// When it was paid, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub paid_at: Option<Timestamp>,
    /// When it reached its end, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
}

/// What can end an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its customer cancels it.
    Cancel,
    /// Its reservation has run out.
    Expire,
}

impl Order {
    /// The order as it is to be shown at `now`: past its deadline it is expired, whether or not the cleaner has been.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.status == OrderStatus::PendingPayment && now >= self.expires_at {
            self.status = OrderStatus::Expired;
        }
        self
    }

    /// The order after `ending` at `now`.
    ///
    /// # Errors
    /// [`Rejected::Closed`] when it has ended already or its deadline has passed before a cancellation,
    /// [`Rejected::PaymentUnderWay`] while its money is neither taken nor refused,
    /// [`Rejected::NotDue`] when it is to expire before its deadline or was paid.
    pub fn end(&self, ending: Ending, now: Timestamp) -> Result<Self, Rejected> {
        use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
        let status = match (ending, self.clone().as_of(now).status) {
            (Ending::Cancel, PendingPayment | Paid) => Cancelled,
            (Ending::Expire, Expired) if self.status == PendingPayment => Expired,
            (Ending::Cancel, Paying) => return Err(Rejected::PaymentUnderWay),
            (Ending::Expire, PendingPayment | Paying | Paid) => return Err(Rejected::NotDue),
            (_, status @ (Cancelled | Expired)) => return Err(Rejected::Closed(status)),
        };
        Ok(Self {
            status,
            closed_at: Some(now),
            ..self.clone()
        })
    }

    /// The order with `payment` begun: its customer may pay it now.
    ///
    /// # Errors
    /// As [`Order::paying`].
    pub fn with_payment(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        self.payable(now)?;
        Ok(Self {
            payment_id: Some(payment),
            ..self.clone()
        })
    }

    /// The order while the provider is asked to take the money of `payment`: nothing ends it until there is an answer,
    /// and no other payment is begun.
    ///
    /// # Errors
    /// [`Rejected::PaymentUnderWay`] when another one is, [`Rejected::Closed`] when it is paid or has ended.
    pub fn paying(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        self.payable(now)?;
        Ok(Self {
            status: OrderStatus::Paying,
            payment_id: Some(payment),
            ..self.clone()
        })
    }

    /// Passes an order that waits for payment.
    ///
    /// # Errors
    /// As [`Order::paying`].
    pub fn payable(&self, now: Timestamp) -> Result<(), Rejected> {
        match self.clone().as_of(now).status {
            OrderStatus::PendingPayment => Ok(()),
            OrderStatus::Paying => Err(Rejected::PaymentUnderWay),
            status => Err(Rejected::Closed(status)),
        }
    }

    /// The order after the money of `payment` was taken. As long as it holds its stock it can be paid, be it late.
    ///
    /// # Errors
    /// [`Rejected::PaymentUnderWay`] when another payment is, [`Rejected::Closed`] when it is paid or has ended.
    pub fn paid(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        match self.status {
            OrderStatus::PendingPayment => {}
            OrderStatus::Paying if self.payment_id == Some(payment) => {}
            OrderStatus::Paying => return Err(Rejected::PaymentUnderWay),
            status => return Err(Rejected::Closed(status)),
        }
        Ok(self.paid_by(payment, now))
    }

    /// The expired order after all, paid by `payment`: its stock has to be taken anew.
    ///
    /// # Errors
    /// [`Rejected::Closed`] unless it expired.
    pub fn revived(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        if self.status != OrderStatus::Expired {
            return Err(Rejected::Closed(self.status));
        }
        Ok(Self {
            closed_at: None,
            ..self.paid_by(payment, now)
        })
    }

    fn paid_by(&self, payment: PaymentId, now: Timestamp) -> Self {
        Self {
            status: OrderStatus::Paid,
            payment_id: Some(payment),
            paid_at: Some(now),
            ..self.clone()
        }
    }

    /// The order after `payment` brought no money, when that is the one under way: it waits for payment again, for as
    /// long as it had before.
    #[must_use]
    pub fn payable_again(&self, payment: PaymentId) -> Option<Self> {
        let is_under_way = self.status == OrderStatus::Paying && self.payment_id == Some(payment);
        is_under_way.then(|| Self {
            status: OrderStatus::PendingPayment,
            ..self.clone()
        })
    }
}

/// Why an order is not placed or not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// No lines, or too many.
    LineCount(usize),
    /// A quantity outside 1..=[`MAX_QUANTITY`].
    Quantity(Sku),
    /// The product is unknown, or not listed.
    ProductUnavailable(Sku),
    /// Products in two currencies.
    CurrenciesMixed,
    /// The sum leaves the range of [`Money`].
    TotalTooLarge,
    /// The shopper expected another total than the present one.
    TotalDiffers {
        /// The present total.
        present: Money,
    },
    /// Products of which too little is left.
    OutOfStock(Vec<Shortage>),
    /// The order has ended, in this state.
    Closed(OrderStatus),
    /// The order's deadline has not come yet, or means nothing any more.
    NotDue,
    /// A payment of the order is neither taken nor refused yet.
    PaymentUnderWay,
    /// So many payments of the order were begun that no more are.
    TooManyPayments,
    /// There is no such order for this customer.
    NotFound,
}

impl From<MoneyError> for Rejected {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::OutOfRange => Self::TotalTooLarge,
            MoneyError::CurrenciesMixed => Self::CurrenciesMixed,
        }
    }
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::LineCount(count) => {
                let detail = format!("The order has {count} lines; 1 to {MAX_LINES} are taken.");
                Self::new(&error::INVALID_LINES, detail)
            }
            Rejected::Quantity(sku) => {
                let detail = format!("The quantity of {sku} must be 1 to {MAX_QUANTITY}, its lines taken together.");
                Self::new(&error::INVALID_QUANTITY, detail).with("sku", sku)
            }
            Rejected::ProductUnavailable(sku) => {
                Self::new(&error::PRODUCT_UNAVAILABLE, format!("{sku} is not for sale.")).with("sku", sku)
            }
            Rejected::CurrenciesMixed => Self::new(
                &error::CURRENCIES_MIXED,
                "The products have different currencies; place an order for each currency.",
            ),
            Rejected::TotalTooLarge => {
                let detail = format!("The total is above {} minor units.", Money::MAX_AMOUNT);
                Self::new(&error::TOTAL_TOO_LARGE, detail)
            }
            Rejected::TotalDiffers { present } => {
                Self::new(&error::TOTAL_DIFFERS, format!("The total is {present} now.")).with("total", present)
            }
            Rejected::OutOfStock(shortages) => {
                let list: Vec<_> = shortages
                    .iter()
                    .map(|short| {
                        format!(
                            "{} (asked for {}, {} left)",
                            short.sku, short.requested, short.available
                        )
                    })
                    .collect();
                Self::new(&error::OUT_OF_STOCK, format!("Not enough of {}.", list.join(", ")))
                    .with("shortages", shortages)
            }
            Rejected::Closed(status) => {
                let detail = match status {
                    OrderStatus::Paid => "The order is paid.",
                    _ => "The order has ended and cannot be changed.",
                };
                Self::new(&error::ORDER_CLOSED, detail).with("order_status", status)
            }
            Rejected::NotDue => Self::new(&error::ORDER_CLOSED, "The order's deadline has not come yet."),
            Rejected::PaymentUnderWay => Self::new(
                &error::PAYMENT_UNDER_WAY,
                "A payment of the order is under way; look at the order again in a minute.",
            ),
            Rejected::TooManyPayments => Self::new(
                &error::TOO_MANY_PAYMENTS,
                "Too many payments of the order were begun; place a new order.",
            ),
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such order."),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso_currency::Currency;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// An order in `status` whose deadline is at second 100.
    fn order(status: OrderStatus) -> Order {
        Order {
            order_id: OrderId(Uuid::nil()),
            customer_id: CustomerId::new("ann"),
            status,
            lines: vec![],
            total: Money::zero(Currency::KRW),
            subscription: None,
            placed_at: second(0),
            expires_at: second(100),
            payment_id: None,
            paid_at: None,
            closed_at: None,
        }
    }

    #[test]
    fn an_order_ends_as_the_table_says() {
        use Ending::{Cancel, Expire};
        use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
        for (status, ending, at, outcome) in [
            (PendingPayment, Cancel, 99, Ok(Cancelled)),
            (PendingPayment, Cancel, 100, Err(Rejected::Closed(Expired))),
            (PendingPayment, Expire, 99, Err(Rejected::NotDue)),
            (PendingPayment, Expire, 100, Ok(Expired)),
            (Paying, Cancel, 1, Err(Rejected::PaymentUnderWay)),
            (Paying, Expire, 100, Err(Rejected::NotDue)),
            (Paid, Cancel, 1_000, Ok(Cancelled)),
            (Paid, Expire, 1_000, Err(Rejected::NotDue)),
            (Cancelled, Cancel, 1, Err(Rejected::Closed(Cancelled))),
            (Cancelled, Expire, 100, Err(Rejected::Closed(Cancelled))),
            (Expired, Cancel, 1, Err(Rejected::Closed(Expired))),
            (Expired, Expire, 100, Err(Rejected::Closed(Expired))),
        ] {
            let ended = order(status).end(ending, second(at)).map(|order| order.status);
            assert_eq!(ended, outcome, "{status:?} {ending:?} at {at}");
        }
    }

    proptest! {
        #[test]
        fn an_order_ends_once(endings in prop::collection::vec((any::<bool>(), 0..200i64), 0..8)) {
            let mut present = order(OrderStatus::PendingPayment);
            let mut ended = 0;
            for (cancel, at) in endings {
                let ending = if cancel { Ending::Cancel } else { Ending::Expire };
                if let Ok(next) = present.end(ending, second(at)) {
                    prop_assert_eq!(next.closed_at, Some(second(at)));
                    ended += 1;
                    present = next;
                }
            }
            prop_assert!(ended <= 1);
        }
    }
}
