//! Runs for `GET /waiting-rooms/{waiting_room_id}`: tells everybody how far a waiting room has come. Changes nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::waiting_rooms::WaitingRoomId;

use crate::line::Line;
use crate::room::StoredRoom;
use crate::rooms::Rooms;
use crate::turns::RateSegment;

/// The function's rooms.
#[derive(Debug)]
pub struct GetWaitingRoom {
    /// Waiting rooms.
    pub rooms: Rooms,
}

impl GetWaitingRoom {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            rooms: Rooms::new(platform)?,
        })
    }
}

/// The progress of a waiting room. The same for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WaitingRoomStatus {
    /// The room's id.
    pub waiting_room_id: WaitingRoomId,
    /// The name.
    pub name: String,
    /// The time of this status.
    pub as_of: Timestamp,
    /// The time from which the room admits.
    pub opens_at: Timestamp,
    /// Whether the rates count. They do for 24 hours, without the time in which the rate is 0. After that, everybody can enter at once.
    pub is_paced: bool,
    /// The rates, one after another.
    #[schema(min_items = 1, max_items = 100)]
    pub segments: Vec<RateSegment>,
    /// The places that may enter: this one and those before it. It grows once a second, by the turns of the rates and by those of
    /// customers who were called and have not entered.
    pub serving_number: u64,
    /// The people who have joined, as far as they are counted. Absent until the early comers are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub joined: Option<u64>,
    /// The early comers by the first byte of their draws, without the zeros at the end. Absent until they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 256)]
    pub early: Option<Vec<u32>>,
    /// Whether nothing is left. Returns may come.
    pub sold_out: bool,
    /// The SHA-256 of the 32 bytes of `seed`, public from the creation on.
    #[schema(min_length = 64, max_length = 64)]
    pub seed_sha256: String,
    /// The seed of the early comers' lottery. Absent until they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 64, max_length = 64)]
    pub seed: Option<String>,
    /// The SHA-256 of the 32 bytes of `later_seed`, public from the creation on.
    #[schema(min_length = 64, max_length = 64)]
    pub later_seed_sha256: String,
    /// The seed of the lotteries of those who join after the opening. The key of a second is the HMAC-SHA256 of its number, as four
    /// bytes, big-endian, with this seed. Absent as long as the rates count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 64, max_length = 64)]
    pub later_seed: Option<String>,
}

impl WaitingRoomStatus {
    fn of(room: &StoredRoom, line: Option<&Line>, now: Timestamp) -> Self {
        let early = line.map(|line| {
            let early = &line.numbers().early;
            let used = early.iter().rposition(|&people| people > 0);
            early[..used.map_or(0, |last| last + 1)].to_vec()
        });
        Self {
            waiting_room_id: room.waiting_room_id,
            name: room.name.clone(),
            as_of: now,
            opens_at: room.opens_at,
            is_paced: room.is_paced_at(now),
            segments: room.segments.clone(),
            serving_number: line.map_or(0, |line| line.calls.called()),
            joined: line.map(|line| line.joined),
            early,
            sold_out: room.sold_out,
            seed_sha256: room.seed.hash(),
            seed: line.map(|_| room.seed.reveal()),
            later_seed_sha256: room.later_seed.hash(),
            later_seed: room.is_over_at(now).then(|| room.later_seed.reveal()),
        }
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns how far a waiting room has come
///
/// The same for everybody, and at most two seconds old. With it, each customer who came before the opening can compute the own
/// place, and check that of anybody: a customer's draw is the first 8 bytes of the HMAC-SHA256 of the account id with the seed, read
/// as a big-endian number. The place is 1, plus `early` before the draw's first byte, plus that of the byte itself times the other
/// 56 bits over 2^56, rounded down. `enter-waiting-room` admits from `serving_number` = place on. A customer who came later learns the place
/// by `join-waiting-room`, three seconds after the first request, with all that is needed to check it.
///
/// # Cost
/// Once a second and function: one read unit for the room, and for the numbers 32 to 64; a function that has just started reads
/// those of each minute with joins or entries. Other requests cost nothing. Nothing is written.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/waiting-rooms/{waiting_room_id}", operation_id = "get-waiting-room", tag = "waiting-rooms",
    params(
        ("waiting_room_id" = Uuid, Path, description = "The waiting room"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The status", body = WaitingRoomStatus,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetWaitingRoom, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let id = http::path::<WaitingRoomId>(&request)?;
    let room = function.rooms.room(id, &invocation).await?;
    let line = function.rooms.line(&room, &invocation).await?;
    let status = WaitingRoomStatus::of(&room, line.as_deref(), invocation.now);
    conditional::get(&request, &status, cache::WAITING_ROOM)
}
