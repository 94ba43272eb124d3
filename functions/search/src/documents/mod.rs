//! The documents of the index: for each kind, where its entities are and how one becomes a document.

mod order;
mod product;
mod show;
mod walk;

use std::collections::BTreeSet;

use search_engine::Document;
use shared::Error;
use shared::aws::Platform;
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
    pub async fn read(
        &self,
        kind: DocumentKind,
        ids: &BTreeSet<String>,
        deadline: Instant,
    ) -> Result<Vec<Document>, Error> {
        let kind = match kind {
            DocumentKind::Product => {
                let skus: Vec<Sku> = ids.iter().filter_map(|id| id.clone().try_into().ok()).collect();
                let products = self.catalog.woken_products(&skus, deadline).await?;
                return products.iter().map(product::document).collect();
            }
            DocumentKind::Performance => ShowKind::Performance,
            DocumentKind::Performer => ShowKind::Performer,
            DocumentKind::Venue => ShowKind::Venue,
        };
        show::read(&self.shows, kind, ids, deadline).await
    }
}
