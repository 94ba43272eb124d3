//! A schedule brings the minute; it leaves every order whose time to pay has run out expired, and its stock back.
//!
//! Two runs at once do no harm: each order ends under the condition that nothing has changed it. One order that cannot
//! be ended does not stop the rest, and a run that nears its deadline leaves the remainder to the next.

use envconfig::Envconfig;
use futures::StreamExt;
use jiff::Timestamp;
use serde::Serialize;
use shared::Error;
use shared::edge::config;
use shared::edge::invocation::Invocation;
use shared::edge::problem::Causes;
use shared::edge::sweep::Sweep;
use shared::edge::telemetry::{self, Unit};
use shared::event::Event;
use shared::order::{Ending, OrderId};
use shared::store::{self, Catalog, DuePosition, Orders, Reservations, StoredOrder};

/// The function's tables.
#[derive(Debug)]
pub struct ExpireOrders {
    /// Orders.
    pub orders: Orders,
    /// Stock and orders.
    pub reservations: Reservations,
}

/// Orders ended at the same time.
const CONCURRENCY: usize = 8;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Orders expired.
    pub processed: u64,
    /// Orders that could not be ended and will be tried again.
    pub failed: u64,
    /// How long the latest of them had been due, in seconds.
    pub lag_seconds: i64,
    /// Whether the deadline left due orders to the next run.
    pub unfinished: bool,
}

/// Expires what is due.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when the due orders cannot be found; single orders are counted.
pub async fn handle(function: &ExpireOrders, invocation: Invocation) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut sweep = Sweep::default();
    while let Some((shard, position)) = sweep.turn(&invocation) {
        let page = expire_page(function, shard, position, &invocation, &mut summary).await;
        sweep.took(shard, page);
    }
    summary.unfinished = sweep.is_unfinished();
    telemetry::emit(
        "expire-orders",
        invocation.now,
        &[
            ("Processed", Unit::Count, summary.processed as f64),
            ("Failed", Unit::Count, summary.failed as f64),
            ("LagSeconds", Unit::Seconds, summary.lag_seconds as f64),
        ],
    );
    tracing::info!(?summary, "expired");
    sweep.end()?;
    Ok(summary)
}

/// Expires a page of one shard's due orders, and answers where the next begins.
async fn expire_page(
    function: &ExpireOrders,
    shard: u8,
    position: Option<DuePosition>,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<Option<DuePosition>, Error> {
    let deadline = invocation.deadline;
    let page = function.orders.due(shard, invocation.now, position, deadline).await?;
    let latest = page.due.iter().map(|&(_, at)| late(at, invocation.now)).max();
    summary.lag_seconds = summary.lag_seconds.max(latest.unwrap_or_default());
    let ids: Vec<OrderId> = page.due.iter().map(|&(id, _)| id).collect();
    let (orders, unreadable) = function.orders.get_all(&ids, deadline).await?;
    for error in page.damaged.into_iter().chain(unreadable) {
        tracing::error!(causes = %Causes(&error), "a due order cannot be read");
        summary.failed += 1;
    }
    let outcomes: Vec<Result<bool, Error>> = futures::stream::iter(orders)
        .map(|stored| expire(function, stored, invocation))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for outcome in outcomes {
        match outcome {
            Ok(true) => summary.processed += 1,
            // Somebody else ended it, or the index runs behind: not ours.
            Ok(false) => {}
            Err(error) => {
                tracing::error!(causes = %Causes(&error), "an order could not be expired");
                summary.failed += 1;
            }
        }
    }
    Ok(page.next)
}

async fn expire(function: &ExpireOrders, stored: StoredOrder, invocation: &Invocation) -> Result<bool, Error> {
    let Ok(expired) = stored.order.end(Ending::Expire, invocation.now) else {
        return Ok(false);
    };
    let event = Event::OrderExpired(expired.clone())
        .record(invocation.stamp())
        .map_err(|error| Error::internal("write the event", error))?;
    let released = function
        .reservations
        .release(&stored, expired, event, None, invocation.deadline);
    released.await
}

fn late(due: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(due).as_secs()
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "CATALOG_TABLE")]
    catalog_table: String,
    #[envconfig(from = "ORDERS_TABLE")]
    orders_table: String,
}

impl ExpireOrders {
    /// The function as its environment configures it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub async fn from_env() -> Result<Self, Error> {
        let config: Config = config::from_env()?;
        let client = store::client(&config::aws().await);
        let orders = Orders::new(client.clone(), config.orders_table);
        Ok(Self {
            orders: orders.clone(),
            reservations: Reservations::new(client.clone(), Catalog::new(client, config.catalog_table), orders),
        })
    }
}
