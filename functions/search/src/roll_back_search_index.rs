//! Runs for `POST /admin/search/index/roll-back`, for administrators: searches the previous build again, and brings it up
//! to date.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{Reason, Rejection};
use shared::search::IndexQueue;

use crate::documents::{DocumentSources, Walk};
use crate::engine::Engines;
use crate::reason;
use crate::view::SearchIndex;

/// The function's engines, queue and stores.
#[derive(Debug)]
pub struct RollBackSearchIndex {
    /// The engines.
    pub engines: Engines,
    /// The queue of the index.
    pub queue: IndexQueue,
    /// The indexed entities, of which only the changes are read.
    pub sources: DocumentSources,
}

impl RollBackSearchIndex {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            engines: Engines::new(platform)?,
            queue: IndexQueue::new(platform)?,
            sources: DocumentSources::new(platform)?,
        })
    }
}

/// How long before the replacement the changes begin that may be missing: a message about them may have waited.
const MARGIN: SignedDuration = SignedDuration::from_hours(6);
/// The changes of a query.
const PAGE: u8 = 250;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::NO_PREVIOUS_BUILD];

/// Rolls the search index back
///
/// The build that the last rebuild has replaced is searched again. Later changes are indexed within seconds. A
/// rebuild that is under way ends. The build that was searched until now is removed.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/search/index/roll-back", operation_id = "roll-back-search-index", tag = "search",
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each roll-back",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The state of the index", body = SearchIndex,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request rolled back"))),
    )
)]
pub async fn handle(
    function: &RollBackSearchIndex,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let request_id = http::idempotency_key(&request)?.derive_id("roll the index back", &caller.customer_id);
    let changed = function
        .engines
        .administered()
        .storage()
        .change(&invocation, |mut state| {
            let is_retry = state
                .rolled_back
                .as_ref()
                .is_some_and(|done| done.request_id == request_id);
            (!is_retry && state.roll_back(request_id)).then_some(state)
        });
    let (state, has_changed) = changed.await?;
    let done = state.rolled_back.as_ref().filter(|done| done.request_id == request_id);
    let Some(done) = done else {
        let detail = "Rebuild the index instead.";
        return Err(Rejection::new(&reason::NO_PREVIOUS_BUILD, detail).into());
    };
    // Also in a retry: the earlier request may have ended before it sent all of it.
    catch_up(function, done.replaced_at, &invocation).await?;
    let index = SearchIndex::new(&function.engines, state, &invocation).await?;
    let response = http::json(StatusCode::OK, &index)?;
    Ok(if has_changed {
        response
    } else {
        http::replayed(response)
    })
}

/// Asks to index everything that has changed since a time.
async fn catch_up(function: &RollBackSearchIndex, since: Timestamp, invocation: &Invocation) -> Result<(), Error> {
    let since = since.saturating_sub(MARGIN).unwrap_or(Timestamp::UNIX_EPOCH);
    let walk = Walk::since(since);
    let mut position = Some(walk.start());
    while let Some(here) = position {
        let page = walk.page(&function.sources, &here, PAGE, invocation.deadline).await?;
        let ids: BTreeSet<String> = page.entities.into_iter().map(|entity| entity.id).collect();
        let ids = Vec::from_iter(ids);
        function.queue.index(page.kind, &ids, invocation.deadline).await?;
        position = page.next;
    }
    Ok(())
}
