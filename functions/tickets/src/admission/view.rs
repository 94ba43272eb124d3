//! A ticket as its holder sees it: without who scanned it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::orders::{LineId, OrderId};
use shared::tickets::{AreaPlace, ClassCode, SeatId, ShowtimeId, TicketId, TransferOfferId};
use utoipa::ToSchema;

use super::code::TicketCode;
use super::keys::TicketKeys;
use super::ticket::{Ticket, TicketStatus};

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
    /// The start of the showtime as it was when the ticket was issued.
    pub starts_at: Timestamp,
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
    /// How often it has changed hands.
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
    /// What to show at the door, also as a QR code at `/tickets/{ticket_id}/qr`. Whoever has it can use the ticket. Absent in lists,
    /// and if the ticket is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 168, max_length = 168)]
    pub code: Option<String>,
    /// The time of the check-in. Absent until it is checked in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub checked_in_at: Option<Timestamp>,
    /// Time of the issue.
    pub issued_at: Timestamp,
    /// The time at which it became void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voided_at: Option<Timestamp>,
}

impl OwnTicket {
    /// The ticket with its present code.
    pub fn with_code(ticket: Ticket, keys: &TicketKeys) -> Self {
        let is_valid = ticket.status == TicketStatus::Valid;
        let code = is_valid.then(|| TicketCode::of(&ticket).sign(keys));
        Self {
            code,
            ..Self::from(ticket)
        }
    }
}

impl From<Ticket> for OwnTicket {
    fn from(ticket: Ticket) -> Self {
        Self {
            is_received: ticket.is_received(),
            transfers: ticket.transfers,
            transfer_offer_id: ticket.transfer_offer_id,
            offered_until: ticket.offered_until,
            ticket_id: ticket.ticket_id,
            order_id: ticket.order_id,
            line_id: ticket.line_id,
            showtime_id: ticket.showtime_id,
            starts_at: ticket.starts_at,
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
}
