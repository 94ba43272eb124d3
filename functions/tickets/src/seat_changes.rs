//! Administrators block and release seats: the request, and its steps.

use std::collections::BTreeMap;

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::actor::Actor;
use shared::core::error::Rejection;
use shared::orders::ReservationStore;
use shared::tickets::{Change, RowKey, SeatId, SeatRow, SeatState, SeatStore, Showtime, ShowtimeId};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::area_changes::{AreaChange, AreaNow, AreaPlaces};
use crate::fields;
use crate::reason::{self, SeatNow};
use crate::store::ShowStore;

/// The most rows of a request. A transaction has at most 100 items, one of which is the request.
pub const MAX_ROWS: usize = 90;
/// The most seats of a request.
pub const MAX_SEATS: u64 = 1_000;

/// Seats of a showtime, or places of an area of general admission: either `seats` or `general`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatsRequest {
    /// The seats, each once, in at most 90 rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 1_000)]
    pub seats: Option<Vec<SeatId>>,
    /// The number of places of an area. To be blocked, they are free; to be released, they are blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub general: Option<AreaPlaces>,
}

/// The seats of a request as they are now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeatsResponse {
    /// The seats. Empty for a change of an area.
    pub seats: Vec<SeatNow>,
    /// The area, if places of one were changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub area: Option<AreaNow>,
}

/// Changes seats for administrators.
#[derive(Debug)]
pub struct SeatChanges {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// Seats.
    pub seats: SeatStore,
    /// Orders whose holds have ended.
    pub reservations: ReservationStore,
}

impl SeatChanges {
    /// Changes on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            reservations: ReservationStore::for_all_orders(platform)?,
        })
    }

    /// Blocks or releases the seats of a request.
    ///
    /// # Errors
    /// `not-found`, `invalid-show`, `seats-missing`, `unknown-seats`, `seats-not-free`, `too-few-places`, those of the request itself,
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn apply(&self, change: Change, request: &Request, invocation: &Invocation) -> Result<Response, Error> {
        let showtime_id = http::path::<ShowtimeId>(request)?;
        let (key, caller) = (http::idempotency_key(request)?, http::caller(request)?);
        let body: SeatsRequest = http::body(request)?;
        let kind = match change {
            Change::Block | Change::BlockFree => "block seats",
            Change::Release | Change::ReleaseBlocked => "release seats",
        };
        let content = (showtime_id, &body);
        let stored = StoredRequest::new(kind, &key, &caller.customer_id, &content, invocation.now)?;
        match (body.seats, body.general) {
            (Some(seats), None) => self.apply_to(&seats, change, showtime_id, &stored, invocation).await,
            (None, Some(places)) => {
                let change = AreaChange {
                    stores: self,
                    showtime_id,
                    is_block: change == Change::Block,
                    places: &places,
                    stored: &stored,
                };
                change.apply(invocation).await
            }
            _ => Err(fields::invalid("seats", "send either seats or general").into()),
        }
    }

    async fn apply_to(
        &self,
        seats: &[SeatId],
        change: Change,
        showtime_id: ShowtimeId,
        stored: &StoredRequest,
        invocation: &Invocation,
    ) -> Result<Response, Error> {
        let (by_row, deadline) = (by_row(seats)?, invocation.deadline);
        let (name, state) = match change {
            Change::Block | Change::BlockFree => ("block-seats", SeatState::Blocked),
            Change::Release | Change::ReleaseBlocked => ("release-seats", SeatState::Free),
        };
        let mut attempts = Attempts::new("change seats");
        loop {
            attempts.start()?;
            if self.is_done(stored, deadline).await? {
                let rows = self.seats.rows(showtime_id, by_row.keys().copied(), deadline).await?;
                return respond(seats, &rows, invocation).map(http::replayed);
            }
            let showtime = self.shows.get::<Showtime>(showtime_id.0, deadline).await?.entity;
            require_seats_exist(&showtime)?;
            let rows = self.seats.rows(showtime_id, by_row.keys().copied(), deadline).await?;
            require_known(seats, &rows)?;
            // The time of the hold was over: the administrator did not end it.
            let by_function = invocation.by(Actor::function(name));
            let ended = self.reservations.end_expired_holds(seats, &rows, &by_function).await?;
            if ended.any {
                continue;
            }
            if let Err(refusal) = require_open(seats, &rows, &ended.kept, invocation) {
                self.refuse_unless_done(stored, refusal, deadline).await?;
                continue;
            }
            let changed = self.seats.change(showtime_id, change, &by_row, stored, deadline);
            if changed.await? {
                let seats = seats.iter().map(|&seat| SeatNow { seat, state }).collect();
                return http::json(StatusCode::OK, &SeatsResponse { seats, area: None });
            }
        }
    }
}

