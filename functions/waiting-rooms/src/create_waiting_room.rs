//! Runs for `POST /admin/waiting-rooms`: creates a waiting room, with the seeds of its lotteries.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::Reason;
use shared::waiting_rooms::{AdmissionService, WaitingRoomId};

use crate::lottery::Seed;
use crate::reason;
use crate::room::{KEPT, StoredRoom, WaitingRoom, invalid, name, rate};
use crate::store::RoomTable;
use crate::turns::RateSegment;

const DEFAULT_TOKEN_MINUTES: u8 = 10;
const MAX_TOKEN_MINUTES: u8 = 60;

/// The function's store and keys.
#[derive(Debug)]
pub struct CreateWaitingRoom {
    /// Waiting rooms.
    pub rooms: RoomTable,
    /// The keys, which make the seeds.
    pub admissions: AdmissionService,
}

impl CreateWaitingRoom {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            rooms: RoomTable::new(platform)?,
            admissions: AdmissionService::new(platform)?,
        })
    }
}

/// A new waiting room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWaitingRoomRequest {
    /// The name that customers see. Text of one line.
    #[schema(min_length = 1, max_length = 100, examples("Spring tour, Seoul"))]
    pub name: String,
    /// The time from which it admits. Not in the past.
    pub opens_at: Timestamp,
    /// The people a minute that it admits. 0: nobody, until the rate is changed.
    #[schema(minimum = 0, maximum = 600_000, examples(6000))]
    pub rate_per_minute: u32,
    /// The minutes that an admission lasts: 10 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 60)]
    pub token_minutes: Option<u8>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::INVALID_WAITING_ROOM];

/// Creates a waiting room
///
/// It guards the showtimes and coupons that name it in `waiting_room_id`. Customers can join at once. The hashes of the seeds that
/// decide the order are public from now on, and each seed once no draw of it can be chosen any more. A retry with the same key and
/// body returns the room in its current state.
///
/// # Cost
/// Two requests: one read unit, two write units and one for the list.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/waiting-rooms", operation_id = "create-waiting-room", tag = "waiting-rooms",
    request_body = CreateWaitingRoomRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each waiting room",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The waiting room", body = WaitingRoom,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The waiting room's path"),
            )),
    )
)]
pub async fn handle(function: &CreateWaitingRoom, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: CreateWaitingRoomRequest = http::body(&request)?;
    let fingerprint = key
        .fingerprint_of(&body)
        .map_err(|error| Error::internal("read a waiting room", error))?;
    let waiting_room_id = WaitingRoomId(key.derive_id("waiting room", &caller.customer_id));
    let earlier = async || -> Result<Option<Response>, Error> {
        let Some(earlier) = function.rooms.find(waiting_room_id, invocation.deadline).await? else {
            return Ok(None);
        };
        earlier.fingerprint.require_same(&fingerprint)?;
        created(&earlier, invocation.now).map(http::replayed).map(Some)
    };
    // A retry succeeds even if the room would be refused now.
    if let Some(earlier) = earlier().await? {
        return Ok(earlier);
    }
    let token_minutes = body.token_minutes.unwrap_or(DEFAULT_TOKEN_MINUTES);
    if !(1..=MAX_TOKEN_MINUTES).contains(&token_minutes) {
        return Err(invalid("token_minutes", &format!("it is 1 to {MAX_TOKEN_MINUTES}")).into());
    }
    if body.opens_at < invocation.now {
        return Err(invalid("opens_at", "it is not in the past").into());
    }
    let first = RateSegment {
        from: body.opens_at,
        rate_per_minute: rate(body.rate_per_minute)?,
    };
    let name = name(&body.name)?;
    let keys = function.admissions.keys.get(invocation.deadline).await?;
    let [seed, later_seed] = keys.seeds(waiting_room_id);
    let room = StoredRoom {
        waiting_room_id,
        name,
        opens_at: body.opens_at,
        segments: vec![first],
        token_minutes,
        slowed: None,
        sold_out: false,
        seed: Seed(seed),
        later_seed: Seed(later_seed),
        joins_until: body.opens_at.checked_add(KEPT).unwrap_or(Timestamp::MAX),
        created_at: invocation.now,
        updated_at: invocation.now,
        fingerprint: fingerprint.clone(),
        version: 1,
        updated_by: invocation.actor()?.clone(),
    };
    if function.rooms.save(&room, invocation.deadline).await? {
        return created(&room, invocation.now);
    }
    let earlier = earlier().await?;
    earlier.ok_or_else(|| Error::unavailable("create a waiting room", "a concurrent request has not created it"))
}

fn created(room: &StoredRoom, now: Timestamp) -> Result<Response, Error> {
    let response = conditional::tagged(StatusCode::CREATED, &room.view(now))?;
    http::located(response, &format!("/admin/waiting-rooms/{}", room.waiting_room_id))
}
