//! Runs for `POST /waiting-rooms/{waiting_room_id}/enter`: a customer whose turn it is gets an admission. While a room has rates, a
//! customer has one admission of it.
//!
//! An entry costs one transaction of two writes: the admission, under the condition that there is none, and its number. The numbers
//! tell how many of those who were called came, and limit those who come late.

use jiff::{SignedDuration, Timestamp};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::waiting_rooms::{Admission, AdmissionService, WaitingRoomId};
use tokio::time::Instant;

use crate::line::{Line, Turn, grace_ends_at};
use crate::lottery::{Bucket, Draw};
use crate::reason::{self, NotYourTurn};
use crate::room::{StoredRoom, last_moment};
use crate::rooms::Rooms;
use crate::store::{Entry, EntryOutcome, StoredJoin, missing};

/// The function's rooms and keys.
#[derive(Debug)]
pub struct EnterWaitingRoom {
    /// Waiting rooms.
    pub rooms: Rooms,
    /// The keys that sign.
    pub admissions: AdmissionService,
}

impl EnterWaitingRoom {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            rooms: Rooms::new(platform)?,
            admissions: AdmissionService::new(platform)?,
        })
    }
}

/// An admission to the sale that a waiting room guards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WaitingRoomAdmission {
    /// The room.
    pub waiting_room_id: WaitingRoomId,
    /// The token to send in the header `Waiting-Room-Token`. It is of no use to another account.
    #[schema(min_length = 78, max_length = 78)]
    pub token: String,
    /// The time at which the customer entered.
    pub admitted_at: Timestamp,
    /// The time from which the admission is over. To enter again does not move it.
    pub expires_at: Timestamp,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::NOT_JOINED, &reason::NOT_YOUR_TURN];

/// Enters a waiting room
///
/// At the customer's turn: when `serving_number` reaches the place. Seven seconds later others are called instead. A customer who comes
/// after that is late. Late customers can enter too, as many in a second as the rate allows; the others are refused, and
/// `expected_at` says when to try again.
///
/// A customer enters a room once: any other request returns that admission, with the same end. Only a room that admits everybody, after
/// 24 hours without pauses, admits a customer again whose admission is over. Too early, the answer tells the place, how far the room has
/// come, and about when it is the customer's turn.
///
/// # Cost
/// Two requests: a read unit for the join, and once a second and function one for the room, and the numbers as in
/// `get-waiting-room`; four write units, or two when the room admits everybody.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/waiting-rooms/{waiting_room_id}/enter", operation_id = "enter-waiting-room", tag = "waiting-rooms",
    security(("token" = [])),
    params(
        ("waiting_room_id" = Uuid, Path, description = "The waiting room"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The admission", body = WaitingRoomAdmission,
            headers(("Idempotency-Replayed" = bool, description = "true: the customer had entered before"))),
    )
)]
pub async fn handle(function: &EnterWaitingRoom, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    // The customer and the room alone identify the admission.
    http::idempotency_key(&request)?;
    let id = http::path::<WaitingRoomId>(&request)?;
    let mut room = function.rooms.recall(id, invocation.now);
    let mut backoff = Backoff::until(invocation.deadline);
    loop {
        // A retry may be late. It reads again what may have changed.
        let present = invocation.at_present();
        let read = function
            .rooms
            .table
            .join_and_room(id, &customer, room.is_none(), invocation.deadline);
        let (join, read) = read.await?;
        if let Some(read) = read {
            room = Some(function.rooms.remember(read, present.now));
        }
        let known = room.take().ok_or_else(missing)?;
        let join = join.ok_or_else(|| Rejection::new(&reason::NOT_JOINED, "Join the waiting room first."))?;
        let is_over = join.admitted_until.is_some_and(|until| until <= present.now);
        // A room that admits everybody admits those again whose admission is over.
        if join.admitted_at.is_some() && (!is_over || known.is_paced_at(present.now)) {
            return function.admitted(&join, &present).await.map(http::replayed);
        }
        match function.enter(&known, &join, &present).await {
            Ok(EntryOutcome::Admitted) => {
                let (admitted_at, admitted_until) = admission(&known, &present);
                let join = StoredJoin {
                    admitted_at: Some(admitted_at),
                    admitted_until: Some(admitted_until),
                    ..join
                };
                return function.admitted(&join, &present).await;
            }
            Ok(EntryOutcome::Exists(earlier)) => {
                return function.admitted(&earlier, &present).await.map(http::replayed);
            }
            Ok(EntryOutcome::Full | EntryOutcome::Conflict) | Err(Error::Unavailable { .. }) => {}
            Err(error) => return Err(error),
        }
        if !backoff.wait().await {
            return Err(Error::unavailable(
                "enter a waiting room",
                "the numbers of entries are busy",
            ));
        }
    }
}

