//! On an alarm of the API or of the functions: halves the rates of the open waiting rooms.
//!
//! The rate is another segment of the room, under its version. A room is slowed at most once in five minutes, so a repeated event, or the
//! alarms of one fault, slow it once.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::waiting_rooms::WaitingRoomId;

use crate::room::StoredRoom;
use crate::store::RoomTable;

/// How long another change of the rate protects a room.
///
/// The alarms of one fault come minutes apart, and Lambda repeats a failed event after one and two minutes.
const SPARED: SignedDuration = SignedDuration::from_mins(5);

/// The function's store.
#[derive(Debug)]
pub struct SlowWaitingRooms {
    /// Waiting rooms.
    pub rooms: RoomTable,
}

impl SlowWaitingRooms {
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

/// A change of an alarm's state, as CloudWatch sends it.
pub type AlarmChange = EventBridgeEvent<AlarmChangeDetail>;

/// What the function reads of a change.
#[derive(Debug, Serialize, Deserialize)]
pub struct AlarmChangeDetail {
    /// The alarm's name.
    #[serde(rename = "alarmName")]
    pub alarm_name: String,
    /// The new state.
    pub state: AlarmState,
}

/// The state of an alarm.
#[derive(Debug, Serialize, Deserialize)]
pub struct AlarmState {
    /// `ALARM`, `OK` or `INSUFFICIENT_DATA`.
    pub value: String,
}

/// Halves the rates of the rooms that are open.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, and [`Error::Internal`].
pub async fn handle(function: &SlowWaitingRooms, event: AlarmChange, invocation: Invocation) -> Result<(), Error> {
    let change = event.detail;
    if change.state.value != "ALARM" {
        return Ok(());
    }
    let rooms = function.rooms.open_rooms(invocation.now, invocation.deadline).await?;
    let mut outcome = Ok(());
    for room in rooms {
        match function.slow(room, &invocation).await {
            Ok(Some(rate)) => {
                tracing::warn!(waiting_room = %room, alarm = change.alarm_name, rate, "an alarm has slowed a waiting room");
            }
            Ok(None) => {}
            // The others are slowed all the same.
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}

impl SlowWaitingRooms {
    /// Halves the rate of a room. Returns the new one, if it has changed.
    async fn slow(&self, id: WaitingRoomId, invocation: &Invocation) -> Result<Option<u32>, Error> {
        let mut attempts = Attempts::new("slow a waiting room");
        loop {
            attempts.start()?;
            let present = invocation.at_present();
            let Some(previous) = self.rooms.find(id, invocation.deadline).await? else {
                return Ok(None);
            };
            let Some(slowed) = slowed(&previous, present.now) else {
                return Ok(None);
            };
            let rate = slowed.rate();
            let next = StoredRoom {
                updated_at: present.now,
                version: previous.version + 1,
                updated_by: invocation.actor()?.clone(),
                ..slowed
            };
            if self.rooms.save_soon(&next, &present).await? {
                return Ok(Some(rate));
            }
        }
    }
}

/// The room at half its rate, but at least one customer a minute. `None` for a room that is not open, or whose rate was changed
/// within five minutes, cannot be less, or cannot change any more.
fn slowed(room: &StoredRoom, now: Timestamp) -> Option<StoredRoom> {
    let is_spared = room.segments.iter().skip(1).next_back();
    let is_spared = is_spared.is_some_and(|last| now < last.from + SPARED);
    if now < room.opens_at || !room.is_paced_at(now) || is_spared || room.rate() <= 1 {
        return None;
    }
    room.clone().with_rate(room.rate() / 2, now).ok()
}
