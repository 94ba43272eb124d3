//! Runs for `GET /admin/returns`: lists the returns with a status, for administrators. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::core::error::Reason;

use crate::returns::{Return, ReturnStatus};
use crate::status_list::StatusList;
use crate::store::{FulfillmentStore, ListPage, position};

/// The function's store.
#[derive(Debug)]
pub struct ListReturns {
    /// Returns and orders.
    pub fulfillment: FulfillmentStore,
}

impl ListReturns {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
        })
    }
}

/// A page of returns.
pub type ReturnList = Page<Return>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists returns
///
/// Those with one status, newest first: by default those that wait for a decision. The list is eventually consistent.
///
/// # Cost
/// Sixteen queries at once, one of each partition of the list.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/returns", operation_id = "list-returns", tag = "fulfillment",
    security(("token" = [])),
    params(
        ("status" = Option<ReturnStatus>, Query, description = "The returns' status. Default: `REQUESTED`"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of returns", body = ReturnList),
    )
)]
pub async fn handle(function: &ListReturns, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["returns"], &["status"])?;
    let status = page.filter("status")?.unwrap_or(ReturnStatus::Requested);
    let returns = StatusList::of_returns(status);
    let found: ListPage<Return> = function
        .fulfillment
        .list_by_status(&returns, page.after()?, page.limit, invocation.deadline)
        .await?;
    page.respond(found.items, found.next, |details| {
        position(details.return_id.0, details.requested_at)
    })
}
