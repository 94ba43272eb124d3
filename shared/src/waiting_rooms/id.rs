//! The id of a waiting room.

crate::entity_id! {
    /// A waiting room's id, derived from the administrator and the idempotency key.
    pub struct WaitingRoomId as "waiting_room_id", "There is no such waiting room."
}
