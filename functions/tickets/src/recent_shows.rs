//! The showtimes that a function has read within the last second, with their performances.
//!
//! Everybody who wants seats of a showtime needs the same two items. DynamoDB serves 3,000 consistent reads of an item a second,
//! and a storm has more requests than that. So a function remembers them for a second, as [`LiveSeats`](crate::live_seats) does,
//! and reads them without consistency, which costs half.
//!
//! It also remembers for a second that somebody was refused because a seat is taken. In a storm nearly everybody is, so the next
//! request is answered with as few reads as that takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::{Area, PerformanceId, SeatRow, Showtime, ShowtimeId, ShowtimeStatus, ZoneCode};
use shared::{coupons, orders};

use crate::performance::Performance;
use crate::reason;

/// The time for which a showtime is used again after it was read.
const REUSE: SignedDuration = SignedDuration::from_secs(1);

/// The number of showtimes that a function remembers.
const REMEMBERED: usize = 1_000;

/// The reasons to refuse a hold that follow from its showtime or performance.
const JUDGED_BY_SHOW: [&Reason; 9] = [
    &error::NOT_FOUND,
    &reason::INVALID_HOLD,
    &reason::NOT_ON_SALE,
    &reason::TOO_MANY_SEATS,
    &orders::reason::TOTAL_DIFFERS,
    &orders::reason::TOTAL_TOO_LARGE,
    &coupons::reason::COUPON_NOT_APPLICABLE,
    &coupons::reason::COUPON_MINIMUM_NOT_REACHED,
    &coupons::reason::COUPON_CURRENCY_DIFFERS,
];

/// A showtime and its performance.
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    /// The showtime.
    pub showtime: Showtime,
    /// The performance of the showtime.
    pub performance: Performance,
}

impl Show {
    /// Whether a refusal at `now` may be wrong because the showtime or the performance has changed since they were read.
    ///
    /// Not for those who come before the sale: they ask again anyhow, and there are many of them.
    pub fn may_be_outdated_by(&self, refusal: &Rejection, now: Timestamp) -> bool {
        let is_early = self.showtime.status == ShowtimeStatus::OnSale && now < self.showtime.sales_start_at;
        let is_of_early = is_early && *refusal.reason == reason::NOT_ON_SALE;
        JUDGED_BY_SHOW.contains(&refusal.reason) && !is_of_early
    }
}

/// The memory of a function.
#[derive(Debug, Default)]
pub struct RecentShows(Mutex<HashMap<ShowtimeId, Recent>>);

#[derive(Debug)]
struct Recent {
    read_at: Timestamp,
    show: Arc<Show>,
    /// The time at which a customer was last told that a seat is taken.
    taken_at: Option<Timestamp>,
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at <= now && now < at + REUSE
}

impl RecentShows {
    /// The showtime, if it was read less than a second before `now`.
    pub fn get(&self, showtime: ShowtimeId, now: Timestamp) -> Option<Arc<Show>> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = memory.get(&showtime)?;
        is_recent(recent.read_at, now).then(|| Arc::clone(&recent.show))
    }

    /// Whether a customer was told less than a second before `now` that a seat of the showtime is taken.
    pub fn is_crowded(&self, showtime: ShowtimeId, now: Timestamp) -> bool {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken_at = memory.get(&showtime).and_then(|recent| recent.taken_at);
        taken_at.is_some_and(|at| is_recent(at, now))
    }

    /// Remembers that a customer was told at `now` that a seat of the showtime is taken.
    pub fn crowd(&self, showtime: ShowtimeId, now: Timestamp) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recent) = memory.get_mut(&showtime) {
            recent.taken_at = Some(now);
        }
    }

    /// The performance of a showtime, which never changes, if the showtime was ever read.
    pub fn performance_of(&self, showtime: ShowtimeId) -> Option<PerformanceId> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(&showtime).map(|recent| recent.show.showtime.performance_id)
    }

    /// An area of a showtime, which never changes, if the showtime was ever read with its seats.
    pub fn area_of(&self, showtime: ShowtimeId, code: &ZoneCode) -> Option<Area> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let areas = memory.get(&showtime)?.show.showtime.areas();
        areas.iter().find(|area| area.area == *code).cloned()
    }

    /// The fewest seats of a row of a showtime that the next one continues, or `None` if none does, which never changes. Of a showtime
    /// that was never read with its seats, as few as there can be.
    pub fn shortest_continued(&self, showtime: ShowtimeId) -> Option<u8> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seating = memory
            .get(&showtime)
            .and_then(|recent| recent.show.showtime.seating.as_ref());
        seating.map_or(Some(SeatRow::MIN_CONTINUED), |seating| seating.shortest_continued)
    }

    /// Remembers what was read in an invocation that began at `now`.
    pub fn remember(&self, show: Show, now: Timestamp) -> Arc<Show> {
        let show = Arc::new(show);
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= REMEMBERED {
            memory.clear();
        }
        let id = show.showtime.showtime_id;
        let recent = Recent {
            read_at: now,
            show: Arc::clone(&show),
            taken_at: memory.get(&id).and_then(|recent| recent.taken_at),
        };
        memory.insert(id, recent);
        show
    }
}
