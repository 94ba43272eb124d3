//! Examples: the tickets of an order.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use shared::core::event::Record;
use shared::core::identity::CustomerId;
use shared::orders::{LineId, OrderId};
use shared::tickets::{PerformanceId, SeatId, ShowtimeId, ShowtimeStatus, TicketId, TransferOfferId, VenueId};
use tickets::admission::ticket::TicketStatus;
use tickets::admission::transfer::TicketTransfer;
use tickets::event::{
    MovedTickets, OrderTicketsChange, PerformanceReviewState, ScanPlace, ShowtimeState, TicketEvent, TicketSeat,
    UndoneScan, UnexpectedScan,
};
use tickets::performance_reviews::review::{PerformanceReviewId, PerformanceReviewStatus};
use uuid::Uuid;

/// One record of each event of tickets.
pub(super) fn events() -> Result<Vec<Record>> {
    let order_id = OrderId(Uuid::new_v8(*b"ticket example 1"));
    let showtime_id = ShowtimeId(Uuid::new_v8(*b"ticket example 2"));
    let seats: [SeatId; 2] = ["0-3-7".parse()?, "0-3-8".parse()?];
    let tickets: Vec<TicketSeat> = LineId::all()
        .zip(seats)
        .map(|(line_id, seat)| TicketSeat {
            ticket_id: TicketId::of(order_id.0, &String::from(line_id)),
            seat,
            holder_id: None,
        })
        .collect();
    let change = |tickets: &[TicketSeat]| OrderTicketsChange {
        order_id,
        customer_id: super::customer(),
        showtime_id,
        tickets: tickets.to_vec(),
    };
    let now = super::now()?;
    let showtime = |status| ShowtimeState {
        showtime_id,
        performance_id: PerformanceId(Uuid::new_v8(*b"ticket example 3")),
        venue_id: VenueId(Uuid::new_v8(*b"ticket example 4")),
        status,
        starts_at: now + SignedDuration::from_hours(30 * 24),
    };
    let review = |status| {
        let performance_id = PerformanceId(Uuid::new_v8(*b"ticket example 3"));
        PerformanceReviewState {
            performance_review_id: PerformanceReviewId::of(performance_id, &super::customer()),
            performance_id,
            showtime_id,
            customer_id: super::customer(),
            stars: 5,
            status,
        }
    };
    let starts_at = now + SignedDuration::from_hours(30 * 24);
    let moved = MovedTickets {
        order_id,
        customer_id: super::customer(),
        showtime_id,
        starts_at,
        moved_from: Some(starts_at - SignedDuration::from_hours(24)),
        free_until: starts_at,
        tickets: tickets.clone(),
    };
    let unexpected = UnexpectedScan {
        ticket_id: tickets[0].ticket_id,
        showtime_id,
        seat: seats[0],
        status: TicketStatus::Valid,
        check_in: Some(place(now, "North")),
        unexpected_scan: place(now + SignedDuration::from_mins(4), "South"),
    };
    let undone = UndoneScan {
        ticket_id: tickets[0].ticket_id,
        showtime_id,
        seat: seats[0],
        undone_scan: place(now, "North"),
    };
    let transfer = TicketTransfer {
        ticket_id: tickets[0].ticket_id,
        number: 1,
        order_id,
        showtime_id,
        seat: seats[0],
        transfer_offer_id: TransferOfferId(Uuid::new_v8(*b"ticket example 5")),
        giver_id: super::customer(),
        receiver_id: receiver(),
        transferred_at: now,
    };
    let events = [
        TicketEvent::TicketsIssued(change(&tickets)),
        TicketEvent::TicketsVoided(change(&tickets[1..])),
        TicketEvent::TicketsMoved(moved),
        TicketEvent::TicketTransferred(transfer),
        TicketEvent::PerformanceReviewWritten(review(PerformanceReviewStatus::Visible)),
        TicketEvent::PerformanceReviewHidden(review(PerformanceReviewStatus::Hidden)),
        TicketEvent::PerformanceReviewShown(review(PerformanceReviewStatus::Visible)),
        TicketEvent::PerformanceReviewDeleted(review(PerformanceReviewStatus::Deleted)),
        TicketEvent::ShowtimePublished(showtime(ShowtimeStatus::OnSale)),
        TicketEvent::ShowtimeChanged(showtime(ShowtimeStatus::Closed)),
        TicketEvent::ShowtimeCancelled(showtime(ShowtimeStatus::Cancelled)),
        TicketEvent::UnexpectedScanFound(unexpected),
        TicketEvent::TicketCheckInUndone(undone),
    ];
    super::records(&events, |_| now)
}

/// The customer who accepts a ticket.
pub(super) fn receiver() -> CustomerId {
    CustomerId::new("2f6f0a52-8f0e-4c55-9a8d-1f5b2f1f7a10")
}

fn place(at: Timestamp, gate: &str) -> ScanPlace {
    ScanPlace {
        at,
        gate: gate.to_owned(),
    }
}
