//! Runs for `POST /tickets/{ticket_id}/replace-code`: gives the caller's ticket a new code, and makes the former one invalid.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::vault::Vault;
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::TicketId;

use crate::admission::keys::{self, TicketKeys};
use crate::admission::store::TicketStore;
use crate::admission::ticket::{Ticket, TicketStatus};
use crate::admission::view::OwnTicket;
use crate::reason;
use crate::store::ShowStore;

/// The function's stores and keys.
#[derive(Debug)]
pub struct ReplaceTicketCode {
    /// Showtimes.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
    /// The keys of codes.
    pub keys: Vault<TicketKeys>,
}

impl ReplaceTicketCode {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            tickets: TicketStore::new(platform)?,
            keys: keys::vault(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::TICKET_VOID,
    &reason::TICKET_USED,
    &reason::TOO_MANY_CODES,
];

/// Replaces the code of a ticket
///
/// For a code that somebody else has seen. The former code does not admit any more. A scanner without a network admits it until it
/// has loaded the tickets again. A retry with the same key returns the ticket with its present code.
///
/// # Errors
/// `not-found` for another customer's ticket too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/tickets/{ticket_id}/replace-code", operation_id = "replace-ticket-code", tag = "tickets",
    security(("token" = [])),
    params(
        ("ticket_id" = Uuid, Path, description = "The ticket"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new code",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The ticket with its new code", body = OwnTicket,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request replaced the code"))),
    )
)]
pub async fn handle(function: &ReplaceTicketCode, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let ticket_id = http::path::<TicketId>(&request)?;
    let request_id = key.derive_id(&format!("replace code of {ticket_id}"), &caller.customer_id);
    let keys = function.keys.get(invocation.deadline).await?;
    let mut attempts = Attempts::new("replace the code of a ticket");
    loop {
        attempts.start()?;
        // The ticket last: if the request is found, the ticket has its code.
        let is_done = function.tickets.has_replaced(request_id, invocation.deadline).await?;
        let own = function
            .tickets
            .get_own(ticket_id, &caller.customer_id, invocation.deadline);
        let mut stored = own.await?;
        if is_done {
            let ticket = function.shown(stored.ticket, &keys, &invocation).await?;
            return http::json(StatusCode::OK, &ticket).map(http::replayed);
        }
        let ticket = &stored.ticket;
        if ticket.status == TicketStatus::Void {
            return Err(Rejection::new(&reason::TICKET_VOID, "The seat of the ticket was given back.").into());
        }
        if ticket.check_in.is_some() {
            let detail = "The ticket is checked in. Its code is not needed any more.";
            return Err(Rejection::new(&reason::TICKET_USED, detail).into());
        }
        if ticket.has_all_codes() {
            let detail = format!(
                "A ticket gets at most {} codes, and as many more with each transfer. Ask the shop for help.",
                Ticket::MAX_ISSUE
            );
            return Err(Rejection::new(&reason::TOO_MANY_CODES, detail).into());
        }
        let replaced = function
            .tickets
            .replace_code(&stored, request_id, invocation.now, invocation.deadline);
        if replaced.await? {
            stored.ticket.issue += 1;
            let ticket = function.shown(stored.ticket, &keys, &invocation).await?;
            return http::json(StatusCode::OK, &ticket);
        }
    }
}

impl ReplaceTicketCode {
    async fn shown(&self, ticket: Ticket, keys: &TicketKeys, invocation: &Invocation) -> Result<OwnTicket, Error> {
        let starts = self.shows.starts([&ticket], invocation.deadline).await?;
        Ok(OwnTicket::with_code(ticket, &starts, keys))
    }
}
