//! A ticket: the right to one seat of a showtime, or to one place of an area of general admission.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::core::actor::Actor;
use shared::core::identity::CustomerId;
use shared::orders::{Line, LineId, Order, OrderId, OrderStatus};
use shared::tickets::{AreaPlace, ClassCode, SeatId, ShowtimeId, TicketId, TransferOfferId};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether a ticket admits its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketStatus {
    /// It admits one person once.
    Valid,
    /// Its seat was given back. This is final.
    Void,
}

/// A ticket of a paid order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// The ticket's id.
    pub ticket_id: TicketId,
    /// The customer who shows it.
    pub holder_id: CustomerId,
    /// The customer who bought it. Absent while they hold it themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub buyer_id: Option<CustomerId>,
    /// The order that bought it.
    pub order_id: OrderId,
    /// The line of the order.
    pub line_id: LineId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The start of the showtime as it was when the ticket was issued.
    pub starts_at: Timestamp,
    /// The seat, or the id of the place of general admission.
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
    /// The number of times that the ticket has changed hands.
    #[serde(default)]
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
    /// The check-in. Absent until it is checked in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub check_in: Option<CheckIn>,
    /// Scans beside the check-in that admitted at devices without a network: a second time, after the ticket became void, before
    /// check-in was open, or although the showtime was cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub unexpected_scans: Vec<CheckIn>,
    /// Check-ins that administrators have undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub undone_check_ins: Vec<UndoneCheckIn>,
    /// The time of the issue.
    pub issued_at: Timestamp,
    /// The time at which it became void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voided_at: Option<Timestamp>,
}

/// A scan at the door that admitted, or would have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckIn {
    /// The scan's id, derived from its key.
    pub scan_id: Uuid,
    /// The time of the scan.
    pub at: Timestamp,
    /// The gate.
    pub gate: String,
    /// The administrator.
    pub by: Actor,
}

/// A check-in that was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndoneCheckIn {
    /// The check-in.
    pub check_in: CheckIn,
    /// The time at which it was undone.
    pub undone_at: Timestamp,
    /// The administrator who has undone it.
    pub undone_by: Actor,
    /// The reason for which it was undone.
    pub reason: String,
}

impl Ticket {
    /// The highest number of a code that a holder asks for. Each further holder may ask for as many.
    pub const MAX_ISSUE: u16 = 20;
    /// The most [unexpected scans](Ticket::unexpected_scans) that a ticket records.
    pub const MAX_UNEXPECTED_SCANS: usize = 10;
    /// The most [check-ins](Ticket::undone_check_ins) of a ticket that are undone.
    pub const MAX_UNDONE_CHECK_INS: usize = 10;

    /// Whether its holder has asked for as many codes as one may.
    pub const fn has_all_codes(&self) -> bool {
        self.issue >= Self::MAX_ISSUE * (self.transfers as u16 + 1)
    }

    /// The ticket of a line of a paid order. `None` for a line without a seat.
    pub fn of_line(order: &Order, line: &Line, starts_at: Timestamp, now: Timestamp) -> Option<Self> {
        let seat = line.seat.as_ref()?;
        Some(Self {
            ticket_id: order.ticket_id(line.line_id),
            holder_id: order.customer_id.clone(),
            buyer_id: None,
            order_id: order.order_id,
            line_id: line.line_id,
            showtime_id: seat.showtime_id,
            starts_at,
            seat: seat.seat,
            area: seat.area.clone(),
            class: seat.class.clone(),
            name: line.name.clone(),
            status: TicketStatus::Valid,
            issue: 1,
            transfers: 0,
            transfer_offer_id: None,
            offered_until: None,
            check_in: None,
            unexpected_scans: vec![],
            undone_check_ins: vec![],
            issued_at: now,
            voided_at: None,
        })
    }
}

/// The lines of an order that have a valid ticket: the seats of a paid order that were not given back.
pub fn lines_with_tickets(order: &Order) -> impl Iterator<Item = &Line> {
    let is_paid = order.status == OrderStatus::Paid;
    let lines = order.lines.iter().filter(move |_| is_paid);
    lines.filter(|line| line.seat.is_some() && line.quantities.cancelled == 0)
}
