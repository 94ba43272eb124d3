//! Runs every hour: counts the received returns whose refund is overdue, for the alarm `ReturnRefundsOverdue`, and the parcels
//! whose delivery is overdue, for the alarm `DeliveriesOverdue`. Changes nothing.

use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due_scan::DueScan;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::aws::telemetry::{self, Unit};

use crate::store::{Due, FulfillmentStore};

/// The function's store.
#[derive(Debug)]
pub struct WatchFulfillment {
    /// Shipments and returns.
    pub fulfillment: FulfillmentStore,
}

impl WatchFulfillment {
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

/// The most overdue entries of a kind that a run names in its log.
const MAX_NAMED: u64 = 100;

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// Returns whose refund is overdue.
    pub refunds: u64,
    /// Shipments whose delivery is overdue.
    pub deliveries: u64,
    /// Entries that cannot be read.
    pub failed: u64,
    /// Whether the deadline passed before all were counted.
    pub unfinished: bool,
}

/// Counts overdue refunds, and then overdue deliveries.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when a shard of the index cannot be read.
pub async fn handle(function: &WatchFulfillment, invocation: Invocation) -> Result<Overdue, Error> {
    let mut counts = Overdue::default();
    let refunds = function.count(Due::Refund, &mut counts, &invocation).await;
    let deliveries = function.count(Due::Delivery, &mut counts, &invocation).await;
    telemetry::emit(
        "watch-fulfillment",
        invocation.now,
        &[
            ("RefundsOverdue", Unit::Count, counts.refunds as f64),
            ("DeliveriesOverdue", Unit::Count, counts.deliveries as f64),
            ("Failed", Unit::Count, counts.failed as f64),
        ],
    );
    tracing::info!(summary = ?counts, "overdue refunds and deliveries counted");
    refunds.and(deliveries).map(|()| counts)
}

impl WatchFulfillment {
    /// Counts what of this kind is overdue, and names the first in the log.
    async fn count(&self, kind: Due, counts: &mut Overdue, invocation: &Invocation) -> Result<(), Error> {
        let mut overdue = 0;
        let mut scan = DueScan::of(kind.shards());
        while let Some((shard, position)) = scan.next_page(invocation) {
            let store = &self.fulfillment;
            let page = store.due(kind, shard, invocation.now, position, invocation.deadline);
            let page = page.await.map(|page| {
                for (id, due_at) in &page.due {
                    if overdue < MAX_NAMED {
                        match kind {
                            Due::Refund => {
                                tracing::warn!(return_id = %id, %due_at, "the refund of a return is overdue")
                            }
                            Due::Delivery => tracing::warn!(shipment_id = %id, %due_at, "a delivery is overdue"),
                        }
                    }
                    overdue += 1;
                }
                for error in &page.damaged {
                    tracing::error!(causes = %Causes(error), "due item failed");
                }
                counts.failed += page.damaged.len() as u64;
                page.next
            });
            scan.finish_page(shard, page);
        }
        match kind {
            Due::Refund => counts.refunds = overdue,
            Due::Delivery => counts.deliveries = overdue,
        }
        counts.unfinished |= scan.is_unfinished();
        scan.finish()
    }
}
