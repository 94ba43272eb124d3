//! Runs for `POST /waiting-rooms/{waiting_room_id}/enter`: a customer whose turn it is gets an admission. The write is conditional:
//! while a room has rates, a customer has one admission of it.

use jiff::{SignedDuration, Timestamp};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::waiting_rooms::{Admission, AdmissionService, WaitingRoomId};

use crate::reason::{self, NotYourTurn};
use crate::room::StoredRoom;
use crate::rooms::Rooms;
use crate::store::{StoredJoin, missing};

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

/// An admission to what a waiting room guards.
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
/// At the customer's turn, or any time after it. A customer enters a room once: any other request returns that admission, with the
/// same end. Only a room that admits everybody, a day after its opening, admits a customer again whose admission is over. Too early, the answer tells the place, how far the room has come, and about when it is the customer's turn.
///
/// # Cost
/// Two requests: a read unit for the join, and once a second and function one for the room, and the numbers as in
/// `get-waiting-room`; one write unit.
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
    let known = function.rooms.recall(id, invocation.now);
    let read = function
        .rooms
        .table
        .join_and_room(id, &customer, known.is_none(), invocation.deadline);
    let (join, room) = read.await?;
    let room = room.map(|room| function.rooms.remember(room, invocation.now)).or(known);
    let room = room.ok_or_else(missing)?;
    let join = join.ok_or_else(|| Rejection::new(&reason::NOT_JOINED, "Join the waiting room first."))?;
    let is_over = join.admitted_until.is_some_and(|until| until <= invocation.now);
    // A room that admits everybody admits those again whose admission is over.
    if join.admitted_at.is_some() && (!is_over || room.is_paced_at(invocation.now)) {
        return function.admitted(&join, &invocation).await.map(http::replayed);
    }
    if let Some(early) = function.wait(&room, &join, &invocation).await? {
        return Err(early.into());
    }
    let lasts = SignedDuration::from_mins(room.token_minutes.into());
    let admission = (invocation.now, invocation.now + lasts);
    match function
        .rooms
        .table
        .admit(&join, admission, invocation.deadline)
        .await?
    {
        Ok(()) => {
            let join = StoredJoin {
                admitted_at: Some(admission.0),
                admitted_until: Some(admission.1),
                ..join
            };
            function.admitted(&join, &invocation).await
        }
        Err(earlier) => function.admitted(&earlier, &invocation).await.map(http::replayed),
    }
}

impl EnterWaitingRoom {
    /// The refusal of a customer whose turn is later. `None` when it is the customer's turn.
    async fn wait(
        &self,
        room: &StoredRoom,
        join: &StoredJoin,
        invocation: &Invocation,
    ) -> Result<Option<Rejection>, Error> {
        let now = invocation.now;
        if !room.is_paced_at(now) {
            return Ok(None);
        }
        let line = self.rooms.line(room, invocation).await?;
        let place = line.as_ref().and_then(|line| {
            let draw = room.seed.draw(&join.customer_id);
            line.place(join.bucket(), draw)
        });
        let serving_number = line.as_ref().map_or(0, |line| line.serving_number(room, now));
        if place.is_some_and(|place| place <= serving_number) {
            return Ok(None);
        }
        let expected_at = line.as_ref().zip(place);
        let expected_at = expected_at.and_then(|(line, place)| line.expected_at(room, place));
        let members = NotYourTurn {
            place,
            serving_number,
            expected_at,
        };
        let detail = match (place, expected_at) {
            (Some(place), Some(at)) => format!("Your place is {place}. It is your turn at about {at}."),
            (Some(place), None) => format!("Your place is {place}. The room admits nobody at the moment."),
            (None, _) => "Your place is not known yet. Try again in some seconds.".to_owned(),
        };
        Ok(Some(Rejection::with(members, detail)))
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
