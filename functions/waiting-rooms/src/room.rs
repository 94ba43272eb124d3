//! A waiting room: when it opens, and at which rates it admits.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::core::actor::Actor;
use shared::core::error::Rejection;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::core::text::DisplayText;
use shared::waiting_rooms::WaitingRoomId;
use utoipa::ToSchema;

use crate::lottery::{Bucket, Draw, Seed};
use crate::reason;
use crate::turns::RateSegment;

/// How long after its end a bucket is closed: until then, a join that was sent in time may be stored.
pub const CLOSING: SignedDuration = SignedDuration::from_secs(2);
/// How long after that end what counts with the bucket may be sent, so that it is stored when the bucket is closed.
const SENDING: SignedDuration = SignedDuration::from_secs(1);
/// The time for which a room keeps the rates, without the time in which it is paused. From then on it admits everybody
/// at once.
const PACED: SignedDuration = SignedDuration::from_hours(24);
/// The longest time after its opening for which a room keeps the rates.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(72);
/// How long after the room's first opening its joins are kept, or after the join if that is later.
pub const KEPT: SignedDuration = SignedDuration::from_hours(10 * 24);
/// How soon before it the opening can no longer be moved.
const SETTLED: SignedDuration = SignedDuration::from_secs(10);
/// The most rates that a room can have, one after another.
pub const MAX_SEGMENTS: usize = 100;
/// The highest rate.
const MAX_RATE: u32 = 600_000;
const MAX_NAME: usize = 100;

/// A waiting room, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingRoom {
    /// The room's id.
    pub waiting_room_id: WaitingRoomId,
    /// The name that customers see.
    #[schema(min_length = 1, max_length = 100, examples("Spring tour, Seoul"))]
    pub name: String,
    /// The time from which it admits.
    pub opens_at: Timestamp,
    /// The rates, one after another.
    #[schema(min_items = 1, max_items = 100)]
    pub segments: Vec<RateSegment>,
    /// The minutes that an admission lasts.
    #[schema(minimum = 1, maximum = 60)]
    pub token_minutes: u8,
    /// Whether customers are told that nothing is left. They can wait for returns.
    pub sold_out: bool,
    /// The SHA-256 of the 32 bytes of `seed`.
    #[schema(min_length = 64, max_length = 64)]
    pub seed_sha256: String,
    /// The seed of the early comers' lottery. Absent until they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 64, max_length = 64)]
    pub seed: Option<String>,
    /// The SHA-256 of the 32 bytes of the seed of later lotteries.
    #[schema(min_length = 64, max_length = 64)]
    pub later_seed_sha256: String,
    /// The seed of the lotteries of those who join after the opening. Absent as long as the rates count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 64, max_length = 64)]
    pub later_seed: Option<String>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

/// The effect of alarms on the rate of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowed {
    /// The rate that an administrator set.
    pub full_rate: u32,
    /// The alarms that are not over, by their names.
    pub alarms: BTreeSet<String>,
}

/// A waiting room as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredRoom {
    /// The room's id.
    pub waiting_room_id: WaitingRoomId,
    /// The name.
    pub name: String,
    /// The time from which it admits.
    pub opens_at: Timestamp,
    /// The rates, by their times. The first one counts from the opening on.
    pub segments: Vec<RateSegment>,
    /// The minutes that an admission lasts.
    pub token_minutes: u8,
    /// The alarms that have lowered the rate. Absent when it is the one that an administrator set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowed: Option<Slowed>,
    /// Whether customers are told that nothing is left.
    pub sold_out: bool,
    /// The seed of the early comers' lottery. Nobody sees it before [`StoredRoom::is_drawn_at`].
    pub seed: Seed,
    /// The seed of later lotteries. Nobody sees it before [`StoredRoom::is_over_at`].
    pub later_seed: Seed,
    /// Until when joins are kept. It stays when the opening is moved, as stored joins have it.
    pub joins_until: Timestamp,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The fingerprint of the request that created it, which identifies a retry.
    pub fingerprint: Fingerprint,
    /// The number of writes, from 1. Each is conditional on the version that was read.
    pub version: u64,
    /// The author of this version.
    pub updated_by: Actor,
}

impl StoredRoom {
    /// Whether the early comers are counted, so that the seed is public.
    pub fn is_drawn_at(&self, now: Timestamp) -> bool {
        closed_at(Bucket::Early, self.opens_at) <= now
    }

