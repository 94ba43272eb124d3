//! A ticket as its holder sees it: without who scanned it, and with the present start of its showtime.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::orders::{LineId, OrderId};
use shared::tickets::{AreaPlace, ClassCode, SeatId, ShowtimeId, TicketId, TransferOfferId};
use utoipa::ToSchema;

use super::code::TicketCode;
use super::keys::TicketKeys;
use super::ticket::{Ticket, TicketStatus};
use crate::store::Starts;

/// A ticket of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnTicket {
    /// The ticket's id.
    pub ticket_id: TicketId,
    /// The order that bought it. Only its customer sees the order.
    pub order_id: OrderId,
    /// The line of the order.
    pub line_id: LineId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The start of the showtime.
    pub starts_at: Timestamp,
    /// The start for which the ticket was issued, if the showtime has moved since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub moved_from: Option<Timestamp>,
    /// The seat, or the id of the place of general admission, which says nothing to people.
    pub seat: SeatId,
    /// The place of general admission. Absent for a seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub area: Option<AreaPlace>,
    /// The price class.
    pub class: ClassCode,
    /// The title of the performance, the local start, the class and the seat or area, as they were when the seat was held.
    pub name: String,
    /// Whether it admits its holder.
    pub status: TicketStatus,
    /// The number of the code, from 1. A code with an earlier number does not admit.
    #[schema(minimum = 1)]
    pub issue: u16,
    /// Whether somebody else bought it. Only the buyer can give its seat back for money, and only while they hold the ticket.
    pub is_received: bool,
    /// The number of times that the ticket has changed hands.
    #[schema(minimum = 0, maximum = 4)]
    pub transfers: u8,
    /// The latest offer to somebody else that was not accepted, replaced or taken back. It may have expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_offer_id: Option<TransferOfferId>,
    /// The time from which that offer cannot be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub offered_until: Option<Timestamp>,
    /// The code to show at the door, also as a QR code at `/tickets/{ticket_id}/qr`. Anybody who has it can use the ticket.
    /// Absent in lists, and if the ticket is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 168, max_length = 168)]
    pub code: Option<String>,
    /// The time of the check-in. Absent until it is checked in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub checked_in_at: Option<Timestamp>,
    /// The time of the issue.
    pub issued_at: Timestamp,
    /// The time at which it became void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voided_at: Option<Timestamp>,
}

/// The present code of a ticket. `None` for a void one.
pub fn code_of(ticket: &Ticket, keys: &TicketKeys) -> Option<String> {
    (ticket.status == TicketStatus::Valid).then(|| TicketCode::of(ticket).sign(keys))
}

impl OwnTicket {
    /// The ticket without its code. `starts` has the start of its showtime.
    pub fn new(ticket: Ticket, starts: &Starts) -> Self {
        // A showtime is never deleted, so `starts` has it.
        let starts_at = *starts.get(&ticket.showtime_id).unwrap_or(&ticket.starts_at);
        Self {
            is_received: ticket.is_received(),
            transfers: ticket.transfers,
            transfer_offer_id: ticket.transfer_offer_id,
            offered_until: ticket.offered_until,
            ticket_id: ticket.ticket_id,
            order_id: ticket.order_id,
            line_id: ticket.line_id,
            showtime_id: ticket.showtime_id,
            starts_at,
            moved_from: (ticket.starts_at != starts_at).then_some(ticket.starts_at),
            seat: ticket.seat,
            area: ticket.area,
            class: ticket.class,
            name: ticket.name,
            status: ticket.status,
            issue: ticket.issue,
            code: None,
            checked_in_at: ticket.check_in.map(|check_in| check_in.at),
            issued_at: ticket.issued_at,
            voided_at: ticket.voided_at,
        }
    }

    /// The ticket with its present code.
    pub fn with_code(ticket: Ticket, starts: &Starts, keys: &TicketKeys) -> Self {
        let code = code_of(&ticket, keys);
        Self {
            code,
            ..Self::new(ticket, starts)
        }
    }
}
