//! The order: its states and its transitions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::quote::{Quote, Shortage};
use crate::catalog;
use crate::catalog::Sku;
use crate::core::error::{self, Error, Rejection};
use crate::core::id::{PaymentId, SubscriptionPeriod};
use crate::core::identity::CustomerId;
use crate::core::metadata::Metadata;
use crate::core::money::{Money, MoneyError};
use crate::coupons::{CouponClaimId, NotRedeemable, OnCancellation};
use crate::orders::{
    FulfillmentStatus, Line, LineId, LineQuantity, OrderCoupon, OrderNumber, Shipping, ShippingMethod, Step, Totals,
    reason, schema,
};

/// The most lines that an order may have.
pub const MAX_LINES: usize = 50;
/// The most units of one product in an order.
pub const MAX_QUANTITY: u32 = 999;

crate::entity_id! {
    /// An order's id. Derived from the customer and the idempotency key.
    pub struct OrderId as "order_id", "There is no such order."
}

/// The status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// The order waits for payment. Its stock or its seats are held until `expires_at`.
    PendingPayment,
    /// A payment is in progress. The stock is held until the provider confirms or refuses it.
    Paying,
    /// The order is paid, or costs nothing. Its stock is sold.
    Paid,
    /// The customer cancelled the order. Its stock is released and its money is refunded.
    Cancelled,
    /// The order was not paid in time. Its stock is released.
    Expired,
}

/// An order, as customers and events see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// The order's id.
    pub order_id: OrderId,
    /// The order's number, for people. It is derived from the order's id.
    pub number: OrderNumber,
    /// The customer who placed the order.
    pub customer_id: CustomerId,
    /// The order's status.
    pub status: OrderStatus,
    /// The progress of the order's fulfillment.
    pub fulfillment_status: FulfillmentStatus,
    /// The lines, one for each product or seat. They are neither removed nor reordered.
    pub lines: Vec<Line>,
    /// The delivery of the order. Absent if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping: Option<Shipping>,
    /// The price of the order, and its parts.
    pub totals: Totals,
    /// The coupons that the order redeems, at most one of each class, in the order in which they apply. Absent for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupons: Vec<OrderCoupon>,
    /// Notes of the client that placed the order, by name.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[schema(schema_with = schema::metadata_schema)]
    pub metadata: Metadata,
    /// The order's name in another system, such as the number of a purchase order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100, examples("PO-2025-0117"))]
    pub external_reference: Option<String>,
    /// The subscription period that the order delivers. Absent for an order that a customer placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subscription: Option<SubscriptionPeriod>,
    /// The time of the order.
    pub placed_at: Timestamp,
    /// The time until which the stock is held without payment.
    pub expires_at: Timestamp,
    /// The latest payment: started, in progress, or the one that paid the order. Absent for an order that costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment_id: Option<PaymentId>,
    /// The time of the payment, once the order is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub paid_at: Option<Timestamp>,
    /// The time of the cancellation or expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
}

/// A way to end an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The customer cancels the order.
    Cancel,
    /// The shop cancels the order.
    CancelByShop,
    /// The time to pay has passed.
    Expire,
}

impl Order {
    /// The longest external reference, in characters.
    pub const MAX_EXTERNAL_REFERENCE: usize = 100;

