//! Runs for `GET /venues`: lists the venues, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::aws::lambda::{Invocation, cache};
use shared::core::error::Reason;
use shared::tickets::ShowList;

use crate::entities;
use crate::store::{List, ShowStore};
use crate::venue::Venue;

/// The function's store.
#[derive(Debug)]
pub struct ListVenues {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl ListVenues {
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

/// A page of venues.
pub type VenueList = Page<Venue>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the venues
///
/// Newest first. The list is eventually consistent: a new venue may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/venues", operation_id = "list-venues", tag = "tickets",
    params(
        PageParameters,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "A page of venues", body = VenueList,
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
pub async fn handle(function: &ListVenues, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["venues"], &[])?;
    let list = List::newest(ShowList::Venues.name());
    entities::list_public(
        &function.shows,
        &list,
        (&request, &page),
        &invocation,
        |venue: Venue| venue,
        cache::LISTS,
    )
    .await
}