impl SeatChanges {
    /// Whether an earlier attempt of the request, or a concurrent duplicate, has changed the seats.
    ///
    /// # Errors
    /// `idempotency-key-reused`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn is_done(&self, request: &StoredRequest, deadline: Instant) -> Result<bool, Error> {
        Ok(self.seats.earlier(request, deadline).await?.is_some())
    }

    /// Refuses a request, unless a concurrent duplicate has changed the seats since the request was looked for: then the caller reads
    /// again and answers as to a retry.
    ///
    /// # Errors
    /// `refusal`, and those of [`SeatChanges::is_done`].
    pub async fn refuse_unless_done(
        &self,
        request: &StoredRequest,
        refusal: Rejection,
        deadline: Instant,
    ) -> Result<(), Error> {
        match self.is_done(request, deadline).await? {
            true => Ok(()),
            false => Err(refusal.into()),
        }
    }
}

/// Checks that the showtime was published.
///
/// # Errors
/// `seats-missing`.
pub fn require_seats_exist(showtime: &Showtime) -> Result<(), Rejection> {
    if showtime.is_public() {
        return Ok(());
    }
    let detail = "The showtime has no seats yet. Publish it first.";
    Err(Rejection::new(&reason::SEATS_MISSING, detail))
}

/// The places of seats in each row.
///
/// # Errors
/// A seat that is listed twice.
pub fn places_by_row(seats: &[SeatId]) -> Result<BTreeMap<RowKey, Vec<u8>>, SeatId> {
    let mut rows: BTreeMap<RowKey, Vec<u8>> = BTreeMap::new();
    for seat in seats {
        let places = rows.entry(seat.row).or_default();
        if places.contains(&seat.place) {
            return Err(*seat);
        }
        places.push(seat.place);
    }
    Ok(rows)
}

fn by_row(seats: &[SeatId]) -> Result<BTreeMap<RowKey, Vec<u8>>, Rejection> {
    const FIELD: &str = "seats";
    fields::in_range(FIELD, seats.len() as u64, 1..=MAX_SEATS)?;
    let rows = places_by_row(seats).map_err(|seat| fields::invalid(FIELD, &format!("{seat} is listed twice")))?;
    if rows.len() > MAX_ROWS {
        let detail = format!("the seats are in at most {MAX_ROWS} rows, not {}", rows.len());
        return Err(fields::invalid(FIELD, &detail));
    }
    Ok(rows)
}

/// Checks that the showtime has all of `seats`.
///
/// # Errors
/// `unknown-seats`.
pub fn require_known(seats: &[SeatId], rows: &BTreeMap<RowKey, SeatRow>) -> Result<(), Rejection> {
    let is_known = |seat: &&SeatId| rows.get(&seat.row).is_some_and(|row| row.has(**seat));
    let seats: Vec<SeatId> = seats.iter().filter(|seat| !is_known(seat)).copied().collect();
    let Some(first) = seats.first() else { return Ok(()) };
    let detail = format!("The showtime has no seat {first}.");
    Err(Rejection::with(reason::UnknownSeats { seats }, detail))
}

fn require_open(
    seats: &[SeatId],
    rows: &BTreeMap<RowKey, SeatRow>,
    kept: &[SeatId],
    invocation: &Invocation,
) -> Result<(), Rejection> {
    let mut seats = now(seats, rows, kept, invocation);
    seats.retain(|seat| matches!(seat.state, SeatState::Held | SeatState::Sold));
    let Some(first) = seats.first() else { return Ok(()) };
    let detail = format!("The seat {} is held or sold. Nothing has changed.", first.seat);
    Err(Rejection::with(reason::SeatsNotFree { seats }, detail))
}

/// The present states of the seats. Those in `kept` are held: their orders are paid or are being paid for after the deadline of
/// their hold.
pub fn now(
    seats: &[SeatId],
    rows: &BTreeMap<RowKey, SeatRow>,
    kept: &[SeatId],
    invocation: &Invocation,
) -> Vec<SeatNow> {
    let state = |seat: &SeatId| {
        let row = rows.get(&seat.row)?;
        Some(match kept.contains(seat) {
            true => SeatState::Held,
            false => row.state(seat.place, invocation.now),
        })
    };
    let states = seats.iter().filter_map(|&seat| Some((seat, state(&seat)?)));
    states.map(|(seat, state)| SeatNow { seat, state }).collect()
}

fn respond(seats: &[SeatId], rows: &BTreeMap<RowKey, SeatRow>, invocation: &Invocation) -> Result<Response, Error> {
    let seats = now(seats, rows, &[], invocation);
    http::json(StatusCode::OK, &SeatsResponse { seats, area: None })
}
