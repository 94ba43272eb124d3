//! Runs for `GET /admin/performances/{performance_id}/showtimes`: lists the showtimes of a performance that nobody else sees, the earliest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::core::error::{self, Reason};
use shared::tickets::{PerformanceId, Showtime};

use crate::entities;
use crate::showtimes::showtimes_of;
use crate::store::{List, ShowStore};

/// The function's store.
#[derive(Debug)]
pub struct ListAdminShowtimes {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl ListAdminShowtimes {
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

/// A page of showtimes.
pub type ShowtimeList = Page<Showtime>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the drafts of showtimes of a performance
///
/// Drafts, and drafts that were cancelled, the earliest first. All others are in `list-showtimes`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/performances/{performance_id}/showtimes", operation_id = "list-admin-showtimes", tag = "tickets",
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of showtimes", body = ShowtimeList),
    )
)]
pub async fn handle(
    function: &ListAdminShowtimes,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let owner = performance_id.to_string();
    let page = PageRequest::of(&request, &["admin showtimes", &owner], &[])?;
    let list = List {
        is_newest_first: false,
        ..List::newest(showtimes_of(performance_id, false))
    };
    entities::list::<Showtime>(&function.shows, &list, &page, &invocation).await
}
