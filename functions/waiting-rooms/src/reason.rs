//! Reasons to reject a request that concerns waiting rooms.

use jiff::Timestamp;

shared::reasons! {
    INVALID_WAITING_ROOM = Unprocessable "invalid-waiting-room" "A field of a waiting room breaks a rule" InvalidWaitingRoom {
        /// The field's name.
        field: String,
    };
    /// The opening can be moved until ten seconds before it, so that nobody sees it open before.
    WAITING_ROOM_OPEN = Conflict "waiting-room-open" "The waiting room is open" WaitingRoomOpen {
        /// The time from which it is open.
        opens_at: Timestamp,
    };
    /// Nothing has changed. Create another waiting room, and name it in what this one guards.
    TOO_MANY_RATES = Conflict "too-many-rates" "The waiting room has had too many rates";
    /// Nothing has changed: the rates of a room end within 72 hours of its opening. Create another one, and name it in what this one guards.
    WAITING_ROOM_OVER = Conflict "waiting-room-over" "The waiting room was paused for too long";
    NOT_JOINED = Conflict "not-joined" "The customer has not joined the waiting room";
    /// Wait. Nothing is lost: the place stays, however often it is asked for.
    NOT_YOUR_TURN = Conflict "not-your-turn" "It is not the customer's turn yet" NotYourTurn {
        /// The customer's place, from 1. Absent while those who may be before the customer are still joining.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        place: Option<u64>,
        /// The places that may enter: this one and those before it.
        serving_number: u64,
        /// About when it is the customer's turn. Absent without a place, and while the rate is 0.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        expected_at: Option<Timestamp>,
    };
}
