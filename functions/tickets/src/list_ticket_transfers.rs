//! Runs for `GET /admin/tickets/{ticket_id}/transfers`, for administrators: lists the transfers of a ticket. Changes nothing.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::TicketId;
use utoipa::ToSchema;

use crate::admission::store::TicketStore;
use crate::admission::transfer::TicketTransfer;

/// The function's store.
#[derive(Debug)]
pub struct ListTicketTransfers {
    /// Tickets.
    pub tickets: TicketStore,
}

impl ListTicketTransfers {
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

/// The transfers of a ticket.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketTransferList {
    /// The transfers, the first one first.
    #[schema(max_items = 4)]
    pub items: Vec<TicketTransfer>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the transfers of a ticket
///
/// Each transfer with giver, receiver and time. It has no further page: a ticket changes hands at most four times.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/tickets/{ticket_id}/transfers", operation_id = "list-ticket-transfers", tag = "tickets",
    security(("token" = [])),
    params(("ticket_id" = Uuid, Path, description = "The ticket")),
    responses(
        (status = 200, description = "The transfers", body = TicketTransferList),
    )
)]
pub async fn handle(
    function: &ListTicketTransfers,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let ticket_id = http::path::<TicketId>(&request)?;
    let found = function.tickets.with_transfers(ticket_id, invocation.deadline).await?;
    let (_, items) = found.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such ticket."))?;
    http::json(StatusCode::OK, &TicketTransferList { items })
}
