//! Runs for `POST /admin/tickets/{ticket_id}/undo-check-in`, for administrators: makes a ticket that was checked in by mistake unused
//! again.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::core::text::DisplayText;
use shared::tickets::TicketId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::admission::scan::place;
use crate::admission::store::{StoredTicket, TicketStore};
use crate::admission::ticket::{CheckIn, Ticket, UndoneCheckIn};
use crate::event::{TicketEvent, UndoneScan};
use crate::reason;

/// The most characters of a reason.
const MAX_REASON: usize = 200;

/// The function's store.
#[derive(Debug)]
pub struct UndoCheckIn {
    /// Tickets.
    pub tickets: TicketStore,
}

impl UndoCheckIn {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            tickets: TicketStore::new(platform)?,
        })
    }
}

/// A check-in to undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoCheckInRequest {
    /// The scan that checked the ticket in, as `check_in` of the ticket names it.
    pub scan_id: Uuid,
    /// The reason for which it is undone. Text of one line, without personal data.
    #[schema(min_length = 1, max_length = 200, examples("A test of the scanner"))]
    pub reason: String,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &error::INVALID_TEXT,
    &reason::NOT_CHECKED_IN,
    &reason::TOO_MANY_UNDONE_CHECK_INS,
];

/// Undoes a check-in
///
/// The ticket admits again, can be passed on, and its seat can be given back. The ticket keeps who has undone which scan, and why. The
/// scan itself stays undone: a device that uploads it again does not check the ticket in. A check-in is undone once, whichever request
/// asks for it.
///
/// # Cost
/// Two requests: one read unit, and one or two write units.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/tickets/{ticket_id}/undo-check-in", operation_id = "undo-check-in", tag = "tickets",
    request_body = UndoCheckInRequest,
    security(("token" = [])),
    params(
        ("ticket_id" = Uuid, Path, description = "The ticket"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters. The check-in is recognized by its `scan_id`",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The ticket, not checked in", body = Ticket,
            headers(("Idempotency-Replayed" = bool, description = "true: the check-in was undone before"))),
    )
)]
pub async fn handle(function: &UndoCheckIn, request: Request, invocation: Invocation) -> Result<Response, Error> {
    // The scan alone identifies what is undone.
    http::idempotency_key(&request)?;
    let ticket_id = http::path::<TicketId>(&request)?;
    let body: UndoCheckInRequest = http::body(&request)?;
    let reason = DisplayText::line(&body.reason, MAX_REASON).map(String::from);
    let reason = reason.map_err(|invalid| invalid.in_field("reason"))?;
    let found = function.tickets.get(ticket_id, invocation.deadline).await?;
    let mut stored = found.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such ticket."))?;
    let mut attempts = Attempts::new("undo a check-in");
    loop {
        attempts.start()?;
        if stored.undone_scans.contains(&body.scan_id) {
            return http::json(StatusCode::OK, &stored.ticket).map(http::replayed);
        }
        let check_in = check_in_of(&stored, body.scan_id)?;
        let event = TicketEvent::TicketCheckInUndone(UndoneScan {
            ticket_id,
            showtime_id: stored.ticket.showtime_id,
            seat: stored.ticket.seat,
            undone_scan: place(&check_in),
        });
        let undone = UndoneCheckIn {
            check_in,
            undone_at: invocation.now,
            undone_by: invocation.actor()?.clone(),
            reason: reason.clone(),
        };
        let event = invocation.record(&event)?;
        let written = function
            .tickets
            .undo_check_in(&stored, undone, &event, invocation.deadline);
        match written.await? {
            Ok(ticket) => return http::json(StatusCode::OK, &ticket),
            Err(Some(present)) => stored = present,
            Err(None) => return Err(Error::internal("undo a check-in", "the ticket has disappeared")),
        }
    }
}

/// The check-in of a ticket by the scan `scan_id`, if it can be undone.
fn check_in_of(stored: &StoredTicket, scan_id: Uuid) -> Result<CheckIn, Rejection> {
    let ticket = &stored.ticket;
    let Some(check_in) = ticket.check_in.clone().filter(|known| known.scan_id == scan_id) else {
        let detail = "The ticket is not checked in by this scan.";
        let check_in = ticket.check_in.clone();
        return Err(Rejection::with(reason::NotCheckedIn { check_in }, detail));
    };
    if ticket.undone_check_ins.len() >= Ticket::MAX_UNDONE_CHECK_INS {
        let detail = format!(
            "{} check-ins of the ticket were undone. No more are.",
            Ticket::MAX_UNDONE_CHECK_INS
        );
        return Err(Rejection::new(&reason::TOO_MANY_UNDONE_CHECK_INS, detail));
    }
    Ok(check_in)
}
