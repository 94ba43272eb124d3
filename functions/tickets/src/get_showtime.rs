//! Runs for `GET /showtimes/{showtime_id}`: returns a published showtime, and about how many seats of each class are free. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::tickets::ShowtimeId;

use crate::live_seats::LiveSeats;
use crate::showtimes::ShowtimeView;

/// The function's store.
#[derive(Debug)]
pub struct GetShowtime {
    /// The seats as they are now.
    pub live: LiveSeats,
}

impl GetShowtime {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a showtime
///
/// With about how many seats and places of each class are free. A draft is not returned.
///
/// # Cost
/// That of `get-seat-map`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/showtimes/{showtime_id}", operation_id = "get-showtime", tag = "tickets",
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The showtime", body = ShowtimeView,
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
pub async fn handle(function: &GetShowtime, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let seats = function.live.of(showtime_id, &invocation).await?;
    let showtime = &seats.showtime;
    let view = ShowtimeView::of(showtime, |class| Some(showtime.count(class, &seats.map).free));
    conditional::get(&request, &view, cache::DETAILS)
}
