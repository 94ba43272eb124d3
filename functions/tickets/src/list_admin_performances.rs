//! Runs for `GET /admin/performances`: lists the performances with a status, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{PageParameters, PageRequest};
use shared::core::error::Reason;

use crate::entities;
use crate::list_performances::PerformanceList;
use crate::performance::{Performance, PerformanceStatus};
use crate::store::{List, ShowStore};

/// The function's store.
#[derive(Debug)]
pub struct ListAdminPerformances {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl ListAdminPerformances {
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
pub const REFUSALS: &[&Reason] = &[];

/// Lists performances for administrators
///
/// Those with the status of the parameter, newest first. The list is eventually consistent: a change may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/performances", operation_id = "list-admin-performances", tag = "tickets",
    security(("token" = [])),
    params(
        ("status" = inline(Option<PerformanceStatus>), Query, description = "`DRAFT` by default"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of performances", body = PerformanceList),
    )
)]
pub async fn handle(
    function: &ListAdminPerformances,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["admin performances"], &["status"])?;
    let status: PerformanceStatus = page.filter("status")?.unwrap_or_default();
    let list = List::newest(status.list().name());
    entities::list::<Performance>(&function.shows, &list, &page, &invocation).await
}
