//! The categories in the catalog table: one item (`CATEGORIES`), with the tree as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::key;
use shared::aws::dynamodb::table::Table;
use shared::aws::dynamodb::transaction::{put, transact_changes};
use shared::core::actor::Actor;
use tokio::time::Instant;

use super::tree::CategoryTree;

/// Reads and writes the categories.
#[derive(Clone, Debug)]
pub struct CategoryStore {
    table: Table,
}

/// The categories, and who changed them last.
#[derive(Clone, Debug)]
pub struct StoredTree {
    /// The categories.
    pub tree: CategoryTree,
    /// The number of changes. Each write is conditional on the version that was read.
    pub version: u64,
}

#[derive(Serialize, Deserialize)]
struct TreeItem {
    tree: String,
    version: u64,
    updated_by: Actor,
    updated_at: Timestamp,
}

const CATEGORIES: &str = "CATEGORIES";

impl CategoryStore {
    /// Reads the table's name from `CATALOG_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "CATALOG_TABLE")?,
        })
    }

    /// Reads the categories. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn read(&self, deadline: Instant) -> Result<StoredTree, Error> {
        const DOING: &str = "read the categories";
        let found: Option<TreeItem> = self.table.read(DOING, key(CATEGORIES.to_owned()), deadline).await?;
        let Some(found) = found else {
            let (tree, version) = (CategoryTree::default(), 0);
            return Ok(StoredTree { tree, version });
        };
        let tree = serde_json::from_str(&found.tree).map_err(|error| Error::internal(DOING, error))?;
        let version = found.version;
        Ok(StoredTree { tree, version })
    }

    /// Replaces the categories. Condition: nobody has changed them since they were read. Returns whether it held.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(
        &self,
        stored: &StoredTree,
        updated_by: &Actor,
        updated_at: Timestamp,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "save the categories";
        let tree = serde_json::to_string(&stored.tree).map_err(|error| Error::internal(DOING, error))?;
        let item = TreeItem {
            tree,
            version: stored.version,
            updated_by: updated_by.clone(),
            updated_at,
        };
        let item = self.table.item(DOING, key(CATEGORIES.to_owned()), &item)?;
        let items = vec![put(self.table.put_if_version(item, stored.version))?];
        transact_changes(&self.table.client, DOING, items, 1, deadline).await
    }
}
