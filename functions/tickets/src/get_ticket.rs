//! Runs for `GET /tickets/{ticket_id}`: returns the caller's ticket with its code. Changes nothing.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::vault::Vault;
use shared::core::error::{self, Reason};
use shared::tickets::TicketId;

use crate::admission::keys::{self, TicketKeys};
use crate::admission::store::TicketStore;
use crate::admission::view::OwnTicket;
use crate::store::ShowStore;

/// The function's stores and keys.
#[derive(Debug)]
pub struct GetTicket {
    /// Showtimes.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
    /// The keys of codes.
    pub keys: Vault<TicketKeys>,
}

impl GetTicket {
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
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a ticket with its code
///
/// # Errors
/// `not-found` for another customer's ticket too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/tickets/{ticket_id}", operation_id = "get-ticket", tag = "tickets",
    security(("token" = [])),
    params(("ticket_id" = Uuid, Path, description = "The ticket")),
    responses(
        (status = 200, description = "The ticket", body = OwnTicket),
    )
)]
pub async fn handle(function: &GetTicket, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let ticket_id = http::path::<TicketId>(&request)?;
    let stored = function
        .tickets
        .get_own(ticket_id, &caller.customer_id, invocation.deadline)
        .await?;
    let starts = function.shows.starts([&stored.ticket], invocation.deadline).await?;
    let keys = function.keys.get(invocation.deadline).await?;
    http::json(StatusCode::OK, &OwnTicket::with_code(stored.ticket, &starts, &keys))
}
