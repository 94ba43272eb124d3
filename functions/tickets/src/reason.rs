//! Reasons to reject a request that concerns shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::tickets::{SeatId, SeatState, ShowtimeStatus, ZoneCode};
use utoipa::ToSchema;

shared::reasons! {
    INVALID_SHOW = Unprocessable "invalid-show" "A field of a venue, performer, performance or showtime breaks a rule" InvalidShow {
        /// The field's name.
        field: String,
    };
    /// Nothing was stored. `detail` tells which rule.
    INVALID_PLAN = Unprocessable "invalid-plan" "The seating plan breaks a rule" InvalidPlan {
        /// The section, if the rule concerns one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        section: Option<ZoneCode>,
        /// The row of the section, if the rule concerns one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        row: Option<String>,
    };
    /// The clocks are set forward over this time on that date. Choose another time.
    LOCAL_TIME_SKIPPED = Unprocessable "local-time-skipped" "The clocks of the venue never show this time";
    /// The clocks are set back on that date. Send `utc_offset` too.
    LOCAL_TIME_AMBIGUOUS = Unprocessable "local-time-ambiguous" "The clocks of the venue show this time twice" LocalTimeAmbiguous {
        /// Both instants, with the `utc_offset` that names each.
        choices: Vec<OffsetChoice>,
    };
    /// `publish-showtime` publishes a draft. A published showtime does not become a draft again. A cancelled showtime stays
    /// cancelled.
    INVALID_STATUS_CHANGE = Conflict "invalid-status-change" "The showtime cannot change to this status" InvalidStatusChange {
        /// The present status.
        showtime_status: ShowtimeStatus,
    };
    /// Create another showtime instead.
    SEATS_EXIST = Conflict "seats-exist" "The seats of the showtime exist already";
    /// Create another showtime instead.
    SHOWTIME_CANCELLED = Conflict "showtime-cancelled" "The showtime is cancelled and does not change";
    /// Customers see them, and their performance with them.
    PERFORMANCE_HAS_SHOWTIMES = Conflict "performance-has-showtimes" "The performance has published showtimes";
    /// Set its status to `LISTED` first.
    PERFORMANCE_NOT_LISTED = Conflict "performance-not-listed" "The performance of the showtime is a draft";
    /// Publish it first.
    SEATS_MISSING = Conflict "seats-missing" "The showtime has no seats yet";
    /// Nothing has changed. `seats` are those that cannot be changed, as they are now.
    SEATS_NOT_FREE = Conflict "seats-not-free" "A seat is held or sold" SeatsNotFree {
        /// The seats that are held or sold.
        seats: Vec<SeatNow>,
    };
    UNKNOWN_SEATS = Unprocessable "unknown-seats" "The showtime does not have a seat" UnknownSeats {
        /// The seats that it does not have.
        seats: Vec<SeatId>,
    };
}

/// One of two instants with the same local time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OffsetChoice {
    /// The offset to send.
    #[schema(pattern = "^[+-][0-9]{2}:[0-9]{2}$", examples("-04:00"))]
    pub utc_offset: String,
    /// The instant.
    pub starts_at: Timestamp,
}

/// A seat and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeatNow {
    /// The seat.
    pub seat: SeatId,
    /// Its state.
    pub state: SeatState,
}
