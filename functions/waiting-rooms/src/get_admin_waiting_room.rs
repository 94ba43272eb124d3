//! Runs for `GET /admin/waiting-rooms/{waiting_room_id}`: returns a waiting room. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::waiting_rooms::WaitingRoomId;

use crate::room::WaitingRoom;
use crate::store::RoomTable;

/// The function's store.
#[derive(Debug)]
pub struct GetAdminWaitingRoom {
    /// Waiting rooms.
    pub rooms: RoomTable,
}

impl GetAdminWaitingRoom {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a waiting room to administrators
///
/// Its `ETag` is the `If-Match` of a change. `get-waiting-room` is for customers. The seed is shown to nobody before the early comers
/// are counted.
///
/// # Cost
/// One request, one read unit.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/waiting-rooms/{waiting_room_id}", operation_id = "get-admin-waiting-room", tag = "waiting-rooms",
    security(("token" = [])),
    params(
        ("waiting_room_id" = Uuid, Path, description = "The waiting room"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The waiting room", body = WaitingRoom,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request, and `If-Match` of a change"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(
    function: &GetAdminWaitingRoom,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let id = http::path::<WaitingRoomId>(&request)?;
    let room = function.rooms.get(id, invocation.deadline).await?;
    conditional::get(&request, &room.view(invocation.now), cache::EDITED)
}
