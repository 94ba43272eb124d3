//! Orders that the shop cannot serve, and the queue that cancels them.

use serde::{Deserialize, Serialize};

use super::OrderId;
use crate::aws::Platform;
use crate::aws::queue::Queue;
use crate::core::error::Error;
use tokio::time::Instant;

const DOING: &str = "name unservable orders";

/// A message: an order that the shop cannot serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnservableOrder {
    /// The order.
    pub order_id: OrderId,
}

/// The queue of orders that `cancel-unservable-orders` cancels, with a full refund.
#[derive(Clone, Debug)]
pub struct UnservableOrders(Queue);

impl UnservableOrders {
    /// Reads the queue's URL from `UNSERVABLE_ORDERS_URL`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let url = platform.variable("UNSERVABLE_ORDERS_URL")?;
        Ok(Self(Queue::new(platform.aws(), url)))
    }

    /// Names orders to the queue.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue does not accept all of them before `deadline`. Then some may be named.
    pub async fn name(&self, orders: &[OrderId], deadline: Instant) -> Result<(), Error> {
        let messages = orders
            .iter()
            .map(|&order_id| serde_json::to_string(&UnservableOrder { order_id }));
        let messages: Result<Vec<String>, _> = messages.collect();
        let messages = messages.map_err(|error| Error::internal(DOING, error))?;
        if self.0.send_all(&messages, deadline).await {
            Ok(())
        } else {
            Err(Error::unavailable(DOING, "the queue did not accept all messages"))
        }
    }
}
