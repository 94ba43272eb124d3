//! Reasons to reject a request that concerns shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::orders::OrderId;
use shared::tickets::{SeatId, SeatState, ShowtimeId, ShowtimeStatus, ZoneCode};
use utoipa::ToSchema;

use crate::admission::ticket::CheckIn;
use crate::row_now::RowNow;

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
        /// The area, if the rule concerns one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        area: Option<ZoneCode>,
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
    PERFORMANCE_HAS_SHOWTIMES = Conflict "performance-has-showtimes" "The performance has published showtimes that are not over";
    /// Set its status to `LISTED` first.
    PERFORMANCE_NOT_LISTED = Conflict "performance-not-listed" "The performance of the showtime is a draft";
    /// Publish it first.
    SEATS_MISSING = Conflict "seats-missing" "The showtime has no seats yet";
    /// Nothing has changed. `seats` are those that cannot be changed, as they are now.
    SEATS_NOT_FREE = Conflict "seats-not-free" "A seat is held or sold" SeatsNotFree {
        /// The seats that are held or sold.
        seats: Vec<SeatNow>,
    };
    INVALID_HOLD = Unprocessable "invalid-hold" "A hold breaks a rule";
    NOT_ON_SALE = Conflict "not-on-sale" "The seats are not on sale" NotOnSale {
        /// The present status of the showtime.
        showtime_status: ShowtimeStatus,
        /// The time from which seats are sold.
        sales_start_at: Timestamp,
        /// The time from which seats are not sold any more.
        sales_end_at: Timestamp,
    };
    /// Nothing is held. Choose other seats.
    SEATS_TAKEN = Conflict "seats-taken" "A seat is taken" SeatsTaken {
        /// The requested seats that are not free.
        seats: Vec<SeatNow>,
        /// The rows of the requested seats as they are now.
        #[schema(max_items = 20)]
        rows: Vec<RowNow>,
    };
    /// Ask for fewer seats, or for another class. Accessible seats count only if the request asks for them, or no other seat of
    /// the class is free.
    NO_SEATS_TOGETHER = Conflict "no-seats-together" "The class has not so many free seats side by side" NoSeatsTogether {
        /// The most seats that `best` would find side by side.
        together: u8,
    };
    /// Ask for places of the area with `general`.
    GENERAL_ADMISSION = Unprocessable "general-admission" "Places of general admission are not chosen" GeneralAdmission {
        /// The area of the chosen place.
        area: ZoneCode,
    };
    /// Nothing has changed. An area without a free place is sold out.
    TOO_FEW_PLACES = Conflict "too-few-places" "The area has too few places" TooFewPlaces {
        /// The area.
        area: ZoneCode,
        /// The number of places that the area has: free ones for a hold or a block, blocked ones for a release.
        places: u32,
    };
    SINGLE_SEAT_LEFT = Conflict "single-seat-left" "The choice leaves a single seat" SingleSeatLeft {
        /// The seats that would be left single.
        seats: Vec<SeatId>,
        /// The rows of these and of the requested seats as they are now.
        #[schema(max_items = 60)]
        rows: Vec<RowNow>,
    };
    TOO_MANY_SEATS = Conflict "too-many-seats" "The customer would have too many seats" TooManySeats {
        /// The most seats that a customer can have.
        most: u8,
        /// The seats that the customer has.
        seats: u32,
    };
    /// Pay the order, replace it, or cancel it.
    HOLD_EXISTS = Conflict "hold-exists" "The customer holds seats of the showtime already" HoldExists {
        /// The order that holds them.
        order_id: OrderId,
    };
    /// It is paid, has ended, or is not the customer's hold of this showtime. Hold seats without `replaces`.
    HOLD_NOT_REPLACEABLE = Conflict "hold-not-replaceable" "There is no such hold to replace";
    HOLD_TIME_USED_UP = Conflict "hold-time-used-up" "The customer has held seats for as long as one may" HoldTimeUsedUp {
        /// The time from which the customer can hold seats again.
        again_at: Timestamp,
    };
    /// It was not signed with a key of the shop, or a character is wrong.
    INVALID_TICKET_CODE = Unprocessable "invalid-ticket-code" "This is not the code of a ticket";
    OTHER_SHOWTIME = Conflict "other-showtime" "The ticket is for another showtime" OtherShowtime {
        /// The showtime of the ticket.
        showtime_id: ShowtimeId,
    };
    /// The seat of the ticket was given back.
    TICKET_VOID = Conflict "ticket-void" "The ticket is void";
    /// The holder has a newer code.
    TICKET_CODE_REPLACED = Conflict "ticket-code-replaced" "The code was replaced";
    /// Nothing has changed. `check_in` tells when and where.
    ALREADY_CHECKED_IN = Conflict "already-checked-in" "The ticket is checked in already" AlreadyCheckedIn {
        /// The check-in.
        check_in: CheckIn,
    };
    /// Nothing has changed.
    CHECK_IN_NOT_OPEN = Conflict "check-in-not-open" "It is too early to check tickets in" CheckInNotOpen {
        /// The time from which tickets of the showtime are checked in.
        opens_at: Timestamp,
    };
    /// Scan the ticket again under a new key.
    CHECK_IN_UNDONE = Conflict "check-in-undone" "The check-in by this scan was undone";
    /// Nothing has changed.
    NOT_CHECKED_IN = Conflict "not-checked-in" "The ticket is not checked in by this scan" NotCheckedIn {
        /// The present check-in. Absent if the ticket is not checked in.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        check_in: Option<CheckIn>,
    };
    TOO_MANY_UNDONE_CHECK_INS = Conflict "too-many-undone-check-ins" "Too many check-ins of the ticket were undone";
    TICKET_USED = Conflict "ticket-used" "The ticket is checked in";
    TOO_MANY_CODES = Conflict "too-many-codes" "The ticket has had too many codes";
    /// Nothing has changed.
    SHOW_CANCELLED = Conflict "show-cancelled" "The showtime does not take place";
    /// Nothing has changed.
    SHOWTIME_STARTED = Conflict "showtime-started" "The show has started";
    TOO_MANY_TRANSFERS = Conflict "too-many-transfers" "The ticket has changed hands too often";
    OFFER_EXPIRED = Conflict "transfer-offer-expired" "The offer of the ticket has expired";
    /// An offer is for somebody else. To keep the ticket, delete the offer.
    OWN_TICKET = Conflict "own-ticket" "The customer holds the ticket already";
    INVALID_REVIEW = Unprocessable "invalid-review" "A review breaks a rule";
    /// Only customers who were checked in, or have a valid ticket where the shop does not scan, review a performance.
    NOT_ATTENDED = Conflict "not-attended" "The customer has not attended the performance with this ticket";
    SHOW_NOT_OVER = Conflict "show-not-over" "The show is not over yet" ShowNotOver {
        /// The end of the show.
        over_at: Timestamp,
    };
    /// Update it instead.
    REVIEW_EXISTS = Conflict "review-exists" "The customer has reviewed the performance already";
    REVIEW_FINAL = Conflict "review-final" "The review cannot be edited any more";
    TOO_MANY_REVIEWS = Conflict "too-many-reviews" "The customer has written too many reviews today";
    /// Nothing was recorded. `detail` tells which rule.
    INVALID_SCANS = Unprocessable "invalid-scans" "A list of scans breaks a rule";
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
    /// The state of the seat.
    pub state: SeatState,
}
