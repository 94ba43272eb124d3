//! Places products in the lists: reads a product, and writes its rows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures::StreamExt;
use futures::stream::iter;
use jiff::Timestamp;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::catalog::Sku;
use tokio::time::Instant;

use super::layout::Layouts;
use super::placement::{Header, rows};
use super::store::ListingStore;
use crate::stock_alerts::{WatchedStock, WatchedStockStore};

/// Places products in the lists.
#[derive(Clone, Debug)]
pub struct PlacementService {
    /// Products and their stock.
    pub stock: WatchedStockStore,
    /// The lists.
    pub listings: ListingStore,
}

/// A product, and its rows, which were read before it.
#[derive(Debug)]
pub struct Look {
    /// The product and its stock.
    pub stock: WatchedStock,
    header: Header,
}

/// The lists whose rows have changed in an invocation, and how many rows each has gained or lost.
#[derive(Debug, Default)]
pub struct ListChanges(Mutex<BTreeMap<String, i64>>);

/// The number of lists that are counted at the same time.
const CONCURRENCY: usize = 8;

impl PlacementService {
    /// The service on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            stock: WatchedStockStore::new(platform)?,
            listings: ListingStore::new(platform)?,
        })
    }

    /// Reads a product with its stock, and its header. Strongly consistent.
    ///
    /// The header is read first: if another run has written it since, the write of this look fails its condition.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn look(&self, sku: &Sku, deadline: Instant) -> Result<Option<Look>, Error> {
        let header = self.listings.header(sku, deadline).await?;
        let stock = self.stock.get(sku, deadline).await?;
        Ok(stock.map(|stock| Look { stock, header }))
    }

    /// Writes the rows of a product as `look` shows it, and looks again until the rows are right. Records the changed lists in
    /// `changes`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn place(
        &self,
        mut look: Look,
        layouts: &Layouts,
        changes: &ListChanges,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::new("place a product in its lists");
        loop {
            let stock = &look.stock;
            let wanted = rows(&stock.product, stock.is_sold_out(), stock.as_of(now), layouts);
            let Some(step) = look.header.step_to(&wanted, &stock.product, layouts)? else {
                return Ok(());
            };
            // Before the write: its response may be lost.
            changes.touch(step.changes.keys());
            if self.listings.save(&step, deadline).await? {
                changes.add(&step.changes);
            } else {
                attempts.start()?;
            }
            // Also after a write: the product may have changed back after it was read. Whoever looked at that change found its
            // rows right before this write, and wrote nothing that could make the condition of this write fail.
            match self.look(&step.header.sku, deadline).await? {
                Some(again) => look = again,
                None => return Ok(()),
            }
        }
    }

    /// Counts the changed lists, each once. A crash before this call loses the counts: a reader's copy of a page is asked for
    /// again after a minute in any case.
    ///
    /// # Errors
    /// The error of the first list that failed, after all others were counted.
    pub async fn count(&self, changes: ListChanges, deadline: Instant) -> Result<(), Error> {
        let changes = changes.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let counts = changes
            .iter()
            .map(|(scope, products)| self.listings.count(scope, *products, deadline));
        let outcomes: Vec<Result<(), Error>> = iter(counts).buffer_unordered(CONCURRENCY).collect().await;
        outcomes.into_iter().collect()
    }
}

impl ListChanges {
    fn touch<'a>(&self, scopes: impl Iterator<Item = &'a String>) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for scope in scopes {
            changes.entry(scope.clone()).or_default();
        }
    }

    fn add(&self, found: &BTreeMap<String, i64>) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (scope, products) in found {
            *changes.entry(scope.clone()).or_default() += products;
        }
    }
}
