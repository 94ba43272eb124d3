//! Runs for `POST /admin/search/rebuilds`, for administrators: begins to build the index again from the tables, beside the
//! one that is searched.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Reason;
use shared::search::{IndexCommand, IndexQueue};
use uuid::Uuid;

use crate::engine::Engines;
use crate::state::IndexState;
use crate::view::SearchIndex;

/// The function's engines and queue.
#[derive(Debug)]
pub struct StartRebuild {
    /// The engines.
    pub engines: Engines,
    /// The queue of the index.
    pub queue: IndexQueue,
}

impl StartRebuild {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            engines: Engines::new(platform)?,
            queue: IndexQueue::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Rebuilds the search index
///
/// Reads everything that is indexed and builds the index anew beside the one that is searched, and then replaces it. Searches and changes
/// go on meanwhile. A rebuild that is under way starts over. `get-search-index` shows the progress.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/search/rebuilds", operation_id = "start-rebuild", tag = "search",
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each rebuild",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 202, description = "The state of the index", body = SearchIndex,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request began this rebuild"),
                ("Location" = String, description = "The path of the index"),
            )),
    )
)]
pub async fn handle(function: &StartRebuild, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let rebuild_id = http::idempotency_key(&request)?.derive_id("rebuild the index", &caller.customer_id);
    let changed = function
        .engines
        .administered()
        .storage()
        .change(&invocation, |mut state| {
            if has_begun(&state, rebuild_id) {
                return None;
            }
            state.start(rebuild_id, invocation.now);
            Some(state)
        });
    let (state, has_changed) = changed.await?;
    // Also in a retry: the earlier request may have ended before it sent the first step.
    if state
        .next
        .as_ref()
        .is_some_and(|next| next.build.rebuild_id == Some(rebuild_id))
    {
        let step = [IndexCommand::Rebuild { rebuild_id }];
        function.queue.send(&step, invocation.deadline).await?;
    }
    let index = SearchIndex::new(&function.engines, state, &invocation).await?;
    let response = http::accepted("/admin/search/index", &index)?;
    Ok(if has_changed {
        response
    } else {
        http::replayed(response)
    })
}

/// Whether a request has begun this rebuild before.
fn has_begun(state: &IndexState, rebuild_id: Uuid) -> bool {
    state.builds().any(|build| build.rebuild_id == Some(rebuild_id))
}
