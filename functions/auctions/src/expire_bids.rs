//! Runs every minute: expires bids past their deadline and releases their points or vouchers.
//!
//! Concurrent runs are safe: each write is conditional on the version that was read. One failed bid does not stop the
//! others, and a run that nears its deadline leaves the rest to the next. A run holds one page of 100 bids in memory.

use std::time::Duration;

use crate::bid::{BidStatus, BidTransition};
use crate::id::BidId;
use crate::matching::MatchingService;
use crate::store::StoredBid;
use futures::StreamExt;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::DuePosition;
use shared::aws::dynamodb::due_scan::DueScan;
pub use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::panic;
use tokio::time::Instant;

/// The function's service.
#[derive(Debug)]
pub struct ExpireBids {
    /// Matches and closes bids.
    pub matching: MatchingService,
}

impl ExpireBids {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            matching: MatchingService::new(platform)?,
        })
    }
}

/// Bids that are expired concurrently.
const CONCURRENCY: usize = 16;
/// Timeout per bid.
const BID_TIMEOUT: Duration = Duration::from_secs(5);

/// Expires due bids.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when due bids cannot be listed. Failures of single bids are counted.
pub async fn handle(function: &ExpireBids, invocation: Invocation) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut scan = DueScan::default();
    while let Some((shard, position)) = scan.next_page(&invocation) {
        let page = expire_page(function, shard, position, &invocation, &mut summary).await;
        scan.finish_page(shard, page);
    }
    summary.unfinished = scan.is_unfinished();
    summary.report("expire-bids", invocation.now);
    scan.finish()?;
    Ok(summary)
}

/// Expires a page of one shard's due bids. Returns the start of the next page.
async fn expire_page(
    function: &ExpireBids,
    shard: u8,
    position: Option<DuePosition>,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<Option<DuePosition>, Error> {
    let auctions = &function.matching.auctions;
    let page = auctions
        .due(shard, invocation.now, position, invocation.deadline)
        .await?;
    summary.record_due(&page.due, invocation.now);
    let ids: Vec<BidId> = page.due.iter().map(|&(id, _)| id).collect();
    let (bids, unreadable) = auctions.bids(&ids, invocation.deadline).await?;
    for error in page.damaged.into_iter().chain(unreadable) {
        summary.record(Err(error));
    }
    let outcomes: Vec<Result<bool, Error>> = futures::stream::iter(bids)
        .map(|stored| panic::catch(expire(function, stored, invocation)))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for outcome in outcomes {
        summary.record(outcome);
    }
    Ok(page.next)
}

async fn expire(function: &ExpireBids, stored: StoredBid, invocation: &Invocation) -> Result<bool, Error> {
    if stored.bid.status != BidStatus::Open || stored.bid.expires_at > invocation.now {
        return Ok(false);
    }
    // Many bids of one customer share a wallet and wait for each other. They must not hold up the bids of others.
    let limited = Invocation {
        deadline: invocation.deadline.min(Instant::now() + BID_TIMEOUT),
        ..invocation.clone()
    };
    let ended = function
        .matching
        .close_bid(&stored, BidTransition::Expire, None, &limited)
        .await?;
    Ok(ended.is_some())
}
