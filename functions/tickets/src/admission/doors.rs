//! From when on the tickets of a showtime are checked in.
//!
//! A test scan days before the show would use a ticket up, so a scan before that time is refused, and so is one for a cancelled
//! showtime. A function remembers a showtime for a second after it was read, so that a scan still costs one write unit. A showtime
//! that is moved or cancelled takes effect within that second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use envconfig::Envconfig;
use jiff::{SignedDuration, Timestamp};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::tickets::{Showtime, ShowtimeId, ShowtimeStatus};

use crate::store::ShowStore;

/// How long a showtime is remembered.
const REUSE: SignedDuration = SignedDuration::from_secs(1);
/// How many showtimes a function remembers. Beyond that it forgets all.
const REMEMBERED: usize = 100;

/// Why no ticket of a showtime is checked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// It is too early.
    Before {
        /// The time from which tickets are checked in.
        opens_at: Timestamp,
    },
    /// The showtime does not take place.
    Cancelled,
}

/// The doors of all showtimes.
#[derive(Debug)]
pub struct Doors {
    shows: ShowStore,
    /// How long before the doors open, or before the start without a time of the doors.
    ahead: SignedDuration,
    known: Mutex<HashMap<ShowtimeId, Door>>,
}

/// The door of a showtime, as read.
#[derive(Clone, Copy, Debug)]
struct Door {
    /// The start of the invocation that read it.
    read_at: Timestamp,
    opens_at: Timestamp,
    is_cancelled: bool,
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "CHECK_IN_OPENS_MINUTES")]
    check_in_opens_minutes: u32,
}

impl Doors {
    /// The doors, which open as `CHECK_IN_OPENS_MINUTES` says.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let config: Config = platform.config()?;
        Ok(Self {
            shows: ShowStore::new(platform)?,
            ahead: SignedDuration::from_mins(config.check_in_opens_minutes.into()),
            known: Mutex::default(),
        })
    }

    /// Why no ticket of the showtime is checked in at `at`. `None` if they are.
    ///
    /// # Errors
    /// `not-found`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn shut(&self, id: ShowtimeId, at: Timestamp, invocation: &Invocation) -> Result<Option<Shut>, Error> {
        let door = match self.known(id, invocation.now) {
            Some(door) => door,
            None => self.read(id, invocation).await?,
        };
        Ok(match door.opens_at {
            _ if door.is_cancelled => Some(Shut::Cancelled),
            opens_at if at < opens_at => Some(Shut::Before { opens_at }),
            _ => None,
        })
    }

    fn known(&self, id: ShowtimeId, now: Timestamp) -> Option<Door> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let door = known.get(&id).copied();
        door.filter(|door| door.read_at <= now && now < door.read_at + REUSE)
    }

    async fn read(&self, id: ShowtimeId, invocation: &Invocation) -> Result<Door, Error> {
        let showtime = self.shows.get::<Showtime>(id.0, invocation.deadline).await?.entity;
        let door = Door {
            read_at: invocation.now,
            opens_at: showtime
                .doors_at
                .unwrap_or(showtime.starts_at)
                .checked_sub(self.ahead)
                .unwrap_or(Timestamp::MIN),
            is_cancelled: showtime.status == ShowtimeStatus::Cancelled,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(id, door);
        Ok(door)
    }
}
