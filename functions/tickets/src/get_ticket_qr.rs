//! Runs for `GET /tickets/{ticket_id}/qr`: returns the code of the caller's ticket as an image. Changes nothing.

use lambda_http::Body;
use lambda_http::http::{HeaderValue, header};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::vault::Vault;
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::TicketId;

use crate::admission::keys::{self, TicketKeys};
use crate::admission::qr;
use crate::admission::store::TicketStore;
use crate::admission::view;
use crate::reason;

/// The function's store and keys.
#[derive(Debug)]
pub struct GetTicketQr {
    /// Tickets.
    pub tickets: TicketStore,
    /// The keys of codes.
    pub keys: Vault<TicketKeys>,
}

impl GetTicketQr {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            tickets: TicketStore::new(platform)?,
            keys: keys::vault(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::TICKET_VOID];

/// Returns the code of a ticket as a QR code
///
/// An SVG image, which scales to any size.
///
/// # Errors
/// `not-found` for another customer's ticket too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/tickets/{ticket_id}/qr", operation_id = "get-ticket-qr", tag = "tickets",
    security(("token" = [])),
    params(("ticket_id" = Uuid, Path, description = "The ticket")),
    responses(
        (status = 200, description = "The image", body = String, content_type = "image/svg+xml"),
    )
)]
pub async fn handle(function: &GetTicketQr, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let ticket_id = http::path::<TicketId>(&request)?;
    let stored = function
        .tickets
        .get_own(ticket_id, &caller.customer_id, invocation.deadline)
        .await?;
    let keys = function.keys.get(invocation.deadline).await?;
    let code = view::code_of(&stored.ticket, &keys);
    let code = code.ok_or_else(|| Rejection::new(&reason::TICKET_VOID, "The seat of the ticket was given back."))?;
    let mut response = Response::new(Body::Text(qr::svg(&code)?));
    let svg = HeaderValue::from_static("image/svg+xml");
    response.headers_mut().insert(header::CONTENT_TYPE, svg);
    Ok(response)
}
