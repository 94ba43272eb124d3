//! Orders: states, prices, the table, and reservations of stock and seats.

mod attributes;
mod coupon;
mod delivery_details;
mod event;
#[cfg(test)]
pub(crate) mod example;
mod fulfillment;
mod line;
pub mod line_refund;
mod number;
mod order;
mod pricing;
mod queue;
mod quote;
pub mod reason;
mod refund;
mod refund_parts;
pub(crate) mod reservations;
pub mod schema;
mod seats;
mod service;
mod shipping;
pub(crate) mod store;
mod tax;
mod totals;

pub use coupon::{CouponDiscount, OrderCoupon};
pub use delivery_details::DeliveryDetails;
pub use event::OrderEvent;
pub use fulfillment::{FulfillmentStatus, LineQuantity, Quantities, Step};
pub use line::{InvalidLineId, Line, LineId, LineKind, LineSeat};
pub use line_refund::{LineFee, LineRefund};
pub use number::{InvalidOrderNumber, OrderNumber};
pub use order::{Ending, MAX_LINES, MAX_QUANTITY, Order, OrderId, OrderStatus, Rejected};
pub use pricing::{Delivery, Pricing, discounted_seats};
pub use queue::{UnservableOrder, UnservableOrders};
pub use quote::{Item, Quote, Shortage, sum_lines};
pub use refund_parts::RefundParts;
pub use reservations::{
    Draft, EndedHolds, HoldSeatsOutcome, Loaded, PlaceOrderOutcome, ReinstateOutcome, ReplacedHold, ReservationStore,
    SeatHold, TakeOutcome,
};
pub use seats::GivenBackSeats;
pub use service::{CouponQuotes, shop_country, shop_time_zone};
pub use shipping::{InvalidShippingMethodId, Shipping, ShippingMethod, ShippingMethodId, ShippingPart};
pub use store::sealed_details::{FreshDetails, SealedDetails};
pub use store::{OrderStore, StoredOrder};
pub use tax::{InvalidTaxRate, Tax, TaxRate};
pub use totals::Totals;
