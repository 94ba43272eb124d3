//! Runs for `GET /showtimes/{showtime_id}/seats`: returns the states of all seats of a published showtime, two bits a seat. Changes nothing.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::tickets::{PlanId, ShowtimeId, ZoneCode};

use crate::live_seats::LiveSeats;

/// The function's store.
#[derive(Debug)]
pub struct GetSeatMap {
    /// The seats as they are now.
    pub live: LiveSeats,
}

impl GetSeatMap {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            live: LiveSeats::new(platform)?,
        })
    }
}

/// The states of the seats of a showtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SeatMapView {
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seating plan.
    pub plan_id: PlanId,
    /// The number of seats, without the places of areas.
    pub seats: u32,
    /// Two bits a seat, in base64: 0 free, 1 held, 2 sold, 3 blocked.
    pub states: String,
    /// The areas of general admission. Absent without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub areas: Vec<AreaCount>,
}

/// The number of free places of an area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AreaCount {
    /// The area.
    pub area: ZoneCode,
    /// The number of its places.
    #[schema(minimum = 1, maximum = 10_000)]
    pub places: u32,
    /// The number of free places.
    #[schema(maximum = 10_000)]
    pub free: u32,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns the states of all seats
///
/// Two bits a seat in the order of the plan: 0 free, 1 held, 2 sold, 3 blocked. The first seat is in the lowest bits of the first
/// byte. A hold whose deadline has passed is free. Places of general admission have no bits: `areas` counts them. The map is about two seconds old at most: a function derives it once a
/// second, and a cache keeps it for another one.
///
/// # Cost
/// At most once a second for each showtime and process of the function: a read unit, and a query for each part of at most 600
/// seats, in all about 11 read units for 10,000 free seats, 31 for sold and 41 for held ones.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/showtimes/{showtime_id}/seats", operation_id = "get-seat-map", tag = "tickets",
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The states", body = SeatMapView,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetSeatMap, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let seats = function.live.of(showtime_id, &invocation).await?;
    let areas = seats.showtime.areas().iter().zip(seats.map.areas());
    let areas = areas.map(|(area, count)| AreaCount {
        area: area.area.clone(),
        places: count.seats,
        free: count.free,
    });
    let view = SeatMapView {
        showtime_id,
        plan_id: seats.showtime.plan_id,
        seats: u32::try_from(seats.map.seats()).unwrap_or(u32::MAX),
        states: seats.map.base64(),
        areas: areas.collect(),
    };
    conditional::get(&request, &view, cache::SEATS)
}