    /// A new order, which waits for payment until `expires_at`.
    pub fn new(
        order_id: OrderId,
        customer_id: CustomerId,
        quote: Quote,
        placed_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            order_id,
            number: OrderNumber::of(order_id),
            customer_id,
            status: OrderStatus::PendingPayment,
            fulfillment_status: FulfillmentStatus::of(&quote.lines),
            lines: quote.lines,
            shipping: quote.shipping,
            totals: quote.totals,
            coupons: vec![],
            metadata: Metadata::default(),
            external_reference: None,
            subscription: None,
            placed_at,
            expires_at,
            payment_id: None,
            paid_at: None,
            closed_at: None,
        }
    }

    /// The price of the delivery, with the tax that is added to it.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn price_of_delivery(&self) -> Result<Money, MoneyError> {
        let parts = self.shipping.iter().flat_map(|shipping| &shipping.parts);
        parts
            .map(|part| part.tax)
            .try_fold(self.totals.shipping, |sum, tax| sum.plus(tax))
    }

    /// The order as shown at `now`: expired after its deadline, even before the cleanup has run.
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
    /// [`Rejected::Closed`] when it has already ended, or a cancellation comes after its deadline;
    /// [`Rejected::PaymentUnderWay`] while a payment is in progress;
    /// [`Rejected::Shipped`] when a part of it is shipped;
    /// [`Rejected::NotDue`] when an expiry comes before its deadline or after its payment.
    pub fn end(&self, ending: Ending, now: Timestamp) -> Result<Self, Rejected> {
        use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
        let status = match (ending, self.clone().as_of(now).status) {
            (Ending::Cancel | Ending::CancelByShop, PendingPayment | Paid) => Cancelled,
            (Ending::Expire, Expired) if self.status == PendingPayment => Expired,
            (Ending::Cancel | Ending::CancelByShop, Paying) => return Err(Rejected::PaymentUnderWay),
            (Ending::Expire, PendingPayment | Paying | Paid) => return Err(Rejected::NotDue),
            (_, status @ (Cancelled | Expired)) => return Err(Rejected::Closed(status)),
        };
        let ended = match ending {
            Ending::Cancel | Ending::CancelByShop => self.with_all_cancelled()?,
            // An expired order can be reinstated, so its units stay ordered.
            Ending::Expire => self.clone(),
        };
        let coupons = ended.coupons.into_iter().map(|coupon| {
            // A cancellation before the payment, or by the shop, costs the customer no coupon.
            let is_kept =
                ending == Ending::Cancel && self.status == Paid && coupon.on_cancellation == OnCancellation::Kept;
            if is_kept { coupon } else { coupon.returned(now) }
        });
        Ok(Self {
            status,
            coupons: coupons.collect(),
            closed_at: Some(now),
            ..ended
        })
    }

    /// The order after `payment` was started.
    ///
    /// # Errors
    /// As [`Order::paying`].
    pub fn with_payment(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        self.require_payable(now)?;
        Ok(Self {
            payment_id: Some(payment),
            ..self.clone()
        })
    }

    /// The order while the provider confirms `payment`. Until the provider answers, nothing ends the order and no other
    /// payment starts.
    ///
    /// # Errors
    /// [`Rejected::PaymentUnderWay`] when another payment is in progress, [`Rejected::Closed`] when it is paid or has
    /// ended.
    pub fn paying(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        self.require_payable(now)?;
        Ok(Self {
            status: OrderStatus::Paying,
            payment_id: Some(payment),
            ..self.clone()
        })
    }

    /// Checks that the order waits for payment.
    ///
    /// # Errors
    /// As [`Order::paying`].
    pub fn require_payable(&self, now: Timestamp) -> Result<(), Rejected> {
        match self.clone().as_of(now).status {
            OrderStatus::PendingPayment => Ok(()),
            OrderStatus::Paying => Err(Rejected::PaymentUnderWay),
            status => Err(Rejected::Closed(status)),
        }
    }

    /// The new order, paid without a payment if it costs nothing.
    #[must_use]
    pub fn paid_if_free(self, now: Timestamp) -> Self {
        if self.totals.total.amount() > 0 {
            return self;
        }
        Self {
            status: OrderStatus::Paid,
            paid_at: Some(now),
            ..self
        }
    }

    /// The order after `payment` was charged. An order can be paid after its deadline while it still holds its stock.
    ///
    /// # Errors
    /// [`Rejected::PaymentUnderWay`] when another payment is in progress, [`Rejected::Closed`] when it is paid or has
    /// ended.
    pub fn paid(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        match self.status {
            OrderStatus::PendingPayment => {}
            OrderStatus::Paying if self.payment_id == Some(payment) => {}
            OrderStatus::Paying => return Err(Rejected::PaymentUnderWay),
            status => return Err(Rejected::Closed(status)),
        }
        Ok(self.paid_by(payment, now))
    }

    /// The expired order after `payment` was charged. The caller takes its stock and its coupons again.
    ///
    /// # Errors
    /// [`Rejected::Closed`] unless the order is expired.
    pub fn reinstated(&self, payment: PaymentId, now: Timestamp) -> Result<Self, Rejected> {
        if self.status != OrderStatus::Expired {
            return Err(Rejected::Closed(self.status));
        }
        let coupons = self.coupons.iter().map(|coupon| OrderCoupon {
            returned_at: None,
            ..coupon.clone()
        });
        Ok(Self {
            coupons: coupons.collect(),
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

    /// The order after its payment in progress ended without paying it: it waits for payment again, with its old
    /// deadline. `None` if `payment` is not the one in progress.
    #[must_use]
    pub fn to_pending_payment(&self, payment: PaymentId) -> Option<Self> {
        let is_under_way = self.status == OrderStatus::Paying && self.payment_id == Some(payment);
        is_under_way.then(|| Self {
            status: OrderStatus::PendingPayment,
            ..self.clone()
        })
    }
}

/// The reason for rejecting a request about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The order has no lines, or more than [`MAX_LINES`].
    LineCount(usize),
    /// A quantity is outside 1..=[`MAX_QUANTITY`].
    Quantity(Sku),
    /// The product does not exist or is not listed.
    ProductUnavailable(Sku),
    /// The products have different currencies.
    CurrenciesMixed,
    /// The total exceeds the range of [`Money`].
    TotalTooLarge,
    /// The requested shipping method does not exist or does not fit the order.
    ShippingMethodUnavailable {
        /// The methods that fit.
        fitting: Vec<ShippingMethod>,
    },
    /// No shipping method delivers what the order ships.
    NotShippable,
    /// The total differs from the one that the request expected.
    TotalDiffers {
        /// The current total.
        present: Money,
    },
    /// Products have too few units available.
    OutOfStock(Vec<Shortage>),
    /// The order is paid or has ended.
    Closed(OrderStatus),
    /// The order's deadline has not passed, or the order is paid.
    NotDue,
    /// The order is not paid, or has ended.
    NotPaid(OrderStatus),
    /// A line is not in the order, is named twice, has no quantity, or is not shipped.
    LineInvalid(LineId),
    /// Fewer units are left for the step. Has what is left.
    TooManyUnits(Step, Vec<LineQuantity>),
    /// A part of the order is shipped. Has what can still be cancelled.
    Shipped(Vec<LineQuantity>),
    /// More would be refunded of a line than it costs. Has what is left of it.
    RefundTooLarge(LineId, Money),
    /// A payment of the order is in progress.
    PaymentUnderWay,
    /// The show has started, or the terms of the order take no seats back any more.
    SeatsNotReturnable,
    /// The ticket of a line was checked in.
    SeatUsed(LineId),
    /// Somebody else than the buyer holds the ticket of a line.
    SeatTransferred(LineId),
    /// The refund differs from the one that the request expected.
    RefundDiffers {
        /// The current refund.
        present: Money,
    },
    /// The order has reached the limit of started payments.
    TooManyPayments,
    /// The order is shipped, and has no address.
    AddressMissing,
    /// The order cannot redeem the claim of a coupon.
    Coupon(CouponClaimId, NotRedeemable),
    /// The customer has no such order.
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
                let detail = format!("The order has {count} lines; it must have 1 to {MAX_LINES}.");
                Self::new(&reason::INVALID_LINES, detail)
            }
            Rejected::Quantity(sku) => {
                let detail = format!("The total quantity of {sku} must be 1 to {MAX_QUANTITY}.");
                Self::with(catalog::reason::InvalidQuantity { sku: Some(sku) }, detail)
            }
            Rejected::ProductUnavailable(sku) => {
                let detail = format!("{sku} is not for sale.");
                Self::with(catalog::reason::ProductUnavailable { sku: Some(sku) }, detail)
            }
            Rejected::CurrenciesMixed => Self::new(
                &reason::CURRENCIES_MIXED,
                "The products have different currencies; place an order for each currency.",
            ),
            Rejected::TotalTooLarge => {
                let detail = format!("The total is above {} minor units.", Money::MAX_AMOUNT);
                Self::new(&reason::TOTAL_TOO_LARGE, detail)
            }
            Rejected::ShippingMethodUnavailable { fitting } => {
                let ids: Vec<String> = fitting.iter().map(|method| method.method_id.to_string()).collect();
                let detail = format!("Choose one of the shipping methods that fit: {}.", ids.join(", "));
                let shipping_methods = fitting;
                Self::with(reason::ShippingMethodUnavailable { shipping_methods }, detail)
            }
            Rejected::SeatsNotReturnable => Self::new(
                &reason::SEATS_NOT_RETURNABLE,
                "The show has started, or its refund policy takes no seats back any more.",
            ),
            Rejected::SeatUsed(line_id) => Self::with(
                reason::SeatUsed { line_id },
                "The ticket of a seat was checked in. It cannot be given back.",
            ),
            Rejected::SeatTransferred(line_id) => Self::with(
                reason::SeatTransferred { line_id },
                "You have passed the ticket of a seat on. Ask its holder to pass it back first.",
            ),
            Rejected::RefundDiffers { present } => {
                let detail = format!("The refund is {present} now.");
                Self::with(reason::RefundDiffers { refund: present }, detail)
            }
            Rejected::NotShippable => Self::new(
                &reason::NOT_SHIPPABLE,
                "No shipping method delivers to this destination at this weight and in this currency.",
            ),
            Rejected::TotalDiffers { present } => {
                let detail = format!("The total is {present} now.");
                Self::with(reason::TotalDiffers { total: present }, detail)
            }
            Rejected::OutOfStock(shortages) => {
                let list: Vec<_> = shortages
                    .iter()
                    .map(|short| {
                        format!(
                            "{} (requested {}, available {})",
                            short.sku, short.requested, short.available
                        )
                    })
                    .collect();
                let detail = format!("Not enough stock: {}.", list.join(", "));
                Self::with(reason::OutOfStock { shortages }, detail)
            }
            Rejected::Closed(status) => {
                let detail = match status {
                    OrderStatus::Paid => "The order is paid.",
                    _ => "The order has ended and cannot be changed.",
                };
                let order_status = Some(status);
                Self::with(reason::OrderClosed { order_status }, detail)
            }
            Rejected::NotDue => {
                let order_status = None;
                Self::with(
                    reason::OrderClosed { order_status },
                    "The order's deadline has not passed.",
                )
            }
            Rejected::NotPaid(order_status) => Self::with(
                reason::OrderNotPaid { order_status },
                "The order is not paid, or has ended.",
            ),
            Rejected::LineInvalid(line_id) => {
                let line = String::from(line_id);
                let detail = format!(
                    "The order has no line {line}, or the line is named twice, has not 1 to {MAX_QUANTITY} units, or is not shipped."
                );
                Self::with(reason::InvalidLine { line_id }, detail)
            }
            Rejected::TooManyUnits(step, left) => {
                let can_be = match step {
                    Step::Cancel => "cancelled",
                    Step::Ship => "shipped",
                    Step::Unship => "shipped again",
                    Step::Lose => "lost",
                    Step::Find | Step::FindSurplus | Step::Deliver => "delivered",
                    Step::RequestReturn | Step::KeepReturn | Step::Return => "returned",
                };
                let detail = format!("Fewer units can be {can_be}; `left` says how many.");
                Self::with(reason::TooFewUnits { left }, detail)
            }
            Rejected::Shipped(cancellable) => Self::with(
                reason::OrderShipped { cancellable },
                "A part of the order is shipped. Name the lines to cancel; `cancellable` says what is left.",
            ),
            Rejected::RefundTooLarge(line_id, left) => {
                let detail = format!("Only {left} is left to refund of line {}.", String::from(line_id));
                Self::with(reason::LineRefunded { line_id, left }, detail)
            }
            Rejected::PaymentUnderWay => Self::new(
                &reason::PAYMENT_UNDER_WAY,
                "A payment of the order is in progress. Check the order again in a minute.",
            ),
            Rejected::TooManyPayments => Self::new(
                &reason::TOO_MANY_PAYMENTS,
                "Too many payments of the order were started. Place a new order.",
            ),
            Rejected::AddressMissing => Self::new(
                &reason::ADDRESS_MISSING,
                "The order is shipped: it needs a shipping_address.",
            ),
            Rejected::Coupon(claim, refused) => refused.rejection(claim),
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
    use crate::orders::example;
    use proptest::prelude::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn order(status: OrderStatus) -> Order {
        example::order(status, 0)
    }

    #[test]
    fn an_order_ends_only_in_the_allowed_states() {
        use Ending::{Cancel, CancelByShop, Expire};
        use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
        for (status, ending, at, outcome) in [
            (PendingPayment, Cancel, 99, Ok(Cancelled)),
            (PendingPayment, Cancel, 100, Err(Rejected::Closed(Expired))),
            (PendingPayment, Expire, 99, Err(Rejected::NotDue)),
            (PendingPayment, Expire, 100, Ok(Expired)),
            (Paying, Cancel, 1, Err(Rejected::PaymentUnderWay)),
            (Paying, Expire, 100, Err(Rejected::NotDue)),
            (Paid, Cancel, 1_000, Ok(Cancelled)),
            (Paid, CancelByShop, 1_000, Ok(Cancelled)),
            (Paying, CancelByShop, 1, Err(Rejected::PaymentUnderWay)),
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

    #[test]
    fn the_coupon_of_a_paid_order_follows_its_policy_and_any_other_goes_back() {
        use Ending::{Cancel, CancelByShop, Expire};
        use OnCancellation::{Kept, Returned};
        use OrderStatus::{Paid, PendingPayment};
        for (status, ending, policy, at, goes_back) in [
            (PendingPayment, Expire, Kept, 100, true),
            (PendingPayment, Cancel, Kept, 1, true),
            (Paid, Cancel, Kept, 1, false),
            (Paid, Cancel, Returned, 1, true),
            (Paid, CancelByShop, Kept, 1, true),
        ] {
            let order = example::with_coupons(order(status), &[policy]);
            let ended = order.end(ending, second(at)).unwrap();
            assert_eq!(
                ended.coupons[0].returned_at,
                goes_back.then_some(second(at)),
                "{status:?} {ending:?} {policy:?}"
            );
            assert_eq!(order.claims_given_back_by(&ended).count(), usize::from(goes_back));
            assert_eq!(ended.claims_given_back_by(&ended).count(), 0, "it goes back once");
        }
    }

    #[test]
    fn each_coupon_of_a_paid_order_follows_its_own_policy() {
        use OnCancellation::{Kept, Returned};
        for policies in [[Kept, Returned], [Returned, Kept], [Kept, Kept], [Returned, Returned]] {
            let order = example::with_coupons(order(OrderStatus::Paid), &policies);
            let ended = order.end(Ending::Cancel, second(1)).unwrap();
            let returned = policies.map(|policy| policy == Returned);
            let went_back: Vec<bool> = ended
                .coupons
                .iter()
                .map(|coupon| coupon.returned_at.is_some())
                .collect();
            assert_eq!(went_back, returned, "{policies:?}");
            let given_back: Vec<_> = order.claims_given_back_by(&ended).collect();
            let expected = order.coupons.iter().zip(returned).filter(|(_, returned)| *returned);
            assert_eq!(
                given_back,
                expected.map(|(coupon, _)| coupon.coupon_claim_id).collect::<Vec<_>>()
            );
            let by_shop = order.end(Ending::CancelByShop, second(1)).unwrap();
            assert_eq!(by_shop.claims().count(), 0, "both go back");
        }
    }

    #[test]
    fn an_order_that_is_paid_late_has_its_coupons_again() {
        let policies = [OnCancellation::Kept, OnCancellation::Returned];
        let order = example::with_coupons(order(OrderStatus::PendingPayment), &policies);
        let expired = order.end(Ending::Expire, second(100)).unwrap();
        assert_eq!((order.claims().count(), expired.claims().count()), (2, 0));
        let paid = expired.reinstated(PaymentId(uuid::Uuid::nil()), second(120)).unwrap();
        assert_eq!(paid.coupons, order.coupons);
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
