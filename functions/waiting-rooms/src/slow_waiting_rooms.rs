//! On an alarm of the API or of the functions: halves the rates of the open waiting rooms, and undoes that when the alarm is over.
//!
//! The rate is another segment of the room, under its version. The room knows the alarms that hold it, so a repeated event changes
//! nothing, and the rate that an administrator set, which it never exceeds.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::waiting_rooms::WaitingRoomId;

use crate::room::{Slowed, StoredRoom};
use crate::store::RoomTable;

/// The time for which another change of the rate protects a room.
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

/// The part of a change that the function reads.
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

/// Halves the rates of the rooms that are open, or doubles those of rooms that no alarm holds any more.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, and [`Error::Internal`].
pub async fn handle(function: &SlowWaitingRooms, event: AlarmChange, invocation: Invocation) -> Result<(), Error> {
    let change = event.detail;
    if !["ALARM", "OK"].contains(&change.state.value.as_str()) {
        return Ok(());
    }
    let rooms = function.rooms.open_rooms(invocation.now, invocation.deadline).await?;
    let mut outcome = Ok(());
    for room in rooms {
        match function.follow(&change, room, &invocation).await {
            Ok(Some(rate)) => {
                tracing::warn!(waiting_room = %room, alarm = change.alarm_name, rate, "an alarm has changed the rate of a waiting room");
            }
            Ok(None) => {}
            // The others change all the same.
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}

impl SlowWaitingRooms {
    /// Changes the rate of a room as an alarm demands. Returns the new one, if it has changed.
    async fn follow(
        &self,
        change: &AlarmChangeDetail,
        id: WaitingRoomId,
        invocation: &Invocation,
    ) -> Result<Option<u32>, Error> {
        let mut attempts = Attempts::new("change the rate of a waiting room");
        loop {
            attempts.start()?;
            let present = invocation.at_present();
            let Some(previous) = self.rooms.find(id, invocation.deadline).await? else {
                return Ok(None);
            };
            let changed = match change.state.value.as_str() {
                "ALARM" => slowed(&previous, &change.alarm_name, present.now),
                _ => recovered(&previous, &change.alarm_name, present.now),
            };
            let Some(changed) = changed else {
                return Ok(None);
            };
            let (before, rate) = (previous.rate(), changed.rate());
            let next = StoredRoom {
                updated_at: present.now,
                version: previous.version + 1,
                updated_by: invocation.actor()?.clone(),
                ..changed
            };
            if self.rooms.save_soon(&next, &present).await? {
                return Ok((rate != before).then_some(rate));
            }
        }
    }
}

/// The room at half its rate, but at least one customer a minute, held by the alarm. Within five minutes of another change of the rate,
/// a slowed room is held by the alarm too, at its present rate. `None` when nothing changes: for a room that is not open or whose rate
/// an administrator has just set, for one that cannot be slower or cannot change any more, and for a repeated event. The same alarm later
/// is another one, also if its end has not been told.
fn slowed(room: &StoredRoom, alarm: &str, now: Timestamp) -> Option<StoredRoom> {
    if now < room.opens_at || !room.is_paced_at(now) || room.rate() <= 1 {
        return None;
    }
    let known = room.slowed.as_ref();
    let last = room.segments.iter().skip(1).next_back();
    let is_spared = last.is_some_and(|last| now < last.from + SPARED);
    let held = |full_rate: u32, rate: u32| {
        let mut alarms = known.map(|slowed| slowed.alarms.clone()).unwrap_or_default();
        alarms.insert(alarm.to_owned());
        let changed = room.clone().with_rate(rate, now).ok()?;
        Some(StoredRoom {
            slowed: Some(Slowed { full_rate, alarms }),
            ..changed
        })
    };
    match known {
        None if is_spared => None,
        Some(slowed) if is_spared && slowed.alarms.contains(alarm) => None,
        Some(slowed) if is_spared => held(slowed.full_rate, room.rate()),
        _ => held(known.map_or(room.rate(), |slowed| slowed.full_rate), room.rate() / 2),
    }
}

/// The room without the alarm, and at twice its rate if that was the last one, but at most at the rate that an administrator set. `None`
/// for a room that the alarm does not hold, or that cannot change any more.
fn recovered(room: &StoredRoom, alarm: &str, now: Timestamp) -> Option<StoredRoom> {
    let mut slowed = room.slowed.clone()?;
    if !slowed.alarms.remove(alarm) {
        return None;
    }
    let full_rate = slowed.full_rate;
    let rate = if slowed.alarms.is_empty() && room.rate() > 0 {
        // A rate that was halved was rounded down.
        full_rate.min(room.rate() * 2 + 1)
    } else {
        room.rate()
    };
    let changed = room.clone().with_rate(rate, now).ok()?;
    Some(StoredRoom {
        slowed: (rate < full_rate).then_some(slowed),
        ..changed
    })
}

#[cfg(test)]
mod tests;
