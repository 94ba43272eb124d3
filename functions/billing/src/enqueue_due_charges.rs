//! Runs every ten minutes: sends a command to the charge queue for each subscription with due work.
//!
//! A subscription keeps its due time until the queue has accepted its command. It then moves one hour ahead, when the
//! command is sent again if nothing has come of it. So neither a crash nor a lost message skips a period. Concurrent
//! runs may send a command twice, which has no effect. A run holds one page of 100 subscriptions in memory.

use crate::charge_service::{ChargeQueue, command_of};
use crate::store::{StoredSubscription, SubscriptionStore};
use futures::StreamExt;
use jiff::SignedDuration;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::DuePosition;
use shared::aws::dynamodb::due_scan::DueScan;
pub use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::panic;
use shared::aws::queue::MAX_MESSAGES;
use shared::core::id::SubscriptionId;

/// The function `enqueue-due-charges`.
#[derive(Debug)]
pub struct EnqueueDueCharges {
    /// The subscriptions table.
    pub subscriptions: SubscriptionStore,
    /// The queue of commands.
    pub charge_queue: ChargeQueue,
}

impl EnqueueDueCharges {
    /// Creates the function from the platform.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or invalid.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
            charge_queue: ChargeQueue::new(platform)?,
        })
    }
}

/// The number of concurrent requests.
const CONCURRENCY: usize = 16;
/// The time after which a command is sent again: longer than the queue's delivery and retries.
const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Sends the commands of due subscriptions.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when the index cannot be read. Failures of single subscriptions are
/// counted.
pub async fn handle(function: &EnqueueDueCharges, invocation: Invocation) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut scan = DueScan::default();
    while let Some((shard, position)) = scan.next_page(&invocation) {
        let page = enqueue_page(function, shard, position, &invocation, &mut summary).await;
        scan.finish_page(shard, page);
    }
    summary.unfinished = scan.is_unfinished();
    summary.report("enqueue-due-charges", invocation.now);
    scan.finish()?;
    Ok(summary)
}

/// Sends the commands of one page of a shard, and returns the start of the next page.
async fn enqueue_page(
    function: &EnqueueDueCharges,
    shard: u8,
    position: Option<DuePosition>,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<Option<DuePosition>, Error> {
    let subscriptions = &function.subscriptions;
    let page = subscriptions
        .due(shard, invocation.now, position, invocation.deadline)
        .await?;
    summary.record_due(&page.due, invocation.now);
    let ids: Vec<SubscriptionId> = page.due.iter().map(|&(id, _)| id).collect();
    let (mut due, unreadable) = subscriptions.get_all(&ids, invocation.deadline).await?;
    for error in page.damaged.into_iter().chain(unreadable) {
        summary.record(Err(error));
    }
    // The index lags behind the table.
    due.retain(|stored| stored.due_at.is_some_and(|at| at <= invocation.now));
    let mut due = due.into_iter();
    let batches = std::iter::from_fn(|| {
        let batch: Vec<StoredSubscription> = due.by_ref().take(MAX_MESSAGES).collect();
        (!batch.is_empty()).then_some(batch)
    });
    let outcomes: Vec<Vec<Result<bool, Error>>> = futures::stream::iter(batches)
        .map(async |batch| {
            let outcomes = panic::catch(async { Ok(enqueue(function, batch, invocation).await) }).await;
            outcomes.unwrap_or_else(|error| vec![Err(error)])
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for outcome in outcomes.into_iter().flatten() {
        summary.record(outcome);
    }
    Ok(page.next)
}

/// Sends the commands of a batch, and postpones the subscriptions whose command the queue has accepted.
async fn enqueue(
    function: &EnqueueDueCharges,
    batch: Vec<StoredSubscription>,
    invocation: &Invocation,
) -> Vec<Result<bool, Error>> {
    let periods: Vec<_> = batch.iter().map(command_of).collect();
    let accepted = match function.charge_queue.send(&periods, invocation).await {
        Ok(accepted) => accepted,
        Err(error) => return vec![Err(error)],
    };
    let outcomes = batch.into_iter().zip(accepted).map(|(stored, accepted)| async move {
        if !accepted {
            return Err(Error::unavailable("enqueue a command", "the queue did not accept it"));
        }
        let until = invocation.now + RETRY_AFTER;
        let subscriptions = &function.subscriptions;
        // A concurrent change of the subscription has set its due time.
        subscriptions.postpone_due(&stored, until, invocation.deadline).await?;
        Ok(true)
    });
    futures::future::join_all(outcomes).await
}
