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

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// Returns whose refund is overdue.
    pub refunds: u64,
    /// Shipments whose delivery is overdue.
    pub deliveries: u64,
    /// Entries that cannot be read.
    pub failed: u64,
}

/// Counts overdue refunds and deliveries.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when a shard of the index cannot be read.
pub async fn handle(function: &WatchFulfillment, invocation: Invocation) -> Result<Overdue, Error> {
    let mut counts = Overdue::default();
    let mut scan = DueScan::default();
    while let Some((shard, position)) = scan.next_page(&invocation) {
        let store = &function.fulfillment;
        let page = store.due(shard, invocation.now, position, invocation.deadline).await;
        scan.finish_page(
            shard,
            page.map(|page| {
                for (due, due_at) in &page.due {
                    match due {
                        Due::Refund(return_id) => {
                            tracing::warn!(%return_id, %due_at, "the refund of a return is overdue");
                            counts.refunds += 1;
                        }
                        Due::Delivery(shipment_id) => {
                            tracing::warn!(%shipment_id, %due_at, "the delivery of a shipment is overdue");
                            counts.deliveries += 1;
                        }
                    }
                }
                for error in &page.damaged {
                    tracing::error!(causes = %Causes(error), "due item failed");
                }
                counts.failed += page.damaged.len() as u64;
                page.next
            }),
        );
    }
    telemetry::emit(
        "watch-fulfillment",
        invocation.now,
        &[
            ("RefundsOverdue", Unit::Count, counts.refunds as f64),
            ("DeliveriesOverdue", Unit::Count, counts.deliveries as f64),
            ("Failed", Unit::Count, counts.failed as f64),
        ],
    );
    scan.finish()?;
    Ok(counts)
}
