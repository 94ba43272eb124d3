//! The index `listed` of a table: lists of entities in the order of time. `listed_in` of an item names its list, and `listed_ms` is its
//! place there, in Unix milliseconds.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use super::due::uuid_in;
use super::table::Table;
use super::{Item, classify_error, number, parse, send_until_answered, text};
use crate::aws::lambda::page::Cursor;
use crate::core::error::Error;

const INDEX: &str = "listed";

/// A list of a table.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// The name of the list, as its keys have it.
    pub name: &'a str,
    /// What the partition keys of its items have before their id, such as `COUPON#`.
    pub prefix: &'static str,
    /// The sort key of its items, if the table has one.
    pub sort_key: Option<&'static str>,
    /// The earliest place.
    pub from: u64,
    /// Whether the latest place is first.
    pub is_newest_first: bool,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// The start of the next page, if there is one.
    pub next: Option<Cursor<1>>,
}

impl<'a> List<'a> {
    /// A whole list of a table without a sort key, the newest first.
    pub const fn newest(name: &'a str, prefix: &'static str) -> Self {
        Self {
            name,
            prefix,
            sort_key: None,
            from: 0,
            is_newest_first: true,
        }
    }

    /// The place of an item in the index.
    fn place(&self, id: Uuid, listed_ms: u64) -> Item {
        let mut place = Item::from([
            ("pk".to_owned(), text(format!("{}{id}", self.prefix))),
            ("listed_in".to_owned(), text(self.name)),
            ("listed_ms".to_owned(), number(listed_ms)),
        ]);
        if let Some(sort_key) = self.sort_key {
            place.insert("sk".to_owned(), text(sort_key));
        }
        place
    }

    /// Converts DynamoDB's last evaluated key to a cursor.
    fn cursor(&self, doing: &'static str, last: Item) -> Result<Cursor<1>, Error> {
        #[derive(Deserialize)]
        struct Position {
            pk: String,
            listed_ms: u64,
        }
        let Position { pk, listed_ms } = parse(doing, last)?;
        Ok(Cursor {
            at: [listed_ms],
            id: uuid_in(&pk, self.prefix)?,
        })
    }
}

impl Table {
    /// Reads the page of a list after `after`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        list: &List<'_>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<T>, Error> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("listed_in = :list AND listed_ms >= :from")
            .expression_attribute_values(":list", text(list.name))
            .expression_attribute_values(":from", number(list.from))
            .scan_index_forward(!list.is_newest_first)
            .limit(limit.into())
            .set_exclusive_start_key(after.map(|after| list.place(after.id, after.at[0])));
        let send = || async { query.clone().send().await.map_err(|error| classify_error(doing, error)) };
        let answer = send_until_answered(doing, deadline, send).await?;
        let items = answer.items.unwrap_or_default().into_iter();
        Ok(Listed {
            items: items.map(|item| parse(doing, item)).collect::<Result<_, _>>()?,
            next: answer
                .last_evaluated_key
                .map(|last| list.cursor(doing, last))
                .transpose()?,
        })
    }
}
