//! Runs every minute: expires unpaid orders past their deadline and releases their stock and seats.
//!
//! Concurrent runs are safe: each write is conditional on the version that was read. One failed order does not stop the
//! others, and a run that nears its deadline leaves the rest to the next.

use futures::StreamExt;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::DuePosition;
use shared::aws::dynamodb::due_scan::DueScan;
pub use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::panic;
use shared::orders::{OrderId, OrderStore, ReservationStore};

/// The function's stores.
#[derive(Debug)]
pub struct ExpireOrders {
    /// Orders.
    pub orders: OrderStore,
    /// Orders with their stock and seats.
    pub reservations: ReservationStore,
}

impl ExpireOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            reservations: ReservationStore::for_all_orders(platform)?,
        })
    }
}

/// Orders that are expired concurrently.
const CONCURRENCY: usize = 8;

/// Expires due orders.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when due orders cannot be listed. Failures of single orders are counted.
pub async fn handle(function: &ExpireOrders, invocation: Invocation) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut scan = DueScan::default();
    while let Some((shard, position)) = scan.next_page(&invocation) {
        let page = expire_page(function, shard, position, &invocation, &mut summary).await;
        scan.finish_page(shard, page);
    }
    summary.unfinished = scan.is_unfinished();
    summary.report("expire-orders", invocation.now);
    scan.finish()?;
    Ok(summary)
}

/// Expires a page of one shard's due orders. Returns the start of the next page.
async fn expire_page(
    function: &ExpireOrders,
    shard: u8,
    position: Option<DuePosition>,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<Option<DuePosition>, Error> {
    let deadline = invocation.deadline;
    let page = function.orders.due(shard, invocation.now, position, deadline).await?;
    summary.record_due(&page.due, invocation.now);
    let ids: Vec<OrderId> = page.due.iter().map(|&(id, _)| id).collect();
    let (orders, unreadable) = function.orders.get_all(&ids, deadline).await?;
    for error in page.damaged.into_iter().chain(unreadable) {
        summary.record(Err(error));
    }
    let outcomes: Vec<Result<bool, Error>> = futures::stream::iter(orders)
        .map(|stored| panic::catch(async move { function.reservations.expire(&stored, invocation).await }))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for outcome in outcomes {
        summary.record(outcome);
    }
    Ok(page.next)
}