/// The beginning and the end of an admission that is given now.
fn admission(room: &StoredRoom, invocation: &Invocation) -> (Timestamp, Timestamp) {
    let lasts = SignedDuration::from_mins(room.token_minutes.into());
    (invocation.now, invocation.now + lasts)
}

impl EnterWaitingRoom {
    /// Admits a customer whose turn it is.
    ///
    /// # Errors
    /// `not-your-turn`, [`Error::Unavailable`] and [`Error::Internal`].
    async fn enter(
        &self,
        room: &StoredRoom,
        join: &StoredJoin,
        invocation: &Invocation,
    ) -> Result<EntryOutcome, Error> {
        let draw = room.draw(join.bucket(), &join.customer_id);
        let (entry, deadline) = if room.is_paced_at(invocation.now) {
            self.turn(room, (join.bucket(), draw), invocation).await?
        } else {
            (Entry::Free, invocation.deadline)
        };
        let admission = admission(room, invocation);
        let outcome = self.rooms.table.admit(join, admission, (entry, draw), deadline).await?;
        if let (EntryOutcome::Full, Entry::Late(limit)) = (&outcome, entry) {
            self.rooms.fill(room.waiting_room_id, limit.second, limit.part(draw).0);
        }
        Ok(outcome)
    }

    /// How the entry of a customer whose turn it is counts, and the last moment at which it may be sent, so that it is stored when its
    /// number has to stay.
    async fn turn(
        &self,
        room: &StoredRoom,
        (bucket, draw): (Bucket, Draw),
        invocation: &Invocation,
    ) -> Result<(Entry, Instant), Error> {
        let line = self.rooms.line(room, invocation).await?;
        let place = line.as_ref().and_then(|line| line.place(bucket, draw));
        let (Some(line), Some(place)) = (&line, place) else {
            return Err(early(room, line.as_deref(), place).into());
        };
        let (entry, end) = match line.turn(room, place, invocation.now) {
            Turn::Later => return Err(early(room, Some(line), Some(place)).into()),
            Turn::InTime(round) => (Entry::InTime(round), grace_ends_at(room.opens_at, round)),
            Turn::Late(limit) => {
                let (part, most) = limit.part(draw);
                if most == 0 || self.rooms.is_full(room.waiting_room_id, limit.second, part) {
                    return Err(late(room, line, (place, draw), invocation.now).into());
                }
                (Entry::Late(limit), Bucket::Second(limit.second).ends_at(room.opens_at))
            }
        };
        Ok((entry, invocation.deadline_before(last_moment(end))))
    }

    /// The response with the admission of a join.
    async fn admitted(&self, join: &StoredJoin, invocation: &Invocation) -> Result<Response, Error> {
        let (Some(admitted_at), Some(expires_at)) = (join.admitted_at, join.admitted_until) else {
            return Err(Error::internal("admit a customer", "the join has no admission"));
        };
        let keys = self.admissions.keys.get(invocation.deadline).await?;
        let admission = Admission {
            waiting_room_id: join.waiting_room_id,
            expires_at,
        };
        let body = WaitingRoomAdmission {
            waiting_room_id: join.waiting_room_id,
            token: admission.sign(&join.customer_id, &keys),
            admitted_at,
            expires_at,
        };
        http::json(StatusCode::OK, &body)
    }
}

/// The refusal of a customer who is not called.
fn early(room: &StoredRoom, line: Option<&Line>, place: Option<u64>) -> Rejection {
    let expected_at = line.zip(place);
    let expected_at = expected_at.and_then(|(line, place)| line.expected_at(room, place));
    let detail = match (place, expected_at) {
        (Some(place), Some(at)) => format!("Your place is {place}. It is your turn at about {at}."),
        (Some(place), None) => format!("Your place is {place}. The room admits nobody at the moment."),
        (None, _) => "Your place is not known yet. Try again in some seconds.".to_owned(),
    };
    let members = NotYourTurn {
        place,
        serving_number: line.map_or(0, |line| line.calls.called()),
        expected_at,
    };
    Rejection::with(members, detail)
}

/// The refusal of a customer who comes late, together with too many others.
fn late(room: &StoredRoom, line: &Line, (place, draw): (u64, Draw), now: Timestamp) -> Rejection {
    let expected_at = line.late_expected_at(room, (place, draw), now);
    let members = NotYourTurn {
        place: Some(place),
        serving_number: line.calls.called(),
        expected_at,
    };
    let when = expected_at.map_or_else(
        || "The room admits nobody at the moment.".to_owned(),
        |at| format!("Others enter at the moment. Try again at {at}."),
    );
    let detail = format!("Your place, {place}, was called before. {when}");
    Rejection::with(members, detail)
}
