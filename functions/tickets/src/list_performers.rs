//! Runs for `GET /performers`: lists the performers, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::aws::lambda::{Invocation, cache};
use shared::core::error::Reason;
use shared::tickets::ShowList;

use crate::entities;
use crate::performer::Performer;
use crate::store::{List, ShowStore};

/// The function's store.
#[derive(Debug)]
pub struct ListPerformers {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl ListPerformers {
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

/// A page of performers.
pub type PerformerList = Page<Performer>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the performers
///
/// Newest first. The list is eventually consistent: a new performer may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/performers", operation_id = "list-performers", tag = "tickets",
    params(
        PageParameters,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "A page of performers", body = PerformerList,
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
pub async fn handle(function: &ListPerformers, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["performers"], &[])?;
    let list = List::newest(ShowList::Performers.name());
    entities::list_public(
        &function.shows,
        &list,
        (&request, &page),
        &invocation,
        |performer: Performer| performer,
        cache::LISTS,
    )
    .await
}
