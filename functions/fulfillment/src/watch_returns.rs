//! Runs every hour: counts the received returns whose refund is overdue, for the alarm `ReturnRefundsOverdue`. Changes nothing.

use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due_scan::DueScan;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::aws::telemetry::{self, Unit};

use crate::store::FulfillmentStore;

/// The function's store.
#[derive(Debug)]
pub struct WatchReturns {
    /// Returns.
    pub fulfillment: FulfillmentStore,
}

impl WatchReturns {
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

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// Returns whose refund is overdue.
    pub overdue: u64,
    /// Entries that cannot be read.
    pub failed: u64,
}

/// Counts overdue refunds.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when a shard of the index cannot be read.
pub async fn handle(function: &WatchReturns, invocation: Invocation) -> Result<Overdue, Error> {
    let mut counts = Overdue::default();
    let mut scan = DueScan::default();
    while let Some((shard, position)) = scan.next_page(&invocation) {
        let store = &function.fulfillment;
        let page = store
            .due_refunds(shard, invocation.now, position, invocation.deadline)
            .await;
        scan.finish_page(
            shard,
            page.map(|page| {
                for (return_id, due_at) in &page.due {
                    tracing::warn!(%return_id, %due_at, "the refund of a return is overdue");
                }
                for error in &page.damaged {
                    tracing::error!(causes = %Causes(error), "due item failed");
                }
                counts.overdue += page.due.len() as u64;
                counts.failed += page.damaged.len() as u64;
                page.next
            }),
        );
    }
    telemetry::emit(
        "watch-returns",
        invocation.now,
        &[
            ("Overdue", Unit::Count, counts.overdue as f64),
            ("Failed", Unit::Count, counts.failed as f64),
        ],
    );
    scan.finish()?;
    Ok(counts)
}
