//! Runs for `DELETE /tickets/{ticket_id}/transfer-offers/{transfer_offer_id}`: takes back the offer of the caller's ticket.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::tickets::{TicketId, TransferOfferId};

use crate::admission::store::TicketStore;
use crate::admission::view::OwnTicket;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct DeleteTransferOffer {
    /// Showtimes.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
}

impl DeleteTransferOffer {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            tickets: TicketStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Takes the offer of a ticket back
///
/// Its code is not accepted any more. An offer that has ended, or was replaced, stays so: the ticket is returned unchanged, so a
/// retry needs no key.
///
/// # Errors
/// `not-found` for another customer's ticket too, such as one that was accepted. [`REFUSALS`], those of the request itself,
/// [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    delete, path = "/tickets/{ticket_id}/transfer-offers/{transfer_offer_id}", operation_id = "delete-transfer-offer", tag = "tickets",
    security(("token" = [])),
    params(
        ("ticket_id" = Uuid, Path, description = "The ticket"),
        ("transfer_offer_id" = Uuid, Path, description = "The offer"),
    ),
    responses(
        (status = 200, description = "The ticket without its code", body = OwnTicket),
    )
)]
pub async fn handle(
    function: &DeleteTransferOffer,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let ticket_id = http::path::<TicketId>(&request)?;
    let offer_id = http::path::<TransferOfferId>(&request)?;
    let mut attempts = Attempts::new("take the offer of a ticket back");
    let ticket = loop {
        attempts.start()?;
        let own = function
            .tickets
            .get_own(ticket_id, &caller.customer_id, invocation.deadline);
        let stored = own.await?;
        if stored.ticket.transfer_offer_id != Some(offer_id) {
            break stored.ticket;
        }
        if let Ok(ended) = function.tickets.end_offer(&stored, invocation.deadline).await? {
            break ended.ticket;
        }
    };
    let starts = function.shows.starts([&ticket], invocation.deadline).await?;
    http::json(StatusCode::OK, &OwnTicket::new(ticket, &starts))
}
