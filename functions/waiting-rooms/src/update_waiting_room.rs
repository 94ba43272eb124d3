//! Runs for `PATCH /admin/waiting-rooms/{waiting_room_id}`: changes the rate, the opening or the name of a waiting room, or says
//! that nothing is left.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::{self, Reason, Rejection};
use shared::waiting_rooms::WaitingRoomId;

use crate::reason;
use crate::room::{self, StoredRoom, WaitingRoom};
use crate::store::RoomTable;

/// The function's store.
#[derive(Debug)]
pub struct UpdateWaitingRoom {
    /// Waiting rooms.
    pub rooms: RoomTable,
}

impl UpdateWaitingRoom {
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

/// Changes of a waiting room, as a merge patch (RFC 7396): only what is named changes.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWaitingRoomRequest {
    /// The name that customers see. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The time from which it admits. Until ten seconds before the present opening, at least ten seconds away,
    /// and at most seven days after the first opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub opens_at: Option<Timestamp>,
    /// The people a minute that it admits from now on. 0: nobody, until the rate is changed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 600_000)]
    pub rate_per_minute: Option<u32>,
    /// Whether customers are told that nothing is left. It admits all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sold_out: Option<bool>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_WAITING_ROOM,
    &reason::WAITING_ROOM_OPEN,
    &reason::TOO_MANY_RATES,
    &reason::WAITING_ROOM_OVER,
];

/// Changes a waiting room
///
/// Only what is named changes (RFC 7396). `If-Match` is required: if the room has changed since it was read, the answer is 412 and
/// nothing changes. A change that is made already is answered with 200 in any case. Another rate counts from now on, and takes
/// effect after two seconds; the turns that were given before stay.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/waiting-rooms/{waiting_room_id}", operation_id = "update-waiting-room", tag = "waiting-rooms",
    request_body(content = UpdateWaitingRoomRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("waiting_room_id" = Uuid, Path, description = "The waiting room"),
        ("If-Match" = String, Header, description = "The `ETag` of the waiting room as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The waiting room", body = WaitingRoom,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdateWaitingRoom, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let id = http::path::<WaitingRoomId>(&request)?;
    let body: UpdateWaitingRoomRequest = http::body(&request)?;
    conditional::require_if_match(&request)?;
    let mut attempts = Attempts::new("change a waiting room");
    loop {
        attempts.start()?;
        let present = invocation.at_present();
        let now = present.now;
        let previous = function.rooms.get(id, invocation.deadline).await?;
        let changed = patched(&previous, &body, now)?;
        if changed == previous {
            return conditional::tagged(StatusCode::OK, &previous.view(now));
        }
        conditional::require_match(&request, &previous.view(now))?;
        let next = StoredRoom {
            updated_at: now,
            version: previous.version + 1,
            updated_by: invocation.actor()?.clone(),
            ..changed
        };
        if function.rooms.save_soon(&next, &present).await? {
            return conditional::tagged(StatusCode::OK, &next.view(now));
        }
    }
}

/// The room with the changes.
fn patched(previous: &StoredRoom, changes: &UpdateWaitingRoomRequest, now: Timestamp) -> Result<StoredRoom, Rejection> {
    let mut changed = previous.clone();
    if let Some(name) = &changes.name {
        changed.name = room::name(name)?;
    }
    if let Some(opens_at) = changes.opens_at {
        changed = changed.with_opening(opens_at, now)?;
    }
    if let Some(rate) = changes.rate_per_minute {
        changed = changed.with_rate(room::rate(rate)?, now)?;
        // It is the administrator's from now on: no alarm raises it.
        changed.slowed = None;
    }
    changed.sold_out = changes.sold_out.unwrap_or(previous.sold_out);
    Ok(changed)
}
