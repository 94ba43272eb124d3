//! Administrators block and release places of an area of general admission, by number: which ones does not matter.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Response};
use shared::core::actor::Actor;
use shared::core::error::Rejection;
use shared::tickets::{Area, Change, RowKey, SeatId, SeatRow, SeatState, Showtime, ShowtimeId, Taken, ZoneCode};
use utoipa::ToSchema;

use crate::fields;
use crate::reason;
use crate::seat_changes::{MAX_ROWS, MAX_SEATS, SeatChanges, SeatsResponse, require_seats_exist};

const FIELD: &str = "general";
/// The number of places whose holds have ended that are looked at in one read of their orders.
const ENDED_AT_ONCE: usize = 100;

/// Some places of an area of general admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaPlaces {
    /// The area.
    pub area: ZoneCode,
    /// The number of places to block or release.
    #[schema(minimum = 1, maximum = 1_000)]
    pub count: u16,
}

/// The current state of an area of general admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AreaNow {
    /// The area.
    pub area: ZoneCode,
    /// The number of its places.
    #[schema(minimum = 1, maximum = 10_000)]
    pub places: u32,
    /// The number of free places.
    #[schema(maximum = 10_000)]
    pub free: u32,
    /// The number of blocked places.
    #[schema(maximum = 10_000)]
    pub blocked: u32,
}

/// A change of an area: the stores, and the request.
#[derive(Debug)]
pub struct AreaChange<'a> {
    /// The stores.
    pub stores: &'a SeatChanges,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// Whether the places are blocked, or else released.
    pub is_block: bool,
    /// The places.
    pub places: &'a AreaPlaces,
    /// The record of the request.
    pub stored: &'a StoredRequest,
}

