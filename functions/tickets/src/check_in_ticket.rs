//! Runs for `POST /admin/showtimes/{showtime_id}/check-ins`, for administrators: admits the holder of a ticket, once.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::ShowtimeId;
use utoipa::ToSchema;

use crate::admission::doors::Shut;
use crate::admission::scan::{ScanKind, ScanOutcome, Scanner, gate, scan_of};
use crate::admission::ticket::Ticket;
use crate::reason;

/// The function's store and keys.
#[derive(Debug)]
pub struct CheckInTicket {
    /// Tickets, and the keys of their codes.
    pub scanner: Scanner,
}

impl CheckInTicket {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            scanner: Scanner::new(platform)?,
        })
    }
}

/// A scan at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInTicketRequest {
    /// The code that the scanner read.
    #[schema(min_length = 1, max_length = 200, pattern = "^[ -~]{1,200}$")]
    pub code: String,
    /// The gate. Text of one line.
    #[schema(min_length = 1, max_length = 40)]
    pub gate: String,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &error::INVALID_TEXT,
    &reason::INVALID_TICKET_CODE,
    &reason::OTHER_SHOWTIME,
    &reason::TICKET_VOID,
    &reason::TICKET_CODE_REPLACED,
    &reason::ALREADY_CHECKED_IN,
    &reason::CHECK_IN_NOT_OPEN,
    &reason::CHECK_IN_UNDONE,
    &reason::SHOW_CANCELLED,
];

/// Checks a ticket in
///
/// A ticket admits once: of two scans at the same moment one is answered with the ticket and the other with
/// `already-checked-in`, which tells when and where. A retry with the same key is the same scan, whoever sends it. Send a new UUID
/// as the key of each scan, and the same one if the scan is uploaded later, because no answer came. A key that was used for another
/// ticket is not noticed.
///
/// Check-in opens two hours before the doors, or before the start of a showtime without a time of the doors, unless the shop has set
/// another time. Nobody is admitted to a cancelled showtime.
///
/// # Cost
/// One request and one write unit, whether it admits or not, and a read unit once a second for the showtime. A ticket with unexpected scans
/// costs more. A scan while check-in is not open reads the ticket, and writes nothing.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/showtimes/{showtime_id}/check-ins", operation_id = "check-in-ticket", tag = "tickets",
    request_body = CheckInTicketRequest,
    security(("token" = [])),
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime at whose door the ticket is scanned"),
        ("Idempotency-Key" = String, Header, description = "16 to 255 visible ASCII characters, such as a UUID, new for each scan of all devices",
            min_length = 16, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The ticket, checked in", body = Ticket,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request checked it in"))),
    )
)]
pub async fn handle(function: &CheckInTicket, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let key = http::idempotency_key(&request)?;
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let body: CheckInTicketRequest = http::body(&request)?;
    let gate = gate(&body.gate)?;
    let scan = scan_of(&key, gate.clone(), invocation.now, &invocation)?;
    let scan = (ScanKind::Online, &scan);
    let outcome = function.scanner.scan(&body.code, showtime_id, scan, &invocation);
    let refused = match outcome.await? {
        ScanOutcome::CheckedIn(ticket) => return http::json(StatusCode::OK, &ticket),
        ScanOutcome::Repeated(ticket) if ticket.check_in.as_ref().is_some_and(|known| known.gate == gate) => {
            return http::json(StatusCode::OK, &ticket).map(http::replayed);
        }
        ScanOutcome::Repeated(_) => Rejection::new(
            &error::IDEMPOTENCY_KEY_REUSED,
            "The ticket was scanned at another gate under this key.",
        ),
        ScanOutcome::AlreadyCheckedIn(_, check_in) => {
            let detail = format!("The ticket was scanned at {} at gate {}.", check_in.at, check_in.gate);
            Rejection::with(reason::AlreadyCheckedIn { check_in }, detail)
        }
        ScanOutcome::Void(_) => Rejection::new(&reason::TICKET_VOID, "The seat of the ticket was given back."),
        ScanOutcome::Shut(_, Shut::Before { opens_at }) => {
            let detail = format!("Tickets of the showtime are checked in from {opens_at} on.");
            Rejection::with(reason::CheckInNotOpen { opens_at }, detail)
        }
        ScanOutcome::Shut(_, Shut::Cancelled) => Rejection::new(&reason::SHOW_CANCELLED, "The showtime is cancelled."),
        ScanOutcome::Undone(_) => {
            let detail = "An administrator has undone this scan. Scan the ticket again, with a new key.";
            Rejection::new(&reason::CHECK_IN_UNDONE, detail)
        }
        ScanOutcome::Replaced(_) => {
            let detail = "The holder has a newer code. Ask to see the ticket again.";
            Rejection::new(&reason::TICKET_CODE_REPLACED, detail)
        }
        ScanOutcome::OtherShowtime(showtime_id) => {
            let detail = "The ticket is for another showtime.";
            Rejection::with(reason::OtherShowtime { showtime_id }, detail)
        }
        ScanOutcome::Invalid => {
            let detail = "No key of the shop has signed this code.";
            Rejection::new(&reason::INVALID_TICKET_CODE, detail)
        }
    };
    Err(refused.into())
}
