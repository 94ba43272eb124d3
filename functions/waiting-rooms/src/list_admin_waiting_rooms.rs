//! Runs for `GET /admin/waiting-rooms`: lists all waiting rooms. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageParameters, PageRequest};
use shared::core::error::Reason;

use crate::room::WaitingRoom;
use crate::store::{RoomTable, listed_ms};

/// The function's store.
#[derive(Debug)]
pub struct ListAdminWaitingRooms {
    /// Waiting rooms.
    pub rooms: RoomTable,
}

impl ListAdminWaitingRooms {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            rooms: RoomTable::new(platform)?,
        })
    }
}

/// A page of waiting rooms.
pub type WaitingRoomList = Page<WaitingRoom>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists all waiting rooms
///
/// By their openings, the latest first. The list is eventually consistent: a new room, or a change, may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/waiting-rooms", operation_id = "list-admin-waiting-rooms", tag = "waiting-rooms",
    security(("token" = [])),
    params(PageParameters),
    responses(
        (status = 200, description = "A page of waiting rooms", body = WaitingRoomList),
    )
)]
pub async fn handle(
    function: &ListAdminWaitingRooms,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["admin waiting rooms"], &[])?;
    let list = function.rooms.list(page.after()?, page.limit, invocation.deadline);
    let found = list.await?;
    let rooms = found.items.iter().map(|room| room.view(invocation.now)).collect();
    page.respond(rooms, found.next, |room: &WaitingRoom| Cursor {
        at: [listed_ms(room.opens_at)],
        id: room.waiting_room_id.0,
    })
}
