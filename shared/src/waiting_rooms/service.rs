//! Checks admissions for the actions that a waiting room guards, without I/O beyond the keys, which a function caches.

use std::time::Duration;

use jiff::Timestamp;

use crate::aws::Platform;
use crate::aws::lambda::Invocation;
use crate::aws::lambda::http::Request;
use crate::aws::vault::Vault;
use crate::core::error::{Error, Rejection};
use crate::core::identity::CustomerId;
use crate::waiting_rooms::{Admission, AdmissionKeys, WaitingRoomId, reason};

/// The header with the token of an admission.
pub const HEADER: &str = "waiting-room-token";

/// The keys, and the check.
#[derive(Clone, Debug)]
pub struct AdmissionService {
    /// The keys.
    pub keys: Vault<AdmissionKeys>,
}

/// A question to the service: whether a customer may pass a room.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'a> {
    /// The room. `None` for what no room guards.
    pub room: Option<WaitingRoomId>,
    /// The customer.
    pub customer: &'a CustomerId,
    /// The token that the customer sent.
    pub token: Option<&'a str>,
}

/// The time within which a function notices that a key was added or removed.
const MAX_AGE: Duration = Duration::from_secs(60);

impl AdmissionService {
    /// Reads the secret that `ADMISSION_KEYS` names, on the first use.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let secret = platform.variable("ADMISSION_KEYS")?;
        Ok(Self {
            keys: Vault::with_max_age(platform.aws(), secret, Some(MAX_AGE)),
        })
    }

    /// The refusal of a customer whose token does not admit to the room. `None` for one who may pass.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`] when the keys cannot be read.
    pub async fn refusal(&self, passage: Passage<'_>, invocation: &Invocation) -> Result<Option<Rejection>, Error> {
        let Some(room) = passage.room else {
            return Ok(None);
        };
        // A text of another form is refused without the keys.
        let Some(token) = passage.token.filter(|token| Admission::is_token(token)) else {
            return Ok(Some(required(room)));
        };
        let verify = |keys: &AdmissionKeys| {
            let admission = Admission::verify(token, passage.customer, keys);
            admission.map_err(|_| Error::from(required(room)))
        };
        let now = invocation.now;
        match self.keys.verify(now, invocation.deadline, verify).await {
            Ok(admission) if admission.waiting_room_id != room => Ok(Some(required(room))),
            Ok(admission) if now >= admission.expires_at => Ok(Some(over(room, admission.expires_at))),
            Ok(_) => Ok(None),
            Err(Error::Rejected(refusal)) => Ok(Some(*refusal)),
            Err(error) => Err(error),
        }
    }
}

/// The token that a request has, if it has one.
pub fn token_of(request: &Request) -> Option<&str> {
    request.headers().get(HEADER).and_then(|token| token.to_str().ok())
}

fn required(room: WaitingRoomId) -> Rejection {
    let detail = "Join the waiting room, and send its token in the header Waiting-Room-Token.";
    let waiting_room_id = room.0;
    Rejection::with(reason::AdmissionRequired { waiting_room_id }, detail)
}

fn over(room: WaitingRoomId, expired_at: Timestamp) -> Rejection {
    let waiting_room_id = room.0;
    let detail = format!("Your admission ended at {expired_at}.");
    Rejection::with(reason::AdmissionRequired { waiting_room_id }, detail)
}
