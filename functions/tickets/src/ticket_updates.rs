//! The queue `TicketUpdates`: `update-order-tickets` updates the tickets of each order in it.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::queue::Queue;
use shared::orders::OrderId;
use shared::tickets::ShowtimeId;
use tokio::time::Instant;

const DOING: &str = "name orders whose showtime was moved";

/// The queue.
#[derive(Clone, Debug)]
pub struct TicketUpdates(Queue);

/// A message: an event about an order, as EventBridge sends it to the queue, or an order of a showtime that was moved. The fields
/// that are used.
#[derive(Debug, Serialize, Deserialize)]
pub struct OrderChanged {
    /// The event's envelope.
    pub detail: Detail,
}

/// The envelope of an event. The fields that are used.
#[derive(Debug, Serialize, Deserialize)]
pub struct Detail {
    /// The order.
    pub data: ChangedOrder,
}

/// What the function reads of a changed order.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedOrder {
    /// The order.
    pub order_id: OrderId,
    /// The lines of the order.
    pub lines: Vec<ChangedLine>,
}

/// What the function reads of a line.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedLine {
    /// The seat. Absent for a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<ChangedSeat>,
}

/// What the function reads of a seat.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedSeat {
    /// The showtime.
    pub showtime_id: ShowtimeId,
}

impl OrderChanged {
    /// The message that names an order with seats of a showtime.
    fn of(order_id: OrderId, showtime_id: ShowtimeId) -> Self {
        let seat = Some(ChangedSeat { showtime_id });
        let lines = vec![ChangedLine { seat }];
        Self {
            detail: Detail {
                data: ChangedOrder { order_id, lines },
            },
        }
    }
}

impl TicketUpdates {
    /// Reads the queue's URL from `TICKET_UPDATES_URL`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let url = platform.variable("TICKET_UPDATES_URL")?;
        Ok(Self(Queue::new(platform.aws(), url)))
    }

    /// Names orders of a showtime to the queue.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue does not accept all of them before `deadline`. Then some may be named.
    pub async fn name(&self, orders: &[OrderId], showtime_id: ShowtimeId, deadline: Instant) -> Result<(), Error> {
        let messages = orders
            .iter()
            .map(|&order_id| serde_json::to_string(&OrderChanged::of(order_id, showtime_id)));
        let messages: Result<Vec<String>, _> = messages.collect();
        let messages = messages.map_err(|error| Error::internal(DOING, error))?;
        if self.0.send_all(&messages, deadline).await {
            Ok(())
        } else {
            Err(Error::unavailable(DOING, "the queue did not accept all messages"))
        }
    }
}
