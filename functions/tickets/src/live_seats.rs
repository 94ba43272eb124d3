//! The seat map of a showtime as it is now. A function derives it at most once a second, however many ask.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use jiff::Timestamp;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::error::{self, Rejection};
use shared::tickets::{SeatMap, SeatStore, Showtime, ShowtimeId};

use crate::store::{Entity, ShowStore};

/// The time for which a derived map is used again.
const REUSE: SignedDuration = SignedDuration::from_secs(1);

/// The number of showtimes that a function remembers. A map of 10,000 seats has 2.5 KB.
const REMEMBERED: usize = 16;

/// The seats of showtimes, with a memory of one second.
#[derive(Debug)]
pub struct LiveSeats {
    shows: ShowStore,
    seats: SeatStore,
    memory: Mutex<VecDeque<(Timestamp, Arc<SeatsNow>)>>,
}

/// A showtime and its seats at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct SeatsNow {
    /// The showtime.
    pub showtime: Showtime,
    /// The states of its seats.
    pub map: SeatMap,
}

impl LiveSeats {
    /// Reads the tables' names from `SHOWS_TABLE` and `SEATS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            memory: Mutex::default(),
        })
    }

    /// The seats of a showtime that everybody sees: those that were derived less than a second ago, or new ones.
    ///
    /// # Errors
    /// `not-found`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn of(&self, showtime: ShowtimeId, invocation: &Invocation) -> Result<Arc<SeatsNow>, Error> {
        let now = invocation.now;
        if let Some(known) = self.remembered(showtime, now) {
            return Ok(known);
        }
        let found = self
            .shows
            .get::<Showtime>(showtime.0, invocation.deadline)
            .await?
            .entity;
        let Some(seating) = found.seating.as_ref().filter(|_| found.is_public()) else {
            return Err(Rejection::new(&error::NOT_FOUND, Showtime::MISSING).into());
        };
        let rows = self
            .seats
            .all(showtime, seating.parts, false, invocation.deadline)
            .await?;
        let map = SeatMap::of(&rows, &seating.areas, now);
        // An eventually consistent read may miss rows that were created a moment ago.
        if map.places() != seating.seats as usize {
            let detail = format!("{showtime} has {} of {} seats", map.places(), seating.seats);
            return Err(Error::unavailable("read the seats of a showtime", detail));
        }
        let derived = Arc::new(SeatsNow { showtime: found, map });
        self.remember(now, &derived);
        Ok(derived)
    }

    fn remembered(&self, showtime: ShowtimeId, now: Timestamp) -> Option<Arc<SeatsNow>> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = memory.iter();
        let is_fresh = |at: Timestamp| at <= now && now < at + REUSE;
        known
            .find(|(at, seats)| seats.showtime.showtime_id == showtime && is_fresh(*at))
            .map(|(_, seats)| Arc::clone(seats))
    }

    fn remember(&self, now: Timestamp, derived: &Arc<SeatsNow>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.retain(|(_, known)| known.showtime.showtime_id != derived.showtime.showtime_id);
        memory.push_front((now, Arc::clone(derived)));
        memory.truncate(REMEMBERED);
    }
}
