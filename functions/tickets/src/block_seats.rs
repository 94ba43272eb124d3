//! Runs for `POST /admin/showtimes/{showtime_id}/block-seats`: blocks seats of a showtime, or places of general admission, all or none.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::core::error::{self, Reason};
use shared::tickets::Change;

use crate::reason;
use crate::seat_changes::{SeatChanges, SeatsRequest, SeatsResponse};

/// The function.
#[derive(Debug)]
pub struct BlockSeats {
    /// Changes seats.
    pub changes: SeatChanges,
}

impl BlockSeats {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            changes: SeatChanges::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_SHOW,
    &reason::SEATS_MISSING,
    &reason::SEATS_NOT_FREE,
    &reason::TOO_FEW_PLACES,
    &reason::UNKNOWN_SEATS,
];

/// Blocks seats
///
/// All of them or none. A blocked seat is not sold. A seat that is blocked already stays so. A seat that is held or sold is refused, and nothing changes.
/// `general` blocks so many free places of an area of general admission; a second request blocks as many more.
///
/// A retry with the same key and body changes nothing more and returns the present states of the seats, or of the area.
///
/// # Cost
/// Four requests for seats: a unit to look for the request, one to read the showtime, one for each row; two to write the request, and two
/// for each row. For an area, each of its parts is read in a request of its own, in all about ten read units for 1,000 places. Another request to end each order whose hold of a seat has ended.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/showtimes/{showtime_id}/block-seats", operation_id = "block-seats", tag = "tickets",
    request_body = SeatsRequest,
    security(("token" = [])),
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each request",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The seats as they are now", body = SeatsResponse,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request changed them"))),
    )
)]
pub async fn handle(function: &BlockSeats, request: Request, invocation: Invocation) -> Result<Response, Error> {
    function.changes.apply(Change::Block, &request, &invocation).await
}
