//! Runs for `PATCH /admin/showtimes/{showtime_id}`: changes the named fields of a showtime, and closes, opens or cancels it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::calendar::LocalTime;
use shared::core::error::{self, Reason, Rejection};
use shared::core::merge_patch::Patch;
use shared::tickets::{PlanId, PriceClass, Showtime, ShowtimeId, ShowtimeStatus};
use shared::waiting_rooms::WaitingRoomId;

use crate::entities;
use crate::performance::Performance;
use crate::reason;
use crate::references;
use crate::showtimes;
use crate::store::ShowStore;

/// The function's store.
#[derive(Debug)]
pub struct UpdateShowtime {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl UpdateShowtime {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
        })
    }
}

/// Changes of a showtime, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateShowtimeRequest {
    /// Another seating plan. Only before the seats exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plan_id: Option<PlanId>,
    /// The start as the clock at the venue shows it. The doors move by the same time, and so does the end of the sales if it was
    /// the start, unless the request names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub local_start: Option<LocalTime>,
    /// The offset from UTC. Needed only for a local time that occurs twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[+-][0-9]{2}:[0-9]{2}$", examples("-04:00"))]
    pub utc_offset: Option<String>,
    /// The time at which the doors open, before the start.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Timestamp>)]
    pub doors_at: Patch<Timestamp>,
    /// The time from which seats are sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sales_start_at: Option<Timestamp>,
    /// The time from which seats are not sold any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sales_end_at: Option<Timestamp>,
    /// `CLOSED`, `ON_SALE` or `CANCELLED`. A draft is published by `publish-showtime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<ShowtimeStatus>,
    /// The waiting room whose admission a hold of seats needs. It takes effect within a second.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<WaitingRoomId>)]
    pub waiting_room_id: Patch<WaitingRoomId>,
    /// All price classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 20)]
    pub prices: Option<Vec<PriceClass>>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_SHOW,
    &reason::LOCAL_TIME_SKIPPED,
    &reason::LOCAL_TIME_AMBIGUOUS,
    &reason::INVALID_STATUS_CHANGE,
    &reason::SEATS_EXIST,
    &reason::SHOWTIME_CANCELLED,
];

/// Changes a showtime
///
/// Only what is named changes (RFC 7396). `If-Match` is required: if somebody has changed the showtime since it was read, the
/// answer is 412 and nothing changes. A change that is made already is answered with 200 in any case. A new local time or plan
/// makes a new start, and customers who booked before give their seats back free of charge. Once the seats exist, the plan, the zones of each class and the currency stay; amounts may change, and an
/// order keeps the price of its time. A cancelled showtime does not change.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/showtimes/{showtime_id}", operation_id = "update-showtime", tag = "tickets",
    request_body(content = UpdateShowtimeRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime"),
        ("If-Match" = String, Header, description = "The `ETag` of the showtime as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The showtime", body = Showtime,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdateShowtime, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let body: UpdateShowtimeRequest = http::body(&request)?;
    let change = async |previous: &Showtime| merged(function, previous, &body, &invocation).await;
    let touch = |showtime| Showtime {
        updated_at: invocation.now,
        ..showtime
    };
    entities::update(&function.shows, showtime_id.0, &request, &invocation, change, touch).await
}

/// The showtime with the changes.
async fn merged(
    function: &UpdateShowtime,
    previous: &Showtime,
    changes: &UpdateShowtimeRequest,
    invocation: &Invocation,
) -> Result<Showtime, Error> {
    let mut showtime = previous.clone();
    if let Some(status) = changes.status {
        showtime.status = moved(previous.status, status)?;
    }
    let plan_id = changes.plan_id.unwrap_or(previous.plan_id);
    if plan_id != previous.plan_id && previous.seating.is_some() {
        let detail = "The seats of the showtime exist already, so its plan stays.";
        return Err(Rejection::new(&reason::SEATS_EXIST, detail).into());
    }
    showtime.local_start = changes.local_start.unwrap_or(previous.local_start);
    let is_moved = showtime.local_start != previous.local_start || changes.utc_offset.is_some();
    if let Some(prices) = &changes.prices {
        showtime.prices.clone_from(prices);
    }
    if plan_id != previous.plan_id || showtime.prices != previous.prices {
        let (plan, venue) = references::plan_and_venue(&function.shows, plan_id, invocation).await?;
        let performance = function
            .shows
            .get::<Performance>(previous.performance_id.0, invocation.deadline);
        let policy = performance.await?.entity.refund_policy;
        showtimes::check_prices(&showtime.prices, &plan.zones, &policy)?;
        showtimes::require_same_classes(previous, &showtime)?;
        showtime.plan_id = plan_id;
        showtime.venue_id = venue.venue_id;
        showtime.time_zone = venue.time_zone;
        showtime.location = venue.location;
    }
    if is_moved || showtime.time_zone != previous.time_zone {
        let offset = changes.utc_offset.as_deref();
        showtime.starts_at = showtimes::start_of(&showtime.time_zone, showtime.local_start, offset)?;
    }
    if showtime.starts_at != previous.starts_at {
        showtimes::require_future(showtime.starts_at, invocation.now)?;
        let performance = function
            .shows
            .get::<Performance>(previous.performance_id.0, invocation.deadline);
        performance.await?.entity.require_present()?;
        showtimes::move_with_start(&mut showtime, previous.starts_at);
        // A showtime that was never published has no bookings.
        showtime.moved_at = previous.published_at.map(|_| invocation.now);
    }
    changes
        .doors_at
        .merge(&mut showtime.doors_at, |&at| Ok::<_, Rejection>(Some(at)))?;
    changes
        .waiting_room_id
        .merge(&mut showtime.waiting_room_id, |&id| Ok::<_, Rejection>(Some(id)))?;
    showtime.sales_start_at = changes.sales_start_at.unwrap_or(previous.sales_start_at);
    showtime.sales_end_at = changes.sales_end_at.unwrap_or(showtime.sales_end_at);
    if previous.status == ShowtimeStatus::Cancelled && showtime != *previous {
        let detail = "The showtime is cancelled. It does not change any more.";
        return Err(Rejection::new(&reason::SHOWTIME_CANCELLED, detail).into());
    }
    showtimes::check_times(&showtime)?;
    Ok(showtime)
}

fn moved(from: ShowtimeStatus, to: ShowtimeStatus) -> Result<ShowtimeStatus, Rejection> {
    let refused = |detail: String| {
        let showtime_status = from;
        Err(Rejection::with(reason::InvalidStatusChange { showtime_status }, detail))
    };
    if from == ShowtimeStatus::Draft && matches!(to, ShowtimeStatus::OnSale | ShowtimeStatus::Closed) {
        return refused("A draft is published by publish-showtime, which creates its seats.".to_owned());
    }
    match from.transition(to) {
        Ok(moved) => Ok(moved),
        Err(illegal) => refused(format!("{illegal}.")),
    }
}
