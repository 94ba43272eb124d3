//! A schedule brings the minute; it leaves every bid whose time is over expired, and what it held free.
//!
//! Two runs at once do no harm: each bid ends under the condition that nothing has changed it. One bid that cannot be
//! ended does not stop the rest, and a run that nears its deadline leaves the remainder to the next. What a run keeps in
//! memory is a page of 100 bids, however many are due.

use std::time::Duration;

use crate::bid::{BidStatus, Ending};
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
use tokio::time::Instant;

/// The function's market.
#[derive(Debug)]
pub struct ExpireBids {
    /// Bids, vouchers, wallets.
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

/// Bids ended at the same time.
const CONCURRENCY: usize = 16;
/// How long one bid may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Expires what is due.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when the due bids cannot be found; single bids are counted.
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

/// Expires a page of one shard's due bids, and answers where the next begins.
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
        .map(|stored| expire(function, stored, invocation))
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
    // One customer's many bids share a wallet, and wait for each other: not at the cost of everybody else's.
    let patience = invocation.deadline.min(Instant::now() + PATIENCE);
    let brief = Invocation {
        deadline: patience,
        ..invocation.clone()
    };
    let ended = function.matching.end(&stored, Ending::Expire, &brief).await?;
    Ok(ended.is_some())
}
