//! Examples: the tickets of an order.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use shared::core::event::Record;
use shared::orders::{LineId, OrderId};
use shared::tickets::{SeatId, ShowtimeId};
use tickets::admission::event::{DoubleScan, OrderTicketsChange, ScanPlace, TicketEvent, TicketSeat};
use tickets::admission::ticket::TicketId;
use uuid::Uuid;

/// One record of each event of tickets.
pub(super) fn events() -> Result<Vec<Record>> {
    let order_id = OrderId(Uuid::new_v8(*b"ticket example 1"));
    let showtime_id = ShowtimeId(Uuid::new_v8(*b"ticket example 2"));
    let seats: [SeatId; 2] = ["0-3-7".parse()?, "0-3-8".parse()?];
    let tickets: Vec<TicketSeat> = LineId::all()
        .zip(seats)
        .map(|(line_id, seat)| TicketSeat {
            ticket_id: TicketId::of(order_id, line_id),
            seat,
        })
        .collect();
    let change = |tickets: &[TicketSeat]| OrderTicketsChange {
        order_id,
        customer_id: super::customer(),
        showtime_id,
        tickets: tickets.to_vec(),
    };
    let now = super::now()?;
    let double = DoubleScan {
        ticket_id: tickets[0].ticket_id,
        showtime_id,
        seat: seats[0],
        check_in: place(now, "North"),
        double_scan: place(now + SignedDuration::from_mins(4), "South"),
    };
    let events = [
        TicketEvent::TicketsIssued(change(&tickets)),
        TicketEvent::TicketsVoided(change(&tickets[1..])),
        TicketEvent::DoubleScanFound(double),
    ];
    super::records(&events, |_| now)
}

fn place(at: Timestamp, gate: &str) -> ScanPlace {
    ScanPlace {
        at,
        gate: gate.to_owned(),
    }
}
