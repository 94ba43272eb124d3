//! The ids of venues, seating plans, performances, showtimes and tickets.

use uuid::Uuid;

use crate::core::idempotency::derive_id;

crate::entity_id! {
    /// A venue's id, derived from the administrator and the idempotency key.
    pub struct VenueId as "venue_id", "There is no such venue."
}

crate::entity_id! {
    /// A seating plan's id, derived from the administrator and the idempotency key.
    pub struct PlanId as "plan_id", "There is no such seating plan."
}

crate::entity_id! {
    /// A performance's id, derived from the administrator and the idempotency key.
    pub struct PerformanceId as "performance_id", "There is no such performance."
}

crate::entity_id! {
    /// A showtime's id, derived from the administrator and the idempotency key.
    pub struct ShowtimeId as "showtime_id", "There is no such showtime."
}

crate::entity_id! {
    /// A ticket's id, derived from the order and its line.
    pub struct TicketId as "ticket_id", "There is no such ticket."
}

crate::entity_id! {
    /// The id of an offer of a ticket to somebody else, derived from the holder and the idempotency key.
    pub struct TransferOfferId as "transfer_offer_id", "There is no such offer."
}

impl TicketId {
    /// The prefix of a ticket's key in the tickets table.
    pub const KEY_PREFIX: &'static str = "TICKET#";

    /// The id of the ticket of a line of an order.
    pub fn of(order_id: Uuid, line_id: &str) -> Self {
        Self(derive_id(&["ticket", &order_id.to_string(), line_id]))
    }
}
