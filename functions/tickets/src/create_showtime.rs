//! Runs for `POST /admin/performances/{performance_id}/showtimes`: creates the draft of a showtime.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::tickets::{PerformanceId, Showtime, ShowtimeId, ShowtimeStatus};

use crate::entities::{Creation, created};
use crate::fields::invalid;
use crate::performance::Performance;
use crate::reason;
use crate::references;
use crate::showtimes::{self, CreateShowtimeRequest};
use crate::store::ShowStore;

/// The function's store.
#[derive(Debug)]
pub struct CreateShowtime {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl CreateShowtime {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::INVALID_SHOW,
    &reason::LOCAL_TIME_SKIPPED,
    &reason::LOCAL_TIME_AMBIGUOUS,
];

/// Creates a showtime
///
/// A draft without seats: `publish-showtime` creates them. The start is the local time of the venue, by the rules of its time zone
/// on that very date. A local time that the clocks skip is refused; one that occurs twice needs `utc_offset`. A retry with the
/// same key and body returns the showtime in its current state.
///
/// # Cost
/// Five requests: four read units and two write units.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/performances/{performance_id}/showtimes", operation_id = "create-showtime", tag = "tickets",
    request_body = CreateShowtimeRequest,
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each showtime",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The showtime", body = Showtime,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The showtime's path"),
            )),
    )
)]
pub async fn handle(function: &CreateShowtime, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let body: CreateShowtimeRequest = http::body(&request)?;
    let creation = Creation::of(&request, "showtime", &(performance_id, &body))?;
    let showtime_id = ShowtimeId(creation.id);
    let path = format!("/admin/showtimes/{showtime_id}");
    if let Some(earlier) = creation.earlier::<Showtime>(&function.shows, &invocation).await? {
        return created(&earlier, &path).map(http::replayed);
    }
    let performance = function
        .shows
        .get::<Performance>(performance_id.0, invocation.deadline)
        .await?
        .entity;
    performance.require_present()?;
    let (plan, venue) = references::plan_and_venue(&function.shows, body.plan_id, &invocation).await?;
    let starts_at = showtimes::start_of(&venue.time_zone, body.local_start, body.utc_offset.as_deref())?;
    let sales_start_at = body.sales_start_at.or(performance.on_sale_at);
    let showtime = Showtime {
        showtime_id,
        performance_id,
        venue_id: venue.venue_id,
        plan_id: plan.plan_id,
        time_zone: venue.time_zone,
        location: venue.location,
        local_start: body.local_start,
        starts_at,
        doors_at: body.doors_at,
        sales_start_at: sales_start_at.ok_or_else(|| {
            invalid(
                "sales_start_at",
                "it is needed, since the performance has no time from which it is on sale",
            )
        })?,
        sales_end_at: body.sales_end_at.unwrap_or(starts_at),
        status: ShowtimeStatus::Draft,
        prices: body.prices,
        seating: None,
        waiting_room_id: body.waiting_room_id,
        published_at: None,
        moved_at: None,
        created_at: invocation.now,
        updated_at: invocation.now,
    };
    showtimes::require_future(starts_at, invocation.now)?;
    showtimes::check_times(&showtime)?;
    showtimes::check_prices(&showtime.prices, &plan.zones, &performance.refund_policy)?;
    creation.save(&function.shows, showtime, &path, &invocation).await
}
