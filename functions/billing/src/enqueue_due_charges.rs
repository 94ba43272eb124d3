//! A schedule brings the time; it leaves a command on the queue for every subscription about which something is due.
//!
//! A subscription keeps its place on the index until the queue has accepted its command, and only then moves, to where it is
//! commanded again should nothing come of it: so neither a run that dies half-way nor a message that is lost leaves a
//! period out. Two runs at once command the same twice, which changes nothing. What a run keeps in memory is a page of 100
//! subscriptions, however many are due.

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
use shared::aws::queue::MAX_MESSAGES;
use shared::core::id::SubscriptionId;

/// The function's table and queue.
#[derive(Debug)]
pub struct EnqueueDueCharges {
    /// Subscriptions.
    pub subscriptions: SubscriptionStore,
    /// Where their commands go.
    pub charge_queue: ChargeQueue,
}

impl EnqueueDueCharges {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
            charge_queue: ChargeQueue::new(platform)?,
        })
    }
}

/// Requests under way at the same time.
const CONCURRENCY: usize = 16;
/// When a command is given again unless something has come of it: longer than the queue needs, and than it repeats one.
const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Commands what is due.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when due subscriptions cannot be found; single ones are counted.
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

/// Commands a page of one shard's due subscriptions, and answers where the next begins.
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
    // The index runs behind the table.
    due.retain(|stored| stored.due_at.is_some_and(|at| at <= invocation.now));
    let mut due = due.into_iter();
    let batches = std::iter::from_fn(|| {
        let batch: Vec<StoredSubscription> = due.by_ref().take(MAX_MESSAGES).collect();
        (!batch.is_empty()).then_some(batch)
    });
    let outcomes: Vec<Vec<Result<bool, Error>>> = futures::stream::iter(batches)
        .map(|batch| enqueue(function, batch, invocation))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for outcome in outcomes.into_iter().flatten() {
        summary.record(outcome);
    }
    Ok(page.next)
}

/// Commands some subscriptions in one batch, and puts off those whose command the queue has accepted.
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
            return Err(Error::unavailable(
                "command a subscription",
                "the queue did not take it",
            ));
        }
        let until = invocation.now + RETRY_AFTER;
        let subscriptions = &function.subscriptions;
        // Whatever has changed it meanwhile has given it its place.
        subscriptions.postpone_due(&stored, until, invocation.deadline).await?;
        Ok(true)
    });
    futures::future::join_all(outcomes).await
}
