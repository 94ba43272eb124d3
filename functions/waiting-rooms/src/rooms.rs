//! Rooms and their lines, as a warm function remembers them for a second, so that those who wait cost few reads.
//!
//! A closed minute does not change, but for a write that is stored late. So the numbers of the last minutes only are read, and those of
//! the last 20 seconds again: a late one is noticed within a second, and one of an early comer within five. The line then begins again with the numbers in memory, as that of a function that has just started.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::waiting_rooms::WaitingRoomId;

use crate::calls::{FullParts, SETTLED};
use crate::line::Line;
use crate::numbers::split;
use crate::room::StoredRoom;
use crate::store::RoomTable;

/// How long a room is remembered.
const REUSE: SignedDuration = SignedDuration::from_secs(1);
/// How many rooms a function remembers. Beyond that it forgets all.
const REMEMBERED: usize = 16;
/// How many minutes of numbers it remembers in all, of 4 KB each. Beyond that it forgets those of the other rooms.
const MINUTES: usize = 20_000;
/// The seconds after it is closed in which a number is read again. DynamoDB answers or gives up sooner.
const AGAIN: u32 = 20;
/// How often the numbers of early comers are read again in that time, in seconds: it takes a query of each part.
const EARLY_AGAIN: u32 = 5;

/// The table, and the memory.
#[derive(Debug)]
pub struct Rooms {
    /// The table.
    pub table: RoomTable,
    memory: Mutex<HashMap<WaitingRoomId, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    read_at: Timestamp,
    room: Arc<StoredRoom>,
    line: Option<Arc<Line>>,
    full: FullParts,
}

impl Rooms {
    /// The rooms in the table that `WAITING_ROOMS_TABLE` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: RoomTable::new(platform)?,
            memory: Mutex::default(),
        })
    }

    /// The room, if it was read less than a second ago.
    pub fn recall(&self, id: WaitingRoomId, now: Timestamp) -> Option<Arc<StoredRoom>> {
        let memory = self.memory();
        let known = memory.get(&id)?;
        let is_fresh = known.read_at <= now && now < known.read_at + REUSE;
        is_fresh.then(|| Arc::clone(&known.room))
    }

    /// Remembers a room that was read at `now`.
    pub fn remember(&self, room: StoredRoom, now: Timestamp) -> Arc<StoredRoom> {
        let room = Arc::new(room);
        let mut memory = self.memory();
        if memory.len() >= REMEMBERED && !memory.contains_key(&room.waiting_room_id) {
            memory.clear();
        }
        let known = memory.entry(room.waiting_room_id).or_insert_with(|| Known {
            read_at: now,
            room: Arc::clone(&room),
            line: None,
            full: FullParts::default(),
        });
        known.read_at = now;
        known.room = Arc::clone(&room);
        room
    }

    /// The room, as it was within the last second.
    ///
    /// # Errors
    /// `not-found`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn room(&self, id: WaitingRoomId, invocation: &Invocation) -> Result<Arc<StoredRoom>, Error> {
        if let Some(room) = self.recall(id, invocation.now) {
            return Ok(room);
        }
        let room = self.table.get(id, invocation.deadline).await?;
        Ok(self.remember(room, invocation.now))
    }

    /// The line of a room now. `None` while early comers join.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn line(&self, room: &StoredRoom, invocation: &Invocation) -> Result<Option<Arc<Line>>, Error> {
        let Some(closed) = room.closed_seconds(invocation.now) else {
            return Ok(None);
        };
        let id = room.waiting_room_id;
        let known = self.memory().get(&id).and_then(|known| known.line.clone());
        if known.as_ref().is_some_and(|line| line.closed() >= Some(closed)) {
            return Ok(known);
        }
        let mut line = known.map(Arc::unwrap_or_clone).unwrap_or_default();
        let first = first_minute(line.closed(), closed);
        let (last, _) = split(closed.saturating_sub(1));
        let read = self.table.count(id, first, last, invocation.deadline).await?;
        line.read(read, first);
        line.advance(room, closed);
        let line = Arc::new(line);
        self.remember_line(id, &line);
        Ok(Some(line))
    }

    fn remember_line(&self, id: WaitingRoomId, line: &Arc<Line>) {
        let mut memory = self.memory();
        let lines = memory.values().filter_map(|known| known.line.as_ref());
        if lines.map(|line| line.numbers().minutes()).sum::<usize>() > MINUTES {
            memory.retain(|&known, _| known == id);
        }
        if let Some(known) = memory.get_mut(&id)
            && known.line.as_ref().is_none_or(|known| known.closed() < line.closed())
        {
            known.line = Some(Arc::clone(line));
        }
    }

    /// Remembers that no more late customers are counted in a part of the numbers in a second, so that the others of that part are
    /// refused without a write.
    pub fn fill(&self, id: WaitingRoomId, second: u32, part: usize) {
        if let Some(known) = self.memory().get_mut(&id) {
            known.full.fill(second, part);
        }
    }

    /// Whether no more late customers are counted in a part in a second, as far as this function knows.
    pub fn is_full(&self, id: WaitingRoomId, second: u32, part: usize) -> bool {
        self.memory().get(&id).is_some_and(|known| known.full.has(second, part))
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<WaitingRoomId, Known>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The minute from which numbers are read when `closed` seconds are closed, by a function that read them when `known` were. `None`:
/// all, with those of the early comers.
fn first_minute(known: Option<u32>, closed: u32) -> Option<u32> {
    let known = known?;
    if known < AGAIN && known / EARLY_AGAIN < closed / EARLY_AGAIN {
        return None;
    }
    // Those who are in time are known some rounds after the call.
    let (first, _) = split((known + 1).saturating_sub(SETTLED + AGAIN));
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_again_for_twenty_seconds_after_they_are_closed() {
        for known in 0..600_u32 {
            let (first, second) = (first_minute(Some(known), known + 1), known.saturating_sub(AGAIN - 1));
            assert!(first.is_none_or(|first| first <= split(second).0), "{known}");
            // The round whose entries in time are known since then.
            let round = second.saturating_sub(SETTLED);
            assert!(first.is_none_or(|first| first <= split(round).0), "{known}");
        }
    }

    #[test]
    fn early_comers_are_read_again_every_five_seconds_until_they_are_twenty_seconds_old() {
        let all: Vec<u32> = (0..600)
            .filter(|&known| first_minute(Some(known), known + 1).is_none())
            .collect();
        assert_eq!(all, [4, 9, 14, 19]);
        assert_eq!(first_minute(None, 7), None, "a function that has just started");
        assert_eq!(first_minute(Some(3), 90), None, "one that was idle");
    }
}
