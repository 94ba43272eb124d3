//! On messages with `OrderPaid`, `OrderCancelled` or `OrderLinesCancelled` of an order with seats: issues the tickets of a paid order, and publishes which ones became
//! void, in the transaction in which the order gave their seats back.
//!
//! The order decides, not the event: each run reads it, and writes under the condition that it has not changed. So events can be
//! late, repeated and in any order, and a ticket is valid only while a paid order has its seat. A paid order of a cancelled
//! showtime gets none: it is cancelled, with a full refund.
//!
//! A message that fails is delivered again for six hours, and then ends in a dead-letter queue with an alarm.

use aws_lambda_events::sqs::SqsBatchResponse;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::{self, Batch};
use shared::orders::{Line, OrderId, OrderStore, StoredOrder, UnservableOrders};
use shared::tickets::{Showtime, ShowtimeId, ShowtimeStatus};

use crate::admission::store::{OrderTickets, OrderTicketsUpdate, TicketStore};
use crate::admission::ticket::{Ticket, lines_with_tickets};
use crate::event::{OrderTicketsChange, TicketEvent, TicketSeat};
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct UpdateOrderTickets {
    /// Orders.
    pub orders: OrderStore,
    /// Showtimes.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
    /// The queue of orders to cancel.
    pub unservable: UnservableOrders,
}

impl UpdateOrderTickets {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            shows: ShowStore::new(platform)?,
            tickets: TicketStore::new(platform)?,
            unservable: UnservableOrders::new(platform)?,
        })
    }
}

/// A message: an event about an order, as EventBridge sends it to a queue. The fields that are used.
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

/// The fields of a changed order that the function reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedOrder {
    /// The order.
    pub order_id: OrderId,
    /// The lines of the order.
    pub lines: Vec<ChangedLine>,
}

/// The fields of a line that the function reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedLine {
    /// The seat. Absent for a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<ChangedSeat>,
}

/// The fields of a seat that the function reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedSeat {
    /// The showtime.
    pub showtime_id: ShowtimeId,
}

/// Updates the tickets of the orders of a batch, all at once.
///
/// # Errors
/// None. Failed messages are reported to the queue.
pub async fn handle(
    function: &UpdateOrderTickets,
    batch: Batch,
    invocation: Invocation,
) -> Result<SqsBatchResponse, Error> {
    let update = async |event: OrderChanged| update(function, event.detail.data, &invocation).await;
    Ok(batch::serve(batch, update).await)
}

async fn update(function: &UpdateOrderTickets, changed: ChangedOrder, invocation: &Invocation) -> Result<(), Error> {
    let mut seats = changed.lines.into_iter().filter_map(|line| line.seat);
    let Some(ChangedSeat { showtime_id }) = seats.next() else {
        return Ok(());
    };
    let mut attempts = Attempts::new("update the tickets of an order");
    loop {
        attempts.start()?;
        let read = function
            .tickets
            .of_order(&function.orders, changed.order_id, invocation.deadline);
        let (Some(order), present) = read.await? else {
            return Ok(());
        };
        let Some(update) = function.update_of(order, present, showtime_id, invocation).await? else {
            return Ok(());
        };
        let updated = function
            .tickets
            .update_order(&function.orders, &update, invocation.deadline);
        if updated.await? {
            return Ok(());
        }
    }
}

impl UpdateOrderTickets {
    /// The change that gives the order its tickets. `None` if it has them.
    async fn update_of(
        &self,
        stored: StoredOrder,
        present: Option<OrderTickets>,
        showtime_id: ShowtimeId,
        invocation: &Invocation,
    ) -> Result<Option<OrderTicketsUpdate>, Error> {
        let order = &stored.order;
        let known: &[TicketSeat] = present.as_ref().map_or(&[], |present| &present.tickets);
        let lines: Vec<(&Line, TicketSeat)> = lines_with_tickets(order)
            .filter_map(|line| Some((line, TicketSeat::of_line(order, line)?)))
            .collect();
        let wanted: Vec<TicketSeat> = lines.iter().map(|(_, ticket)| ticket.clone()).collect();
        let voided: Vec<TicketSeat> = known.iter().filter(|known| !wanted.contains(known)).cloned().collect();
        let mut new = lines
            .into_iter()
            .filter(|(_, ticket)| !known.contains(ticket))
            .peekable();
        let mut issued = vec![];
        if new.peek().is_some() {
            let showtime = self.shows.get::<Showtime>(showtime_id.0, invocation.deadline).await?;
            // It was held before the showtime was cancelled, and paid after its orders were.
            if showtime.entity.status == ShowtimeStatus::Cancelled {
                self.unservable.name(&[order.order_id], invocation.deadline).await?;
                return Ok(None);
            }
            let starts_at = showtime.entity.starts_at;
            issued.extend(new.filter_map(|(line, _)| Ticket::of_line(order, line, starts_at, invocation.now)));
        }
        let change = |tickets| OrderTicketsChange {
            order_id: order.order_id,
            customer_id: order.customer_id.clone(),
            showtime_id,
            tickets,
        };
        // An order gets all tickets when it is paid, and only loses some later.
        let event = if !issued.is_empty() {
            TicketEvent::TicketsIssued(change(issued.iter().map(TicketSeat::from).collect()))
        } else if !voided.is_empty() {
            let voided = self.tickets.with_holders(voided, invocation.deadline);
            TicketEvent::TicketsVoided(change(voided.await?))
        } else {
            return Ok(None);
        };
        let next = OrderTickets {
            order_id: order.order_id,
            tickets: wanted,
            version: present.as_ref().map_or(1, |present| present.version + 1),
            event: invocation.record(&event)?,
        };
        Ok(Some(OrderTicketsUpdate {
            order: stored,
            next,
            issued,
        }))
    }
}
