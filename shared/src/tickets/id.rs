//! The ids of venues, seating plans, performances and showtimes.

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
