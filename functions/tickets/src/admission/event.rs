//! The events of tickets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::core::identity::CustomerId;
use shared::orders::OrderId;
use shared::tickets::{SeatId, ShowtimeId};
use utoipa::ToSchema;

use super::ticket::{Ticket, TicketId};

shared::domain_events! {
    /// An event about tickets.
    pub enum TicketEvent from "madang.tickets" {
        /// The tickets of a paid order were issued: they are in `tickets`.
        TicketsIssued(OrderTicketsChange),
        /// Tickets became void, because their seats were given back: they are in `tickets`.
        TicketsVoided(OrderTicketsChange),
        /// A ticket was scanned at two devices, one of which was offline. Two people may have come in.
        DoubleScanFound(DoubleScan),
    }
}

/// Tickets of an order that were issued or became void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderTicketsChange {
    /// The order.
    pub order_id: OrderId,
    /// The customer who placed the order.
    pub customer_id: CustomerId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The tickets.
    pub tickets: Vec<TicketSeat>,
}

/// A ticket and its seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketSeat {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its seat.
    pub seat: SeatId,
}

/// Two scans of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoubleScan {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seat.
    pub seat: SeatId,
    /// The check-in, which was recorded first.
    pub check_in: ScanPlace,
    /// The other scan.
    pub double_scan: ScanPlace,
}

/// When and where a ticket was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanPlace {
    /// Time of the scan.
    pub at: Timestamp,
    /// The gate.
    pub gate: String,
}

impl From<&Ticket> for TicketSeat {
    fn from(ticket: &Ticket) -> Self {
        Self {
            ticket_id: ticket.ticket_id,
            seat: ticket.seat,
        }
    }
}
