//! Runs for `POST /waiting-rooms/{waiting_room_id}/joins`: a customer joins a waiting room, once, and is told the place when it is
//! known.
//!
//! A join costs one transaction of two writes: the join under `attribute_not_exists`, and the number of those who join in the same
//! bucket. So the numbers are exact, and nobody counts the joins. A second tab or a reload costs one read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::identity::CustomerId;
use shared::waiting_rooms::WaitingRoomId;

use crate::lottery::Bucket;
use crate::room::{StoredRoom, last_moment};
use crate::rooms::Rooms;
use crate::store::{JoinOutcome, StoredJoin, missing};

/// The function's rooms.
#[derive(Debug)]
pub struct JoinWaitingRoom {
    /// Waiting rooms.
    pub rooms: Rooms,
}

impl JoinWaitingRoom {
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

/// A customer's join of a waiting room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WaitingRoomJoin {
    /// The room.
    pub waiting_room_id: WaitingRoomId,
    /// The customer's account.
    pub customer_id: CustomerId,
    /// The time of the join.
    pub joined_at: Timestamp,
    /// Whether it was before the opening, so that the lottery decides the place.
    pub is_early: bool,
    /// The place, from 1. Absent while those who may be before the customer are still joining.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub place: Option<u64>,
    /// The draw that decided the place of a customer who joined after the opening. Absent without a place. That of an
    /// early comer is in `get-waiting-room`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lottery: Option<SecondLottery>,
    /// About when it is the customer's turn. Absent without a place, and while the rate is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_at: Option<Timestamp>,
    /// The time from which the customer's admission is over. Absent before the customer has entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub admitted_until: Option<Timestamp>,
}

/// The lottery of those who joined within the same second. The same for all of them.
///
/// A customer's draw is the first 8 bytes of the HMAC-SHA256 of the account id with the key, read as a big-endian number. The place is
/// 1, plus `before`, plus `people` before the draw's first four bits, plus that of these bits themselves times the other 60 bits over
/// 2^60, rounded down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SecondLottery {
    /// The second, counted from the opening.
    pub second: u32,
    /// The key of the draws, which nobody could know while customers joined. It follows from the room's `later_seed`.
    #[schema(min_length = 64, max_length = 64)]
    pub key: String,
    /// The people who joined before the second.
    pub before: u64,
    /// The people who joined in the second, by the first four bits of their draws.
    #[schema(min_items = 16, max_items = 16)]
    pub people: Vec<u32>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Joins a waiting room
///
/// A customer joins a room once: any other request, of whatever key or device, returns that join with the same place. All who join
/// before the opening have the same chance, whenever they come: a lottery decides. After it, those of an earlier second come first,
/// and within a second the lottery decides. The place is known two seconds after the opening, or after the end of the second.
///
/// # Cost
/// Two requests: a read unit for the join, and one for the room once a second and function; four write units. A customer who has
/// joined before costs the read, and once a second and function the numbers, as in `get-waiting-room`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/waiting-rooms/{waiting_room_id}/joins", operation_id = "join-waiting-room", tag = "waiting-rooms",
    security(("token" = [])),
    params(
        ("waiting_room_id" = Uuid, Path, description = "The waiting room"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The join", body = WaitingRoomJoin,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: the customer had joined the room before"),
                ("Location" = String, description = "The path of the room's status"),
            )),
    )
)]
pub async fn handle(function: &JoinWaitingRoom, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    // The customer and the room alone identify the join.
    http::idempotency_key(&request)?;
    let id = http::path::<WaitingRoomId>(&request)?;
    let mut room = function.rooms.recall(id, invocation.now);
    let mut backoff = Backoff::until(invocation.deadline);
    loop {
        // A retry may be of another second. It reads again what may have changed.
        let present = invocation.at_present();
        let read = function
            .rooms
            .table
            .join_and_room(id, &customer, room.is_none(), invocation.deadline);
        let (join, read) = read.await?;
        if let Some(read) = read {
            room = Some(function.rooms.remember(read, present.now));
        }
        let Some(known) = room.take() else {
            return Err(missing().into());
        };
        if let Some(join) = join {
            return function.joined(&known, &join, &present).await.map(http::replayed);
        }
        let bucket = Bucket::of(known.opens_at, present.now);
        let new = StoredJoin {
            waiting_room_id: id,
            customer_id: customer.clone(),
            joined_at: present.now,
            second: match bucket {
                Bucket::Early => None,
                Bucket::Second(second) => Some(second),
            },
            admitted_at: None,
            admitted_until: None,
            in_time: None,
            late: None,
        };
        let draw = known.draw(bucket, &customer);
        let deadline = present.deadline_before(last_moment(bucket.ends_at(known.opens_at)));
        match function.rooms.table.join(&new, draw, known.joins_until, deadline).await {
            Ok(JoinOutcome::Joined) => return function.joined(&known, &new, &present).await,
            Ok(JoinOutcome::Exists(earlier)) => {
                return function.joined(&known, &earlier, &present).await.map(http::replayed);
            }
            Ok(JoinOutcome::Conflict) | Err(Error::Unavailable { .. }) => {}
            Err(error) => return Err(error),
        }
        if !backoff.wait().await {
            return Err(Error::unavailable(
                "join a waiting room",
                "the numbers of joins are busy",
            ));
        }
    }
}

impl JoinWaitingRoom {
    /// The response with a join: what is known of the place.
    async fn joined(&self, room: &StoredRoom, join: &StoredJoin, invocation: &Invocation) -> Result<Response, Error> {
        let line = match is_closed(room, join, invocation.now) {
            true => self.rooms.line(room, invocation).await?,
            false => None,
        };
        let draw = room.draw(join.bucket(), &join.customer_id);
        let place = line.as_ref().and_then(|line| line.place(join.bucket(), draw));
        let lottery = line.as_ref().zip(join.second);
        let lottery = lottery.and_then(|(line, second)| {
            let (before, people) = line.second(second)?;
            Some(SecondLottery {
                second,
                key: room.key(join.bucket()).reveal(),
                before,
                people: people.to_vec(),
            })
        });
        let expected_at = line.as_ref().zip(place);
        let body = WaitingRoomJoin {
            waiting_room_id: join.waiting_room_id,
            customer_id: join.customer_id.clone(),
            joined_at: join.joined_at,
            is_early: join.second.is_none(),
            place,
            lottery,
            expected_at: expected_at.and_then(|(line, place)| line.expected_at(room, place)),
            admitted_until: join.admitted_until,
        };
        http::created(&format!("/waiting-rooms/{}", join.waiting_room_id), &body)
    }
}

/// Whether a place can be told, so that it makes sense to read the numbers.
fn is_closed(room: &StoredRoom, join: &StoredJoin, now: Timestamp) -> bool {
    crate::room::closed_at(join.bucket(), room.opens_at) <= now
}
