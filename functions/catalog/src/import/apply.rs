//! Applies rows to the catalog.
//!
//! Invariants:
//! - A row is applied to the product that was read, on condition that it is still in the version that was read. Between the
//!   read and the write the import is read again: if another run has gone on with it since, this one stops. So a late run
//!   never applies a row after a later row of the same product.
//! - A write has the event's id that follows from the import, the row and the product's version. So a run that repeats the rows
//!   of an interrupted one, or a write whose response was lost, recognizes what is written, and counts it once. If somebody has
//!   changed the product in between, the row is applied once more.

use futures::StreamExt;
use futures::stream::iter;
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::catalog::{CatalogEvent, CatalogStore, Product, ProductVersion, Sku};
use shared::core::event::{DomainEvent, Record, Stamp};
use shared::core::idempotency::derive_id;
use shared::images::ImageStore;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::rows::{ProductRow, RowFault};
use super::store::{ImportStore, StoredImport};
use super::{RowError, Tally};
use crate::categories::check::Named;
use crate::categories::store::CategoryStore;
use crate::categories::tree::CategoryTree;
use crate::{fields, product_change};

/// The number of products that are written at the same time.
const CONCURRENT: usize = 32;

/// Applies the rows of one version of an import.
#[derive(Debug)]
pub struct Applier<'a> {
    /// The products.
    pub catalog: &'a CatalogStore,
    /// Images, which are only read.
    pub images: &'a ImageStore,
    /// The categories, which are only read.
    pub categories: &'a CategoryStore,
    /// The categories of these rows, once one of them needs them.
    pub tree: OnceCell<CategoryTree>,
    /// The imports.
    pub imports: &'a ImportStore,
    /// The import, as it was read or written last.
    pub stored: &'a StoredImport,
    /// The invocation, in which the import's administrator acts.
    pub invocation: &'a Invocation,
}

impl Applier<'_> {
    /// Applies `rows` of different products, or, in a dry run, tells what would become of them. None if another run has gone on
    /// with the import.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`]. Some of the rows may be applied then.
    pub async fn apply(&self, rows: Vec<(u64, Result<ProductRow, RowFault>)>) -> Result<Option<Tally>, Error> {
        let mut tally = Tally::default();
        let mut readable = vec![];
        for (number, row) in rows {
            match row {
                Ok(row) => readable.push((number, row)),
                Err(fault) => tally.errors.push(RowError::new(number, fault)),
            }
        }
        let skus: Vec<Sku> = readable.iter().map(|(_, row)| row.sku.clone()).collect();
        let products = self.catalog.product_versions(&skus, self.invocation.deadline).await?;
        if !self.is_current().await? {
            return Ok(None);
        }
        let writes = readable
            .iter()
            .map(|(number, row)| self.apply_row(*number, row, products.get(&row.sku).cloned()));
        let applied: Vec<Result<Option<Tally>, Error>> = iter(writes).buffer_unordered(CONCURRENT).collect().await;
        for outcome in applied {
            match outcome? {
                Some(applied) => tally.add(applied),
                None => return Ok(None),
            }
        }
        tally.errors.sort_by_key(|error| error.row);
        Ok(Some(tally))
    }

    /// Whether no other run has gone on with the import.
    async fn is_current(&self) -> Result<bool, Error> {
        if self.stored.import.dry_run {
            return Ok(true);
        }
        let id = self.stored.import.import_id;
        let stored = self.imports.get(id, self.invocation.deadline).await?;
        Ok(stored.is_some_and(|stored| stored.version == self.stored.version))
    }

    /// Applies a row. None if another run has gone on with the import.
    async fn apply_row(
        &self,
        number: u64,
        row: &ProductRow,
        mut stored: Option<ProductVersion>,
    ) -> Result<Option<Tally>, Error> {
        let mut attempts = Attempts::new("apply a row");
        loop {
            attempts.start()?;
            let previous = stored.as_ref().map(|stored| &stored.product);
            if let Some(stored) = &stored
                && stored.event_id == Some(self.event_id(number, stored.product.version))
            {
                // An earlier attempt has written it.
                return Ok(Some(Tally::written(stored.product.version)));
            }
            let merged = match self.merge(row, previous).await {
                Ok(merged) => merged,
                Err(Error::Rejected(rejection)) => {
                    return Ok(Some(Tally::refused(RowError::new(number, RowFault::from(*rejection)))));
                }
                Err(error) => return Err(error),
            };
            if previous == Some(&merged) {
                return Ok(Some(Tally::unchanged()));
            }
            let next = product_change::next_version(previous, merged, self.invocation)?;
            if self.stored.import.dry_run {
                return Ok(Some(Tally::written(next.version)));
            }
            match self.write(&next, previous, self.event_id(number, next.version)).await? {
                Ok(()) => return Ok(Some(Tally::written(next.version))),
                Err(changed) => stored = Some(*changed),
            }
            if !self.is_current().await? {
                return Ok(None);
            }
        }
    }

    /// The product with the fields of a row.
    async fn merge(&self, row: &ProductRow, product: Option<&Product>) -> Result<Product, Error> {
        let now = self.invocation.now;
        let next = match product {
            Some(product) => row.changes.merged(product, now)?,
            None => {
                let new = product_change::new_product(&row.sku, &row.changes, self.invocation)?;
                row.changes.merged(&new, now)?
            }
        };
        if product == Some(&next) {
            return Ok(next);
        }
        let named = match product {
            Some(_) => row.changes.named(),
            None => Named {
                categories: true,
                ..Named::default()
            },
        };
        if named.needs_categories(&next) {
            fields::fits_categories(self.tree().await?, &next, &named)?;
        }
        if product.is_none_or(|product| product.images != next.images) {
            fields::check_images(self.images, &next.images, self.invocation).await?;
        }
        Ok(next)
    }

    async fn tree(&self) -> Result<&CategoryTree, Error> {
        let read = || async { Ok(self.categories.read(self.invocation.deadline).await?.tree) };
        self.tree.get_or_try_init(read).await
    }

    /// Writes a product after `previous`. Returns the stored product instead when somebody has changed it.
    async fn write(
        &self,
        next: &Product,
        previous: Option<&Product>,
        event_id: Uuid,
    ) -> Result<Result<(), Box<ProductVersion>>, Error> {
        let deadline = self.invocation.deadline;
        let event = self.event(next, event_id)?;
        let raised = previous.filter(|previous| previous.stock_shards < next.stock_shards);
        let Some(previous) = raised else {
            return self.catalog.write_version(next, &event, deadline).await;
        };
        if self.catalog.save(next, previous, &event, deadline).await? {
            return Ok(Ok(()));
        }
        let mut stored = self
            .catalog
            .product_versions(std::slice::from_ref(&next.sku), deadline)
            .await?;
        let stored = stored.remove(&next.sku);
        let stored = stored.ok_or_else(|| Error::internal("apply a row", "the product does not exist anymore"))?;
        Ok(Err(Box::new(stored)))
    }

    fn event(&self, product: &Product, event_id: Uuid) -> Result<Record, Error> {
        let stamp = Stamp {
            now: self.invocation.now,
            actor: self.invocation.actor()?.clone(),
            event_id,
            trace: self.invocation.trace.clone(),
        };
        let record = CatalogEvent::ProductChanged(product.clone()).record(stamp);
        record.map_err(|error| Error::internal("serialize the event", error))
    }

    /// The id of the event of the write that applies a row and makes this version of its product.
    fn event_id(&self, row: u64, version: u64) -> Uuid {
        let import = self.stored.import.import_id.to_string();
        derive_id(&["import", &import, &row.to_string(), &version.to_string()])
    }
}
