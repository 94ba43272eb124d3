//! Runs for `GET /admin/showtimes/{showtime_id}/tickets`, for administrators: lists the tickets of a showtime for its doors. Changes
//! nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageParameters, PageRequest};
use shared::core::error::{self, Reason};
use shared::tickets::{RowKey, SeatId, Showtime, ShowtimeId, TicketId};
use uuid::Uuid;

use crate::admission::store::{DoorPosition, TicketStore};
use crate::admission::ticket::Ticket;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct ListShowtimeTickets {
    /// Showtimes.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
}

/// The most parts of the house that a page reads. Parts can be empty.
const MAX_PARTS: u16 = 10;

impl ListShowtimeTickets {
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

/// A page of the tickets of a showtime.
pub type TicketList = Page<Ticket>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the tickets of a showtime
///
/// The door list, by the parts of the house, with void tickets too. A scanner that loads it refuses void tickets and replaced codes
/// without a network. The list is eventually consistent; the tickets are read consistently. A page reads at most 10 parts, so a page
/// with a `next_cursor` may have fewer tickets than `limit`, even none.
///
/// # Cost
/// A request for each part that is read and one for its tickets; a read unit a ticket.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/showtimes/{showtime_id}/tickets", operation_id = "list-showtime-tickets", tag = "tickets",
    security(("token" = [])),
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of tickets", body = TicketList),
    )
)]
pub async fn handle(
    function: &ListShowtimeTickets,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let name = showtime_id.to_string();
    let page = PageRequest::of(&request, &["showtime tickets", &name], &[])?;
    let showtime = function.shows.get::<Showtime>(showtime_id.0, invocation.deadline);
    let seating = showtime.await?.entity.seating;
    let parts = seating.map_or(0, |seating| seating.parts);
    let place = page
        .after()?
        .and_then(Place::of)
        .unwrap_or(Place { part: 0, after: None });
    let last = parts.min(place.part.saturating_add(MAX_PARTS));
    let (mut tickets, mut after) = (vec![], place.after);
    for part in place.part..last {
        // One more than the page needs, to know whether another page follows.
        let wanted = page
            .limit
            .saturating_add(1)
            .saturating_sub(u8::try_from(tickets.len()).unwrap_or(u8::MAX));
        let found = function
            .tickets
            .of_part(showtime_id, part, after.take(), wanted, invocation.deadline)
            .await?;
        tickets.extend(found);
        if tickets.len() > usize::from(page.limit) {
            break;
        }
    }
    let next = (last < parts).then(|| {
        Place {
            part: last,
            after: None,
        }
        .cursor()
    });
    page.respond(tickets, next, |ticket: &Ticket| {
        Place {
            part: ticket.seat.row.part,
            after: Some(DoorPosition::of(ticket)),
        }
        .cursor()
    })
}

/// A place in the list: a part of the house, and the ticket before it in that part.
struct Place {
    part: u16,
    after: Option<DoorPosition>,
}

impl Place {
    /// The place that a cursor names. The start of a part has the nil id.
    fn of(cursor: Cursor<3>) -> Option<Self> {
        let [part, row, place] = cursor.at;
        let part = part.try_into().ok()?;
        if cursor.id.is_nil() {
            return Some(Self { part, after: None });
        }
        let seat = SeatId {
            row: RowKey {
                part,
                row: row.try_into().ok()?,
            },
            place: place.try_into().ok()?,
        };
        Some(Self {
            part,
            after: Some(DoorPosition {
                seat,
                ticket_id: TicketId(cursor.id),
            }),
        })
    }

    fn cursor(&self) -> Cursor<3> {
        let (row, place, id) = self.after.map_or((0, 0, Uuid::nil()), |after| {
            (after.seat.row.row, after.seat.place, after.ticket_id.0)
        });
        Cursor {
            at: [self.part.into(), row.into(), place.into()],
            id,
        }
    }
}
