//! The events of showtimes and tickets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::core::identity::CustomerId;
use shared::orders::{Line, Order, OrderId};
use shared::tickets::{PerformanceId, SeatId, Showtime, ShowtimeId, ShowtimeStatus, TicketId, VenueId};
use utoipa::ToSchema;

use crate::admission::ticket::{Ticket, TicketStatus};
use crate::admission::transfer::TicketTransfer;
use crate::performance_reviews::review::{PerformanceReview, PerformanceReviewId, PerformanceReviewStatus};

shared::domain_events! {
    /// An event about showtimes or tickets.
    pub enum TicketEvent from "madang.tickets" {
        /// The tickets of a paid order were issued: they are in `tickets`.
        TicketsIssued(OrderTicketsChange),
        /// Tickets became void, because their seats were given back: they are in `tickets`.
        TicketsVoided(OrderTicketsChange),
        /// The showtime of an order's tickets has another start. The customer was not told of it before, and can give the seats back
        /// free of charge.
        TicketsMoved(MovedTickets),
        /// A ticket was passed on to another customer, who holds it from now on.
        TicketTransferred(TicketTransfer),
        /// A customer has written a review of a performance, or edited it.
        PerformanceReviewWritten(PerformanceReviewState),
        /// An administrator has hidden a review of a performance.
        PerformanceReviewHidden(PerformanceReviewState),
        /// An administrator shows a hidden review of a performance again.
        PerformanceReviewShown(PerformanceReviewState),
        /// A customer has deleted their review of a performance.
        PerformanceReviewDeleted(PerformanceReviewState),
        /// A showtime was published.
        ShowtimePublished(ShowtimeState),
        /// A published showtime was changed: its times, its prices or its status.
        ShowtimeChanged(ShowtimeState),
        /// A published showtime was cancelled. Its orders will be cancelled and refunded.
        ShowtimeCancelled(ShowtimeState),
        /// A device without a network admitted a ticket that another scan had checked in, that was void, or that was not checked in at
        /// that time: before check-in was open, or for a cancelled showtime.
        UnexpectedScanFound(UnexpectedScan),
        /// An administrator has undone the check-in of a ticket, which admits again.
        TicketCheckInUndone(UndoneScan),
    }
}

/// A showtime, as far as its events tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowtimeState {
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The performance.
    pub performance_id: PerformanceId,
    /// The venue.
    pub venue_id: VenueId,
    /// Whether its seats are on sale.
    pub status: ShowtimeStatus,
    /// The start.
    pub starts_at: Timestamp,
}

impl From<&Showtime> for ShowtimeState {
    fn from(showtime: &Showtime) -> Self {
        Self {
            showtime_id: showtime.showtime_id,
            performance_id: showtime.performance_id,
            venue_id: showtime.venue_id,
            status: showtime.status,
            starts_at: showtime.starts_at,
        }
    }
}

/// A review of a performance, as far as its events tell: not its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PerformanceReviewState {
    /// The review.
    pub performance_review_id: PerformanceReviewId,
    /// The performance.
    pub performance_id: PerformanceId,
    /// The showtime that its author has attended.
    pub showtime_id: ShowtimeId,
    /// The customer who wrote the review.
    pub customer_id: CustomerId,
    /// The stars, from 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: u8,
    /// Whether everybody sees it.
    pub status: PerformanceReviewStatus,
}

impl From<&PerformanceReview> for PerformanceReviewState {
    fn from(review: &PerformanceReview) -> Self {
        Self {
            performance_review_id: review.performance_review_id,
            performance_id: review.performance_id,
            showtime_id: review.showtime_id,
            customer_id: review.customer_id.clone(),
            stars: review.stars,
            status: review.status,
        }
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

/// The tickets of an order whose showtime has another start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovedTickets {
    /// The order.
    pub order_id: OrderId,
    /// The customer who placed the order.
    pub customer_id: CustomerId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The start of the showtime now.
    pub starts_at: Timestamp,
    /// The start that the customer was told before. Absent if the order was paid after the showtime was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub moved_from: Option<Timestamp>,
    /// The time until which the customer can give the seats back free of charge.
    pub free_until: Timestamp,
    /// The tickets. Their codes stay valid.
    pub tickets: Vec<TicketSeat>,
}

/// A ticket and its seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketSeat {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The seat that the ticket is for.
    pub seat: SeatId,
    /// The customer who held the ticket at the time of the event, if it was not the customer who placed the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub holder_id: Option<CustomerId>,
}

/// A scan of a ticket that was not expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnexpectedScan {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seat.
    pub seat: SeatId,
    /// Whether the ticket is valid.
    pub status: TicketStatus,
    /// The check-in, which was recorded first. Absent for a ticket that was not checked in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub check_in: Option<ScanPlace>,
    /// The unexpected scan.
    pub unexpected_scan: ScanPlace,
}

/// A check-in that was undone, as far as its event tells. The reason is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndoneScan {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seat.
    pub seat: SeatId,
    /// The time and the gate of the check-in.
    pub undone_scan: ScanPlace,
}

/// The time and the gate of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanPlace {
    /// The time of the scan.
    pub at: Timestamp,
    /// The gate.
    pub gate: String,
}

impl TicketSeat {
    /// The ticket of a line of an order. `None` for a line without a seat.
    pub fn of_line(order: &Order, line: &Line) -> Option<Self> {
        Some(Self {
            ticket_id: order.ticket_id(line.line_id),
            seat: line.seat.as_ref()?.seat,
            holder_id: None,
        })
    }
}

impl From<&Ticket> for TicketSeat {
    fn from(ticket: &Ticket) -> Self {
        Self {
            ticket_id: ticket.ticket_id,
            seat: ticket.seat,
            holder_id: None,
        }
    }
}