impl AreaChange<'_> {
    /// Blocks free places, or releases blocked ones.
    ///
    /// # Errors
    /// `not-found`, `invalid-show`, `seats-missing`, `too-few-places`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn apply(&self, invocation: &Invocation) -> Result<Response, Error> {
        fields::in_range(FIELD, self.places.count.into(), 1..=MAX_SEATS)?;
        let deadline = invocation.deadline;
        let mut attempts = Attempts::new("change places");
        loop {
            attempts.start()?;
            let is_done = self.stores.is_done(self.stored, deadline).await?;
            let showtime = self
                .stores
                .shows
                .get::<Showtime>(self.showtime_id.0, deadline)
                .await?
                .entity;
            require_seats_exist(&showtime)?;
            let mut areas = showtime.areas().iter();
            let area = areas.find(|area| area.area == self.places.area).ok_or_else(|| {
                let code = &self.places.area;
                fields::invalid(FIELD, &format!("the showtime has no area {code} of general admission"))
            })?;
            let mut rows = self
                .stores
                .seats
                .parts(self.showtime_id, area.parts(), true, deadline)
                .await?;
            if is_done {
                return respond(area, &rows, invocation.now).map(http::replayed);
            }
            let Some(chosen) = self.choose(area, &rows)? else {
                if self.is_block && self.end_holds(&rows, invocation).await? {
                    continue;
                }
                let refusal = self.too_few(area, &rows);
                self.stores.refuse_unless_done(self.stored, refusal, deadline).await?;
                continue;
            };
            let change = match self.is_block {
                true => Change::BlockFree,
                false => Change::ReleaseBlocked,
            };
            let changed = self
                .stores
                .seats
                .change(self.showtime_id, change, &chosen, self.stored, deadline);
            if changed.await? {
                for row in &mut rows {
                    for place in chosen.get(&row.key).into_iter().flatten() {
                        match self.is_block {
                            true => row.taken.insert(*place, Taken::Blocked),
                            false => row.taken.remove(place),
                        };
                    }
                }
                return respond(area, &rows, invocation.now);
            }
        }
    }

    /// The places to change, in as few rows as possible. `None` if the area has too few.
    fn choose(&self, area: &Area, rows: &[SeatRow]) -> Result<Option<BTreeMap<RowKey, Vec<u8>>>, Rejection> {
        let mut by_row: Vec<(RowKey, Vec<u8>)> = rows.iter().map(|row| (row.key, self.places_of(row))).collect();
        // Holds take places at random, so two that meet in a row once do not meet there again.
        for (_, places) in &mut by_row {
            let first = fastrand::usize(..places.len().max(1));
            places.rotate_left(first);
        }
        fastrand::shuffle(&mut by_row);
        by_row.sort_by_key(|(_, places)| Reverse(places.len()));
        let (mut chosen, mut missing) = (BTreeMap::new(), usize::from(self.places.count));
        for (row, mut places) in by_row.into_iter().take_while(|(_, places)| !places.is_empty()) {
            if missing == 0 {
                break;
            }
            if chosen.len() == MAX_ROWS {
                let most = usize::from(self.places.count) - missing;
                let detail = format!(
                    "a request changes at most {MAX_ROWS} rows, now {most} places of {}",
                    area.name
                );
                return Err(fields::invalid(FIELD, &detail));
            }
            places.truncate(missing);
            missing -= places.len();
            chosen.insert(row, places);
        }
        Ok((missing == 0).then_some(chosen))
    }

    /// The places of a row that the change may take.
    fn places_of(&self, row: &SeatRow) -> Vec<u8> {
        let is_one = |place: &u8| match row.taken.get(place) {
            None => self.is_block,
            Some(Taken::Blocked) => !self.is_block,
            Some(Taken::Order { .. }) => false,
        };
        (0..row.seats).filter(is_one).collect()
    }

    /// Ends orders whose holds of places have ended, until the area has enough free ones. Returns whether places have become free.
    async fn end_holds(&self, rows: &[SeatRow], invocation: &Invocation) -> Result<bool, Error> {
        let by_key: BTreeMap<RowKey, SeatRow> = rows.iter().map(|row| (row.key, row.clone())).collect();
        let ended = rows.iter().flat_map(|row| {
            let is_ended = |place: &&u8| row.state(**place, invocation.now) == SeatState::Free;
            let places = row.taken.keys().filter(is_ended);
            places.map(|&place| SeatId { row: row.key, place })
        });
        let ended: Vec<SeatId> = ended.collect();
        // The holds have expired, so the administrator is not the actor.
        let by_function = invocation.by(Actor::function("block-seats"));
        let open: usize = rows.iter().map(|row| self.places_of(row).len()).sum();
        let mut missing = usize::from(self.places.count).saturating_sub(open);
        let mut any = false;
        for seats in ended.chunks(ENDED_AT_ONCE) {
            if missing == 0 {
                break;
            }
            let freed = self
                .stores
                .reservations
                .end_expired_holds(seats, &by_key, &by_function)
                .await?;
            any |= freed.any;
            missing = missing.saturating_sub(seats.len() - freed.kept.len());
        }
        Ok(any)
    }

    fn too_few(&self, area: &Area, rows: &[SeatRow]) -> Rejection {
        let places: usize = rows.iter().map(|row| self.places_of(row).len()).sum();
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        let state = if self.is_block { "free" } else { "blocked" };
        let detail = format!("{places} places of {} are {state}. Nothing has changed.", area.name);
        let area = area.area.clone();
        Rejection::with(reason::TooFewPlaces { area, places }, detail)
    }
}

fn respond(area: &Area, rows: &[SeatRow], now: Timestamp) -> Result<Response, Error> {
    let count = |wanted: SeatState| {
        let states = rows.iter().flat_map(|row| row.states(now));
        u32::try_from(states.filter(|&state| state == wanted).count()).unwrap_or(u32::MAX)
    };
    let now = AreaNow {
        area: area.area.clone(),
        places: area.places,
        free: count(SeatState::Free),
        blocked: count(SeatState::Blocked),
    };
    let response = SeatsResponse {
        seats: vec![],
        area: Some(now),
    };
    http::json(StatusCode::OK, &response)
}
