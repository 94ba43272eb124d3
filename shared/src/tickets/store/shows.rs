//! Reads the shows table for the search: each entity as far as a document needs it, and the lists that have all of them.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::dynamodb::damaged::{Damaged, parse_each};
use crate::aws::dynamodb::due::uuid_in;
use crate::aws::dynamodb::listed::List;
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::{Item, Wanted, batch_get, key, parse};
use crate::aws::lambda::page::Cursor;
use crate::core::error::Error;
use crate::tickets::show::{Show, ShowKind, ShowList, StoredShow};

const DOING: &str = "read shows";

/// Reads venues, performers and performances.
#[derive(Clone, Debug)]
pub struct ShowReader {
    table: Table,
}

/// A place in a list of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowPosition {
    key: String,
    listed_ms: u64,
}

/// A page of a list.
#[derive(Debug)]
pub struct ShowPage {
    /// The shows.
    pub shows: Vec<Show>,
    /// The shows that cannot be read.
    pub damaged: Vec<Damaged>,
    /// Where the next page begins. None after the last one.
    pub next: Option<ShowPosition>,
}

impl ShowReader {
    /// Reads the table's name from `SHOWS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "SHOWS_TABLE")?,
        })
    }

    /// The shows of a kind with these ids, each named once, and those that cannot be read. Strongly consistent. One that does
    /// not exist is left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(
        &self,
        kind: ShowKind,
        ids: &[Uuid],
        deadline: Instant,
    ) -> Result<(Vec<Show>, Vec<Damaged>), Error> {
        let keys = ids.iter().map(|id| key(format!("{}{id}", kind.key_prefix())));
        let wanted = Wanted {
            table: &self.table.name,
            keys: keys.collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        Ok(shows(kind, found.into_values().flatten()))
    }

    /// Lists at most `limit` shows after `after`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list(
        &self,
        list: ShowList,
        after: Option<&ShowPosition>,
        limit: u8,
        deadline: Instant,
    ) -> Result<ShowPage, Error> {
        let (name, prefix) = (list.name(), list.kind().key_prefix());
        let of_index = List {
            is_newest_first: false,
            ..List::newest(name, prefix)
        };
        let after = after.map(|position| position.cursor(prefix)).transpose()?;
        let page = self.table.list_items(DOING, &of_index, after, limit, deadline).await?;
        let (shows, damaged) = shows(list.kind(), page.items);
        Ok(ShowPage {
            shows,
            damaged,
            next: page.next.map(|next| ShowPosition::of(next, prefix)),
        })
    }
}

impl ShowPosition {
    fn of(cursor: Cursor<1>, prefix: &str) -> Self {
        Self {
            key: format!("{prefix}{}", cursor.id),
            listed_ms: cursor.at[0],
        }
    }

    fn cursor(&self, prefix: &str) -> Result<Cursor<1>, Error> {
        Ok(Cursor {
            at: [self.listed_ms],
            id: uuid_in(&self.key, prefix)?,
        })
    }
}

fn shows(kind: ShowKind, items: impl IntoIterator<Item = Item>) -> (Vec<Show>, Vec<Damaged>) {
    let parse = |item| parse::<StoredShow>(DOING, item).map(StoredShow::show);
    let (shows, damaged) = parse_each(items, kind.key_prefix(), parse);
    (shows.into_iter().flatten().collect(), damaged)
}
