//! Runs every minute: wakes the products whose schedule is due, because they are listed or unlisted now, or a sale starts or
//! ends. What shows them follows (see `watch-products`).
//!
//! It decides nothing: what sells a product compares the product's times with its clock. A run that is late delays only the
//! lists.

use std::collections::HashMap;
use std::slice;

use futures::StreamExt;
use futures::stream::iter;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::DuePosition;
use shared::aws::dynamodb::due_scan::DueScan;
pub use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::dynamodb::is_unreadable;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::panic;
use shared::aws::lambda::problem::Causes;
use shared::catalog::{CatalogStore, Product, Sku};

/// The function's store.
#[derive(Debug)]
pub struct ApplyProductSchedules {
    /// Products.
    pub catalog: CatalogStore,
}

impl ApplyProductSchedules {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
        })
    }
}

/// Products that are woken at the same time.
const CONCURRENCY: usize = 8;

/// Wakes the products that are due.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`] when due products cannot be listed. Failures of single products are counted.
pub async fn handle(function: &ApplyProductSchedules, invocation: Invocation) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut scan = DueScan::default();
    while let Some((shard, position)) = scan.next_page(&invocation) {
        let page = wake_page(function, shard, position, &invocation, &mut summary).await;
        scan.finish_page(shard, page);
    }
    summary.unfinished = scan.is_unfinished();
    summary.report("apply-product-schedules", invocation.now);
    scan.finish()?;
    Ok(summary)
}

/// Wakes a page of one shard's due products. Returns the start of the next page.
async fn wake_page(
    function: &ApplyProductSchedules,
    shard: u8,
    position: Option<DuePosition>,
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<Option<DuePosition>, Error> {
    let (catalog, deadline) = (&function.catalog, invocation.deadline);
    let page = catalog.scheduled(shard, invocation.now, position, deadline).await?;
    summary.record_due(&page.due, invocation.now);
    for error in page.damaged {
        summary.record(Err(error));
    }
    let skus: Vec<Sku> = page.due.iter().map(|(sku, _)| sku.clone()).collect();
    let mut products = read(catalog, &skus, invocation, summary).await?;
    let due = page.due.into_iter();
    let due = due.filter_map(|(sku, at)| Some((products.remove(&sku)?, at)));
    let outcomes: Vec<Result<bool, Error>> = iter(due)
        .map(async |(product, at)| {
            let woken = panic::catch(catalog.wake(&product, at, invocation.now, deadline)).await;
            woken.inspect_err(|error| log(&product.sku, error))
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for outcome in outcomes {
        summary.record(outcome);
    }
    Ok(page.next)
}

/// Reads the products of a page. A product that cannot be read fails the batch; then each is read by itself, so that it does not
/// stop the others.
async fn read(
    catalog: &CatalogStore,
    skus: &[Sku],
    invocation: &Invocation,
    summary: &mut Summary,
) -> Result<HashMap<Sku, Product>, Error> {
    match catalog.products(skus, invocation.deadline).await {
        Err(error) if is_unreadable(&error) => {}
        read => return read,
    }
    let reads = iter(skus).map(async |sku| {
        let read = catalog.products(slice::from_ref(sku), invocation.deadline).await;
        read.inspect_err(|error| log(sku, error))
    });
    let reads: Vec<_> = reads.buffer_unordered(CONCURRENCY).collect().await;
    let mut products = HashMap::new();
    for read in reads {
        match read {
            Ok(found) => products.extend(found),
            Err(error) => summary.record(Err(error)),
        }
    }
    Ok(products)
}

fn log(sku: &Sku, error: &Error) {
    tracing::warn!(%sku, causes = %Causes(error), "product was not woken; the next run tries again");
}
