//! On messages with `ShowtimeCancelled` or `ShowtimeChanged`: names all orders of a cancelled showtime to the queue that cancels
//! orders, with a full refund, and all orders of a moved one to the queue `TicketUpdates`, so that their customers are told.
//!
//! The showtime decides, not the event, so events can be late, repeated and in any order. The rows of seats name the open orders. A
//! hold that is placed at the moment of the change may not be among them: when it is paid, `update-order-tickets` reads the
//! showtime again.
//!
//! A message that fails names all orders again, for six hours, and then ends in a dead-letter queue with an alarm. To name an order
//! twice does no harm.

use std::collections::BTreeSet;

use aws_lambda_events::sqs::SqsBatchResponse;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::{self, Batch};
use shared::orders::{OrderId, UnservableOrders};
use shared::tickets::{SeatRow, SeatStore, Showtime, ShowtimeId, ShowtimeStatus, Taken};

use crate::store::ShowStore;
use crate::ticket_updates::TicketUpdates;

/// The function's stores and its queues.
#[derive(Debug)]
pub struct UpdateShowtimeOrders {
    /// Showtimes.
    pub shows: ShowStore,
    /// Seats.
    pub seats: SeatStore,
    /// The queue of orders to cancel.
    pub unservable: UnservableOrders,
    /// The queue of orders whose tickets change.
    pub updates: TicketUpdates,
}

impl UpdateShowtimeOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            unservable: UnservableOrders::new(platform)?,
            updates: TicketUpdates::new(platform)?,
        })
    }
}

/// A message: an event about a showtime, as EventBridge sends it to a queue. The fields that are used.
#[derive(Debug, Serialize, Deserialize)]
pub struct ShowtimeEvent {
    /// The event's envelope.
    pub detail: Detail,
}

/// The envelope of an event. The fields that are used.
#[derive(Debug, Serialize, Deserialize)]
pub struct Detail {
    /// The showtime.
    pub data: ChangedShowtime,
}

/// What the function reads of a changed showtime.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedShowtime {
    /// The showtime.
    pub showtime_id: ShowtimeId,
}

/// Names the orders of the showtimes of a batch.
///
/// # Errors
/// None. Failed messages are reported to the queue.
pub async fn handle(
    function: &UpdateShowtimeOrders,
    batch: Batch,
    invocation: Invocation,
) -> Result<SqsBatchResponse, Error> {
    let name = async |event: ShowtimeEvent| function.name_orders(event.detail.data.showtime_id, &invocation).await;
    Ok(batch::serve(batch, name).await)
}

impl UpdateShowtimeOrders {
    async fn name_orders(&self, showtime_id: ShowtimeId, invocation: &Invocation) -> Result<(), Error> {
        let read = self.shows.get::<Showtime>(showtime_id.0, invocation.deadline);
        let showtime = read.await?.entity;
        let is_cancelled = showtime.status == ShowtimeStatus::Cancelled;
        let is_moved = showtime.moved_at.is_some();
        let Some(seating) = showtime.seating.filter(|_| is_cancelled || is_moved) else {
            return Ok(());
        };
        let rows = self
            .seats
            .all(showtime_id, seating.parts, true, invocation.deadline)
            .await?;
        let orders = orders_of(&rows);
        tracing::info!(%showtime_id, is_cancelled, orders = orders.len(), "orders of a cancelled or moved showtime");
        if is_cancelled {
            self.unservable.name(&orders, invocation.deadline).await
        } else {
            self.updates.name(&orders, showtime_id, invocation.deadline).await
        }
    }
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
