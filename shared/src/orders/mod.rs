//! Orders: states, prices, the table, and stock reservations.

mod attributes;
mod event;
#[cfg(test)]
pub(crate) mod example;
mod fulfillment;
mod line;
pub mod line_refund;
mod number;
mod order;
mod quote;
pub mod reason;
mod refund;
pub(crate) mod reservations;
pub mod schema;
pub(crate) mod store;
mod totals;

pub use event::OrderEvent;
pub use fulfillment::{FulfillmentStatus, LineQuantity, Quantities, Step};
pub use line::{InvalidLineId, Line, LineId, LineKind};
pub use line_refund::LineRefund;
pub use number::{InvalidOrderNumber, OrderNumber};
pub use order::{Ending, MAX_LINES, MAX_QUANTITY, Order, OrderId, OrderStatus, Rejected};
pub use quote::{Item, Quote, Shortage, quote, sum_lines};
pub use reservations::{Draft, Loaded, PlaceOrderOutcome, ReinstateOutcome, ReservationStore, TakeOutcome};
pub use store::{OrderPage, OrderStore, StoredOrder};
pub use totals::Totals;
