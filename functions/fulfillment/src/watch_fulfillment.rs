//! Runs every hour: counts the returns whose decision or refund is overdue, for the alarm `ReturnsOverdue`, and the parcels whose
//! delivery is overdue, for the alarm `DeliveriesOverdue`. Refuses the approved returns whose units did not arrive in time, so that these
//! can be returned again.

use futures::StreamExt;
use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::DuePosition;
use shared::aws::dynamodb::due_scan::DueScan;
use shared::aws::lambda::problem::Causes;
use shared::aws::lambda::{Invocation, panic};
use shared::aws::telemetry::{self, Unit};

use crate::return_store::ReturnChange;
use crate::returns::ReturnId;
use crate::store::{Due, FulfillmentStore};

/// The function's store.
#[derive(Debug)]
pub struct WatchFulfillment {
    /// Shipments, returns and orders.
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
/// Returns that are refused concurrently.
const CONCURRENCY: usize = 8;

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// Returns whose decision or refund is overdue.
    pub returns: u64,
    /// Shipments whose delivery is overdue.
    pub deliveries: u64,
    /// Approved returns that were refused because their units had not arrived.
    pub refused: u64,
    /// Entries that cannot be read, and returns that could not be refused.
    pub failed: u64,
    /// Whether the deadline passed before all were counted.
    pub unfinished: bool,
}

/// Counts overdue returns, refuses those whose units did not arrive, and then counts overdue deliveries: a carrier's strike can leave
/// more of these than one run counts.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when a shard of the index cannot be read.
pub async fn handle(function: &WatchFulfillment, invocation: Invocation) -> Result<Overdue, Error> {
    let mut counts = Overdue::default();
    let returns = function.count(Due::Return, &mut counts, &invocation).await;
    let arrivals = function.refuse_overdue(&mut counts, &invocation).await;
    let deliveries = function.count(Due::Delivery, &mut counts, &invocation).await;
    telemetry::emit(
        "watch-fulfillment",
        invocation.now,
        &[
            ("ReturnsOverdue", Unit::Count, counts.returns as f64),
            ("DeliveriesOverdue", Unit::Count, counts.deliveries as f64),
            ("Failed", Unit::Count, counts.failed as f64),
        ],
    );
    tracing::info!(summary = ?counts, "overdue returns and deliveries counted");
    returns.and(arrivals).and(deliveries).map(|()| counts)
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
                            Due::Delivery => tracing::warn!(shipment_id = %id, %due_at, "a delivery is overdue"),
                            Due::Return | Due::Arrival => {
                                tracing::warn!(return_id = %id, %due_at, "the decision or refund of a return is overdue")
                            }
                        }
                    }
                    overdue += 1;
                }
                counts.fail(&page.damaged);
                page.next
            });
            scan.finish_page(shard, page);
        }
        match kind {
            Due::Delivery => counts.deliveries = overdue,
            Due::Return | Due::Arrival => counts.returns = overdue,
        }
        counts.unfinished |= scan.is_unfinished();
        scan.finish()
    }

    /// Refuses the approved returns whose units did not arrive in time.
    async fn refuse_overdue(&self, counts: &mut Overdue, invocation: &Invocation) -> Result<(), Error> {
        let mut scan = DueScan::of(Due::Arrival.shards());
        while let Some((shard, position)) = scan.next_page(invocation) {
            let page = self.refuse_page(shard, position, counts, invocation).await;
            scan.finish_page(shard, page);
        }
        counts.unfinished |= scan.is_unfinished();
        scan.finish()
    }

    /// Refuses the returns of a page of one shard. Returns the start of the next page.
    async fn refuse_page(
        &self,
        shard: u8,
        position: Option<DuePosition>,
        counts: &mut Overdue,
        invocation: &Invocation,
    ) -> Result<Option<DuePosition>, Error> {
        let store = &self.fulfillment;
        let page = store.due(Due::Arrival, shard, invocation.now, position, invocation.deadline);
        let page = page.await?;
        counts.fail(&page.damaged);
        let outcomes: Vec<Result<bool, Error>> = futures::stream::iter(page.due)
            .map(|(id, _)| panic::catch(self.refuse(ReturnId(id), invocation)))
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        for outcome in outcomes {
            match outcome {
                Ok(is_refused) => counts.refused += u64::from(is_refused),
                Err(error) => counts.fail(&[error]),
            }
        }
        Ok(page.next)
    }

    /// Refuses a return whose units did not arrive in time. Returns false when another request has changed it or its order: the index
    /// lags behind the table, and the units may arrive at the same time.
    async fn refuse(&self, id: ReturnId, invocation: &Invocation) -> Result<bool, Error> {
        let (store, deadline) = (&self.fulfillment, invocation.deadline);
        let Some(stored) = store.find_return(id, deadline).await? else {
            return Ok(false);
        };
        let Ok(refused) = stored.details.given_up(invocation.now) else {
            return Ok(false);
        };
        let order = store.order_of(&stored, deadline).await?;
        match ReturnChange::refusing(&stored, refused, &order, invocation) {
            Ok(change) => store.save_return(&change, None, deadline).await,
            // The units may have arrived after the return was read.
            Err(error) => match store.find_return(id, deadline).await? {
                Some(newer) if newer.version != stored.version => Ok(false),
                _ => Err(error),
            },
        }
    }
}

impl Overdue {
    /// Counts and logs entries that failed. The next run tries again.
    fn fail(&mut self, errors: &[Error]) {
        for error in errors {
            tracing::error!(causes = %Causes(error), "due item failed");
        }
        self.failed += errors.len() as u64;
    }
}
