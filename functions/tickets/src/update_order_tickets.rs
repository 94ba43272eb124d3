//! On messages with `OrderPaid`, `OrderCancelled` or `OrderLinesCancelled` of an order with seats, and on messages that name an
//! order of a moved showtime: issues the tickets of a paid order, publishes which ones became void in the transaction in which the
//! order gave their seats back, and tells the customer once of each new start.
//!
//! The order and its showtime decide, not the message: each run reads them, and writes under the condition that the order has not
//! changed. So messages can be late, repeated and in any order, and a ticket is valid only while a paid order has its seat. A paid
//! order of a cancelled showtime gets none: it is cancelled, with a full refund.
//!
//! A message that fails is delivered again for six hours, and then ends in a dead-letter queue with an alarm.

use aws_lambda_events::sqs::SqsBatchResponse;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::{self, Batch};
use shared::orders::{Line, OrderStore, StoredOrder, UnservableOrders};
use shared::tickets::{Showtime, ShowtimeId, ShowtimeStatus};

use crate::admission::store::{OrderTickets, OrderTicketsUpdate, TicketStore};
use crate::admission::ticket::{Ticket, lines_with_tickets};
use crate::event::{MovedTickets, OrderTicketsChange, TicketEvent, TicketSeat};
use crate::store::ShowStore;
use crate::ticket_updates::{ChangedOrder, ChangedSeat, OrderChanged};

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
        let update = function.update_of(order, present.as_ref(), showtime_id, invocation);
        let Some(Change { update, is_last }) = update.await? else {
            return Ok(());
        };
        let updated = function
            .tickets
            .update_order(&function.orders, &update, invocation.deadline);
        if updated.await? && is_last {
            return Ok(());
        }
    }
}

/// A change of an order's tickets.
struct Change {
    update: OrderTicketsUpdate,
    /// Whether it is the last one: the customer knows the start then.
    is_last: bool,
}

impl UpdateOrderTickets {
    /// The next change that an order's tickets need. `None` if they are up to date.
    async fn update_of(
        &self,
        stored: StoredOrder,
        present: Option<&OrderTickets>,
        showtime_id: ShowtimeId,
        invocation: &Invocation,
    ) -> Result<Option<Change>, Error> {
        let order = &stored.order;
        let known: &[TicketSeat] = present.map_or(&[], |present| &present.tickets);
        let lines: Vec<(&Line, TicketSeat)> = lines_with_tickets(order)
            .filter_map(|line| Some((line, TicketSeat::of_line(order, line)?)))
            .collect();
        let wanted: Vec<TicketSeat> = lines.iter().map(|(_, ticket)| ticket.clone()).collect();
        let voided: Vec<TicketSeat> = known.iter().filter(|known| !wanted.contains(known)).cloned().collect();
        let new: Vec<&Line> = lines
            .iter()
            .filter(|(_, ticket)| !known.contains(ticket))
            .map(|(line, _)| *line)
            .collect();
        // Without tickets, nobody needs to know of a new start.
        let showtime = if wanted.is_empty() {
            None
        } else {
            Some(self.showtime(showtime_id, invocation).await?)
        };
        let taking_place = showtime.filter(|showtime| showtime.status != ShowtimeStatus::Cancelled);
        let change = |tickets| OrderTicketsChange {
            order_id: order.order_id,
            customer_id: order.customer_id.clone(),
            showtime_id,
            tickets,
        };
        let mut issued = vec![];
        let mut told_start = present.and_then(|present| present.told_start);
        // An order gets all tickets when it is paid, and only loses some later.
        let event = if !new.is_empty() {
            let Some(showtime) = &taking_place else {
                // It was held before the showtime was cancelled, and paid after its orders were.
                self.unservable.name(&[order.order_id], invocation.deadline).await?;
                return Ok(None);
            };
            let tickets = new.into_iter();
            let ticket = |line| Ticket::of_line(order, line, showtime.starts_at, invocation.now);
            issued.extend(tickets.filter_map(ticket));
            // A customer who has booked the former start is told of the present one next.
            told_start = (!showtime.was_moved_since(order.placed_at)).then_some(showtime.starts_at);
            TicketEvent::TicketsIssued(change(issued.iter().map(TicketSeat::from).collect()))
        } else if !voided.is_empty() {
            let voided = self.tickets.with_holders(voided, invocation.deadline);
            TicketEvent::TicketsVoided(change(voided.await?))
        } else if let Some(showtime) = taking_place
            .as_ref()
            .filter(|showtime| told_start != Some(showtime.starts_at))
        {
            let moved_from = told_start.replace(showtime.starts_at);
            let tickets = self.tickets.with_holders(wanted.clone(), invocation.deadline);
            TicketEvent::TicketsMoved(MovedTickets {
                order_id: order.order_id,
                customer_id: order.customer_id.clone(),
                showtime_id,
                starts_at: showtime.starts_at,
                moved_from,
                free_until: showtime.starts_at,
                tickets: tickets.await?,
            })
        } else {
            return Ok(None);
        };
        let is_last = taking_place.is_none_or(|showtime| told_start == Some(showtime.starts_at));
        let next = OrderTickets {
            order_id: order.order_id,
            tickets: wanted,
            told_start,
            version: present.map_or(1, |present| present.version + 1),
            event: invocation.record(&event)?,
        };
        let update = OrderTicketsUpdate {
            order: stored,
            next,
            issued,
        };
        Ok(Some(Change { update, is_last }))
    }

    async fn showtime(&self, id: ShowtimeId, invocation: &Invocation) -> Result<Showtime, Error> {
        let showtime = self.shows.get::<Showtime>(id.0, invocation.deadline).await?;
        Ok(showtime.entity)
    }
}
