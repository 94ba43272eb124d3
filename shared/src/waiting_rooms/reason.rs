//! The reason to reject a request that a waiting room guards.

use uuid::Uuid;

crate::reasons! {
    /// Join the waiting room, enter it at your turn, and send the token that it gives in the header `Waiting-Room-Token`. A token is
    /// for one account and one room, and ends at the `expires_at` that was told with it.
    ADMISSION_REQUIRED = Conflict "admission-required" "A waiting room admits the customers" AdmissionRequired {
        /// The waiting room.
        waiting_room_id: Uuid,
    };
}