    /// The time from which the rates no longer count: when the room has had one for 24 hours. `None` for a room that is paused before.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let mut left = PACED;
        for (nth, segment) in self.segments.iter().enumerate() {
            if segment.rate_per_minute == 0 {
                continue;
            }
            let end = segment.from.checked_add(left).unwrap_or(Timestamp::MAX);
            match self.segments.get(nth + 1) {
                Some(next) if next.from < end => left -= next.from.duration_since(segment.from),
                _ => return Some(end),
            }
        }
        None
    }

    /// Whether nobody gets a place any more, so that the seed of later lotteries is public.
    pub fn is_over_at(&self, now: Timestamp) -> bool {
        let longest = self.opens_at.checked_add(LONGEST).unwrap_or(Timestamp::MAX);
        self.ends_at().unwrap_or(longest).min(longest) <= now
    }

    /// The key of the draws in a bucket.
    pub fn key(&self, bucket: Bucket) -> Seed {
        match bucket {
            Bucket::Early => self.seed,
            Bucket::Second(second) => self.later_seed.of_second(second),
        }
    }

    /// The draw of a customer who joins in a bucket.
    pub fn draw(&self, bucket: Bucket, customer: &CustomerId) -> Draw {
        self.key(bucket).draw(customer)
    }

    /// Whether the rates still count. They do for 24 hours without pauses, and as long as the rate is 0.
    pub fn is_paced_at(&self, now: Timestamp) -> bool {
        self.rate() == 0 || self.ends_at().is_none_or(|end| now < end)
    }

    /// The seconds that are closed at `now`, from the opening on, as long as the rates count: those of 72 hours at most. `None` while
    /// the early bucket is open.
    pub fn closed_seconds(&self, now: Timestamp) -> Option<u32> {
        if !self.is_drawn_at(now) {
            return None;
        }
        let lasts = |end: Timestamp| end.duration_since(self.opens_at);
        // Places of later ones are of no use: everybody enters at once, or nobody does.
        let most = self.ends_at().map_or(LONGEST, lasts).min(LONGEST);
        u32::try_from((lasts(now) - CLOSING).min(most).as_secs()).ok()
    }

    /// The present rate, or that of the opening.
    pub fn rate(&self) -> u32 {
        self.segments.last().map_or(0, |segment| segment.rate_per_minute)
    }

    /// The room with another rate from `now` on, or from the opening on, if that is later. Numbers that were told stay right: turns
    /// count two seconds after their time, and a room is remembered for one second at most.
    ///
    /// # Errors
    /// `too-many-rates`, and `waiting-room-over` when the room is paused, and its rates would not end within 72 hours of the opening,
    /// however often it is paused.
    pub fn with_rate(mut self, rate_per_minute: u32, now: Timestamp) -> Result<Self, Rejection> {
        if rate_per_minute == self.rate() {
            return Ok(self);
        }
        let is_resumed = self.rate() == 0;
        let from = now.max(self.opens_at);
        let segment = RateSegment { from, rate_per_minute };
        // A rate that has not begun is replaced.
        self.segments.pop_if(|last| from <= last.from);
        if self.segments.len() >= MAX_SEGMENTS {
            let detail = format!("A waiting room has at most {MAX_SEGMENTS} rates, one after another.");
            return Err(Rejection::new(&reason::TOO_MANY_RATES, detail));
        }
        self.segments.push(segment);
        let longest = self.opens_at.checked_add(LONGEST).unwrap_or(Timestamp::MAX);
        if is_resumed && self.ends_at().is_some_and(|end| end > longest) {
            let hours = LONGEST.as_hours();
            let detail = format!("The rates would not end within {hours} hours of the opening. Create another room.");
            return Err(Rejection::new(&reason::WAITING_ROOM_OVER, detail));
        }
        Ok(self)
    }

    /// The room with another opening.
    ///
    /// # Errors
    /// `waiting-room-open` when the present opening is past or near, `invalid-waiting-room` when the other one is.
    pub fn with_opening(mut self, opens_at: Timestamp, now: Timestamp) -> Result<Self, Rejection> {
        if opens_at == self.opens_at {
            return Ok(self);
        }
        let opened = self.opens_at;
        if opened < now + SETTLED {
            let detail = format!("The opening is {opened}, and stays.");
            return Err(Rejection::with(reason::WaitingRoomOpen { opens_at: opened }, detail));
        }
        if opens_at < now + SETTLED {
            return Err(invalid("opens_at", "another opening is at least ten seconds away"));
        }
        // Joins are kept until no place matters any more.
        if opens_at.checked_add(LONGEST).unwrap_or(Timestamp::MAX) > self.joins_until {
            return Err(invalid("opens_at", "it is at most seven days after the first opening"));
        }
        self.opens_at = opens_at;
        // Rates that are set before the opening replace each other.
        for segment in &mut self.segments {
            segment.from = opens_at;
        }
        Ok(self)
    }

    /// The room as administrators see it at `now`.
    pub fn view(&self, now: Timestamp) -> WaitingRoom {
        WaitingRoom {
            waiting_room_id: self.waiting_room_id,
            name: self.name.clone(),
            opens_at: self.opens_at,
            segments: self.segments.clone(),
            token_minutes: self.token_minutes,
            sold_out: self.sold_out,
            seed_sha256: self.seed.hash(),
            seed: self.is_drawn_at(now).then(|| self.seed.reveal()),
            later_seed_sha256: self.later_seed.hash(),
            later_seed: self.is_over_at(now).then(|| self.later_seed.reveal()),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The time from which the number of those who joined in a bucket stays.
pub fn closed_at(bucket: Bucket, opens_at: Timestamp) -> Timestamp {
    let closed = bucket.ends_at(opens_at).checked_add(CLOSING);
    closed.unwrap_or(Timestamp::MAX)
}

/// Until when what counts with a time that ends at `end` may be sent.
pub fn last_moment(end: Timestamp) -> Timestamp {
    end.checked_add(SENDING).unwrap_or(Timestamp::MAX)
}

/// Checks and normalizes a name.
///
/// # Errors
/// `invalid-waiting-room`.
pub fn name(text: &str) -> Result<String, Rejection> {
    let name = DisplayText::line(text, MAX_NAME).map(String::from);
    name.map_err(|refused| invalid("name", &refused.to_string()))
}

/// Checks a rate.
///
/// # Errors
/// `invalid-waiting-room`.
pub fn rate(rate_per_minute: u32) -> Result<u32, Rejection> {
    if rate_per_minute > MAX_RATE {
        return Err(invalid("rate_per_minute", &format!("it is at most {MAX_RATE}")));
    }
    Ok(rate_per_minute)
}

/// The rejection of a field.
pub fn invalid(field: &str, detail: &str) -> Rejection {
    let detail = format!("{field}: {detail}.");
    let field = field.to_owned();
    Rejection::with(reason::InvalidWaitingRoom { field }, detail)
}
