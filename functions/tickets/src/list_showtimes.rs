//! Runs for `GET /performances/{performance_id}/showtimes`: lists the published showtimes of a performance, the earliest first. Changes nothing.

use jiff::Timestamp;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::aws::lambda::{Invocation, cache};
use shared::core::error::{self, Reason};
use shared::tickets::{PerformanceId, Showtime, ShowtimeId};

use crate::entities;
use crate::remaining_seats::RemainingSeatsStore;
use crate::showtimes::{ShowtimeView, showtimes_of};
use crate::store::{List, ShowStore};

/// The function's stores.
#[derive(Debug)]
pub struct ListShowtimes {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// The counts of free seats.
    pub remaining: RemainingSeatsStore,
}

impl ListShowtimes {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            remaining: RemainingSeatsStore::new(platform)?,
        })
    }
}

/// A page of showtimes.
pub type ShowtimeViewList = Page<ShowtimeView>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the showtimes of a performance
///
/// Those that are published, the earliest first, also the closed and cancelled ones. The list is eventually consistent: a change may
/// take a moment to appear. `remaining` says about how many seats of each class were free at `counted_at`, some seconds after the
/// latest change of a seat; `get-showtime` counts them now.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/performances/{performance_id}/showtimes", operation_id = "list-showtimes", tag = "tickets",
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("starts_from" = Option<Timestamp>, Query, nullable = false, description = "Only showtimes that start at this time or later"),
        PageParameters,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "A page of showtimes", body = ShowtimeViewList,
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
pub async fn handle(function: &ListShowtimes, request: Request, invocation: Invocation) -> Result<Response, Error> {
    const FROM: &str = "starts_from";
    let performance_id = http::path::<PerformanceId>(&request)?;
    let owner = performance_id.to_string();
    let page = PageRequest::of(&request, &["showtimes", &owner], &[FROM])?;
    let from: Option<Timestamp> = page.filter(FROM)?;
    let list = List {
        name: showtimes_of(performance_id, true),
        from: from.map_or(0, |from| from.as_millisecond().max(0).unsigned_abs()),
        is_newest_first: false,
    };
    let found = function
        .shows
        .list::<Showtime>(&list, page.after()?, page.limit, invocation.deadline)
        .await?;
    let ids: Vec<ShowtimeId> = found.items.iter().map(|showtime| showtime.showtime_id).collect();
    let counts = function.remaining.of(&ids, invocation.deadline).await?;
    let views = found.items.iter();
    let views = views.map(|showtime| ShowtimeView::counted(showtime, counts.get(&showtime.showtime_id)));
    entities::public_page(views.collect(), found.next, (&request, &page), cache::LISTS)
}
