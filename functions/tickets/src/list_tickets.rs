//! Runs for `GET /tickets`: lists the caller's tickets. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageParameters, PageRequest};
use shared::core::error::Reason;

use crate::admission::store::TicketStore;
use crate::admission::view::OwnTicket;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct ListTickets {
    /// Showtimes.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
}

impl ListTickets {
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

/// A page of the caller's tickets.
pub type TicketList = Page<OwnTicket>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's tickets
///
/// The latest start first, void ones too, without their codes. A ticket whose showtime was moved since it was issued keeps its
/// place in the list. The list is eventually consistent: a new ticket may take a moment to appear. It is issued when the payment of
/// its order is known.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/tickets", operation_id = "list-tickets", tag = "tickets",
    security(("token" = [])),
    params(PageParameters),
    responses(
        (status = 200, description = "A page of tickets", body = TicketList),
    )
)]
pub async fn handle(function: &ListTickets, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let holder = http::caller(&request)?.customer_id;
    let page = PageRequest::of(&request, &["tickets", holder.as_str()], &[])?;
    let found = function
        .tickets
        .of_holder(&holder, page.after()?, page.limit, invocation.deadline)
        .await?;
    let starts = function.shows.starts(&found.tickets, invocation.deadline).await?;
    let tickets = found.tickets.into_iter().map(|ticket| OwnTicket::new(ticket, &starts));
    page.respond(tickets.collect(), found.next, |ticket| Cursor {
        at: [ticket
            .moved_from
            .unwrap_or(ticket.starts_at)
            .as_millisecond()
            .unsigned_abs()],
        id: ticket.ticket_id.0,
    })
}
