//! The walk over everything that is indexed, a page at a time: the products shard by shard of their changes, then the lists of
//! shows.
//!
//! An entity that changes meanwhile may be met twice, or not at all; it is named by a message then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::dynamodb::damaged::Damaged;
use shared::catalog::{CHANGE_SHARDS, ChangePosition};
use shared::search::DocumentKind;
use shared::tickets::{ShowList, ShowPosition};
use tokio::time::Instant;

use super::DocumentSources;

/// A walk over what has changed since a time.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    since: Timestamp,
}

/// A place in a walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WalkPosition {
    /// Among the products.
    Products {
        /// The shard of the index `products-by-change`.
        shard: u8,
        /// The place in the shard.
        after: ChangePosition,
    },
    /// Among the shows.
    Shows {
        /// The list, by its place in [`ShowList::ALL`].
        list: usize,
        /// The place in the list. None for its beginning.
        after: Option<ShowPosition>,
    },
}

/// A page of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkPage {
    /// The kind of the entities.
    pub kind: DocumentKind,
    /// The entities, some perhaps twice.
    pub entities: Vec<EntityVersion>,
    /// How many entities cannot be read. They are reported and left out.
    pub damaged: u64,
    /// Where the next page begins. None after the last one.
    pub next: Option<WalkPosition>,
}

/// An entity and the version of its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityVersion {
    /// The entity's id: the SKU of a product, else a UUID.
    pub id: String,
    /// The version.
    pub version: u64,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Walk {
    /// A walk over everything.
    pub const ALL: Self = Self {
        since: Timestamp::UNIX_EPOCH,
    };

    /// A walk over what has changed at or after `since`.
    pub const fn since(since: Timestamp) -> Self {
        Self { since }
    }

    /// The place before everything.
    pub fn start(self) -> WalkPosition {
        WalkPosition::Products {
            shard: 0,
            after: ChangePosition::at(self.since),
        }
    }

    /// Reads a page of at most `limit` entities. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn page(
        self,
        sources: &DocumentSources,
        position: &WalkPosition,
        limit: u8,
        deadline: Instant,
    ) -> Result<WalkPage, Error> {
        match position {
            WalkPosition::Products { shard, after } => self.products(sources, *shard, after, limit, deadline).await,
            WalkPosition::Shows { list, after } => {
                let list = (*list).min(ShowList::ALL.len() - 1);
                self.shows(sources, list, after.as_ref(), limit, deadline).await
            }
        }
    }

    async fn products(
        self,
        sources: &DocumentSources,
        shard: u8,
        after: &ChangePosition,
        limit: u8,
        deadline: Instant,
    ) -> Result<WalkPage, Error> {
        let page = sources.catalog.changed_products(shard, after, limit, deadline).await?;
        let next = match page.next {
            Some(after) => WalkPosition::Products { shard, after },
            None if shard + 1 < CHANGE_SHARDS => WalkPosition::Products {
                shard: shard + 1,
                after: ChangePosition::at(self.since),
            },
            None => WalkPosition::Shows { list: 0, after: None },
        };
        let entities = page.products.into_iter().map(|product| EntityVersion {
            id: product.sku.to_string(),
            version: product.revision,
            updated_at: product.updated_at,
        });
        Ok(WalkPage {
            kind: DocumentKind::Product,
            entities: entities.collect(),
            damaged: reported(&page.damaged),
            next: Some(next),
        })
    }

    async fn shows(
        self,
        sources: &DocumentSources,
        list: usize,
        after: Option<&ShowPosition>,
        limit: u8,
        deadline: Instant,
    ) -> Result<WalkPage, Error> {
        let page = sources.shows.list(ShowList::ALL[list], after, limit, deadline).await?;
        let next = match page.next {
            Some(after) => Some(WalkPosition::Shows {
                list,
                after: Some(after),
            }),
            None if list + 1 < ShowList::ALL.len() => Some(WalkPosition::Shows {
                list: list + 1,
                after: None,
            }),
            None => None,
        };
        let changed = page.shows.into_iter().filter(|show| self.since <= show.updated_at);
        let entities = changed.map(|show| EntityVersion {
            id: show.id.to_string(),
            version: show.version,
            updated_at: show.updated_at,
        });
        Ok(WalkPage {
            kind: ShowList::ALL[list].kind().into(),
            entities: entities.collect(),
            damaged: reported(&page.damaged),
            next,
        })
    }
}

fn reported(damaged: &[Damaged]) -> u64 {
    damaged.iter().for_each(|damaged| damaged.report("walk over entities"));
    damaged.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_position_survives_the_state_of_the_index() {
        let products = Walk::ALL.start();
        let stored = serde_json::to_value(&products).unwrap();
        assert_eq!(stored, json!({ "shard": 0, "after": "0000000000000" }));
        assert_eq!(serde_json::from_value::<WalkPosition>(stored).unwrap(), products);
        for after in [json!(null), json!({ "key": "VENUE#1", "listed_ms": 7 })] {
            let stored = json!({ "list": 3, "after": after });
            let position: WalkPosition = serde_json::from_value(stored.clone()).unwrap();
            assert!(matches!(position, WalkPosition::Shows { list: 3, .. }), "{position:?}");
            assert_eq!(serde_json::to_value(&position).unwrap(), stored);
        }
    }
}
