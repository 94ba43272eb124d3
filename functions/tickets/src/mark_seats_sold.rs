//! On `OrderPaid`: removes the deadlines from the seats of the order, so that the seat map shows them as sold.
//!
//! The order has its seats from the hold on, whatever the map shows. So the event can be late or repeated.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::orders::{OrderId, OrderStatus, OrderStore};
use shared::tickets::SeatStore;

/// The function's stores.
#[derive(Debug)]
pub struct MarkSeatsSold {
    /// Orders.
    pub orders: OrderStore,
    /// Seats.
    pub seats: SeatStore,
}

impl MarkSeatsSold {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            seats: SeatStore::new(platform)?,
        })
    }
}

/// `OrderPaid`, as EventBridge delivers it.
pub type OrderPaid = EventBridgeEvent<Envelope<PaidOrder>>;

/// The part of a paid order that the function reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaidOrder {
    /// The order.
    pub order_id: OrderId,
    /// The lines of the order.
    pub lines: Vec<PaidLine>,
}

/// The part of a line that the function reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaidLine {
    /// The seat. Absent for a product.
    #[serde(default)]
    pub seat: Option<serde_json::Value>,
}

/// Marks the seats that the order has now.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, and [`Error::Internal`].
pub async fn handle(function: &MarkSeatsSold, event: OrderPaid, invocation: Invocation) -> Result<(), Error> {
    let paid = event.detail.data;
    if paid.lines.iter().all(|line| line.seat.is_none()) {
        return Ok(());
    }
    let mut attempts = Attempts::new("mark seats as sold");
    loop {
        attempts.start()?;
        let stored = function.orders.get(paid.order_id, invocation.deadline).await?;
        let order = stored.map(|stored| stored.order);
        let Some(sold) = order
            .filter(|order| order.status == OrderStatus::Paid)
            .and_then(|order| order.seats())
        else {
            return Ok(());
        };
        // The order may give seats back meanwhile.
        if function.seats.mark_sold(&sold, invocation.deadline).await? {
            return Ok(());
        }
    }
}
