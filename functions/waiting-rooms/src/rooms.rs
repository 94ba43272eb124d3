//! Rooms and their lines, as a warm function remembers them for a second, so that those who wait cost few reads.
//!
//! Invariant: what is closed does not change, so it is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::waiting_rooms::WaitingRoomId;

use crate::calls::FullParts;
use crate::line::Line;
use crate::room::StoredRoom;
use crate::store::RoomTable;

/// How long a room is remembered.
const REUSE: SignedDuration = SignedDuration::from_secs(1);
/// How many rooms a function remembers. Beyond that it forgets all.
const REMEMBERED: usize = 16;

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
        let seconds = (line.closed(), closed);
        let count = self.table.count(id, &mut line.numbers, seconds, invocation.deadline);
        count.await?;
        line.advance(room, closed);
        let line = Arc::new(line);
        if let Some(known) = self.memory().get_mut(&id)
            && known.line.as_ref().is_none_or(|known| known.closed() < Some(closed))
        {
            known.line = Some(Arc::clone(&line));
        }
        Ok(Some(line))
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
