//! Orders: states, prices, the table, and stock reservations.

mod event;
mod order;
mod quote;
pub mod reason;
pub(crate) mod reservations;
pub(crate) mod store;

pub use event::OrderEvent;
pub use order::{Ending, Line, MAX_LINES, MAX_QUANTITY, Order, OrderId, OrderStatus, Rejected};
pub use quote::{Item, Quote, Shortage, quote, sum_lines};
pub use reservations::{Draft, Loaded, PlaceOrderOutcome, ReinstateOutcome, ReservationStore, TakeOutcome};
pub use store::{OrderPage, OrderStore, StoredOrder};
