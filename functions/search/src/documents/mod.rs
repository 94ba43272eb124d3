//! The documents of the index: for each kind, where its entities are and how one becomes a document.

mod order;
mod product;
mod show;
mod walk;

use std::collections::BTreeSet;

use search_engine::Document;
use search_engine::document::InvalidDocument;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::damaged::Damaged;
use shared::catalog::{CatalogStore, Sku};
use shared::search::DocumentKind;
use shared::tickets::{ShowKind, ShowReader};
use tokio::time::Instant;

pub use order::OrderSource;
pub use product::ProductResult;
pub use show::ShowResult;
pub use walk::{EntityVersion, Walk, WalkPage, WalkPosition};

/// The stores of everything that is indexed.
#[derive(Clone, Debug)]
pub struct DocumentSources {
    /// Products.
    pub catalog: CatalogStore,
    /// Performances, performers and venues.
    pub shows: ShowReader,
}

impl DocumentSources {
    /// The stores on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
            shows: ShowReader::new(platform)?,
        })
    }

    /// The documents of these entities, as they are stored now. Strongly consistent. An entity that does not exist has none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn read(&self, kind: DocumentKind, ids: &BTreeSet<String>, deadline: Instant) -> Result<Found, Error> {
        let kind = match kind {
            DocumentKind::Product => {
                let skus: Vec<Sku> = ids.iter().filter_map(|id| id.clone().try_into().ok()).collect();
                let (products, damaged) = self.catalog.woken_products(&skus, deadline).await?;
                let documents = products.iter().map(product::document).collect::<Result<_, _>>()?;
                return Ok(Found::new(documents, damaged));
            }
            DocumentKind::Performance => ShowKind::Performance,
            DocumentKind::Performer => ShowKind::Performer,
            DocumentKind::Venue => ShowKind::Venue,
        };
        let (documents, damaged) = show::read(&self.shows, kind, ids, deadline).await?;
        Ok(Found::new(documents, damaged))
    }
}

/// The documents of some entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The documents, all within the engine's limits.
    pub documents: Vec<Document>,
    /// The entities that exist and have no document: they cannot be read, or are beyond the engine's limits. They are reported
    /// and left out, so that they do not stop the others.
    pub left_out: BTreeSet<String>,
}

impl Found {
    fn new(documents: Vec<Document>, damaged: Vec<Damaged>) -> Self {
        let (documents, invalid): (Vec<_>, Vec<_>) = documents.into_iter().partition(is_valid);
        damaged.iter().for_each(|damaged| damaged.report("index an entity"));
        let damaged = damaged.into_iter().map(|damaged| damaged.id);
        let invalid = invalid.into_iter().map(|document| document.id);
        Self {
            documents,
            left_out: damaged.chain(invalid).collect(),
        }
    }
}

/// Whether a document is within the engine's limits. One that is not is reported.
pub fn is_valid(document: &Document) -> bool {
    let report = |error: &InvalidDocument| tracing::error!(%error, "a document cannot be indexed");
    document.validate().inspect_err(report).is_ok()
}
