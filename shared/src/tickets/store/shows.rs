//! Reads the shows table for the search: each entity as far as a document needs it, and the lists that have all of them.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::dynamodb::damaged::{Damaged, parse_each};
use crate::aws::dynamodb::table::{Table, text_of};
use crate::aws::dynamodb::{Item, Wanted, batch_get, classify_error, key, number, parse, send_until_answered, text};
use crate::core::error::Error;
use crate::tickets::show::{Show, ShowKind, ShowList, StoredShow};

const DOING: &str = "read shows";
const INDEX: &str = "listed";

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
        let start = after.map(|position| {
            let mut start = key(position.key.clone());
            start.insert("listed_in".into(), text(list.name()));
            start.insert("listed_ms".into(), number(position.listed_ms));
            start
        });
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX)
            .key_condition_expression("listed_in = :list")
            .expression_attribute_values(":list", text(list.name()))
            .limit(limit.into())
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let (shows, damaged) = shows(list.kind(), answer.items.unwrap_or_default());
        Ok(ShowPage {
            shows,
            damaged,
            next: answer.last_evaluated_key.map(position).transpose()?,
        })
    }
}

fn shows(kind: ShowKind, items: impl IntoIterator<Item = Item>) -> (Vec<Show>, Vec<Damaged>) {
    let parse = |item| parse::<StoredShow>(DOING, item).map(StoredShow::show);
    let (shows, damaged) = parse_each(items, kind.key_prefix(), parse);
    (shows.into_iter().flatten().collect(), damaged)
}

/// Converts DynamoDB's last evaluated key.
fn position(last: Item) -> Result<ShowPosition, Error> {
    #[derive(Deserialize)]
    struct Last {
        listed_ms: u64,
    }
    let key = text_of(&last, "pk").unwrap_or_default().to_owned();
    let Last { listed_ms } = parse(DOING, last)?;
    Ok(ShowPosition { key, listed_ms })
}
