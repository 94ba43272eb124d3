//! Runs every minute: continues to spread listings over another number of shards, where `reshard-listing` has begun it.
//!
//! A step is a page of rows, and its position is saved after it. A run that crashes repeats a step, which changes nothing: each
//! product is read again, and placed as after any change. Concurrent runs do the same step.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::iter;
use shared::Error;
use shared::aws::Platform;
pub use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::dynamodb::is_unreadable;
use shared::aws::lambda::problem::Causes;
use shared::aws::lambda::{Invocation, panic};
use shared::catalog::Sku;

use crate::listings::keys::{ProductOrder, list_key, parse_sort_key};
use crate::listings::layout::{DueWalk, Layout, Layouts};
use crate::listings::scope::{Listing, Scope};
use crate::listings::service::{ListChanges, PlacementService};
use crate::listings::store::ShardRead;

/// The function's service.
#[derive(Debug)]
pub struct ContinueResharding {
    /// Products, their stock and their lists.
    pub placements: PlacementService,
}

impl ContinueResharding {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            placements: PlacementService::new(platform)?,
        })
    }
}

/// Products that are placed at the same time.
const CONCURRENCY: usize = 16;
/// The rows of one step.
const STEP: usize = 100;
/// Time that must be left to begin a step.
const STEP_TIME: Duration = Duration::from_secs(10);

/// Continues all listings that are not steady.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when the layouts or rows cannot be read. Failures of single products are counted.
pub async fn handle(function: &ContinueResharding, invocation: Invocation) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let placements = &function.placements;
    let listings = placements.listings.layouts(invocation.deadline).await?.listings;
    'listings: for listing in listings.into_keys() {
        loop {
            summary.unfinished = !invocation.has(STEP_TIME);
            if summary.unfinished {
                break 'listings;
            }
            if !step(placements, &listing, &invocation, &mut summary).await? {
                break;
            }
        }
    }
    summary.report("continue-resharding", invocation.now);
    Ok(summary)
}

/// Does the next step of a listing. Returns whether another one may follow.
async fn step(
    placements: &PlacementService,
    listing: &Listing,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<bool, Error> {
    // Read for each step, since placing writes to the epochs of all listings.
    let layouts = placements.listings.layouts(invocation.deadline).await?;
    let layout = layouts.of(listing);
    let walk = layout.due_walk(invocation.now);
    let next = match walk.filter(|due| !due.walk.is_complete(due.epoch)) {
        Some(due) => walk_page(placements, listing, &layouts, layout, due, invocation, summary).await?,
        None => layout.next_phase(invocation.now),
    };
    let Some(next) = next else {
        return Ok(false);
    };
    let mut changed = layouts;
    changed.version += 1;
    changed.listings.insert(listing.clone(), next);
    placements
        .listings
        .save_layouts(&changed, None, invocation.deadline)
        .await
}

/// Places the products of a page of rows. Returns the layout with the position after it, or none when a product failed: the next
/// run repeats the page. A product that cannot be read is passed over, so that it does not stop the others.
async fn walk_page(
    placements: &PlacementService,
    listing: &Listing,
    layouts: &Layouts,
    layout: Layout,
    due: DueWalk,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<Option<Layout>, Error> {
    let DueWalk { epoch, mut walk } = due;
    let order = match listing {
        // The time of the first listing never changes, so no product can move behind the walk.
        Listing::All | Listing::Category(_) => ProductOrder::Newest,
        // A product that moves ahead of the walk is placed by the change that moves it.
        Listing::Admin => ProductOrder::RecentlyUpdated,
    };
    let read = ShardRead {
        order,
        list: list_key(&Scope::of(listing.clone()), epoch, walk.shard),
        after: walk.after.clone(),
        is_ascending: true,
        limit: STEP,
    };
    let page = placements.listings.rows(&read, invocation.deadline).await?;
    let lists = ListChanges::default();
    let skus = page.rows.iter().filter_map(|(key, _)| Some(parse_sort_key(key)?.1));
    let outcomes: Vec<Result<(), Error>> = iter(skus)
        .map(async |sku| {
            let placed = panic::catch(place(placements, &sku, layouts, &lists, invocation)).await;
            placed.inspect_err(|error| tracing::warn!(%sku, causes = %Causes(error), "product was not placed"))
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let counted = placements.count(lists, invocation.deadline).await;
    let mut failures = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    let is_repeated = failures.any(|error| !is_unreadable(error));
    for outcome in outcomes {
        summary.record(outcome.map(|()| true));
    }
    counted?;
    if is_repeated {
        return Ok(None);
    }
    walk.visited += page.rows.len() as u64;
    if page.is_complete {
        (walk.shard, walk.after) = (walk.shard + 1, None);
    } else {
        walk.after = page.rows.into_iter().last().map(|(key, _)| key);
    }
    Ok(Some(layout.walked(walk)))
}

async fn place(
    placements: &PlacementService,
    sku: &Sku,
    layouts: &Layouts,
    lists: &ListChanges,
    invocation: &Invocation,
) -> Result<(), Error> {
    match placements.look(sku, invocation.deadline).await? {
        Some(look) => {
            let (now, deadline) = (invocation.now, invocation.deadline);
            placements.place(look, layouts, lists, now, deadline).await
        }
        None => Ok(()),
    }
}
