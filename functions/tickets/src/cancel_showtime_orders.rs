//! On `ShowtimeCancelled`: names all orders of the showtime to the queue that cancels orders, with a full refund.
//!
//! The rows of seats name the open orders. A hold that is placed at the moment of the cancellation may not be among them: if it is
//! paid, `update-order-tickets` names it. So the event can be late or repeated, and no paid order of a cancelled showtime is left.

use std::collections::BTreeSet;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::orders::{OrderId, UnservableOrders};
use shared::tickets::{SeatRow, SeatStore, Showtime, ShowtimeId, ShowtimeStatus, Taken};

use crate::store::ShowStore;

/// The function's stores and its queue.
#[derive(Debug)]
pub struct CancelShowtimeOrders {
    /// Showtimes.
    pub shows: ShowStore,
    /// Seats.
    pub seats: SeatStore,
    /// The queue of orders to cancel.
    pub unservable: UnservableOrders,
}

impl CancelShowtimeOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            unservable: UnservableOrders::new(platform)?,
        })
    }
}

/// `ShowtimeCancelled`, as EventBridge delivers it.
pub type ShowtimeCancelled = EventBridgeEvent<Envelope<CancelledShowtime>>;

/// The part of a cancelled showtime that the function reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct CancelledShowtime {
    /// The showtime.
    pub showtime_id: ShowtimeId,
}

/// Names the orders of the showtime.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, and [`Error::Internal`].
pub async fn handle(
    function: &CancelShowtimeOrders,
    event: ShowtimeCancelled,
    invocation: Invocation,
) -> Result<(), Error> {
    let showtime_id = event.detail.data.showtime_id;
    let showtime = function
        .shows
        .get::<Showtime>(showtime_id.0, invocation.deadline)
        .await?;
    let showtime = showtime.entity;
    let (ShowtimeStatus::Cancelled, Some(seating)) = (showtime.status, showtime.seating) else {
        return Ok(());
    };
    let rows = function
        .seats
        .all(showtime_id, seating.parts, true, invocation.deadline)
        .await?;
    let orders = orders_of(&rows);
    tracing::info!(%showtime_id, orders = orders.len(), "orders of a cancelled showtime");
    function.unservable.name(&orders, invocation.deadline).await
}

/// The orders that rows of seats name, each once.
fn orders_of(rows: &[SeatRow]) -> Vec<OrderId> {
    let taken = rows.iter().flat_map(|row| row.taken.values());
    let orders: BTreeSet<OrderId> = taken
        .filter_map(|taken| match taken {
            Taken::Blocked => None,
            Taken::Order { order_id, .. } => Some(OrderId(*order_id)),
        })
        .collect();
    orders.into_iter().collect()
}
